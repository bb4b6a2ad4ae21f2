"""One writer's turn at one cluster: play the time up to now, take what waits in the queue, append what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from django.conf import settings

from lifecycle.clock import MILLISECOND, SECOND, Micros, parse_rfc3339
from lifecycle.wire import Answer, Request
from podhub.log.append import Asked, Writer, slices
from podhub.log.models import Cluster
from podhub.runs import answers, engines, lease
from podhub.runs.clock import MAX, Clock, clock_of, parse_speed, speed_text
from podhub.runs.counters import counters
from podhub.runs.due import called, overdue
from podhub.runs.engines import ENGINE_VERSION, Broken, Item
from podhub.runs.kept import Kept
from podhub.runs.models import QueuedRequest
from podhub.runs.steps import reached
from podhub.runs.writing import written

log = logging.getLogger(__name__)

SLICE_SECONDS = 0.020
"""Wall time for which the engine runs before what it gave is appended."""

TOGETHER: Micros = 20 * MILLISECOND
"""What is due within such a time of the last turn waits that long, so that one turn and one commit do for all of it."""

FAST, SOON_ENOUGH = 5, 5
"""At more than five times the wall's speed it waits longer in proportion, five times as long at most: a tenth of a second."""

CROWDED_SECONDS = 0.100
"""And where more requests wait than were taken: fewer transactions bring all of them their answers sooner."""

FIRST: Micros = 10 * SECOND
WIDEST: Micros = 3600 * SECOND
"""The first stretch of the cluster's time for which the engine is sent off at once, and the longest.

Programs that work and say nothing would take the engine longer than a lease lasts for an hour that a cluster is behind.
"""

LINGER: Micros = SECOND // 20
"""How long a worker among several waits for another request, or for what is due soon, before it lets go."""

LOOK_SECONDS, CALM_LOOK_SECONDS = 0.002, 0.010
"""How soon it looks again meanwhile: after requests, and where only time passes."""

LONGEST_SECONDS = 2.0
"""Wall time after which a turn ends although no other cluster waits, so that a snapshot can be written."""

MOST_REQUESTS = 50
"""Requests that are taken from the queue between two appends."""

CROWD_SECONDS = 1.0
"""How long requests are taken, where ever more of them wait, before the time that passed meanwhile is played."""


def together(speed: float) -> Micros:
    """Return how long after a turn's beginning the next one begins at the soonest, where nobody asks for anything."""
    return TOGETHER if speed == MAX else round(TOGETHER * min(max(speed / FAST, 1), SOON_ENOUGH))


class Took(NamedTuple):
    """How many requests were taken, and whether more wait."""

    requests: int = 0
    more: bool = False


def _lasts(items: Sequence[object], columns: Mapping[str, Any]) -> bool:
    """Say whether entries have to be on disk before they are shown: what follows from those before would be played again."""
    return any(isinstance(item, Asked) for item in items) or "clock_at" in columns


class Refused(Exception):
    """A request was refused because the engine failed on it; the turn begins again without it."""


