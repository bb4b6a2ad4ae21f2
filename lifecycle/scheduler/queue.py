"""The scheduling queue: who is next, who waits a while, and who waits for something to change.

Kubernetes: pkg/scheduler/backend/queue (scheduling_queue.go, backoff_queue.go)
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros

FLUSH_AFTER: Micros = 5 * MINUTE
FLUSH_EVERY: Micros = 30 * SECOND
FIRST_BACKOFF: Micros = SECOND
LONGEST_BACKOFF: Micros = 10 * SECOND


class Queued(NamedTuple):
    """A Pod in a queue: higher priority first, then who has waited longer. `attempts` is how often it fitted nowhere."""

    order: int
    since: Micros
    number: int
    namespace: str
    name: str
    uid: str
    attempts: int = 0


class BackingOff(NamedTuple):
    """A Pod that was tried not long ago: whose wait ends in an earlier second goes first."""

    until: Micros
    queued: Queued


class Waiting(msgspec.Struct):
    """A Pod that fits nowhere: since when, and which plugins said so (none: no node was there at all)."""

    namespace: str
    name: str
    priority: int
    since: Micros
    plugins: tuple[str, ...]
    attempts: int = 1


class QueueState(msgspec.Struct):
    """`active` and `backoff` are heaps: an idle scheduler takes from the second what the first has not."""

    number: int = 0
    active: list[Queued] = []
    backoff: list[BackingOff] = []
    unschedulable: dict[str, Waiting] = {}


class Queue:
    def __init__(self, state: QueueState) -> None:
        self.state = state
        self._by_plugin: dict[str, dict[str, None]] = {}
        for uid, waiting in state.unschedulable.items():
            self._index(uid, waiting)

    def __bool__(self) -> bool:
        return bool(self.state.active or self.state.backoff)

    def add(self, namespace: str, name: str, uid: str, priority: int, now: Micros) -> None:
        """Queue a Pod that has not been tried yet."""
        self.forget(uid)
        heapq.heappush(self.state.active, self._queued(priority, now, namespace, name, uid))

    def pop(self, now: Micros) -> Queued:
        """Take the next Pod out."""
        active, backoff = self.state.active, self.state.backoff
        while backoff and backoff[0].until <= now:
            heapq.heappush(active, heapq.heappop(backoff).queued)
        return heapq.heappop(active) if active else heapq.heappop(backoff).queued

    def park(self, queued: Queued, plugins: tuple[str, ...], now: Micros) -> None:
        """Let a Pod that fits nowhere wait until something changes."""
        attempts = queued.attempts + 1
        waiting = Waiting(queued.namespace, queued.name, -queued.order, now, plugins, attempts)
        self.state.unschedulable[queued.uid] = waiting
        self._index(queued.uid, waiting)

    def waiting(self, plugins: Iterable[str]) -> list[str]:
        """Return those that wait and that one of these plugins rejected, or none at all: there was no node. In any order."""
        found: dict[str, None] = {}
        for plugin in (*plugins, ""):
            found |= self._by_plugin.get(plugin, {})
        return list(found)

    def forget(self, uid: str) -> None:
        """Drop a Pod that is gone or bound; one that is in a heap is skipped when its turn comes."""
        waiting = self.state.unschedulable.pop(uid, None)
        for plugin in (waiting.plugins or ("",)) if waiting else ():
            del self._by_plugin[plugin][uid]

    def retry(self, uid: str, now: Micros) -> None:
        """Queue a Pod that waits again, behind its back-off."""
        waiting = self.state.unschedulable.get(uid)
        if waiting is None:
            return
        self.forget(uid)
        queued = self._queued(waiting.priority, waiting.since, waiting.namespace, waiting.name, uid, waiting.attempts)
        until = (waiting.since + backoff(waiting.attempts)) // SECOND * SECOND
        if until <= now:
            heapq.heappush(self.state.active, queued)
        else:
            heapq.heappush(self.state.backoff, BackingOff(until, queued))

    def _queued(self, priority: int, since: Micros, namespace: str, name: str, uid: str, attempts: int = 0) -> Queued:
        self.state.number += 1
        return Queued(-priority, since, self.state.number, namespace, name, uid, attempts)

    def _index(self, uid: str, waiting: Waiting) -> None:
        for plugin in waiting.plugins or ("",):
            self._by_plugin.setdefault(plugin, {})[uid] = None


def backoff(attempts: int) -> Micros:
    """Return how long a Pod is left alone after it has fitted nowhere so often: 1 s, then twice as long, 10 s at most."""
    return min(FIRST_BACKOFF << min(attempts - 1, 10), LONGEST_BACKOFF)


def flush_at(since: Micros, start: Micros) -> Micros:
    """Return the sweep, one of those that come every 30 s from `start` on, that finds a Pod parked `since` too long."""
    due = since + FLUSH_AFTER - start
    return start + -(-due // FLUSH_EVERY) * FLUSH_EVERY
