"""Which of a cluster's Pods a page shows: of a namespace, with a text in their names, in a state; and how many are in which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self
from urllib.parse import urlencode

import msgspec

from lifecycle.printers.pod_row import pod_status
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.fold import Ref
from podhub.web.renders import renders
from podhub.web.showing import Showing
from podhub.web.timeline import pod_look
from podhub.web.versions import each

MOST_COUNTED = 5000
"""Pods of which a page looks at every one, to count them by their states and choose by these."""

TROUBLE_FIRST = ("failed", "backoff", "unready", "waiting", "terminating", "unknown", "ready", "succeeded")


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page's address asks for: its fields are those of the query string, `at` among them."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Return what a query string chooses."""
        seq = {"at": f"seq-{query['seq']}"} if query.get("seq") and not query.get("at") else {}
        return cls(**{field: query.get(field, "").strip() for field in cls.__struct_fields__} | seq)

    def query(self, **other: str) -> str:
        """Return it as a query string, these fields set otherwise."""
        return urlencode({key: value for key, value in (msgspec.to_builtins(self) | other).items() if value})


class State(NamedTuple):
    """A Pod's word under STATUS, and its look."""

    word: str
    look: str


class Choice(Asked, frozen=True, omit_defaults=True):
    """Which Pods are asked for. An empty field: all; `behind` is the key (namespace/name) that the rows come after."""

    namespace: str = ""
    name: str = ""
    """A part of it; one with a slash is looked for in namespace/name."""
    status: str = ""
    look: str = ""
    """Of Pods with one word under STATUS some may be ready and others not: their look. It counts beside a status only."""
    at: str = ""
    behind: str = ""

    @property
    def filtered(self) -> bool:
        return bool(self.name or self.status)

    def named(self, names: Iterable[read.Name]) -> list[read.Name]:
        """Return those that are in the namespace and called so, in order."""
        return sorted(key for key in names if self.holds(key))

    def holds(self, key: read.Name) -> bool:
        if self.namespace and key[0] != self.namespace:
            return False
        return self.name.lower() in ("/".join(key) if "/" in self.name else key[1])

    def wants(self, state: State) -> bool:
        """Say whether Pods in this state are asked for."""
        return self.status in ("", state.word) and (not self.status or self.look in ("", state.look))

    @property
    def after(self) -> read.Name | None:
        namespace, found, name = self.behind.partition("/")
        return (namespace, name) if found else None


class Count(msgspec.Struct, frozen=True):
    """How many of the Pods that are called as was chosen are in one state."""

    state: State
    number: int


def state_of(pod: Object) -> State:
    word = pod_status(pod)
    return State(word, pod_look(pod, word))


def states(cluster_id: int, refs: Sequence[Ref]) -> list[State]:
    """Return the states of versions of Pods; only what nobody has asked for yet is read."""
    return each("state", cluster_id, refs, lambda version: state_of(version.object))


def chosen(showing: Showing, choice: Choice) -> list[read.Name]:
    """Return the Pods that are chosen, in order; by their states only where there are not too many to look at each."""
    keys = read.keys_at(showing.cluster, "pods", showing.seq)
    names = choice.named(keys)
    if not choice.status or len(names) > MOST_COUNTED:
        return names
    found = states(showing.cluster.pk, [keys[name] for name in names])
    return [name for name, state in zip(names, found, strict=True) if choice.wants(state)]


def counts(showing: Showing, choice: Choice) -> list[Count]:
    """Return how many Pods of the chosen names are in which state, trouble first; none where they are too many."""
    key = ("counts", showing.cluster.pk, showing.seq, choice.namespace, choice.name)
    return renders.get(key, lambda: _counts(showing, choice))


def _counts(showing: Showing, choice: Choice) -> list[Count]:
    keys = read.keys_at(showing.cluster, "pods", showing.seq)
    refs = [keys[name] for name in choice.named(keys)]
    if len(refs) > MOST_COUNTED:
        return []
    found = [Count(state, number) for state, number in Counter(states(showing.cluster.pk, refs)).items()]
    return sorted(found, key=lambda one: (TROUBLE_FIRST.index(one.state.look), one.state.word))
