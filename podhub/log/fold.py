"""Objects as they were: whole copies and patches from the log, folded.

An object's version is named by a `Ref`, the row that made it. A patch builds on rows of its own cluster only, never on those
of the cluster that a fork begins with.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import connection

from lifecycle.clock import Micros
from lifecycle.core_v1.merge_patch import merge_apply
from lifecycle.wire import Object
from podhub.log import codec
from podhub.log.cache import Recent
from podhub.log.clusters import segments
from podhub.log.models import Cluster, Entry

T = TypeVar("T")


class Key(NamedTuple):
    """What an object is called within a cluster."""

    resource: str
    namespace: str
    name: str


class Ref(NamedTuple):
    """One row of the log. `cluster_id` is that of the row, which for a fork may be an ancestor's."""

    cluster_id: int
    seq: int


class Stored(NamedTuple):
    """What a change left behind: the object whole, as canonical JSON, as it was appended."""

    at: Micros
    cause: int
    type: str
    data: bytes


_versions: Recent[Ref, Stored] = Recent(64 * 1024 * 1024, lambda stored: len(stored.data) + 200)
_newest: Recent[tuple[int, Key], int] = Recent(50_000)
"""Of each object the version that was folded last: where the next fold may start."""

_BATCH = 400


def forget() -> None:
    """Forget everything: for tests, whose databases begin again with the same ids."""
    _versions.clear()
    _newest.clear()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


def stored(refs: Iterable[Ref]) -> dict[Ref, Stored]:
    """Return the versions that these rows made; all must be changes."""
    found: dict[Ref, Stored] = {}
    missing: dict[int, list[int]] = {}
    for ref in refs:
        held = _versions.get(ref)
        if held is None:
            missing.setdefault(ref.cluster_id, []).append(ref.seq)
        else:
            found[ref] = held
    for cluster_id, seqs in missing.items():
        for piece in batched(seqs, _BATCH):
            found.update(_load(cluster_id, piece))
    return found


def last_at(cluster: Cluster) -> Micros:
    """Return the moment of a log's last entry, or of its start where it has none."""
    for piece in reversed(segments(cluster)):
        rows = Entry.objects.filter(cluster_id=piece.cluster_id, seq__gt=piece.after)
        rows = rows if piece.upto is None else rows.filter(seq__lte=piece.upto)
        at: Micros | None = rows.order_by("-seq").values_list("at", flat=True).first()
        if at is not None:
            return at
    return cluster.start


class Last(NamedTuple):
    """An object as the rows leave it, the seq of its newest whole copy, and how many patches there are since that."""

    object: Object
    keyframe: int
    patches: int


_LAST = """
WITH wanted (resource, namespace, name) AS (VALUES {values})
SELECT e.resource, e.namespace, e.name, e.seq, e.keyframe, (
    SELECT COUNT(*) FROM log_entry p
    WHERE p.cluster_id = e.cluster_id AND p.kind = 'change' AND p.resource = e.resource AND p.namespace = e.namespace
      AND p.name = e.name AND p.seq > e.keyframe
)
FROM wanted w CROSS JOIN log_entry e
WHERE e.cluster_id = %s AND e.type <> 'DELETED' AND e.seq = (
    SELECT MAX(m.seq) FROM log_entry m
    WHERE m.cluster_id = %s AND m.kind = 'change' AND m.resource = w.resource AND m.namespace = w.namespace AND m.name = w.name
)
"""


