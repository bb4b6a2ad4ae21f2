"""InterPodAffinity: Pods that want to be, or not to be, where certain others are.

Kubernetes: pkg/scheduler/framework/plugins/interpodaffinity
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lifecycle.scheduler.affinity_terms import Labels, NamespaceLabels, Term, preferences, terms
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.population import Population
from lifecycle.wire import Object

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"

Domain = tuple[str, str]
"""A topology key and a node's value for it: ("topology.kubernetes.io/zone", "a")."""
Nodes = Mapping[str, NodeInfo]


class PodAffinity(NamedTuple):
    """What a Pod's terms, and those of the Pods that run, mean for each topology domain. Kubernetes: preFilterState"""

    namespace: str
    labels: Labels
    affinity: tuple[Term, ...]
    anti_affinity: tuple[Term, ...]
    wanted: Counter[Domain]
    unwanted: Counter[Domain]
    unwelcome: Counter[Domain]
    """Where Pods are that do not want this one."""
    wants_its_like: bool
    """Whether the Pod's own labels are what its affinity asks for: then the first of its kind may go anywhere."""
    namespace_labels: NamespaceLabels

    def reason(self, node: NodeInfo) -> tuple[str, bool] | None:
        """Return why a node will not do, and whether fewer Pods there could help; None where it will."""
        if not self._near_the_wanted(node):
            return AFFINITY, False
        if any(self.unwanted[term.topology_key, node.labels.get(term.topology_key, "")] > 0 for term in self.anti_affinity):
            return ANTI_AFFINITY, True
        if self.unwelcome and any(self.unwelcome[domain] > 0 for domain in node.labels.items()):
            return EXISTING, True
        return None

    def moved(self, node: NodeInfo, other: PodInfo, sign: int) -> PodAffinity:
        """Return what would be so with a Pod more (1) or less (-1) on a node."""
        wanted, unwanted, unwelcome = self.wanted.copy(), self.unwanted.copy(), self.unwelcome.copy()
        if self.affinity and all(self._about(term, other) for term in self.affinity):
            _count(wanted, self.affinity, node, sign)
        _count(unwanted, [term for term in self.anti_affinity if self._about(term, other)], node, sign)
        against = (t for t in other.anti_affinity if t.matches(self.namespace, self.labels, self.namespace_labels))
        _count(unwelcome, against, node, sign)
        return self._replace(wanted=+wanted, unwanted=unwanted, unwelcome=unwelcome)

    def _about(self, term: Term, other: PodInfo) -> bool:
        return term.matches(other.namespace, other.labels, self.namespace_labels)

    def _near_the_wanted(self, node: NodeInfo) -> bool:
        keys = [term.topology_key for term in self.affinity]
        if any(key not in node.labels for key in keys):
            return False
        if all(self.wanted[key, node.labels[key]] for key in keys):
            return True
        return not self.wanted and self.wants_its_like


def pod_affinity(pod: Object, nodes: Nodes, population: Population, namespace_labels: NamespaceLabels) -> PodAffinity | None:
    """Count where a Pod would be near to what; None where neither it nor any Pod that runs cares."""
    affinity, anti_affinity = terms(pod, "podAffinity"), terms(pod, "podAntiAffinity")
    if not affinity and not anti_affinity and not population.anti_affinity:
        return None
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    wanted, unwanted, unwelcome = Counter[Domain](), Counter[Domain](), Counter[Domain]()
    for group in population.matching(affinity[0], namespace_labels) if affinity else ():
        if all(term.matches(group.namespace, group.labels, namespace_labels) for term in affinity[1:]):
            _count_all(wanted, affinity, group.nodes, nodes)
    for term in anti_affinity:
        for group in population.matching(term, namespace_labels):
            _count_all(unwanted, (term,), group.nodes, nodes)
    for wish in population.anti_affinity:
        if wish.term.matches(namespace, labels, namespace_labels):
            _count_all(unwelcome, (wish.term,), wish.nodes, nodes)
    alike = bool(affinity) and all(term.matches(namespace, labels, namespace_labels) for term in affinity)
    return PodAffinity(namespace, labels, affinity, anti_affinity, wanted, unwanted, unwelcome, alike, namespace_labels)


def attraction(pod: Object, nodes: Nodes, population: Population, namespace_labels: NamespaceLabels) -> Counter[Domain]:
    """Return how strongly each domain draws a Pod: by what it prefers, and by what the Pods that run would have near."""
    drawn = Counter[Domain]()
    for weight, term in preferences(pod):
        for group in population.matching(term, namespace_labels):
            _count_all(drawn, (term,), group.nodes, nodes, weight)
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    for wish in population.attractions:
        if wish.term.matches(namespace, labels, namespace_labels):
            _count_all(drawn, (wish.term,), wish.nodes, nodes, wish.weight)
    return drawn


def _count_all(domains: Counter[Domain], given: Iterable[Term], where: Mapping[str, int], nodes: Nodes, by: int = 1) -> None:
    given = tuple(given)
    for name, number in where.items():
        _count(domains, given, nodes[name], by * number)


def _count(domains: Counter[Domain], given: Iterable[Term], node: NodeInfo, number: int) -> None:
    for term in given:
        if term.topology_key in node.labels:
            domains[term.topology_key, node.labels[term.topology_key]] += number
