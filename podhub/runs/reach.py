"""Waiting for a moment that a cluster's log does not know yet: an idle cluster's horizon moves only when somebody asks."""

from __future__ import annotations

import time

from lifecycle.clock import Micros
from podhub.log.models import Cluster
from podhub.log.read import live
from podhub.runs import dispatch, lease
from podhub.runs.clock import clock_of

PATIENCE_SECONDS = 1.0

LOOK_SECONDS = 0.01


def reach(cluster: Cluster, at: Micros, seconds: float = PATIENCE_SECONDS) -> bool:
    """Have a cluster's log reach a moment, and say whether it does. Waits that long where the moment is about to come."""
    ends = time.monotonic() + seconds
    if live(cluster.pk)[1] >= at:
        return True
    if not _comes(cluster, at, seconds):
        return False
    time.sleep(max(0.0, _delay(cluster, at)))
    dispatch.nudge(cluster.pk)
    while live(cluster.pk)[1] < at:
        if time.monotonic() > ends:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _comes(cluster: Cluster, at: Micros, seconds: float) -> bool:
    """Say whether a moment has come by the cluster's clock, or will within so many seconds of the wall's."""
    if cluster.read_only or cluster.kind != Cluster.Kind.SIMULATED:
        return False
    return _delay(cluster, at) <= seconds


def _delay(cluster: Cluster, at: Micros) -> float:
    """Return after how many seconds of the wall's a moment comes; infinite where it does not by itself."""
    wall = clock_of(cluster).wall(at)
    return float("inf") if wall is None else (wall - lease.wall_now()) / 1e6
