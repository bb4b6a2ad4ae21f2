"""What is due next: timers in order of (at, priority, sequence). Whole and plain, so that it can be saved at any moment."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from lifecycle.clock import Micros

EARLY, NORMAL, LATE = 0, 1, 2
"""Priorities within one instant: EARLY before NORMAL before LATE; equal ones in the order in which they were added."""


class Timer(msgspec.Struct, frozen=True, array_like=True):
    """One thing to be done later: `engine.rooms[room].on_<what>(*subject)`.

    `cause` is the index of the request or output because of which it was added (0: nothing in particular).
    `periodic` timers go on for ever in a cluster where nothing happens; a cluster with only such timers is at rest.
    """

    room: str
    what: str
    subject: tuple[Any, ...] = ()
    cause: int = 0
    periodic: bool = False


class Due(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A timer's place in the order of all; `number` is its id."""

    at: Micros
    priority: int
    number: int


class Agenda:
    """The timers of one engine."""

    def __init__(self, saved: list[tuple[Due, Timer]] | None = None, number: int = 0) -> None:
        self.number = number
        self._timers: dict[int, tuple[Due, Timer]] = {due.number: (due, timer) for due, timer in saved or []}
        self._heap: list[tuple[Micros, int, int]] = [(d.at, d.priority, d.number) for d, _ in self._timers.values()]
        heapq.heapify(self._heap)
        self._lively = sum(not timer.periodic for _, timer in self._timers.values())

    def __len__(self) -> int:
        return len(self._timers)

    def add(self, at: Micros, timer: Timer, priority: int = NORMAL) -> int:
        """Add a timer and return its number, by which it can be cancelled."""
        self.number += 1
        self._timers[self.number] = (Due(at, priority, self.number), timer)
        heapq.heappush(self._heap, (at, priority, self.number))
        self._lively += not timer.periodic
        return self.number

    def cancel(self, number: int) -> None:
        """Take a timer away; one that has fired or was cancelled already is no mistake."""
        entry = self._timers.pop(number, None)
        if entry:
            self._lively -= not entry[1].periodic

    def next_at(self) -> Micros | None:
        """Return when the next timer is due, or None where there is none."""
        while self._heap and self._heap[0][2] not in self._timers:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[Micros, Timer]:
        """Take the next timer out. Raises: IndexError where there is none."""
        while self._heap:
            at, _, number = heapq.heappop(self._heap)
            entry = self._timers.pop(number, None)
            if entry is not None:
                self._lively -= not entry[1].periodic
                return at, entry[1]
        raise IndexError("the agenda is empty")

    def at_rest(self) -> bool:
        """Say whether only periodic timers remain."""
        return self._lively == 0

    def saved(self) -> list[tuple[Due, Timer]]:
        """Return all timers in their order, for a snapshot."""
        return sorted(self._timers.values(), key=lambda entry: entry[0])
