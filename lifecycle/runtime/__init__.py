"""The container runtime as a kubelet sees it through the CRI: sandboxes, images, containers, its delays and its texts.

What stands here are the conventions of containerd and runc, not of Kubernetes.
"""
