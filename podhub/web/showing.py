"""Which moment of which cluster a page shows: the newest one, or a past one that `?at=` or `?seq=` names."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from lifecycle.clock import SECOND, Micros, as_datetime
from podhub.log import moments, read
from podhub.log.errors import NotYet
from podhub.log.models import Cluster
from podhub.runs import dispatch
from podhub.runs.clock import MAX, PAUSED, Clock, parse_speed
from podhub.web.story import Turn

PATIENCE = 1.0
"""Seconds for which a moment that is about to be known is waited for."""


class Showing(msgspec.Struct, frozen=True):
    """A cluster as of `seq`; ages are counted to `at`. `live`: it is the newest state, and goes on."""

    cluster: Cluster
    seq: int
    at: Micros
    live: bool

    @property
    def view(self) -> read.View:
        return read.View(self.cluster, self.seq)


def newest(cluster: Cluster) -> Showing:
    """Show a cluster as it is now."""
    head, horizon = read.live(cluster.pk)
    return Showing(cluster, head, now(cluster, horizon), live=True)


def just_read(cluster: Cluster) -> Showing:
    """Show a cluster as it is now, where its row has been read this moment."""
    return Showing(cluster, cluster.head, now(cluster, cluster.horizon), live=True)


def showing(cluster: Cluster, query: Mapping[str, str]) -> Showing:
    """Show the moment that a query string names, or else the newest. Raises: BadMoment, NotYet."""
    text = query.get("at") or (f"seq-{query['seq']}" if query.get("seq") else "")
    if not text:
        return newest(cluster)
    moment = _awaited(cluster, text)
    return Showing(cluster, moment.seq, moment.at, live=False)


def _awaited(cluster: Cluster, text: str) -> moments.Moment:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return moments.parse(text, cluster)
        except NotYet:
            if cluster.read_only or time.monotonic() > deadline:
                raise
            dispatch.nudge(cluster.pk)  # an idle cluster's horizon moves when somebody asks
            time.sleep(0.05)
            cluster.refresh_from_db()


def last_moment(cluster: Cluster, end: Turn) -> Showing:
    """Show a cluster as it was when a Pod was about to go away."""
    return Showing(cluster, end.seq - 1, end.at, live=False)


def clock_of(cluster: Cluster) -> Clock:
    return Clock(parse_speed(cluster.speed), cluster.clock_at, cluster.clock_since, cluster.clock_until)


def now(cluster: Cluster, horizon: Micros) -> Micros:
    """Return a cluster's own now: of one that stands, or runs as fast as it can, how far it has come."""
    if _stands(cluster):
        return horizon
    return max(clock_of(cluster).now(time.time_ns() // 1000), horizon)


def clock_for_browser(cluster: Cluster) -> dict[str, float | str]:
    """Return what a browser needs to show the cluster's clock: `at` (Micros since the start), and how fast it goes on.

    `name` is the speed as it was set: a clock that is paused and one at full speed both stand between two news.
    """
    speed = 0.0 if _stands(cluster) else clock_of(cluster).speed
    return {"at": now(cluster, cluster.horizon) - cluster.start, "speed": speed, "name": cluster.speed}


def _stands(cluster: Cluster) -> bool:
    """Say whether time goes by entries alone: a recorded cluster's does, and that of a clock at rest or at full speed."""
    return cluster.read_only or cluster.kind == Cluster.Kind.RECORDED or clock_of(cluster).speed in (MAX, PAUSED)


def clock_text(at: Micros | None) -> str:
    """Return a moment as a sentence names it; "" for none."""
    return "" if at is None else f"{as_datetime(at):%Y-%m-%d %H:%M:%S} UTC"


def since_start(cluster: Cluster, at: Micros) -> str:
    """Return a moment as an address names it, to the microsecond: 49.9s."""
    seconds, rest = divmod(max(at - cluster.start, 0), SECOND)
    return f"{seconds}.{rest:06d}".rstrip("0").rstrip(".") + "s"


def span(micros: Micros) -> str:
    """Return a span as a time field shows it: 20s, 1m15.5s, 2h3m."""
    hours, rest = divmod(max(micros, 0), 3600 * SECOND)
    minutes, rest = divmod(rest, 60 * SECOND)
    seconds = f"{rest / SECOND:.3f}".rstrip("0").rstrip(".")
    parts = (
        f"{hours}h" if hours else "",
        f"{minutes}m" if minutes else "",
        f"{seconds}s" if rest or not hours + minutes else "",
    )
    return "".join(parts)
