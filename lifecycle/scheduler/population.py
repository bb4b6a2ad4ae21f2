"""Which Pods are where: counted by their labels, and by what they want of others. An index beside the nodes.

Pods with the same labels in the same namespace count as one group, so that "how many such Pods has each node?" costs what the
groups and nodes cost, not what the Pods do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lifecycle.core_v1.label_selector import selects
from lifecycle.scheduler.affinity_terms import Labels, NamespaceLabels, Term, Weighted
from lifecycle.scheduler.nodes import PodInfo
from lifecycle.wire import Object

Where = dict[str, int]
"""How many, by node."""
Key = tuple[tuple[str, str], ...]
"""Labels in the order of their names."""


class Group:
    """The Pods of a namespace that have the same labels: all by node, and those that are not ending."""

    __slots__ = ("labels", "namespace", "nodes", "staying")

    def __init__(self, namespace: str, labels: Labels) -> None:
        self.namespace, self.labels = namespace, labels
        self.nodes: Where = {}
        self.staying: Where = {}

    def count(self, node: str, pod: PodInfo, sign: int) -> None:
        _count(self.nodes, node, sign)
        if not pod.terminating:
            _count(self.staying, node, sign)


class Wish:
    """What Pods that run want of others: a term with its weight, and where those Pods are."""

    __slots__ = ("nodes", "term", "weight")

    def __init__(self, weight: int, term: Term) -> None:
        self.weight, self.term = weight, term
        self.nodes: Where = {}


class Population:
    """All Pods on nodes."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[Key, Group]] = {}
        self._labelled: dict[tuple[str, str, str], dict[Key, Group]] = {}
        self._anti_affinity: dict[tuple[int, bytes], Wish] = {}
        self._attractions: dict[tuple[int, bytes], Wish] = {}

    @property
    def anti_affinity(self) -> Iterable[Wish]:
        """Whom Pods will not have near, with a weight that means nothing."""
        return self._anti_affinity.values()

    @property
    def attractions(self) -> Iterable[Wish]:
        return self._attractions.values()

    def count(self, node: str, pod: PodInfo, sign: int) -> None:
        """Note that a Pod has come to a node (1), or has left it (-1)."""
        key = tuple(sorted(pod.labels.items()))
        groups = self._groups.setdefault(pod.namespace, {})
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(pod.namespace, pod.labels)
            for name, value in key:
                self._labelled.setdefault((pod.namespace, name, value), {})[key] = group
        group.count(node, pod, sign)
        if not group.nodes:
            self._forget(group, key)
        self._wish(self._anti_affinity, [(0, term) for term in pod.anti_affinity], node, sign)
        self._wish(self._attractions, pod.attractions, node, sign)

    def selected(self, namespace: str, selector: Object | None) -> Iterator[Group]:
        """Give the groups of a namespace that a selector selects."""
        if selector is not None:
            for group in self._likely(namespace, selector).values():
                if selects(selector, group.labels):
                    yield group

    def matching(self, term: Term, namespace_labels: NamespaceLabels) -> Iterator[Group]:
        """Give the groups that a term is about."""
        for namespace in self._groups:
            if term.is_about(namespace, namespace_labels):
                yield from self.selected(namespace, term.selector)

    def _likely(self, namespace: str, selector: Object) -> dict[Key, Group]:
        """Return groups of which a selector may select some, as few as can be told at once."""
        wanted = selector.get("matchLabels")
        if not wanted:
            return self._groups.get(namespace, {})
        found = (self._labelled.get((namespace, name, value), {}) for name, value in wanted.items())
        return min(found, key=len)

    def _forget(self, group: Group, key: Key) -> None:
        del self._groups[group.namespace][key]
        if not self._groups[group.namespace]:
            del self._groups[group.namespace]
        for name, value in key:
            labelled = self._labelled[group.namespace, name, value]
            del labelled[key]
            if not labelled:
                del self._labelled[group.namespace, name, value]

    @staticmethod
    def _wish(wishes: dict[tuple[int, bytes], Wish], given: Iterable[Weighted], node: str, sign: int) -> None:
        for weight, term in given:
            key = (weight, term.identity())
            wish = wishes.get(key)
            if wish is None:
                wish = wishes[key] = Wish(weight, term)
            _count(wish.nodes, node, sign)
            if not wish.nodes:
                del wishes[key]


def _count(where: Where, node: str, sign: int) -> None:
    left = where.get(node, 0) + sign
    if left:
        where[node] = left
    else:
        del where[node]
