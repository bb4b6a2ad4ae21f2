"""Which node a Pod goes to: filters, then scores. Kubernetes: pkg/scheduler/schedule_one.go (schedulePod)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lifecycle.scheduler import scores
from lifecycle.scheduler.affinity_terms import NamespaceLabels
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import Rejection, reject, reject_among
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.scheduler.scores import Field
from lifecycle.scheduler.verdicts import NO_SUCH_NODE, Verdicts
from lifecycle.seeds import Seeds
from lifecycle.wire import Object

ENOUGH = 100
"""So many nodes that would do are compared at least, if there are so many."""
SHAPES = 64
"""For so many kinds of Pods is remembered what each node says of them."""


class Found(NamedTuple):
    """The best of the nodes that would do, or why each would not."""

    node: NodeInfo | None
    rejections: dict[str, Rejection]


class Finder:
    """Remembers what the nodes say of Pods that are alike."""

    def __init__(self, cache: Cache, seeds: Seeds, namespace_labels: NamespaceLabels) -> None:
        self.cache, self.seeds, self.namespace_labels = cache, seeds, namespace_labels
        self._shapes: dict[bytes, Verdicts] = {}

    def find(self, candidate: Candidate, start: int, owners: Sequence[Object]) -> tuple[Found, int]:
        """Look for a node from the `start`-th on; return it, and how many were looked at."""
        verdicts = self._verdicts(candidate)
        nodes = verdicts.nodes
        nominated = self.cache.nodes.get(candidate.pod["status"].get("nominatedNodeName") or "")
        if nominated is not None and self._reject(candidate, self.cache.places[nominated.name], verdicts) is None:
            return Found(nominated, {}), 0
        first, enough = start % len(nodes), _enough(len(nodes))
        if self.cache.nominations or candidate.looks_around:
            fitting, rejections = self._search(candidate, verdicts, first, enough)
        else:
            fitting = verdicts.fitting(candidate, first, enough)
            rejections = {} if fitting else verdicts.rejections(first)
        looked = (fitting[-1] - first) % len(nodes) + 1 if len(fitting) == enough else len(nodes)
        return Found(self._best(candidate, verdicts, fitting, owners), rejections), looked

    def reject(self, candidate: Candidate, node: NodeInfo) -> Rejection | None:
        """Return why a node as it would be will not do, also with the Pods for which others had to make room there."""
        priority = candidate.wants.priority
        coming = [pod for pod in self.cache.nominated(node.name) if pod.uid != candidate.wants.uid and pod.priority >= priority]
        if coming:
            crowded, then = node.copy(), candidate
            for pod in coming:
                crowded.add(pod)
                then = then.moved(node, pod, 1)
            rejection = reject(then, crowded)
            if rejection is not None:
                return rejection
        return reject(candidate, node)

    def _search(
        self, candidate: Candidate, verdicts: Verdicts, first: int, enough: int
    ) -> tuple[list[int], dict[str, Rejection]]:
        """Look at one node after the other, where more than the nodes themselves matters."""
        fitting: list[int] = []
        rejections: dict[str, Rejection] = {}
        for place in verdicts.places(first):
            rejection = self._reject(candidate, place, verdicts)
            if rejection is not None:
                rejections[verdicts.nodes[place].name] = rejection
                continue
            fitting.append(place)
            if len(fitting) == enough:
                break
        return fitting, rejections

    def _reject(self, candidate: Candidate, place: int, verdicts: Verdicts) -> Rejection | None:
        node, rejection = verdicts.nodes[place], verdicts.rejection(candidate, place)
        if rejection is not NO_SUCH_NODE and self.cache.nominations and self.cache.nominated(node.name):
            return self.reject(candidate, node)
        return rejection or (reject_among(candidate, node) if candidate.looks_around else None)

    def _best(self, candidate: Candidate, verdicts: Verdicts, fitting: list[int], owners: Sequence[Object]) -> NodeInfo | None:
        """Return the node of the highest score; among equals chance decides."""
        if len(fitting) < 2:
            return verdicts.nodes[fitting[0]] if fitting else None
        field = Field(self.cache, self.namespace_labels, owners)
        if verdicts.compared or scores.compares(candidate, field):
            nodes, own = [verdicts.nodes[place] for place in fitting], [verdicts.alone[place] for place in fitting]
            totals = scores.totals(candidate, nodes, own, field)
        else:
            alone = verdicts.points(scores.image_worth(candidate, field))
            totals = [alone[place] for place in fitting]
        most = max(totals)
        equals = [place for place, points in zip(fitting, totals, strict=True) if points == most]
        return verdicts.nodes[equals[self.seeds.number(len(equals), "node", candidate.wants.uid)]]

    def _verdicts(self, candidate: Candidate) -> Verdicts:
        shape = candidate.shape()
        found = self._shapes.pop(shape, None)
        if found is None or found.nodes is not self.cache.ordered():
            found = Verdicts(candidate, self.cache)
            if len(self._shapes) >= SHAPES:
                del self._shapes[next(iter(self._shapes))]
        found.renew()
        self._shapes[shape] = found
        return found


def _enough(nodes: int) -> int:
    """Return how many nodes that would do are compared: in large clusters a part. Kubernetes: numFeasibleNodesToFind"""
    if nodes < ENOUGH:
        return nodes
    return max(nodes * max(50 - nodes // 125, 5) // 100, ENOUGH)
