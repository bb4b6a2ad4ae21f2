"""Reading: a cluster as of a seq, what its log holds in order, and why things came about. CONTRACTS.md lists it all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from django.db.models import Case, Max, QuerySet, Value, When
from django.db.models import F as Column

from lifecycle.clock import Micros, rfc3339_micro
from lifecycle.wire import Object
from podhub.log import codec, fold
from podhub.log.cache import Recent
from podhub.log.clusters import Segment, segments
from podhub.log.concerns import concerns, event_uids
from podhub.log.errors import NotYet
from podhub.log.fold import Ref, Stored
from podhub.log.models import Cluster, Entry

Name = tuple[str, str]
"""A namespace ("" for what has none) and a name: their order is the order of lists."""


class Version(msgspec.Struct, frozen=True):
    """An object as one change made it; its metadata.resourceVersion is the change's seq."""

    seq: int
    at: Micros
    cause: int
    type: str
    object: Object


class Line(msgspec.Struct, frozen=True):
    """One entry of a log. `content` is a change's whole object (as in Version), a request, a trace's or a gap's body."""

    seq: int
    at: Micros
    recorded_at: Micros
    cause: int
    kind: str
    type: str
    resource: str
    namespace: str
    name: str
    about: str
    content: Any


def live(cluster_id: int) -> tuple[int, Micros]:
    """Return a cluster's head and horizon as they are now."""
    head, horizon = Cluster.objects.values_list("head", "horizon").get(pk=cluster_id)
    return head, horizon


def seq_at(cluster: Cluster, at: Micros) -> int:
    """Return the last seq of all entries up to a moment, those of that very instant among them; 0 before the first.

    Raises: NotYet above the horizon, but for a finished recording, which stays as its last entry left it.
    """
    if at > cluster.horizon:
        cluster.head, cluster.horizon = live(cluster.pk)
        if at > cluster.horizon and not cluster.finished:
            raise NotYet(rfc3339_micro(at), cluster.horizon)
    at = min(at, cluster.horizon)
    for piece, rows in _newest_first(cluster):
        seq = rows.filter(at__lte=at).order_by("-at", "-seq").values_list("seq", flat=True).first()
        if seq is not None:
            return int(seq)
        if piece.after == 0:
            break
    return 0


class View:
    """A cluster as of a seq. It never changes, so what it answers may be kept for ever."""

    def __init__(self, cluster: Cluster, seq: int) -> None:
        """Raises: NotYet where the log is not that long yet."""
        if seq > cluster.head:
            cluster.head, cluster.horizon = live(cluster.pk)
            if seq > cluster.head:
                raise NotYet(f"seq-{seq}", cluster.horizon)
        self.cluster, self.seq = cluster, seq

    def find(self, resource: str, namespace: str, name: str) -> Version | None:
        """Return an object, or None where there is none (any more)."""
        for _, rows in _newest_first(self.cluster, self.seq):
            rows = rows.filter(kind=Entry.Kind.CHANGE, resource=resource, namespace=namespace, name=name)
            row = rows.order_by("-seq").values_list("cluster_id", "seq", "type").first()
            if row is not None:
                return None if row[2] == "DELETED" else versions_of([Ref(*row[:2])])[0]
        return None

    def list(
        self, resource: str, namespace: str | None = None, *, limit: int | None = None, after: Name | None = None
    ) -> list[Version]:
        """Return the objects of a kind in key order: of one namespace or of all, behind the key `after`, `limit` at most."""
        keys = keys_at(self.cluster, resource, self.seq)
        names = sorted(key for key in keys if (namespace is None or key[0] == namespace) and (after is None or key > after))
        return versions_of([keys[key] for key in names[:limit]])

    def newest(self, resource: str, namespace: str | None = None, *, most: int) -> Sequence[Version]:
        """Return the objects of a kind that changed last, the newest first."""
        return versions_of(newest_at(self.cluster, resource, self.seq, namespace, most=most))

    def count(self, resource: str, namespace: str | None = None) -> int:
        keys = keys_at(self.cluster, resource, self.seq)
        return len(keys) if namespace is None else sum(key[0] == namespace for key in keys)

    def names(self, resource: str) -> Collection[Name]:
        """Return namespace and name of all objects of a kind."""
        return keys_at(self.cluster, resource, self.seq).keys()

    def recorded(self, resource: str) -> dict[Name, Object]:
        """Return the objects of a kind as they were appended: a recorded one has its own resourceVersion."""
        keys = keys_at(self.cluster, resource, self.seq)
        stored = fold.stored(keys.values())
        return {name: codec.parse(stored[ref].data) for name, ref in keys.items()}

    def events_of(self, obj: Object) -> Sequence[Version]:
        """Return the Events about an object, in key order."""
        uids = event_uids(obj)
        if not uids:
            return [event for event in self.list("events") if concerns(event.object, obj)]
        keys = _Keys()
        for piece in segments(self.cluster):
            rows = _rows(piece, self.seq).filter(kind=Entry.Kind.CHANGE, about__in=uids, resource="events")
            keys.overlay(piece.cluster_id, _last_of_each(rows))
        versions = versions_of([keys.alive[key] for key in sorted(keys.alive)])
        return [version for version in versions if concerns(version.object, obj)]


