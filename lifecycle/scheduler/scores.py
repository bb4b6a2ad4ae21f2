"""Scores: which of the nodes that would do is best. Each plugin gives a node 0 to 100, and counts by its weight.

Kubernetes: pkg/scheduler/framework/plugins, with their default weights; what images a node has is left out
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from lifecycle.scheduler import selectors, taints
from lifecycle.scheduler.affinity_terms import preferences
from lifecycle.scheduler.filters import Candidate
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.scheduler.topology_spread import topology_spread

MAX_SCORE = 100

Points = list[int]
"""One number for each node, in their order."""


def totals(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    """Return how well each node would do; the higher the better."""
    sums = [0] * len(nodes)
    for weight, scores in PLUGINS:
        for i, points in enumerate(scores(candidate, nodes)):
            sums[i] += weight * points
    return sums


def least_allocated(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    shares = [_shares(candidate, node) for node in nodes]
    return [(int((1 - cpu) * MAX_SCORE) + int((1 - memory) * MAX_SCORE)) // 2 for cpu, memory in shares]


def balanced_allocation(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    return [int((1 - abs(cpu - memory) / 2) * MAX_SCORE) for cpu, memory in (_shares(candidate, node) for node in nodes)]


def taint_toleration(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    """Fewer taints that ask a Pod to stay away if it can."""
    tolerations = candidate.pod["spec"].get("tolerations") or []
    counts = [sum(taints.avoids(taint, tolerations) for taint in node.taints) for node in nodes]
    return [MAX_SCORE - points for points in _of_most(counts)]


def node_affinity(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    return _of_most([selectors.preference(candidate.pod, node.name, node.labels) for node in nodes])


def inter_pod_affinity(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    """Nearer to Pods that it, or that they, would rather have near."""
    drawn: Counter[tuple[str, str]] = Counter()
    own, pod = preferences(candidate.pod), candidate.wants
    for node in candidate.nodes:
        for other in node.pods.values() if own else node.attracting.values():
            wishes = [(w, t) for w, t in own if t.matches(other.namespace, other.labels, candidate.namespace_labels)]
            wishes += [(w, t) for w, t in other.attractions if t.matches(pod.namespace, pod.labels, candidate.namespace_labels)]
            for weight, term in wishes:
                if term.topology_key in node.labels:
                    drawn[term.topology_key, node.labels[term.topology_key]] += weight
    points = [sum(drawn[domain] for domain in node.labels.items()) for node in nodes]
    low, high = min(points), max(points)
    return [MAX_SCORE * (one - low) // (high - low) if high > low else 0 for one in points]


def pod_topology_spread(candidate: Candidate, nodes: Sequence[NodeInfo]) -> Points:
    """Fewer Pods of the same kind in the same domain, by those constraints that need not hold."""
    spread = topology_spread(candidate.pod, candidate.nodes, "ScheduleAnyway")
    if spread is None:
        return [0] * len(nodes)
    raw: list[float | None] = []
    for node in nodes:
        values = [(constraint, node.labels.get(constraint.key)) for constraint in spread.constraints]
        costs = [
            constraint.counts.get(value, 0) * math.log(len(constraint.counts) + 2) + constraint.max_skew - 1
            for constraint, value in values
            if value is not None
        ]
        raw.append(sum(costs) if len(costs) == len(values) else None)
    known = [round(cost) for cost in raw if cost is not None]
    low, high = min(known, default=0), max(known, default=0)
    return [0 if cost is None else MAX_SCORE * (high + low - round(cost)) // high if high else MAX_SCORE for cost in raw]


PLUGINS: tuple[tuple[int, Callable[[Candidate, Sequence[NodeInfo]], Points]], ...] = (
    (1, least_allocated),
    (1, balanced_allocation),
    (3, taint_toleration),
    (2, node_affinity),
    (2, inter_pod_affinity),
    (2, pod_topology_spread),
)
"""With their weights."""


def _shares(candidate: Candidate, node: NodeInfo) -> tuple[float, float]:
    """Return the parts of a node's cpu and memory that would be taken."""
    return (
        _share(node.cpu + candidate.wants.cpu, node.allocatable.get("cpu", 0)),
        _share(node.memory + candidate.wants.memory, node.allocatable.get("memory", 0)),
    )


def _share(taken: int, allocatable: int) -> float:
    return min(taken / allocatable, 1.0) if allocatable else 1.0


def _of_most(counts: Sequence[int]) -> Points:
    """Return counts as parts of the largest one."""
    most = max(counts, default=0)
    return [MAX_SCORE * count // most if most else 0 for count in counts]
