"""PodTopologySpread: Pods that want to be spread evenly over zones, nodes or the like.

Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lifecycle.core_v1.label_selector import narrowed, selects
from lifecycle.scheduler import selectors, taints
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.wire import Object

UNEVEN = "node(s) didn't match pod topology spread constraints"
NO_LABEL = f"{UNEVEN} (missing required label)"


class Constraint(NamedTuple):
    """One constraint with what is so in each domain of its topology key."""

    key: str
    max_skew: int
    selector: Object | None
    least: int
    """Matching Pods in the domain that has fewest."""
    counts: dict[str, int]
    """Matching Pods, by the domain's value."""
    counts_itself: bool


class TopologySpread(NamedTuple):
    constraints: tuple[Constraint, ...]

    def reason(self, node: NodeInfo) -> tuple[str, bool] | None:
        """Return why a node will not do, and whether fewer Pods there could help; None where it will."""
        for constraint in self.constraints:
            value = node.labels.get(constraint.key)
            if value is None:
                return NO_LABEL, False
            skew = constraint.counts.get(value, 0) + constraint.counts_itself - constraint.least
            if skew > constraint.max_skew:
                return UNEVEN, True
        return None


def topology_spread(pod: Object, nodes: Iterable[NodeInfo], action: str = "DoNotSchedule") -> TopologySpread | None:
    """Count the Pods that a Pod's constraints are about; None where it has none that ask for this action."""
    given = pod["spec"].get("topologySpreadConstraints") or ()
    asked = [constraint for constraint in given if constraint["whenUnsatisfiable"] == action]
    if not asked:
        return None
    keys = [constraint["topologyKey"] for constraint in asked]
    complete = [node for node in nodes if all(key in node.labels for key in keys)]
    return TopologySpread(tuple(_constraint(pod, constraint, complete) for constraint in asked))


def _constraint(pod: Object, given: Object, nodes: Iterable[NodeInfo]) -> Constraint:
    key, labels = given["topologyKey"], pod["metadata"].get("labels") or {}
    selector = narrowed(given.get("labelSelector"), labels, given.get("matchLabelKeys") or [], [])
    counts: dict[str, int] = {}
    for node in nodes:
        if _counts(pod, given, node):
            value = node.labels[key]
            counts[value] = counts.get(value, 0) + _matching(pod, selector, node)
    enough = len(counts) >= given.get("minDomains", 1)
    least = min(counts.values(), default=0) if enough else 0
    return Constraint(key, given["maxSkew"], selector, least, counts, selects(selector, labels))


def _counts(pod: Object, given: Object, node: NodeInfo) -> bool:
    """Say whether a node counts: by default only one that the Pod's node affinity allows, whatever its taints."""
    if given.get("nodeAffinityPolicy", "Honor") == "Honor" and not selectors.matches(pod, node.name, node.labels):
        return False
    if given.get("nodeTaintsPolicy", "Ignore") == "Ignore":
        return True
    tolerations = pod["spec"].get("tolerations") or []
    return taints.untolerated(node.taints, tolerations, ["NoSchedule", "NoExecute"]) is None


def _matching(pod: Object, selector: Object | None, node: NodeInfo) -> int:
    namespace = pod["metadata"]["namespace"]
    return sum(
        other.namespace == namespace and not other.terminating and selects(selector, other.labels)
        for other in node.pods.values()
    )