def keys_at(cluster: Cluster, resource: str, seq: int) -> dict[Name, Ref]:
    """Return which objects of a kind there are as of a seq, and the rows that made them what they are. Not to be altered."""
    return _keys_at(cluster, resource, seq).alive


def gone_at(cluster: Cluster, resource: str, seq: int) -> dict[Name, Ref]:
    """Return which objects of a kind there have been and are no more as of a seq, and the rows that took them away."""
    return _keys_at(cluster, resource, seq).gone


def newest_at(cluster: Cluster, resource: str, seq: int, namespace: str | None = None, *, most: int) -> list[Ref]:
    """Return the rows that last changed what there is of a kind, the newest first."""
    keys = keys_at(cluster, resource, seq)
    refs = [ref for name, ref in keys.items() if namespace is None or name[0] == namespace]
    return sorted(refs, key=attrgetter("seq"), reverse=True)[:most]


def _keys_at(cluster: Cluster, resource: str, seq: int) -> _Keys:
    key = cluster.pk, resource, seq
    keys = _together.get(key)
    if keys is None:
        keys = _Keys()
        for piece in segments(cluster):
            upto = seq if piece.upto is None else min(seq, piece.upto)
            if upto > piece.after:
                keys.overlay(piece.cluster_id, _last_rows(piece, resource, upto))
        _together.put(key, keys)
    return keys


def tail(cluster: Cluster, after: int, limit: int = 500, upto: int | None = None) -> list[Line]:
    """Return the entries that come after a seq, in order: `limit` at most, none above `upto`."""
    lines: list[Line] = []
    for piece in segments(cluster):
        if (piece.upto is None or after < piece.upto) and len(lines) < limit:
            rows = _rows(piece, upto).filter(seq__gt=max(after, piece.after)).order_by("seq")
            lines += _lines(rows[: limit - len(lines)])
    return lines


def versions(
    cluster: Cluster,
    resource: str,
    namespace: str,
    name: str,
    *,
    after: int = 0,
    upto: int | None = None,
    limit: int | None = None,
) -> list[Version]:
    """Return every version of an object in order, its deletion among them, and those of its namesakes before and after it."""
    refs: list[Ref] = []
    for piece in segments(cluster):
        rows = _rows(piece, upto).filter(seq__gt=max(after, piece.after), kind=Entry.Kind.CHANGE)
        rows = rows.filter(resource=resource, namespace=namespace, name=name).order_by("seq")
        refs += [Ref(piece.cluster_id, seq) for seq in rows.values_list("seq", flat=True)[:limit]]
    return versions_of(refs[:limit])


