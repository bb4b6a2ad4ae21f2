"""Clusters as their users handle them: made, found, set to another speed, dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifecycle.clock import SECOND, Micros, rfc3339_micro
from lifecycle.wire import Answer, Config, Image, Object, Request
from podhub.log import clusters, retention
from podhub.log.errors import NameTaken, NoSuchCluster
from podhub.log.models import Cluster
from podhub.runs import dispatch, lease
from podhub.runs.clock import parse_speed, speed_text
from podhub.runs.engines import ENGINE_VERSION
from podhub.runs.queue import submit
from podhub.runs.reach import reach
from podhub.runs.writing import writing

DEFAULT = "default"
"""The cluster that the first start makes."""

SEEDS = 1 << 63


def create_cluster(
    name: str,
    *,
    nodes: Sequence[Object] = (),
    seed: int = 0,
    speed: str = "1x",
    start: Micros | None = None,
    images: dict[str, Image] | None = None,
    namespaces: Sequence[str] = (),
) -> Cluster:
    """Make a cluster and play its first moment, so that its nodes are there. It starts now, at a whole second, unless told.

    Raises: podhub.log.errors.BadName, NameTaken; ValueError for what is no speed or no seed.
    """
    if not -SEEDS <= seed < SEEDS:
        raise ValueError(f"{seed} is no seed: give a number of 64 bits")
    text, wall = speed_text(parse_speed(speed)), lease.wall_now()
    begins = wall // SECOND * SECOND if start is None else start
    config = Config(begins, seed, tuple(nodes), images or {}, tuple(namespaces))
    with writing():
        cluster = clusters.create(name, config, engine_version=ENGINE_VERSION, speed=text, wall=wall)
    dispatch.nudge(cluster.pk)
    reach(cluster, begins)
    cluster.refresh_from_db()
    return cluster


def fork_cluster(parent: Cluster, seq: int, name: str, *, at: Micros | None = None, speed: str = "") -> Cluster:
    """Make a cluster that begins as the first `seq` entries of another and goes on by itself, its clock at `at` or the last.

    Raises: podhub.log.errors.BadName, NameTaken, NotYet; ValueError for what is no speed.
    """
    text = speed_text(parse_speed(speed or parent.speed))
    with writing():
        fork = clusters.fork(parent, seq, name, wall=lease.wall_now(), at=at)
        if fork.kind == Cluster.Kind.SIMULATED:
            Cluster.objects.filter(pk=fork.pk).update(speed=text, wake_wall=lease.wall_now())
    if fork.kind == Cluster.Kind.SIMULATED:
        dispatch.nudge(fork.pk)
        fork.refresh_from_db()
    return fork


def ensure_default() -> Cluster:
    """Return the cluster `default`; make it where there is none."""
    try:
        return clusters.named(DEFAULT)
    except NoSuchCluster:
        try:
            return create_cluster(DEFAULT)
        except NameTaken:  # another process was faster
            return clusters.named(DEFAULT)


def speed_request(cluster: Cluster, speed: str, until: Micros | None = None, user: str = "podhub") -> Request:
    """Return the request that sets a cluster's clock; `until` is where a clock at `max` is to stop."""
    body: dict[str, Any] = {"speed": speed} | ({} if until is None else {"until": rfc3339_micro(until)})
    return Request("patch", "clusters", "podhub.dev/v1", name=cluster.name, body=body, user=user)


def set_speed(cluster: Cluster, speed: str, until: Micros | None = None, user: str = "podhub") -> Answer:
    """Set a cluster's clock; the change is a request in its log. The answer's code tells whether it was done."""
    return submit(cluster, speed_request(cluster, speed, until, user))


def drop_cluster(cluster: Cluster, by: str = "", reason: str = "") -> None:
    """Remove a whole cluster, log and all. Raises: podhub.log.errors.HasForks."""
    with writing():
        retention.drop(cluster, by=by, reason=reason)
