"""The terms of Pod affinity and anti-affinity. Kubernetes: pkg/scheduler/framework/types.go (AffinityTerm)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lifecycle.core_v1.label_selector import narrowed, selects
from lifecycle.wire import Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"

Labels = Mapping[str, str]
NamespaceLabels = Callable[[str], Labels]


class Term(NamedTuple):
    """One required term, with the namespaces it is about."""

    topology_key: str
    selector: Object | None
    namespaces: frozenset[str]
    namespace_selector: Object | None

    def matches(self, namespace: str, labels: Labels, namespace_labels: NamespaceLabels) -> bool:
        """Say whether the term is about a Pod."""
        if namespace not in self.namespaces and (
            self.namespace_selector is None or not selects(self.namespace_selector, namespace_labels(namespace))
        ):
            return False
        return selects(self.selector, labels)


def terms(pod: Object, kind: str) -> tuple[Term, ...]:
    """Return the required terms of a Pod's podAffinity or podAntiAffinity."""
    affinity = (pod["spec"].get("affinity") or {}).get(kind) or {}
    return tuple(_term(pod, term) for term in affinity.get(REQUIRED) or ())


def _term(pod: Object, term: Object) -> Term:
    namespaces, selector = term.get("namespaces") or (), term.get("namespaceSelector")
    if not namespaces and selector is None:
        namespaces = (pod["metadata"]["namespace"],)
    labels = pod["metadata"].get("labels") or {}
    keys, other_keys = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
    return Term(
        term["topologyKey"], narrowed(term.get("labelSelector"), labels, keys, other_keys), frozenset(namespaces), selector
    )
