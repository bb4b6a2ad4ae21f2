"""Whether a container's mounts fit where they are to be: a directory on a directory, a file on a file.

OCI: runc/libcontainer/rootfs_linux.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs.files import Node
from lifecycle.programs.images import catalogue
from lifecycle.programs.interface import Container, Mount
from lifecycle.programs.paths import join

if TYPE_CHECKING:
    from lifecycle.programs.volumes import Volumes


def misfit(volumes: Volumes, container: Container) -> int | None:
    """Return which mount, counted from 0, cannot be made over what the image has in its place.

    Where another mount is above it, that one is taken to have a fitting place.
    """
    for i, mount in enumerate(container.mounts):
        there = _in_image(container, mount)
        if there is not None and (there.kind == "d") != _is_directory(volumes, mount):
            return i
    return None


def _in_image(container: Container, mount: Mount) -> Node | None:
    path = join("/", mount.path)
    if any(path.startswith(join("/", other.path) + "/") for other in container.mounts):
        return None
    found = catalogue.files(container.image).look_up(path)
    return found.node if found else None


def _is_directory(volumes: Volumes, mount: Mount) -> bool:
    return not mount.sub_path or volumes.place_kind(mount.volume, mount.sub_path) in ("d", None)
