"""The kubelets: what happens to a Pod once it is bound to a node.

Files are named as pkg/kubelet names the same duties. `Kubelet` is the room; one object plays the kubelets of all nodes.
"""

from lifecycle.kubelet.kubelet import Kubelet
from lifecycle.kubelet.state import KubeletState

__all__ = ["Kubelet", "KubeletState"]
