"""Which images are on which nodes. Kubernetes: pkg/scheduler/backend/cache (imageStates), plugins/imagelocality"""

from __future__ import annotations

from collections.abc import Mapping

MAX_SCORE = 100
MEBI = 1024 * 1024
LEAST_IMAGE, MOST_IMAGE = 23 * MEBI, 1000 * MEBI
"""An image below the first counts nothing, one from the second on fully."""

NOTHING: Mapping[str, int] = {}
KEPT = 64
"""Of so many sets of images is remembered what they are worth on each node."""


class Images:
    """Their sizes, by name and node."""

    def __init__(self) -> None:
        self._sizes: dict[str, dict[str, int]] = {}
        self._worth: dict[tuple[int, tuple[str, ...]], dict[str, int]] = {}

    def move(self, node: str, old: Mapping[str, int], new: Mapping[str, int]) -> None:
        """Note that a node has other images, or other sizes of them, than before."""
        if old == new:
            return
        self._worth.clear()
        for name in old.keys() - new.keys():
            del self._sizes[name][node]
            if not self._sizes[name]:
                del self._sizes[name]
        for name, size in new.items():
            self._sizes.setdefault(name, {})[node] = size

    def worth(self, names: tuple[str, ...], nodes: int) -> Mapping[str, int]:
        """Return what it is worth to a Pod with these images, of 100, to be on each of the nodes that have any of them.

        An image that many of the cluster's nodes have counts more, so that Pods do not crowd where one is.
        """
        if not self._sizes:
            return NOTHING
        found = self._worth.get((nodes, names))
        if found is None:
            if len(self._worth) >= KEPT:
                del self._worth[next(iter(self._worth))]
            found = self._worth[nodes, names] = self._found(names, nodes)
        return found

    def _found(self, names: tuple[str, ...], nodes: int) -> dict[str, int]:
        sums: dict[str, int] = {}
        for name in names:
            sizes = self._sizes.get(name, {})
            spread = len(sizes) / nodes
            for node, size in sizes.items():
                sums[node] = sums.get(node, 0) + int(size * spread)
        most = MOST_IMAGE * len(names)
        points = {node: min(max(size, LEAST_IMAGE), most) - LEAST_IMAGE for node, size in sums.items()}
        return {node: MAX_SCORE * point // (most - LEAST_IMAGE) for node, point in points.items() if point}
