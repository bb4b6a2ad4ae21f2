"""Which node a Pod goes to: filters, then scores. Kubernetes: pkg/scheduler/schedule_one.go (schedulePod)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lifecycle.scheduler import scores, selectors
from lifecycle.scheduler.affinity_terms import NamespaceLabels
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import Rejection, reject, reject_alone, reject_among
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.scheduler.scores import Alone, Field
from lifecycle.seeds import Seeds
from lifecycle.wire import Object

ENOUGH = 100
"""So many nodes that would do are compared at least, if there are so many."""
SHAPES = 64
"""For so many kinds of Pods is remembered what each node says of them."""

NO_SUCH_NODE = Rejection("NodeAffinity", ("node(s) didn't satisfy plugin(s) [NodeAffinity]",))


class Found(NamedTuple):
    """The best of the nodes that would do, or why each would not."""

    node: NodeInfo | None
    rejections: dict[str, Rejection]


class Verdict:
    """What one node has against Pods of one shape, and how well it would do alone (None: nobody has asked yet)."""

    __slots__ = ("alone", "generation", "node", "rejection")

    def __init__(self, candidate: Candidate, node: NodeInfo) -> None:
        self.node, self.generation = node, node.generation
        self.rejection = reject_alone(candidate, node)
        self.alone: Alone | None = None

    def score(self, candidate: Candidate) -> Alone:
        """Find out how well the node would do alone."""
        self.alone = scores.alone(candidate, self.node)
        return self.alone


class Finder:
    """Nodes change one at a time, and many Pods are alike: what a node says of a Pod's shape is kept until it changes."""

    def __init__(self, cache: Cache, seeds: Seeds, namespace_labels: NamespaceLabels) -> None:
        self.cache, self.seeds, self.namespace_labels = cache, seeds, namespace_labels
        self._shapes: dict[bytes, dict[str, Verdict]] = {}

    def find(self, candidate: Candidate, start: int, owners: Sequence[Object]) -> tuple[Found, int]:
        """Look for a node from the `start`-th on; return it, and how many were looked at."""
        nodes, verdicts = self.cache.ordered(), self._verdicts(candidate)
        nominated = self.cache.nodes.get(candidate.pod["status"].get("nominatedNodeName") or "")
        if nominated is not None and self._reject(candidate, nominated, verdicts) is None:
            return Found(nominated, {}), 0
        named = selectors.named_nodes(candidate.pod)
        enough = _enough(len(nodes))
        beside = self.cache.nominations or candidate.looks_around
        fitting: list[Verdict] = []
        rejections: dict[str, Rejection] = {}
        first = start % len(nodes) if nodes else 0
        for node in (*nodes[first:], *nodes[:first]):
            if named is not None and node.name not in named:
                rejections[node.name] = NO_SUCH_NODE
                continue
            verdict = self._verdict(candidate, node, verdicts)
            rejection = self._reject(candidate, node, verdicts) if beside else verdict.rejection
            if rejection is not None:
                rejections[node.name] = rejection
            else:
                fitting.append(verdict)
                if len(fitting) == enough:
                    break
        return Found(self._best(candidate, fitting, owners), rejections), len(fitting) + len(rejections)

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

    def _reject(self, candidate: Candidate, node: NodeInfo, verdicts: dict[str, Verdict]) -> Rejection | None:
        if self.cache.nominations and self.cache.nominated(node.name):
            return self.reject(candidate, node)
        rejection = self._verdict(candidate, node, verdicts).rejection
        return rejection or (reject_among(candidate, node) if candidate.looks_around else None)

    def _verdict(self, candidate: Candidate, node: NodeInfo, verdicts: dict[str, Verdict]) -> Verdict:
        verdict = verdicts.get(node.name)
        if verdict is None or verdict.generation != node.generation or verdict.node is not node:
            verdict = verdicts[node.name] = Verdict(candidate, node)
        return verdict

    def _best(self, candidate: Candidate, fitting: list[Verdict], owners: Sequence[Object]) -> NodeInfo | None:
        """Return the node of the highest score; among equals chance decides."""
        if len(fitting) < 2:
            return fitting[0].node if fitting else None
        nodes, own = [one.node for one in fitting], [one.alone or one.score(candidate) for one in fitting]
        totals = scores.totals(candidate, nodes, own, Field(self.cache, self.namespace_labels, owners))
        most = max(totals)
        equals = [node for points, node in zip(totals, nodes, strict=True) if points == most]
        return equals[self.seeds.number(len(equals), "node", candidate.wants.uid)]

    def _verdicts(self, candidate: Candidate) -> dict[str, Verdict]:
        shape = candidate.shape()
        found = self._shapes.pop(shape, None)
        if found is None:
            found = {}
            if len(self._shapes) >= SHAPES:
                del self._shapes[next(iter(self._shapes))]
        self._shapes[shape] = found
        return found


def _enough(nodes: int) -> int:
    """Return how many nodes that would do are compared: in large clusters a part. Kubernetes: numFeasibleNodesToFind"""
    if nodes < ENOUGH:
        return nodes
    return max(nodes * max(50 - nodes // 125, 5) // 100, ENOUGH)