def about(
    cluster: Cluster,
    uid: str,
    *,
    kind: str | None = None,
    types: Collection[str] = (),
    after: int = 0,
    upto: int | None = None,
    limit: int | None = None,
) -> list[Line]:
    """Return what the log holds about an object, in order: its changes, the Events that regard it, the traces of a Pod."""
    lines: list[Line] = []
    for piece in segments(cluster):
        rows = _rows(piece, upto).filter(seq__gt=max(after, piece.after), about=uid)
        # Sorted by a sum, which has no index: so the database takes the short way, by log_entry_about, not that by seq.
        rows = rows.filter(kind__in=[kind] if kind else Entry.Kind.values).order_by(Column("seq") + 0)
        rows = rows.filter(type__in=types) if types else rows
        lines += _lines(rows[: None if limit is None else limit - len(lines)])
    return lines


def entry(cluster: Cluster, seq: int) -> Line | None:
    """Return one entry, or None where the log has no such seq."""
    for piece in segments(cluster):
        if piece.after < seq and (piece.upto is None or seq <= piece.upto):
            return next(iter(_lines(Entry.objects.filter(cluster_id=piece.cluster_id, seq=seq))), None)
    return None


def causes(cluster: Cluster, seq: int, most: int = 1000) -> list[Line]:
    """Return an entry, the one that brought it about, and so on back to the first of the chain."""
    chain: list[Line] = []
    line = entry(cluster, seq)
    while line is not None:
        chain.append(line)
        line = entry(cluster, line.cause) if 0 < line.cause < line.seq and len(chain) < most else None
    return chain


def _rows(piece: Segment, upto: int | None = None) -> QuerySet[Entry]:
    """Return the rows of a segment, up to a seq."""
    bounds = [bound for bound in (piece.upto, upto) if bound is not None]
    rows = Entry.objects.filter(cluster_id=piece.cluster_id)
    return rows.filter(seq__lte=min(bounds)) if bounds else rows


def _newest_first(cluster: Cluster, upto: int | None = None) -> Iterator[tuple[Segment, QuerySet[Entry]]]:
    return ((piece, _rows(piece, upto)) for piece in reversed(segments(cluster)))


def versions_of(refs: Sequence[Ref]) -> list[Version]:
    """Return the versions that these rows made."""
    stored = fold.stored(refs)
    return [_version(ref, stored[ref]) for ref in refs]


def _version(ref: Ref, stored: Stored) -> Version:
    return Version(ref.seq, stored.at, stored.cause, stored.type, _served(stored, ref.seq))


def _served(stored: Stored, seq: int) -> Object:
    obj: Object = codec.parse(stored.data)
    obj["metadata"]["resourceVersion"] = str(seq)
    return obj


_LINE = ("cluster_id", "seq", "at", "recorded_at", "cause", "kind", "type", "resource", "namespace", "name", "about", "body")


def _lines(rows: QuerySet[Entry]) -> list[Line]:
    found = list(rows.values_list(*_LINE))
    changes = fold.stored([Ref(row[0], row[1]) for row in found if row[5] == Entry.Kind.CHANGE])
    lines = []
    for cluster_id, seq, at, recorded_at, cause, kind, type, resource, namespace, name, uid, body in found:
        stored = changes.get(Ref(cluster_id, seq))
        content = _served(stored, seq) if stored else codec.unpack(body)
        lines.append(Line(seq, at, recorded_at, cause, kind, type, resource, namespace, name, uid, content))
    return lines


class _Last(msgspec.Struct, frozen=True):
    """The last row of an object within a stretch of the log, and whether it took the object away."""

    seq: int
    gone: bool


class _Keys:
    """The objects that are there and those that have been, put together from one cluster's rows after another's."""

    def __init__(self) -> None:
        self.alive: dict[Name, Ref] = {}
        self.gone: dict[Name, Ref] = {}

    def overlay(self, cluster_id: int, rows: dict[Name, _Last]) -> None:
        for name, last in rows.items():
            here, there = (self.gone, self.alive) if last.gone else (self.alive, self.gone)
            here[name] = Ref(cluster_id, last.seq)
            there.pop(name, None)

    def __len__(self) -> int:
        return len(self.alive) + len(self.gone)


