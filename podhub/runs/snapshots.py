"""Snapshots: an engine's whole state after an entry, written apart from the log, so that a restart plays little again."""

from __future__ import annotations

import time
import zlib

from lifecycle.clock import SECOND, Micros
from lifecycle.engine import Engine
from podhub.log.models import Cluster, Entry, Snapshot
from podhub.runs import lease
from podhub.runs.engines import ENGINE_VERSION
from podhub.runs.kept import cache
from podhub.runs.writing import written

ENTRIES = 500
"""A snapshot is due after so many entries ..."""

SECONDS: Micros = 10 * SECOND
"""... and so much wall time; and never so often that writing them takes more than a twentieth of it."""

SHARE = 20

KEPT = 2

_next: dict[int, tuple[int, Micros]] = {}
"""For each cluster that this process writes: the head and the wall moment from which on the next one is due."""


def due(cluster_id: int, head: int) -> bool:
    """Say whether it is time for a cluster's next snapshot. A process that has written none counts from the newest there is."""
    if cluster_id not in _next:
        newest = Snapshot.objects.filter(cluster_id=cluster_id).order_by("-seq").values_list("seq", flat=True).first()
        _next[cluster_id] = (newest or 0) + ENTRIES, lease.wall_now()
    at_head, at_wall = _next[cluster_id]
    return head >= at_head and lease.wall_now() >= at_wall


def write(cluster: Cluster, engine: Engine, head: int) -> None:
    """Keep the state of an engine that stands at the log's head, and let all go but the newest two (and an upgrade's)."""
    began = time.perf_counter()
    data = zlib.compress(engine.save(), 1)
    with written():
        Snapshot.objects.get_or_create(
            cluster_id=cluster.pk, seq=head, defaults={"at": engine.now, "engine_version": ENGINE_VERSION, "data": data}
        )
        _thin(cluster.pk)
    took = round((time.perf_counter() - began) * SECOND)
    _next[cluster.pk] = head + ENTRIES, lease.wall_now() + max(SECONDS, SHARE * took)


def write_all() -> None:
    """Keep the state of all engines of a process that is about to end well: its successor may be of another version."""
    for cluster_id, engine in cache.engines().items():
        cluster = Cluster.objects.filter(pk=cluster_id, read_only=False).first()
        newest = Snapshot.objects.filter(cluster_id=cluster_id).order_by("-seq").values_list("seq", flat=True).first()
        if cluster is not None and engine.index > (newest or 0):
            write(cluster, engine, engine.index)


def _thin(cluster_id: int) -> None:
    rows = Snapshot.objects.filter(cluster_id=cluster_id)
    kept = list(rows.order_by("-seq").values_list("seq", flat=True)[:KEPT])
    carried = [first_since(cluster_id, seq) for seq in upgrades(cluster_id)]
    rows.exclude(seq__in=[*kept, *(snapshot.seq for snapshot in carried if snapshot)]).delete()


def upgrades(cluster_id: int) -> list[int]:
    """Return the seqs at which a cluster was carried over to another version of the engine."""
    rows = Entry.objects.filter(cluster_id=cluster_id, kind=Entry.Kind.REQUEST, resource="clusters", type="upgrade")
    return list(rows.order_by("seq").values_list("seq", flat=True))


def first_since(cluster_id: int, seq: int) -> Snapshot | None:
    """Return the first snapshot at or after a seq: after an upgrade, what `verify` begins with."""
    return Snapshot.objects.filter(cluster_id=cluster_id, seq__gte=seq).order_by("seq").first()