class Turn:
    """One writer's turn, from the lease taken to the lease released. After any exception it has to be thrown away."""

    def __init__(self, cluster: Cluster, kept: Kept) -> None:
        self.cluster = cluster
        self.engine = kept.engine
        self.clock = clock_of(cluster)
        resumed = kept.writer is not None and kept.writer.resume(cluster)
        self.writer = kept.writer if kept.writer and resumed else Writer(cluster, cluster.lease_token)
        self.appended = 0
        self.upgraded = False
        self._asked = False
        self._pending: list[Item] = list(kept.beyond)
        self._taken: dict[int, tuple[QueuedRequest, Answer]] = {}
        self._columns: dict[str, Any] = {}
        self._span: Micros = FIRST
        self._wall = lease.wall_now()

    def run(self, seconds: float) -> bool:
        """Work until nothing is due now and nothing waits, or others wait when the time is up; say whether all is done."""
        began = time.perf_counter()
        ends = began + seconds
        if self.cluster.engine_version != ENGINE_VERSION:
            self._upgrade()
        if self.clock.set_back(self.writer.horizon, self._wall):
            self._set_clock(self.clock.turned(self.clock.speed, self.writer.horizon, self._wall))
        while True:
            came = self._play()
            took = self._take_all() if came or self.clock.speed == MAX else Took()
            self._append()
            if came and not took.more and not (took.requests and self._due()) and not self._more_comes():
                return True
            if (now := time.perf_counter()) > ends:
                if not settings.TEAM or now > began + LONGEST_SECONDS or overdue(lease.wall_now()).exists():
                    return False
                ends = now + seconds
            lease.keep(self.cluster)

    @property
    def wake_wall(self) -> Micros | None:
        """The wall moment at which there is something to do again, or None."""
        if self._at_rest():
            return None
        return None if self.engine.wake_at is None else self.clock.wall(self.engine.wake_at)

    def _due(self) -> bool:
        """Say whether requests have brought about something that is due already."""
        wake_wall = self.wake_wall
        return wake_wall is not None and wake_wall <= lease.wall_now()

    def _more_comes(self) -> bool:
        """Wait a moment for the next request or timer where another worker would have to catch up before it did them."""
        began, wake_wall = lease.wall_now(), self.wake_wall
        soon = wake_wall is not None and wake_wall < began + LINGER
        if not settings.TEAM or not (soon or self._asked):
            return False
        ends = time.perf_counter() + LINGER / SECOND
        while time.perf_counter() < ends:
            time.sleep(LOOK_SECONDS if self._asked else CALM_LOOK_SECONDS)
            wall = lease.wall_now()
            calls = called(self.cluster, wall)
            if calls:
                return self.cluster.pk in calls
            if wake_wall is not None and wall >= max(wake_wall, began + together(self.clock.speed)):
                return True
        return False

    def _play(self) -> bool:
        """Run towards the clock's now for one slice; say whether the engine came there."""
        ends = time.perf_counter() + SLICE_SECONDS
        self._wall = lease.wall_now()
        goal = self.clock.goal(self._wall)
        while self.engine.now < goal and not self._at_rest():
            self._advance(goal)
            if time.perf_counter() > ends:
                reached("played")
                return False
        reached("played")
        return True

    def _advance(self, goal: Micros) -> None:
        """Send the engine off, less far where the last time took long. At `max` it goes from timer to timer."""
        to = min(goal, self.engine.now + self._span)
        if self.clock.speed == MAX and self.clock.until is None and self.engine.wake_at is not None:
            to = min(goal, self.engine.wake_at)
        began = time.perf_counter()
        self._pending += engines.run(self.engine, to)
        took = time.perf_counter() - began
        self._span = max(SECOND // 1000, self._span // 2) if took > SLICE_SECONDS else min(WIDEST, self._span * 2)

    def _at_rest(self) -> bool:
        """Say whether a clock that runs as fast as possible has nothing to run for."""
        if self.clock.speed != MAX:
            return False
        return (self.clock.until is None and self.engine.at_rest) or self.engine.now >= self.clock.goal(0)

    def _take_all(self) -> Took:
        """Take what waits in the queue; all of it comes at the moment up to which the engine has played."""
        ends = time.perf_counter() + CROWD_SECONDS
        took = self._take(SLICE_SECONDS)
        while took.more and time.perf_counter() < ends:
            self._append()
            lease.keep(self.cluster)
            took = self._take(CROWDED_SECONDS)
        return took

    def _take(self, seconds: float) -> Took:
        """Take what waits in the queue, in order, for so much wall time."""
        ends = time.perf_counter() + seconds
        waiting = list(QueuedRequest.objects.filter(cluster=self.cluster, answered_at=None).order_by("id")[:MOST_REQUESTS])
        taken = 0
        for queued in waiting:
            self._ask(queued)
            taken += 1
            if time.perf_counter() > ends:
                break
        reached("taken")
        return Took(taken, taken < len(waiting) or taken == MOST_REQUESTS)

    def _ask(self, queued: QueuedRequest) -> None:
        """Have the engine take a request. Raises: Refused where it cannot be read, or the engine fails on it."""
        try:
            request = queued.request
            answer, items = engines.ask(self.engine, self._stamp(), request)
        except (Broken, msgspec.MsgspecError) as wrong:
            answers.refuse(queued, answers.broken(str(wrong)))
            raise Refused from wrong
        self._pending += items
        self._asked = True
        self._taken[answer.index] = queued, answer
        self._turn_clock(request)

    def _stamp(self) -> Micros:
        """Return the moment of a request taken now: after all that is known, for that never changes any more."""
        return max(self.clock.now(self._wall), self.engine.now, self.writer.horizon + 1)

    def _turn_clock(self, request: Request) -> None:
        """Let a change of speed hold from the moment of its request; at `max` each request begins another stretch."""
        speed, until = self.clock.speed, self.clock.until
        if request.resource == "clusters" and request.verb == "patch":
            speed = parse_speed(request.body["speed"])
            until = parse_rfc3339(request.body["until"]) if request.body.get("until") else None
        elif speed != MAX:
            return
        self._set_clock(self.clock.turned(speed, self.engine.now, self._wall, until))

    def _set_clock(self, clock: Clock) -> None:
        self.clock = clock
        self._columns |= {
            "speed": speed_text(clock.speed),
            "clock_at": self.clock.at,
            "clock_since": self.clock.since,
            "clock_until": self.clock.until,
        }

    def _append(self) -> None:
        """Append what is pending: a transaction for at most 500 entries, each with its requests' answers."""
        pending, self._pending = self._pending, []
        left = len(pending)
        for items, horizon in slices(pending, self.engine.now):
            left -= len(items)
            moved = self._moved(last=left == 0)
            with written(lasting=_lasts(items, moved)):
                self.writer.append(items, horizon, **moved)
                reached("appended")
                taken = [self._taken.pop(item.index) for item in items if isinstance(item, Asked) and item.index in self._taken]
                answers.write(taken)
                reached("answered")
            self.appended += len(items)
            counters["entries"] += len(items)
            counters["requests"] += len(taken)
            reached("committed")
            answers.tell(self.cluster, self.writer.head if items else None, taken)
            reached("woken")

    def _moved(self, last: bool) -> dict[str, Any]:
        """Return the cluster's other columns as they are after a transaction; before the last one, more is due at once."""
        columns, self._columns = self._columns, {}
        wake_wall = self.wake_wall if last else lease.wall_now()
        return {**columns, "wake_at": self.engine.wake_at, "wake_wall": wake_wall}

    def _upgrade(self) -> None:
        """Carry the cluster over to this version of the engine: a request in its log says so."""
        body = {"from": self.cluster.engine_version, "to": ENGINE_VERSION}
        request = Request("upgrade", "clusters", "podhub.dev/v1", name=self.cluster.name, body=body)
        self._pending += engines.ask(self.engine, self._stamp(), request)[1]
        self._columns["engine_version"] = self.cluster.engine_version = ENGINE_VERSION
        self._append()
        self.upgraded = True
