"""Scores: which of the nodes that would do is best. Each plugin gives a node 0 to 100, and counts by its weight.

Kubernetes: pkg/scheduler/framework/plugins, with their default weights
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lifecycle.scheduler import pod_affinity, selectors, taints, topology_spread
from lifecycle.scheduler.affinity_terms import NamespaceLabels
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.wire import Object

MAX_SCORE = 100

Points = list[int]
"""One number for each node, in their order."""


class Alone(NamedTuple):
    """What a single node's own state gives it; `avoided` and `preferred` are compared with those of the other nodes."""

    resources: int
    avoided: int
    """Taints that ask the Pod to stay away if it can."""
    preferred: int
    """The weights of the Pod's preferred node affinity that match."""


class Field(NamedTuple):
    """All that is to be known beside the nodes that are compared."""

    cache: Cache
    namespace_labels: NamespaceLabels
    owners: Sequence[Object]
    """The selectors of the Services that the Pod belongs to."""


def alone(candidate: Candidate, node: NodeInfo) -> Alone:
    """Return a node's own part of its score. Two Pods of the same shape get the same."""
    return Alone(
        least_allocated(candidate, node) + balanced_allocation(candidate, node),
        sum(taints.avoids(taint, candidate.tolerations) for taint in node.taints) if node.taints else 0,
        selectors.preference(candidate.pod, node.name, node.labels) if candidate.pod["spec"].get("affinity") else 0,
    )


def totals(candidate: Candidate, nodes: Sequence[NodeInfo], own: Sequence[Alone], field: Field) -> Points:
    """Return how well each node would do; the higher the better."""
    resources, avoided, preferred = zip(*own, strict=True)
    sums: Points = list(resources)
    if any(avoided):
        sums = _added(sums, 3, [MAX_SCORE - points for points in _of_most(avoided)])
    if any(preferred):
        sums = _added(sums, 2, _of_most(preferred))
    for weight, scores in PLUGINS:
        found = scores(candidate, nodes, field)
        if found is not None:
            sums = _added(sums, weight, found)
    return sums


def compares(candidate: Candidate, field: Field) -> bool:
    """Say whether more than the nodes themselves, and the images there, may tell them apart."""
    spec = candidate.pod["spec"]
    return bool(field.cache.affine or spec.get("affinity") or field.owners or spec.get("topologySpreadConstraints"))


def least_allocated(candidate: Candidate, node: NodeInfo) -> int:
    """The mean of what would be left of cpu and memory, where those who ask for nothing count for something."""
    cpu, memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
    of_cpu = max(cpu - node.cpu - candidate.wants.cpu, 0) * MAX_SCORE // cpu if cpu else 0
    of_memory = max(memory - node.memory - candidate.wants.memory, 0) * MAX_SCORE // memory if memory else 0
    return (of_cpu + of_memory) // 2 if cpu and memory else of_cpu + of_memory


def balanced_allocation(candidate: Candidate, node: NodeInfo) -> int:
    """Whether cpu and memory would be taken in more equal parts than now; nothing for a Pod that asks for neither."""
    wanted = candidate.wants.requested
    if not wanted.get("cpu") and not wanted.get("memory"):
        return 0
    change = _balance(node, wanted.get("cpu", 0), wanted.get("memory", 0)) - _balance(node, 0, 0)
    return MAX_SCORE // 2 + (MAX_SCORE // 2 + change) // 2


def _balance(node: NodeInfo, cpu: int, memory: int) -> int:
    parts = [
        min((node.requested.get(name, 0) + more) / node.allocatable[name], 1.0)
        for name, more in (("cpu", cpu), ("memory", memory))
        if node.allocatable.get(name)
    ]
    deviation = abs(parts[0] - parts[1]) / 2 if len(parts) == 2 else 0.0
    return int((1 - deviation) * MAX_SCORE)


def image_locality(candidate: Candidate, nodes: Sequence[NodeInfo], field: Field) -> Points | None:
    """Nodes that have the Pod's images."""
    worth = image_worth(candidate, field)
    return [worth.get(node.name, 0) for node in nodes] if worth else None


def image_worth(candidate: Candidate, field: Field) -> Mapping[str, int]:
    """Return the points of the nodes that have the Pod's images, by name."""
    spec = candidate.pod["spec"]
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    names = tuple([_tagged(container.get("image") or "") for container in containers])
    return field.cache.images.worth(names, len(field.cache.nodes))


def _tagged(image: str) -> str:
    """Return an image's name with a tag, as nodes report it."""
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def inter_pod_affinity(candidate: Candidate, nodes: Sequence[NodeInfo], field: Field) -> Points | None:
    """Nearer to Pods that it, or that they, would rather have near."""
    if not field.cache.affine and not candidate.pod["spec"].get("affinity"):
        return None
    drawn = pod_affinity.attraction(candidate.pod, field.cache.nodes, field.cache.population, field.namespace_labels)
    if not drawn:
        return None
    points = [sum(drawn[domain] for domain in node.labels.items()) for node in nodes]
    low, high = min(points), max(points)
    return [int(MAX_SCORE * ((one - low) / (high - low))) if high > low else 0 for one in points]


def pod_topology_spread(candidate: Candidate, nodes: Sequence[NodeInfo], field: Field) -> Points | None:
    """Fewer Pods of the same kind in the same domain, by those constraints that need not hold."""
    if not field.owners and not candidate.pod["spec"].get("topologySpreadConstraints"):
        return None
    spread = topology_spread.preferences(candidate.pod, field.cache.nodes, field.cache.population, field.owners)
    if spread is None:
        return None
    keys = [preference.key for preference in spread.preferences]
    compared = [not spread.strict or all(key in node.labels for key in keys) for node in nodes]
    weights = [_domains(preference.key, nodes, compared) for preference in spread.preferences]
    costs = [_cost(spread, weights, node) if counts else None for node, counts in zip(nodes, compared, strict=True)]
    known = [cost for cost in costs if cost is not None]
    low, high = min(known, default=0), max(known, default=0)
    return [0 if cost is None else MAX_SCORE * (high + low - cost) // high if high else MAX_SCORE for cost in costs]


def _cost(spread: topology_spread.Preferences, weights: Sequence[float], node: NodeInfo) -> int:
    """Return how many Pods of its kind a Pod would meet; domains of which there are many count more, each."""
    cost = 0.0
    for preference, weight in zip(spread.preferences, weights, strict=True):
        count = preference.matching(node)
        if count is not None:
            cost += count * weight + preference.max_skew - 1
    return math.floor(cost + 0.5)


def _domains(key: str, nodes: Sequence[NodeInfo], compared: Sequence[bool]) -> float:
    """Return the weight of a topology key, which grows with the number of its domains."""
    values = [
        node.name if key == topology_spread.HOSTNAME else node.labels.get(key, "")
        for node, counts in zip(nodes, compared, strict=True)
        if counts
    ]
    return math.log(len(set(values)) + 2)


PLUGINS: tuple[tuple[int, Callable[[Candidate, Sequence[NodeInfo], Field], Points | None]], ...] = (
    (1, image_locality),
    (2, inter_pod_affinity),
    (2, pod_topology_spread),
)
"""Those that look at more than one node, with their weights; None: nothing that would tell nodes apart."""


def _added(sums: Points, weight: int, points: Points) -> Points:
    return [one + weight * more for one, more in zip(sums, points, strict=True)]


def _of_most(counts: Sequence[int]) -> Points:
    """Return counts as parts of the largest one."""
    most = max(counts, default=0)
    return [MAX_SCORE * count // most if most else 0 for count in counts]
