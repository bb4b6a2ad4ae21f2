"""The terms of Pod affinity and anti-affinity. Kubernetes: pkg/scheduler/framework/types.go (AffinityTerm)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from lifecycle.core_v1.label_selector import narrowed, selects
from lifecycle.wire import Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

HARD_WEIGHT = 1
"""What a required term counts where nodes are compared for a Pod that it is about."""

Labels = Mapping[str, str]
NamespaceLabels = Callable[[str], Labels]


class Term(NamedTuple):
    """One term, with the namespaces it is about."""

    topology_key: str
    selector: Object | None
    namespaces: frozenset[str]
    namespace_selector: Object | None

    def matches(self, namespace: str, labels: Labels, namespace_labels: NamespaceLabels) -> bool:
        """Say whether the term is about a Pod."""
        return self.is_about(namespace, namespace_labels) and selects(self.selector, labels)

    def is_about(self, namespace: str, namespace_labels: NamespaceLabels) -> bool:
        """Say whether the term is about Pods of a namespace."""
        if namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and selects(self.namespace_selector, namespace_labels(namespace))

    def identity(self) -> bytes:
        """Return what two terms share that mean the same."""
        parts = (self.topology_key, self.selector, sorted(self.namespaces), self.namespace_selector)
        return msgspec.json.encode(parts, order="sorted")


Weighted = tuple[int, Term]


def terms(pod: Object, kind: str) -> tuple[Term, ...]:
    """Return the required terms of a Pod's podAffinity or podAntiAffinity."""
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    return tuple(_term(pod, term) for term in affinity.get(REQUIRED) or ())


def preferences(pod: Object) -> tuple[Weighted, ...]:
    """Return the preferred terms of a Pod with their weights, negative where it prefers to be away."""
    affinity = pod["spec"].get("affinity") or {}
    return tuple(
        (sign * weighted["weight"], _term(pod, weighted["podAffinityTerm"]))
        for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1))
        for weighted in (affinity.get(kind) or {}).get(PREFERRED) or ()
    )


def attractions(pod: Object) -> tuple[Weighted, ...]:
    """Return what draws others to a Pod that runs, or keeps them away: its preferences, and what it requires to be near."""
    return (*preferences(pod), *((HARD_WEIGHT, term) for term in terms(pod, "podAffinity")))


def _term(pod: Object, term: Object) -> Term:
    namespaces, selector = term.get("namespaces") or (), term.get("namespaceSelector")
    if not namespaces and selector is None:
        namespaces = (pod["metadata"]["namespace"],)
    labels = pod["metadata"].get("labels") or {}
    keys, other_keys = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
    return Term(
        term["topologyKey"], narrowed(term.get("labelSelector"), labels, keys, other_keys), frozenset(namespaces), selector
    )
