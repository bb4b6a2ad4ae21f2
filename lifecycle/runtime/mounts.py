"""Where on its node lies what a container has mounted.

Kubernetes: pkg/kubelet/kubelet_getters.go (getPodVolumeDir), pkg/volume/util/subpath
"""

from __future__ import annotations

from lifecycle.core_v1.types import Container, Volume

PODS = "/var/lib/kubelet/pods"
PLUGINS = {"downwardAPI": "downward-api", "emptyDir": "empty-dir"}
"""Directories of the volume plugins that are not named as the types of volumes are, in small letters."""


def host_place(uid: str, volumes: tuple[Volume, ...], container: Container, index: int) -> str:
    """Return the path on the node of what a container's mount, counted from 0, shows."""
    mount = container.volume_mounts[index]
    if mount.sub_path or mount.sub_path_expr:
        return f"{PODS}/{uid}/volume-subpaths/{mount.name}/{container.name}/{index}"
    volume = next(volume for volume in volumes if volume.name == mount.name)
    if volume.type == "hostPath":
        return str(volume.source["path"])
    plugin = PLUGINS.get(volume.type, volume.type.lower())
    return f"{PODS}/{uid}/volumes/kubernetes.io~{plugin}/{volume.name}"
