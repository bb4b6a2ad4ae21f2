"""Symbolic links: what a path becomes on the way to what it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lifecycle.programs.files import FileError, Node
from lifecycle.programs.paths import join, parent

MAX_LINKS = 40

NodeAt = Callable[[str], Node | None]
"""What stands at an absolute path, no link followed."""


def steps(path: str, node_at: NodeAt, last: bool = True) -> Iterator[str]:
    """Give an absolute path, and what it becomes as one link after the other is followed; one that it ends in only with `last`.

    Raises: FileError ENOTDIR or ELOOP.
    """
    for _ in range(MAX_LINKS):
        yield path
        link = _first_link(path, node_at, last)
        if link is None:
            return
        path = link
    raise FileError("ELOOP")


def _first_link(path: str, node_at: NodeAt, last: bool) -> str | None:
    """Return what a path becomes with the first link on it followed; None where there is none."""
    at = path.find("/", 1)
    while at > 0:
        node = node_at(path[:at])
        if node is not None and node.kind == "l":
            return join(parent(path[:at]), node.text) + path[at:]
        if node is not None and node.kind != "d":
            raise FileError("ENOTDIR")
        at = path.find("/", at + 1)
    if last:
        node = node_at(path)
        if node is not None and node.kind == "l":
            return join(parent(path), node.text)
    return None
