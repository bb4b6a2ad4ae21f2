"""The scheduling queue: who is next, who waits for something to change, and what helps whom.

Kubernetes: pkg/scheduler/backend/queue/scheduling_queue.go, the plugins' EventsToRegister
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros

FLUSH_AFTER: Micros = 5 * MINUTE
FLUSH_EVERY: Micros = 30 * SECOND

POD_GONE_PLUGINS = {"NodePorts", "NodeResourcesFit", "PodTopologySpread", "InterPodAffinity"}
"""Whom a Pod's end may help."""

POD_CHANGED_PLUGINS = {"PodTopologySpread", "InterPodAffinity"}
"""Whom a Pod may help that comes to a node, or has other labels there."""

CLAIM_PLUGINS = {"VolumeBinding"}
"""Whom a claim may help."""


class Queued(NamedTuple):
    """A Pod in a queue: higher priority first, then who has waited longer."""

    order: int
    since: Micros
    number: int
    namespace: str
    name: str
    uid: str


class Waiting(msgspec.Struct):
    """A Pod that fits nowhere: since when, and which plugins said so (none: no node was there at all)."""

    namespace: str
    name: str
    priority: int
    since: Micros
    plugins: tuple[str, ...]


class QueueState(msgspec.Struct):
    """`active` and `backoff` are heaps: an idle scheduler takes from the second what the first has not."""

    number: int = 0
    active: list[Queued] = []
    backoff: list[Queued] = []
    unschedulable: dict[str, Waiting] = {}


class Queue:
    def __init__(self, state: QueueState) -> None:
        self.state = state

    def __bool__(self) -> bool:
        return bool(self.state.active or self.state.backoff)

    def add(self, namespace: str, name: str, uid: str, priority: int, now: Micros) -> None:
        """Queue a Pod that has not been tried yet."""
        self.state.unschedulable.pop(uid, None)
        self._push(self.state.active, namespace, name, uid, priority, now)

    def pop(self) -> Queued:
        return heapq.heappop(self.state.active or self.state.backoff)

    def park(self, queued: Queued, plugins: tuple[str, ...], now: Micros) -> None:
        """Let a Pod that fits nowhere wait until something changes."""
        self.state.unschedulable[queued.uid] = Waiting(queued.namespace, queued.name, -queued.order, now, plugins)

    def forget(self, uid: str) -> None:
        """Drop a Pod that is gone or bound; one that is in a heap is skipped when its turn comes."""
        self.state.unschedulable.pop(uid, None)

    def retry(self, uid: str, now: Micros) -> None:
        """Queue a parked Pod again."""
        waiting = self.state.unschedulable.pop(uid, None)
        if waiting:
            self._push(self.state.backoff, waiting.namespace, waiting.name, uid, waiting.priority, now)

    def _push(self, heap: list[Queued], namespace: str, name: str, uid: str, priority: int, now: Micros) -> None:
        self.state.number += 1
        heapq.heappush(heap, Queued(-priority, now, self.state.number, namespace, name, uid))


def flush_at(since: Micros, start: Micros) -> Micros:
    """Return the sweep, one of those that come every 30 s from `start` on, that finds a Pod parked `since` too long."""
    due = since + FLUSH_AFTER - start
    return start + -(-due // FLUSH_EVERY) * FLUSH_EVERY