def last_versions(cluster_id: int, keys: Iterable[Key]) -> dict[Key, Last]:
    """Return objects as this cluster's own rows leave them; without those that are gone, or of which no such row tells."""
    found: dict[Key, Last] = {}
    for piece in batched(keys, _BATCH // 4):
        values = ", ".join(["(%s, %s, %s)"] * len(piece))
        with connection.cursor() as cursor:
            cursor.execute(_LAST.format(values=values), [*(part for key in piece for part in key), cluster_id, cluster_id])
            rows = cursor.fetchall()
        versions = stored(Ref(cluster_id, seq) for *_, seq, _, _ in rows)
        for resource, namespace, name, seq, keyframe, patches in rows:
            obj = codec.parse(versions[Ref(cluster_id, seq)].data)
            found[Key(resource, namespace, name)] = Last(obj, keyframe, patches)
    return found


def _load(cluster_id: int, seqs: Sequence[int]) -> dict[Ref, Stored]:
    """Read changes from the database, fold the patches among them, and remember all."""
    columns = ("seq", "at", "cause", "type", "resource", "namespace", "name", "keyframe", "body")
    rows = Entry.objects.filter(cluster_id=cluster_id, seq__in=seqs).order_by("seq")
    found: dict[Ref, Stored] = {}
    patched: dict[int, tuple[Key, int]] = {}
    for seq, at, cause, type, resource, namespace, name, keyframe, body in rows.values_list(*columns):
        key = Key(resource, namespace, name)
        if keyframe == seq:
            _keep(found, Ref(cluster_id, seq), key, Stored(at, cause, type, zlib.decompress(body)))
        else:
            patched[seq] = key, keyframe
    for piece in batched(patched.items(), _BATCH // 4):
        _fold(cluster_id, dict(piece), found)
    return found


def _fold(cluster_id: int, wanted: dict[int, tuple[Key, int]], found: dict[Ref, Stored]) -> None:
    """Fold the rows from each wanted version's whole copy (or from a later version that is remembered) up to it."""
    spans: dict[tuple[Key, int], tuple[int, int]] = {}
    for seq, (key, keyframe) in wanted.items():
        low, high = spans.get((key, keyframe), (seq, seq))
        spans[key, keyframe] = min(low, seq), max(high, seq)
    states: dict[tuple[Key, int], Any] = {}
    ranges = []
    for (key, keyframe), (low, high) in spans.items():
        base = _newest.get((cluster_id, key))
        held = _versions.get(Ref(cluster_id, base)) if base is not None and keyframe <= base < low else None
        if base is not None and held is not None:
            states[key, keyframe] = codec.parse(held.data)
            ranges.append((key, base + 1, high))
        else:
            ranges.append((key, keyframe, high))
    for seq, at, cause, type, key, keyframe, body in _rows(cluster_id, ranges):
        content = codec.unpack(body)
        state = states[key, keyframe] = content if keyframe == seq else merge_apply(states[key, keyframe], content)
        if seq in wanted:
            _keep(found, Ref(cluster_id, seq), key, Stored(at, cause, type, codec.canonical(state)))


def _keep(found: dict[Ref, Stored], ref: Ref, key: Key, version: Stored) -> None:
    found[ref] = version
    _versions.put(ref, version)
    _newest.put((ref.cluster_id, key), ref.seq)


_SPANS = """
WITH wanted (resource, namespace, name, low, high) AS (VALUES {values})
SELECT e.seq, e.at, e.cause, e.type, e.resource, e.namespace, e.name, e.keyframe, e.body
FROM wanted w CROSS JOIN log_entry e
WHERE e.cluster_id = %s AND e.kind = 'change' AND e.resource = w.resource AND e.namespace = w.namespace AND e.name = w.name
  AND e.seq BETWEEN w.low AND w.high
ORDER BY e.seq
"""


def _rows(cluster_id: int, ranges: Sequence[tuple[Key, int, int]]) -> Iterator[tuple[int, Micros, int, str, Key, int, bytes]]:
    """Yield the changes of several objects, each in its range of seqs, in one query."""
    values = [value for key, low, high in ranges for value in (*key, low, high)]
    with connection.cursor() as cursor:
        cursor.execute(_SPANS.format(values=", ".join(["(%s, %s, %s, %s, %s)"] * len(ranges))), [*values, cluster_id])
        for seq, at, cause, type, resource, namespace, name, keyframe, body in cursor.fetchall():
            yield seq, at, cause, type, Key(resource, namespace, name), keyframe, body
