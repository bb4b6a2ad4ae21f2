"""PodTopologySpread: Pods that want to be spread evenly over zones, nodes or the like.

Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from lifecycle.core_v1.label_selector import narrowed, selects
from lifecycle.scheduler import selectors, taints
from lifecycle.scheduler.nodes import ZONE, NodeInfo, PodInfo
from lifecycle.scheduler.population import Population
from lifecycle.wire import Object

UNEVEN = "node(s) didn't match pod topology spread constraints"
NO_LABEL = f"{UNEVEN} (missing required label)"
HOSTNAME = "kubernetes.io/hostname"

Nodes = Mapping[str, NodeInfo]

SYSTEM_DEFAULTS = ((HOSTNAME, 3), (ZONE, 5))
"""What is preferred of Pods that say nothing themselves and belong to a Service: a topology key and its maxSkew."""


class Constraint(NamedTuple):
    """One constraint with what is so in each domain of its topology key."""

    key: str
    max_skew: int
    min_domains: int
    namespace: str
    selector: Object | None
    counts: dict[str, int]
    """Matching Pods, by the domain's value."""
    least: int
    """Matching Pods in the domain that has fewest."""
    counts_itself: bool
    domains: dict[str, str]
    """The value of each node that counts."""

    def moved(self, node: str, pod: PodInfo, sign: int) -> Constraint:
        """Return the constraint as it would be with a Pod more (1) or less (-1) on a node."""
        value = self.domains.get(node)
        if value is None or pod.terminating or pod.namespace != self.namespace or not selects(self.selector, pod.labels):
            return self
        counts = {**self.counts, value: self.counts[value] + sign}
        return self._replace(counts=counts, least=_least(counts, self.min_domains))


class TopologySpread(NamedTuple):
    """The constraints that must hold."""

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

    def moved(self, node: str, pod: PodInfo, sign: int) -> TopologySpread:
        return TopologySpread(tuple(constraint.moved(node, pod, sign) for constraint in self.constraints))


def topology_spread(pod: Object, nodes: Iterable[NodeInfo], population: Population) -> TopologySpread | None:
    """Count the Pods that a Pod's constraints are about; None where it has none that must hold."""
    asked = _asked(pod, "DoNotSchedule")
    if not asked:
        return None
    keys = [constraint["topologyKey"] for constraint in asked]
    complete = [node for node in nodes if all(key in node.labels for key in keys)]
    return TopologySpread(tuple(_constraint(pod, constraint, complete, population) for constraint in asked))


class Preference(NamedTuple):
    """A constraint that need not hold: how many matching Pods there are where."""

    key: str
    max_skew: int
    by_value: dict[str, int]
    by_node: dict[str, int]

    def matching(self, node: NodeInfo) -> int | None:
        """Return how many there are in a node's domain; None where it is in none."""
        if self.key not in node.labels:
            return None
        return self.by_node.get(node.name, 0) if self.key == HOSTNAME else self.by_value.get(node.labels[self.key], 0)


class Preferences(NamedTuple):
    """`strict`: a node that lacks one of the labels is not compared at all."""

    preferences: tuple[Preference, ...]
    strict: bool


def preferences(pod: Object, nodes: Nodes, population: Population, owners: Sequence[Object]) -> Preferences | None:
    """Count what a Pod would rather be spread over; `owners` are the selectors of the Services that it belongs to."""
    given = pod["spec"].get("topologySpreadConstraints")
    if given:
        asked = _asked(pod, "ScheduleAnyway")
    else:
        selector = {"matchLabels": {name: value for owner in owners for name, value in owner.items()}}
        asked = [{"topologyKey": key, "maxSkew": skew, "labelSelector": selector} for key, skew in SYSTEM_DEFAULTS if owners]
    if not asked:
        return None
    keys = [constraint["topologyKey"] for constraint in asked] if given else []
    return Preferences(tuple(_preference(pod, constraint, keys, nodes, population) for constraint in asked), bool(given))


def _preference(pod: Object, given: Object, keys: Sequence[str], nodes: Nodes, population: Population) -> Preference:
    """Count matching Pods by node, and by domain on those nodes that have all the keys."""
    key, where = given["topologyKey"], _where(pod, given, population)
    by_value: dict[str, int] = {}
    if key != HOSTNAME:
        counts = _inclusion(pod, given)
        for name, number in where.items():
            node = nodes[name]
            if all(one in node.labels for one in keys) and (counts is None or counts(node)):
                value = node.labels.get(key, "")
                by_value[value] = by_value.get(value, 0) + number
    return Preference(key, given["maxSkew"], by_value, where)


def _asked(pod: Object, action: str) -> list[Object]:
    given = pod["spec"].get("topologySpreadConstraints") or ()
    return [constraint for constraint in given if constraint["whenUnsatisfiable"] == action]


def _constraint(pod: Object, given: Object, nodes: Iterable[NodeInfo], population: Population) -> Constraint:
    key, metadata, counts = given["topologyKey"], pod["metadata"], _inclusion(pod, given)
    domains = {node.name: node.labels[key] for node in nodes if counts is None or counts(node)}
    found = dict.fromkeys(domains.values(), 0)
    for node, number in _where(pod, given, population).items():
        if node in domains:
            found[domains[node]] += number
    selector, min_domains = selector_of(pod, given), given.get("minDomains", 1)
    return Constraint(
        key,
        given["maxSkew"],
        min_domains,
        metadata["namespace"],
        selector,
        found,
        _least(found, min_domains),
        selects(selector, metadata.get("labels") or {}),
        domains,
    )


def _least(counts: dict[str, int], min_domains: int) -> int:
    return min(counts.values(), default=0) if len(counts) >= min_domains else 0


def selector_of(pod: Object, given: Object) -> Object | None:
    """Return which Pods a constraint of a Pod is about."""
    labels = pod["metadata"].get("labels") or {}
    return narrowed(given.get("labelSelector"), labels, given.get("matchLabelKeys") or [], [])


def _where(pod: Object, given: Object, population: Population) -> dict[str, int]:
    """Return how many Pods that a constraint is about, and that are not ending, each node has."""
    found: dict[str, int] = {}
    for group in population.selected(pod["metadata"]["namespace"], selector_of(pod, given)):
        for node, number in group.staying.items():
            found[node] = found.get(node, 0) + number
    return found


def _inclusion(pod: Object, given: Object) -> Callable[[NodeInfo], bool] | None:
    """Return which nodes count: by default those that the Pod's node affinity allows, whatever their taints. None: all."""
    spec = pod["spec"]
    honors = given.get("nodeAffinityPolicy", "Honor") == "Honor"
    selective = honors and (spec.get("nodeSelector") or (spec.get("affinity") or {}).get("nodeAffinity"))
    wary = given.get("nodeTaintsPolicy", "Ignore") == "Honor"
    if not selective and not wary:
        return None

    def counts(node: NodeInfo) -> bool:
        if selective and not selectors.matches(pod, node.name, node.labels):
            return False
        return not wary or taints.untolerated(node.taints, spec.get("tolerations") or [], ["NoSchedule", "NoExecute"]) is None

    return counts
