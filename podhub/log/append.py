"""The one way in: a writer appends entries to one cluster's log, under the fence of its lease."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from lifecycle import wire
from lifecycle.clock import Micros
from lifecycle.core_v1.merge_patch import merge_apply, merge_diff
from lifecycle.wire import Object
from podhub.log import codec, fold
from podhub.log.errors import LeaseLost, ReadOnly
from podhub.log.models import Cluster
from podhub.log.resources import resource_of

MOST = 500
"""Entries in one transaction."""

KEYFRAME_EVERY = 8
"""Changes of one object from one whole copy to the next, so that a past version is never more than seven patches away."""


class Asked(msgspec.Struct, frozen=True):
    """A request that the engine has taken: its number, the moment it was stamped with, and what was asked."""

    index: int
    at: Micros
    request: wire.Request


class Recorded(msgspec.Struct, frozen=True):
    """A change of a real cluster, as a watch received it. `line` is what the recording said beside it, as canonical JSON."""

    at: Micros
    type: str
    object: Object
    line: str = ""


class Gap(msgspec.Struct, frozen=True):
    """What a real cluster did here nobody wrote down. `body` says why: the metav1.Status that the watch ended with."""

    at: Micros
    body: Object
    line: str = ""


Item = Asked | wire.Change | wire.Trace | Recorded | Gap


class _Row(msgspec.Struct):
    """A row of log_entry on its way in: its columns in the order of codec.COLUMNS, with those around them."""

    cluster_id: int
    seq: int
    at: Micros
    recorded_at: Micros
    cause: int = 0
    kind: str = ""
    type: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    about: str = ""
    keyframe: int = 0
    line: str = ""
    body: bytes = b""
    hash: bytes = b""


_ROW = ", ".join(_Row.__struct_fields__)
_VALUES = f"({', '.join(['%s'] * len(_Row.__struct_fields__))})"


class _Held(msgspec.Struct):
    """The last version of an object, and where its newest whole copy stands."""

    object: Object
    keyframe: int
    patches: int


def slices(items: Sequence[Item], horizon: Micros) -> Iterator[tuple[Sequence[Item], Micros]]:
    """Yield what one transaction each may hold, with the horizon it reaches.

    Where an instant is split the horizon stays before it, for that instant is known when its last entry is.
    """
    for start in range(0, max(len(items), 1), MOST):
        last = start + MOST >= len(items)
        piece = items[start : start + MOST]
        yield piece, horizon if last else items[start + MOST].at - 1


class Writer:
    """Appends to one cluster's log, and remembers what its next entries build on.

    After any exception, and after any rollback of a transaction in which it appended, it has to be thrown away.
    """

    def __init__(self, cluster: Cluster, lease_token: str) -> None:
        self._cluster_id = cluster.pk
        self._token = lease_token
        self._hash = bytes(cluster.head_hash)
        self._held: dict[fold.Key, _Held | None] = {}
        self.head = cluster.head
        self.horizon = cluster.horizon
        self._at = cluster.start
        if cluster.head:
            self._at = fold.last_at(cluster)

    @classmethod
    def open(cls, cluster_id: int, lease_token: str) -> Writer:
        """Return a writer at the end of a log. Raises: LeaseLost, ReadOnly."""
        cluster = Cluster.objects.select_related("parent").filter(pk=cluster_id, lease_token=lease_token).first()
        if cluster is None:
            raise LeaseLost(f"cluster {cluster_id} is not leased with this token")
        if cluster.read_only:
            raise ReadOnly(f"cluster {cluster.name!r} is read-only")
        return cls(cluster, lease_token)

    def resume(self, cluster: Cluster) -> bool:
        """Go on under the lease that a cluster's row has now; say whether that can be: nobody else has appended since."""
        if cluster.head != self.head or bytes(cluster.head_hash) != self._hash:
            return False
        self._token, self.horizon = cluster.lease_token, cluster.horizon
        return True

    def follow(self, cluster: Cluster, changed: Iterable[Object]) -> None:
        """Stand where a cluster's row says its log ends now; `changed` are the objects that others have appended changes of."""
        for obj in changed:
            self._held.pop(_key(obj), None)
        self.head, self._hash = cluster.head, bytes(cluster.head_hash)
        self._at = fold.last_at(cluster)

    def append(self, items: Sequence[Item], horizon: Micros, **columns: Any) -> None:
        """Append entries and move the head and the horizon on, all in one transaction (the caller's where there is one).

        `columns` are other columns of the cluster to set with them, such as wake_at. A horizon that lies behind leaves it where
        it is. Raises: LeaseLost, whereupon the transaction must be rolled back; ValueError where the items break the order.
        """
        if len(items) > MOST:
            raise ValueError(f"{len(items)} entries are too many for one transaction: {MOST} at most; see slices()")
        recorded_at = time.time_ns() // 1000
        head, horizon = self.head, max(horizon, self.horizon)
        with transaction.atomic(savepoint=False):
            if items and items[0].at <= self.horizon:
                raise ValueError(f"an entry at {items[0].at} comes too late: all up to {self.horizon} is known")
            self._load(items)
            rows = [self._row(item, recorded_at) for item in items]
            if self._at > horizon and rows and len(rows) < MOST:
                raise ValueError(f"an entry at {self._at} lies beyond the horizon {horizon}")
            fence = Cluster.objects.filter(pk=self._cluster_id, head=head, lease_token=self._token, read_only=False)
            if not fence.update(head=self.head, head_hash=self._hash, horizon=horizon, **columns):
                raise LeaseLost(f"the lease of cluster {self._cluster_id} is lost: nothing was appended after seq {head}")
            _insert(rows)
        self.horizon = horizon

    def _row(self, item: Item, recorded_at: Micros) -> _Row:
        if item.at < self._at:
            raise ValueError(f"an entry at {item.at} cannot come after one at {self._at}")
        self.head += 1
        self._at = item.at
        if isinstance(item, Asked | wire.Change | wire.Trace) and item.index != self.head:
            raise ValueError(f"the engine's index {item.index} is not the log's next seq {self.head}")
        row = _Row(self._cluster_id, self.head, item.at, recorded_at)
        self._fill(row, item)
        row.hash = self._hash = codec.link(self._hash, msgspec.structs.astuple(row)[1:-2], row.body)
        return row

    def _fill(self, row: _Row, item: Item) -> None:
        match item:
            case Asked(request=request):
                row.kind, row.type = "request", _cut(request.verb, 32)
                row.resource, row.namespace, row.name = _cut(request.resource), _cut(request.namespace), _cut(request.name)
                row.body = codec.pack(codec.canonical(request))
            case wire.Trace():
                row.kind, row.type, row.cause = "trace", item.kind, item.cause
                row.resource, row.namespace, row.name, row.about = (
                    "pods" if item.pod else "",
                    item.namespace,
                    item.pod,
                    item.uid,
                )
                row.body = codec.pack(
                    codec.canonical({**item.body, "container": item.container} if item.container else item.body)
                )
            case wire.Change():
                row.cause = item.cause
                self._change(row, item.type, item.object)
            case Recorded():
                row.line = item.line
                self._change(row, item.type, item.object)
            case Gap():
                row.kind, row.type, row.line = "gap", "gap", item.line
                row.body = codec.pack(codec.canonical(item.body))

    def _change(self, row: _Row, type: str, obj: Object) -> None:
        metadata = obj["metadata"]
        row.kind, row.type, row.resource = "change", type, resource_of(obj)
        row.namespace, row.name, row.about = metadata.get("namespace") or "", metadata["name"], about(obj, row.resource)
        key, data = _key(obj), codec.canonical(obj)
        held = None if type == "ADDED" else self._held[key]
        patch = _patch(held, obj, data) if held else None
        if held and patch is not None:
            row.keyframe, row.body = held.keyframe, codec.pack(patch)
            self._held[key] = _Held(obj, held.keyframe, held.patches + 1)
        else:
            row.keyframe, row.body = row.seq, codec.pack(data)
            self._held[key] = _Held(obj, row.seq, 0)
        if type == "DELETED":
            self._held[key] = None

    def _load(self, items: Sequence[Item]) -> None:
        """Read what the next patches build on: objects' last versions in this cluster's own rows, while they exist."""
        first: dict[fold.Key, str] = {}
        for item in items:
            if isinstance(item, wire.Change | Recorded):
                first.setdefault(_key(item.object), item.type)
        unknown = [key for key, type in first.items() if type != "ADDED" and key not in self._held]
        found = fold.last_versions(self._cluster_id, unknown)
        self._held |= {key: _Held(*found[key]) if key in found else None for key in unknown}


