"""InterPodAffinity: Pods that want to be, or not to be, where certain others are.

Kubernetes: pkg/scheduler/framework/plugins/interpodaffinity
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from lifecycle.scheduler.affinity_terms import NamespaceLabels, Term, terms
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.wire import Object

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"

Domain = tuple[str, str]
"""A topology key and a node's value for it: ("topology.kubernetes.io/zone", "a")."""


class PodAffinity(NamedTuple):
    """What a Pod's terms, and those of the Pods that run, mean for each topology domain. Kubernetes: preFilterState."""

    affinity: tuple[Term, ...]
    anti_affinity: tuple[Term, ...]
    wanted: Counter[Domain]
    unwanted: Counter[Domain]
    unwelcome: Counter[Domain]
    """Where Pods are that do not want this one."""
    wants_its_like: bool
    """Whether the Pod's own labels are what its affinity asks for: then the first of its kind may go anywhere."""

    def reason(self, node: NodeInfo) -> tuple[str, bool] | None:
        """Return why a node will not do, and whether fewer Pods there could help; None where it will."""
        if not self._near_the_wanted(node):
            return AFFINITY, False
        if any(self.unwanted[term.topology_key, node.labels.get(term.topology_key, "")] for term in self.anti_affinity):
            return ANTI_AFFINITY, True
        if any(self.unwelcome[domain] for domain in node.labels.items()):
            return EXISTING, True
        return None

    def _near_the_wanted(self, node: NodeInfo) -> bool:
        keys = [term.topology_key for term in self.affinity]
        if any(key not in node.labels for key in keys):
            return False
        if all(self.wanted[key, node.labels[key]] for key in keys):
            return True
        return not self.wanted and self.wants_its_like


def pod_affinity(pod: Object, nodes: Iterable[NodeInfo], namespace_labels: NamespaceLabels) -> PodAffinity | None:
    """Count where a Pod would be near to what; None where neither it nor any Pod that runs cares."""
    affinity, anti_affinity = terms(pod, "podAffinity"), terms(pod, "podAntiAffinity")
    nodes = list(nodes)
    if not affinity and not anti_affinity and not any(node.anti_affine for node in nodes):
        return None
    namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
    wanted, unwanted, unwelcome = Counter[Domain](), Counter[Domain](), Counter[Domain]()
    for node in nodes:
        for other in node.pods.values() if affinity or anti_affinity else node.anti_affine.values():
            if affinity and len(_about(other, affinity, namespace_labels)) == len(affinity):
                _count(wanted, affinity, node)
            _count(unwanted, _about(other, anti_affinity, namespace_labels), node)
            against = (term for term in other.anti_affinity if term.matches(namespace, labels, namespace_labels))
            _count(unwelcome, against, node)
    alike = bool(affinity) and all(term.matches(namespace, labels, namespace_labels) for term in affinity)
    return PodAffinity(affinity, anti_affinity, wanted, unwanted, unwelcome, alike)


def _about(other: PodInfo, given: tuple[Term, ...], namespace_labels: NamespaceLabels) -> list[Term]:
    """Return those of the terms that are about a Pod."""
    return [term for term in given if term.matches(other.namespace, other.labels, namespace_labels)]


def _count(domains: Counter[Domain], matching: Iterable[Term], node: NodeInfo) -> None:
    for term in matching:
        if term.topology_key in node.labels:
            domains[term.topology_key, node.labels[term.topology_key]] += 1
