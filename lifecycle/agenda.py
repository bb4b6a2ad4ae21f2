"""What is due next: timers in order of (at, priority, sequence). Whole and plain, so that it can be saved at any moment."""

from __future__ import annotations

import heapq
from itertools import chain
from typing import Any

import msgspec

from lifecycle.clock import Micros

EARLY, NORMAL, LATE = 0, 1, 2
"""Priorities within one instant: EARLY before NORMAL before LATE; equal ones in the order in which they were added."""


class Timer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing to be done later: `engine.rooms[room].on_<what>(*subject)`.

    `cause` is the index of the request or output because of which it was added (0: nothing in particular).
    `periodic` timers go on for ever in a cluster where nothing happens; a cluster with only such timers is at rest.
    """

    room: str
    what: str
    subject: tuple[Any, ...] = ()
    cause: int = 0
    periodic: bool = False


class Due(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A timer's place in the order of all; `number` is its id."""

    at: Micros
    priority: int
    number: int


_NUMBER_BITS, _PRIORITY_BITS = 48, 2
_NUMBER = (1 << _NUMBER_BITS) - 1


_STRETCH_BITS = 22
"""Time is cut into stretches of 4 s: only the timers of the one at hand are kept in order."""


def _place(at: Micros, priority: int, number: int) -> int:
    """Return a place in the order of all timers as one number: a heap of numbers costs half of one of tuples."""
    return (at << _PRIORITY_BITS | priority) << _NUMBER_BITS | number


def _due(place: int) -> Due:
    first = place >> _NUMBER_BITS
    return Due(first >> _PRIORITY_BITS, first & (1 << _PRIORITY_BITS) - 1, place & _NUMBER)


class Agenda:
    """The timers of one engine."""

    def __init__(self, saved: list[tuple[Due, Timer]] | None = None, number: int = 0) -> None:
        self.number = number
        self._timers: dict[int, Timer] = {due.number: timer for due, timer in saved or []}
        self._heap: list[int] = []
        """The places of those that are due in the stretch at hand, or were added for a moment before it."""
        self._stretch = -1
        self._later: dict[int, list[int]] = {}
        """The places of the others by stretch, in any order."""
        self._stretches: list[int] = []
        """Those that come, as a heap."""
        for due, _ in saved or []:
            self._put(due.at, _place(due.at, due.priority, due.number))
        self._lively = sum(not timer.periodic for timer in self._timers.values())

    def __len__(self) -> int:
        return len(self._timers)

    def add(self, at: Micros, timer: Timer, priority: int = NORMAL) -> int:
        """Add a timer and return its number, by which it can be cancelled."""
        self.number = number = self.number + 1
        self._timers[number] = timer
        self._put(at, _place(at, priority, number))
        if not timer.periodic:
            self._lively += 1
        return number

    def _put(self, at: Micros, place: int) -> None:
        stretch = at >> _STRETCH_BITS
        if stretch <= self._stretch:
            heapq.heappush(self._heap, place)
        elif (later := self._later.get(stretch)) is not None:
            later.append(place)
        else:
            self._later[stretch] = [place]
            heapq.heappush(self._stretches, stretch)

    def _turn(self) -> None:
        """Go on to the next stretch in which something is due."""
        self._stretch = heapq.heappop(self._stretches)
        self._heap = self._later.pop(self._stretch)
        heapq.heapify(self._heap)

    def cancel(self, number: int) -> None:
        """Take a timer away; one that has fired or was cancelled already is no mistake."""
        timer = self._timers.pop(number, None)
        if timer:
            self._lively -= not timer.periodic

    def next_at(self) -> Micros | None:
        """Return when the next timer is due, or None where there is none."""
        while self._heap or self._stretches:
            if not self._heap:
                self._turn()
            elif self._heap[0] & _NUMBER in self._timers:
                return self._heap[0] >> _NUMBER_BITS + _PRIORITY_BITS
            else:
                heapq.heappop(self._heap)
        return None

    def pop(self, by: Micros) -> tuple[Micros, Timer] | None:
        """Take out the next timer that is due by a moment; None where there is none."""
        while True:
            heap = self._heap
            if not heap:
                if not self._stretches or self._stretches[0] << _STRETCH_BITS > by:
                    return None
                self._turn()
                continue
            place = heap[0]
            at = place >> _NUMBER_BITS + _PRIORITY_BITS
            if at > by:
                return None
            heapq.heappop(heap)
            timer = self._timers.pop(place & _NUMBER, None)
            if timer is not None:
                if not timer.periodic:
                    self._lively -= 1
                return at, timer

    def at_rest(self) -> bool:
        """Say whether only periodic timers remain."""
        return self._lively == 0

    def saved(self) -> list[tuple[Due, Timer]]:
        """Return all timers in their order, for a snapshot."""
        places = sorted(place for place in chain(self._heap, *self._later.values()) if place & _NUMBER in self._timers)
        return [(_due(place), self._timers[place & _NUMBER]) for place in places]