_together: Recent[tuple[int, str, int], _Keys] = Recent(200_000, lambda keys: len(keys) + 50)
_recent: Recent[tuple[int, str, int], dict[Name, _Last]] = Recent(400_000, lambda rows: len(rows) + 50)
_latest: Recent[tuple[int, str], int] = Recent(1000)
_STEP = 2000
"""Entries that are read one by one to bring an older answer up to date; beyond that the database is asked anew."""


def _last_rows(piece: Segment, resource: str, upto: int) -> dict[Name, _Last]:
    """Return the last row of each object of a kind among a cluster's own rows up to a seq."""
    key = piece.cluster_id, resource, upto
    found = _recent.get(key)
    if found is None:
        since = _latest.get(key[:2])
        before = _recent.get((piece.cluster_id, resource, since)) if since is not None and 0 <= upto - since <= _STEP else None
        if since is not None and before is not None:
            found = _brought_up(before, piece.cluster_id, resource, since, upto)
        else:
            rows = Entry.objects.filter(cluster_id=piece.cluster_id, kind=Entry.Kind.CHANGE, resource=resource)
            # A sum has no index: so the database goes through this resource's part of log_entry_object, not through every seq.
            found = _last_of_each(rows.alias(number=Column("seq") + 0).filter(number__lte=upto))
        _recent.put(key, found)
        if since is None or upto > since:
            _latest.put(key[:2], upto)
    return found


def _brought_up(before: dict[Name, _Last], cluster_id: int, resource: str, since: int, upto: int) -> dict[Name, _Last]:
    rows = Entry.objects.filter(cluster_id=cluster_id, seq__gt=since, seq__lte=upto).order_by("seq")
    # The kind and the resource are looked at here, so that the database takes the short way, by seq.
    columns = rows.values_list("kind", "resource", "namespace", "name", "seq", "type")
    news = {
        (namespace, name): _Last(seq, type == "DELETED")
        for kind, of, namespace, name, seq, type in columns
        if kind == Entry.Kind.CHANGE and of == resource
    }
    return {**before, **news} if news else before


def _last_of_each(rows: QuerySet[Entry]) -> dict[Name, _Last]:
    # One number holds the seq and, in its last bit, whether that row is a deletion: one pass over the index gives both.
    last = Max(Column("seq") * 2 + Case(When(type="DELETED", then=Value(1)), default=Value(0)))
    grouped = rows.order_by().values("namespace", "name").annotate(last=last)
    return {
        (namespace, name): _Last(number // 2, bool(number % 2))
        for namespace, name, number in grouped.values_list("namespace", "name", "last")
    }


def forget() -> None:
    """Forget everything that this process remembers of logs: for tests, whose databases begin again with the same ids."""
    fold.forget()
    _together.clear()
    _recent.clear()
    _latest.clear()


def recorded(cluster: Cluster) -> Iterator[tuple[Entry, Object]]:
    """Yield the changes and gaps of a log as they were appended, with their rows (for exports): nothing is put in."""
    for piece in segments(cluster):
        rows = _rows(piece).filter(seq__gt=piece.after, kind__in=(Entry.Kind.CHANGE, Entry.Kind.GAP)).order_by("seq")
        yield from _contents(rows.iterator(chunk_size=500))


def _contents(rows: Iterable[Entry]) -> Iterator[tuple[Entry, Object]]:
    for batch in fold.batched(rows, 500):
        stored = fold.stored([Ref(row.cluster_id, row.seq) for row in batch if row.kind == Entry.Kind.CHANGE])
        for row in batch:
            held = stored.get(Ref(row.cluster_id, row.seq))
            yield row, codec.parse(held.data) if held else codec.unpack(row.body)