def _key(obj: Object) -> fold.Key:
    metadata = obj["metadata"]
    return fold.Key(resource_of(obj), metadata.get("namespace") or "", metadata["name"])


def _patch(held: _Held, obj: Object, data: bytes) -> bytes | None:
    """Return the patch from an object's last version to `obj` (whose bytes are `data`), or None where it is stored whole."""
    if held.patches >= KEYFRAME_EVERY - 1:
        return None
    patch = merge_diff(held.object, obj)
    if patch is None or codec.canonical(merge_apply(held.object, patch)) != data:
        return None
    return codec.canonical(patch)


def _cut(text: str, most: int = 253) -> str:
    """Return what a column may hold of what somebody sent; the request's body has all of it."""
    return text[:most].replace("\0", "\ufffd")


def _insert(rows: Sequence[_Row]) -> None:
    """Insert rows by each database's short way, which takes a tenth of the time of model instances."""
    values = [msgspec.structs.astuple(row) for row in rows]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY log_entry ({_ROW}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO log_entry ({_ROW}) VALUES {_VALUES}", values)


def about(obj: Object, resource: str) -> str:
    """Return the uid that an object's change is looked up by: its own, or, for an Event, that of what it regards."""
    subject = obj.get("involvedObject") or obj.get("regarding") or {} if resource == "events" else obj["metadata"]
    return str(subject.get("uid") or "")
