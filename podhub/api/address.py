"""Which cluster, as of when, and how fast: the first step of a path, `NAME`, `NAME@TIME` or `NAME@TIME~10x`."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.clock import Micros
from lifecycle.core_v1.status import Status
from podhub.log import clusters, moments
from podhub.log.errors import BadMoment, NoSuchCluster, NotYet
from podhub.log.models import Cluster
from podhub.log.read import View
from podhub.runs.clock import MAX, PAUSED, clock_of, parse_speed
from podhub.runs.clusters import DEFAULT
from podhub.runs.reach import reach

PREFIX = "/clusters/"

_STEP = re.compile(r"(?P<name>[^/@~]+)(?:@(?P<moment>[^/~]+))?(?:~(?P<speed>[^/]+))?")


class Address(NamedTuple):
    """A cluster (its row as of now), as of `moment` (None: live). `speed` is how fast a watch plays what came after it."""

    cluster: Cluster
    moment: moments.Moment | None = None
    speed: float = 1.0

    @property
    def seq(self) -> int:
        """The seq as of which is answered."""
        return self.cluster.head if self.moment is None else self.moment.seq

    @property
    def view(self) -> View:
        return View(self.cluster, self.seq)

    @property
    def now(self) -> Micros:
        """The moment to which ages are counted."""
        return now(self.cluster) if self.moment is None else self.moment.at


class Default(NamedTuple):
    """The cluster `default`: whether there is one, and no other beside it."""

    exists: bool
    is_only: bool


def without_name() -> Default:
    """Return what is meant where no cluster is named. Reads the database."""
    return Default(Cluster.objects.filter(name=DEFAULT).exists(), not Cluster.objects.exclude(name=DEFAULT).exists())


def split(path: str) -> tuple[str, str]:
    """Return a path's first step below /clusters/, and the rest of it, which begins with a slash."""
    step, slash, rest = path.removeprefix(PREFIX).partition("/")
    return step, slash + rest


def find(step: str) -> Address:
    """Return what a step addresses. Reads the database. Raises: Refused (404 for no such cluster, 400 for no moment)."""
    match = _STEP.fullmatch(step)
    if not match:
        raise Refused(Status(404, "NotFound", f"{step!r} names no cluster: use NAME, NAME@TIME or NAME@TIME~SPEED", {}))
    try:
        cluster = clusters.named(match["name"])
        moment = _moment(match["moment"], cluster) if match["moment"] else None
    except NoSuchCluster as wrong:
        raise Refused(Status(404, "NotFound", str(wrong), {"name": match["name"], "kind": "clusters"})) from None
    except NotYet as wrong:
        raise Refused(Status(404, "NotFound", str(wrong), {})) from None
    except BadMoment as wrong:
        raise Refused(Status(400, "BadRequest", str(wrong))) from None
    return Address(cluster, moment, _speed(match["speed"], moment))


def _moment(text: str, cluster: Cluster) -> moments.Moment:
    """Return a moment; one that is about to come is waited for."""
    try:
        return moments.parse(text, cluster)
    except NotYet:
        if text.startswith("seq-") or not reach(cluster, moments.time_of(text, cluster)):
            raise
        cluster.refresh_from_db()
        return moments.parse(text, cluster)


def _speed(text: str | None, moment: moments.Moment | None) -> float:
    if text is None:
        return 1.0
    if moment is None:
        raise Refused(Status(400, "BadRequest", f"~{text}: a speed goes with a past moment, as in NAME@0s~{text}"))
    try:
        speed = parse_speed(text)
    except ValueError as wrong:
        raise Refused(Status(400, "BadRequest", str(wrong))) from None
    if speed == PAUSED:
        raise Refused(Status(400, "BadRequest", "~paused: a watch that stands still shows nothing; leave it out"))
    return speed


def now(cluster: Cluster) -> Micros:
    """Return a cluster's own now: of one that stands, or runs as fast as it can, how far it has come."""
    clock = clock_of(cluster)
    stands = cluster.read_only or cluster.kind == Cluster.Kind.RECORDED or clock.speed in (MAX, PAUSED)
    return cluster.horizon if stands else max(clock.now(time.time_ns() // 1000), cluster.horizon)
