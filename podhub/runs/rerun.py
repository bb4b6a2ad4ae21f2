"""A log's requests, with their moments, once more in one undisturbed process: it must give every entry again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from lifecycle.engine import Engine, Unreadable
from podhub.log.clusters import configuration
from podhub.log.models import Cluster, Snapshot
from podhub.log.verify import Problem
from podhub.runs import snapshots
from podhub.runs.engines import ENGINE_VERSION, Broken
from podhub.runs.replay import Diverged, different, lines, played


def rerunnable(cluster: Cluster) -> bool:
    """Say whether this version of the engine wrote a cluster's log, from its beginning or from where it was carried over."""
    if cluster.kind != Cluster.Kind.SIMULATED or cluster.engine_version != ENGINE_VERSION:
        return False
    carried = snapshots.upgrades(cluster.pk)
    return not carried or _begin(cluster, carried[-1]) is not None


def rerun(cluster: Cluster) -> Iterator[Problem]:
    """Yield in what a second run of a cluster's requests differs from its log: in seq, at, cause or body.

    It begins with the cluster's configuration, or with what the last upgrade of the engine carried over. At most one problem
    is found, for everything after it would follow from it.
    """
    cluster.refresh_from_db()
    try:
        engine, after = _beginning(cluster)
        yield from _compared(cluster, engine, after)
    except (Broken, Diverged, Unreadable) as wrong:
        yield Problem(cluster.name, cluster.head, str(wrong))


def _beginning(cluster: Cluster) -> tuple[Engine, int]:
    carried = snapshots.upgrades(cluster.pk)
    snapshot = _begin(cluster, carried[-1]) if carried else None
    if snapshot is None:
        return Engine.new(configuration(cluster)), 0
    return Engine.restore(zlib.decompress(snapshot.data)), snapshot.seq


def _begin(cluster: Cluster, upgrade: int) -> Snapshot | None:
    found = snapshots.first_since(cluster.pk, upgrade)
    return found if found and found.engine_version == ENGINE_VERSION else None


def _compared(cluster: Cluster, engine: Engine, after: int) -> Iterator[Problem]:
    again = played(engine, cluster, after)
    for line in lines(cluster, after + 1):
        difference = different(line, next(again, None))
        if difference:
            yield Problem(cluster.name, line.seq, f"a second run gives something else: {difference}")
            return
    for item in again:
        if item.at <= cluster.horizon:
            yield Problem(cluster.name, item.index, f"a second run gives an entry at {item.at} that the log does not hold")
            return
