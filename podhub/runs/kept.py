"""Engines at the head of their logs: from this process's cache, or from a snapshot and the requests after it."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lifecycle.engine import Engine, Unreadable
from lifecycle.wire import Object
from podhub.log.append import Writer
from podhub.log.clusters import configuration, segments
from podhub.log.models import Cluster, Snapshot
from podhub.runs.engines import Item
from podhub.runs.replay import Diverged, catch_up, follow, nothing

CACHED = 64
"""Engines that a process keeps between two turns."""


class Kept(NamedTuple):
    """An engine, and the writer that has appended all that it gave: it knows what the next entries build on."""

    engine: Engine
    writer: Writer | None = None
    beyond: Sequence[Item] = ()
    """What the engine has put out beyond the log's head: the rest of a split instant."""


class Cache:
    """Engines between two turns of this process. Each is taken out to work with, and put back only when all went well."""

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._kept: OrderedDict[int, Kept] = OrderedDict()

    def take(self, cluster_id: int) -> Kept | None:
        return self._kept.pop(cluster_id, None)

    def put(self, cluster_id: int, engine: Engine, writer: Writer | None = None) -> None:
        self._kept[cluster_id] = Kept(engine, writer)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def engines(self) -> dict[int, Engine]:
        """Return the engines that are kept, by their clusters."""
        return {cluster_id: kept.engine for cluster_id, kept in self._kept.items()}

    def clear(self) -> None:
        self._kept.clear()


cache = Cache()


def at_head(cluster: Cluster, among: Cache = cache, breathe: Callable[[], None] = nothing) -> Kept:
    """Return a cluster's engine where its log ends. `breathe` is called now and then meanwhile. Raises: Diverged, Broken."""
    kept = among.take(cluster.pk)
    if kept is not None and kept.engine.index <= cluster.head:
        changed: list[Object] = []
        kept = kept._replace(beyond=follow(kept.engine, cluster, changed.append))
        if kept.writer:
            kept.writer.follow(cluster, changed)
        return kept
    snapshot = newest_snapshot(cluster, cluster.head)
    if snapshot is None:
        return from_the_start(cluster, breathe)
    try:
        engine = Engine.restore(zlib.decompress(snapshot.data))
    except Unreadable as wrong:
        return _without(snapshot, wrong, cluster, breathe)
    return Kept(engine, beyond=catch_up(engine, cluster, engine.index, breathe))


def from_the_start(cluster: Cluster, breathe: Callable[[], None] = nothing) -> Kept:
    engine = Engine.new(configuration(cluster))  # it counts what it has yet to hand over
    return Kept(engine, beyond=catch_up(engine, cluster, 0, breathe))


def _without(snapshot: Snapshot, wrong: Unreadable, cluster: Cluster, breathe: Callable[[], None]) -> Kept:
    """Return the engine where a snapshot is of another version's: it may give the same all the same, from the start."""
    try:
        return from_the_start(cluster, breathe)
    except Diverged as too:
        raise Diverged(f"the snapshot after seq {snapshot.seq} cannot be carried over ({wrong}), and {too}") from wrong


def newest_snapshot(cluster: Cluster, seq: int) -> Snapshot | None:
    for piece in reversed(segments(cluster)):
        upto = seq if piece.upto is None else min(seq, piece.upto)
        found = Snapshot.objects.filter(cluster_id=piece.cluster_id, seq__lte=upto).order_by("-seq").first()
        if found:
            return found
    return None
