"""A cluster's clock: how its time goes with wall time. Pure functions; nothing here asks what time it is.

A clock is a straight line through (`since`, `at`): at the wall moment `since` the cluster's moment was `at`. Nothing ticks,
so the clock runs on while no server does.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import HOUR, MINUTE, Micros

if TYPE_CHECKING:
    from podhub.log.models import Cluster

MAX = math.inf
"""The speed of a clock that runs as fast as possible: to the next queued request, a stated target, or until all is at rest."""

PAUSED = 0.0

FASTEST = 1000.0
"""The highest speed that is a number; above it, `max` is what is meant."""

SLOWEST = 0.001
"""The lowest one that is not `paused`: at a lower one an hour would take a lifetime."""

STRETCH: Micros = 24 * HOUR
"""How far a clock at `max` without a target runs beyond the last request: a Pod that restarts for ever is never at rest."""

FAR_BACK: Micros = MINUTE

_NUMBER = re.compile(r"(\d+(?:\.\d+)?|\.\d+)x?")


class Clock(msgspec.Struct, frozen=True):
    """How a cluster's time goes. `since` is wall time, `at` and `until` are the cluster's own; `until` counts at `max` only."""

    speed: float
    at: Micros
    since: Micros
    until: Micros | None = None

    def now(self, wall: Micros) -> Micros:
        """Return the cluster's moment at a wall moment: never before `at`, even where the wall clock was set back.

        At `max` it is `at`; how far such a cluster has come is its horizon.
        """
        if self.speed in (PAUSED, MAX):
            return self.at
        return self.at + max(0, round((wall - self.since) * self.speed))

    def goal(self, wall: Micros) -> Micros:
        """Return the moment up to which the engine may run now."""
        if self.speed == MAX:
            return max(self.at, self.until if self.until is not None else self.at + STRETCH)
        return self.now(wall)

    def wall(self, moment: Micros) -> Micros | None:
        """Return the wall moment at which the cluster comes to `moment`, or None where it does not by itself."""
        if moment <= self.at:
            return self.since
        if self.speed == MAX:
            return self.since if moment <= self.goal(self.since) else None
        if self.speed == PAUSED:
            return None
        return self.since + math.ceil((moment - self.at) / self.speed)

    def set_back(self, known: Micros, wall: Micros) -> bool:
        """Say whether the wall clock was set back, for the cluster's own is far behind what its log knows already.

        Wall clocks of several machines differ, but not by a minute.
        """
        return 0 < self.speed < MAX and known - self.now(wall) > FAR_BACK * self.speed

    def turned(self, speed: float, at: Micros, wall: Micros, until: Micros | None = None) -> Clock:
        """Return the clock that shows `at` at this wall moment and goes on with another speed."""
        return Clock(speed, at, wall, until if speed == MAX else None)


def clock_of(cluster: Cluster) -> Clock:
    """Return the clock that a cluster's row describes."""
    return Clock(parse_speed(cluster.speed), cluster.clock_at, cluster.clock_since, cluster.clock_until)


def parse_speed(text: str) -> float:
    """Return the speed that a text names: `1x`, `10x`, `60x`, `0.5x`, `max`, `paused`.

    Raises: ValueError with a text for the user.
    """
    words = {"max": MAX, "paused": PAUSED, "pause": PAUSED}
    word = text.strip().lower()
    if word in words:
        return words[word]
    match = _NUMBER.fullmatch(word)
    if not match or not SLOWEST <= float(match[1]) <= FASTEST:
        numbers = f"another number from {SLOWEST:g}x to {FASTEST:g}x"
        raise ValueError(f"{text!r} is no speed: give 1x, 10x, 60x or {numbers}, max, or paused")
    return float(match[1])


def speed_text(speed: float) -> str:
    """Return a speed as `parse_speed` reads it."""
    return {MAX: "max", PAUSED: "paused"}.get(speed, f"{speed:g}x")
