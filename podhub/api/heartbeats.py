"""What those who watch Leases and Nodes are told of kubelets that live, though the log does not hold it.

Each renewal is told as a change whose resourceVersion is the log's head then: a watch goes on from there like from any other,
and an update with that version is no conflict.
"""

from __future__ import annotations

import asyncio
import math
import time

from django.db.utils import OperationalError

from lifecycle.clock import Micros
from lifecycle.controllers.heartbeats import LEASE_EVERY, RESOURCES, last_lease, shown
from podhub.api import address
from podhub.api.feed import Event, Feed
from podhub.api.threads import on_thread
from podhub.log.models import Cluster, Entry
from podhub.log.read import Line, View
from podhub.runs.clock import MAX, PAUSED, clock_of

PER_SECOND = 1.0
"""How often a watcher is told of heartbeats at most, however fast the cluster's clock goes."""


class Heartbeats:
    """What one watcher has been told; `upto` is the cluster's moment up to which that is everything."""

    def __init__(self, resource: str, upto: Micros) -> None:
        self.resource, self.upto = resource, upto

    async def after(self, feed: Feed) -> list[Event]:
        """Return what has become due, as changes that come after all that the feed holds."""
        cluster, every = feed.cluster, self._every(feed.cluster)
        if every is None:
            return []
        at = last_lease(cluster.start, address.now(cluster), every)
        if at <= self.upto:
            return []
        since, self.upto = self.upto, at
        key = self.resource, feed.head, since, at
        if key not in feed.heartbeats:
            found = asyncio.ensure_future(on_thread(lambda: _told(cluster, *key)))
            feed.heartbeats = {key: found}
        return await asyncio.shield(feed.heartbeats[key])

    def seconds(self, cluster: Cluster) -> float:
        """Return how long it is until something is due, in seconds of wall time."""
        every = self._every(cluster)
        if every is None:
            return math.inf
        wall = clock_of(cluster).wall(last_lease(cluster.start, self.upto, every) + every)
        return math.inf if wall is None else max(0.0, wall / 1e6 - time.time())

    def _every(self, cluster: Cluster) -> Micros | None:
        """Return how long, in the cluster's time, it is from one telling to the next; None where nothing is told."""
        if self.resource not in RESOURCES or cluster.kind == Cluster.Kind.RECORDED or cluster.read_only:
            return None
        speed = clock_of(cluster).speed
        return None if speed in (MAX, PAUSED) else LEASE_EVERY * math.ceil(max(1.0, speed * 1e6 / LEASE_EVERY / PER_SECOND))


def _told(cluster: Cluster, resource: str, seq: int, since: Micros, at: Micros) -> list[Event]:
    """Return the objects, as of a seq, that a heartbeat between two moments has changed. Blocks."""
    try:
        versions = View(cluster, seq).list(resource)
    except OperationalError:
        return []  # a busy database: the next heartbeat tells as much
    events = []
    for version in versions:
        obj = shown(resource, version.object, cluster.start, at)
        if obj != shown(resource, version.object, cluster.start, since):
            metadata = {**obj["metadata"], "resourceVersion": str(seq)}
            name = metadata.get("namespace", ""), metadata["name"]
            obj = {**obj, "metadata": metadata}
            events.append(Event(Line(seq, at, at, 0, Entry.Kind.CHANGE, "MODIFIED", resource, *name, "", obj)))
    return events
