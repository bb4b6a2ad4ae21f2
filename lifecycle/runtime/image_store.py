"""Images and their names: which names are one image, and under which of them a node has it.

containerd: internal/cri/store/image (an image's references), internal/cri/util (ParseImageReferences)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lifecycle.kubelet.state import NodeState
from lifecycle.runtime import delays, names
from lifecycle.seeds import Seeds
from lifecycle.wire import Image

UNKNOWN = Image()
MOST_SHOWN = 1_000
"""Of how many images it is kept how they are shown."""


class Stored(NamedTuple):
    """An image that a configuration names, and all its names."""

    image: Image
    names: tuple[str, ...]


class ImageStore:
    """The image stores of all nodes; `images` is what a configuration says, by names as manifests write them.

    A full name stands for its image wherever one is asked for. Where two entries claim a name, the first has it.
    """

    def __init__(self, images: Mapping[str, Image], seeds: Seeds) -> None:
        self.seeds = seeds
        self._stored: Mapping[str, Stored] = _by_name(tuple(images.items()))
        self._present = {
            name: delays.PULL_SIZE if image.size is None else image.size
            for name, (image, _) in self._stored.items()
            if image.present
        }
        self._shown: dict[tuple[str, ...], tuple[str, str]] = {}

    def find(self, name: str) -> Image:
        """Return what a pull finds."""
        return self._named(name).image

    def names(self, name: str) -> tuple[str, ...]:
        """Return all names of an image, tags before digests, each in alphabetical order, as containerd sorts them."""
        return self._named(name).names

    def _named(self, name: str) -> Stored:
        return self._stored.get(name) or Stored(UNKNOWN, (name,))

    def held(self, node: NodeState, name: str) -> tuple[str, ...]:
        """Return those names of an image under which a node has it."""
        return _held(node, self._named(name))

    def shown(self, node: NodeState, name: str) -> tuple[str, str]:
        """Return the name and the id of an image as a container's status tells them: the first tag, the first digest."""
        return self._as_shown(name, self.held(node, name))

    def _as_shown(self, name: str, held: tuple[str, ...]) -> tuple[str, str]:
        key = (name, *held)
        found = self._shown.get(key)
        if found is None:
            if len(self._shown) >= MOST_SHOWN:
                self._shown.clear()
            tag = next((one for one in held if "@" not in one), name)
            found = self._shown[key] = tag, f"{min(map(names.repository, held or (name,)))}@{self._digest(name)}"
        return found

    def sizes(self, node: NodeState) -> dict[str, int]:
        """Return what the pulled images of a node weigh, in bytes, each once, by its first name."""
        return {self.names(name)[0]: size for name, size in node.images.items()}

    def listed(self, node: NodeState) -> list[tuple[tuple[str, ...], int]]:
        """Return the images of a node: its digests and then its tags, and bytes."""
        found: dict[str, tuple[tuple[str, ...], int]] = {}
        for name, size in {**self._present, **node.images}.items():
            stored = self._named(name)
            held = _held(node, stored)
            tags = [one for one in held if "@" not in one]
            found[stored.names[0]] = (self._as_shown(name, held)[1], *tags), size
        return list(found.values())

    def remove(self, node: NodeState, name: str) -> int:
        """Take an image with all its names from a node; return the bytes that are free by that."""
        sizes = [node.images.pop(one) for one in self.names(name) if one in node.images]
        return max(sizes, default=0)

    def _digest(self, name: str) -> str:
        """Return the digest that one of an image's names tells, else one that the seed decides."""
        all_names = self.names(name)
        told = next((one.partition("@")[2] for one in all_names if "@" in one), "")
        return told or f"sha256:{self.seeds.hex(64, 'image', all_names[0])}"


def _held(node: NodeState, stored: Stored) -> tuple[str, ...]:
    return stored.names if stored.image.present else tuple([one for one in stored.names if one in node.images])


@lru_cache(64)
def _by_name(images: tuple[tuple[str, Image], ...]) -> dict[str, Stored]:
    """Return the images that a configuration names, by all their full names: the same for all clusters with these images."""
    found: dict[str, Stored] = {}
    for image, known in images:
        full = {names.full_name(name) for name in (image, *known.names)}
        stored = Stored(known, tuple(sorted(full, key=lambda name: ("@" in name, name))))
        for name in stored.names:
            found.setdefault(name, stored)
    return found
