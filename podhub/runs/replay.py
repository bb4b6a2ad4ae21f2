"""A log's requests played again: they must give the entries that the log holds; else nothing may be appended any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from lifecycle.clock import Micros
from lifecycle.engine import Engine
from lifecycle.wire import Change, Object, Request
from podhub.log import codec
from podhub.log.append import Asked
from podhub.log.clusters import segments
from podhub.log.models import Cluster, Entry
from podhub.log.read import Line, tail
from podhub.runs.engines import Item, ask, until

PAGE = 500

BREATH = 100
"""Entries that are played again between two breaths."""


class Diverged(Exception):
    """The engine does not give again what the log holds. The text is for people."""


def nothing() -> None:
    pass


def catch_up(engine: Engine, cluster: Cluster, after: int, breathe: Callable[[], None] = nothing) -> list[Item]:
    """Play what the log holds after a seq up to which it was played; return what comes beyond its head, to be appended.

    Raises: Diverged where the engine gives something else, Broken.
    """
    again = played(engine, cluster, after)
    for line in lines(cluster, after + 1):
        difference = different(line, next(again, None))
        if difference:
            raise Diverged(f"seq {line.seq}: {difference}")
        if line.seq % BREATH == 0:
            breathe()
    return list(again)


def follow(engine: Engine, cluster: Cluster, changed: Callable[[Object], object]) -> list[Item]:
    """Play what others have appended since this process kept an engine; return what comes beyond the log's head.

    `changed` is called with what each change made of an object. Bodies are not compared: the engine is of the version that
    wrote them, and was right so far. Raises: Diverged, Broken.
    """
    after = engine.index
    if after == cluster.head:
        return list(until(engine, cluster.horizon)) if engine.now < cluster.horizon else []
    again = played(engine, cluster, after)
    for row in rows(cluster, after):
        item = next(again, None)
        if item is None or (row.seq, row.at, row.kind, row.type, row.cause) != (item.index, item.at, *_described(item)[:3]):
            raise Diverged(f"seq {row.seq}: the log holds a {row.kind} ({row.type}) that the engine does not give")
        if isinstance(item, Change):
            changed(item.object)
    return list(again)


def played(engine: Engine, cluster: Cluster, after: int) -> Iterator[Item]:
    """Play a log's requests after a seq, then the time up to the horizon (or the log's last moment, if later)."""
    for row in requests_after(cluster, after):
        request = msgspec.convert(row.content, Request)
        yield from until(engine, row.at)
        yield from ask(engine, row.at, request)[1]
    yield from until(engine, max(cluster.horizon, last_at(cluster)))


def lines(cluster: Cluster, first: int) -> Iterator[Line]:
    """Return the log's lines from a seq on to the head that the row tells."""
    while first <= cluster.head:
        page = tail(cluster, first - 1, limit=PAGE, upto=cluster.head)
        if not page:
            raise Diverged(f"seq {first} is not in the log, though its head is {cluster.head}")
        yield from page
        first = page[-1].seq + 1


def rows(cluster: Cluster, after: int) -> Iterator[Entry]:
    """Return the log's rows, without their bodies, after a seq and up to the head that the row tells."""
    for piece in segments(cluster):
        upto = cluster.head if piece.upto is None else min(cluster.head, piece.upto)
        found = Entry.objects.filter(cluster_id=piece.cluster_id, seq__gt=max(after, piece.after), seq__lte=upto)
        yield from found.only("cluster_id", "seq", "at", "kind", "type", "cause").order_by("seq")


def requests_after(cluster: Cluster, seq: int) -> Iterator[Entry]:
    """Return the log's requests after a seq, up to the head that the row tells, in order."""
    for piece in segments(cluster):
        upto = cluster.head if piece.upto is None else min(cluster.head, piece.upto)
        rows = Entry.objects.filter(
            cluster_id=piece.cluster_id, seq__gt=max(seq, piece.after), seq__lte=upto, kind=Entry.Kind.REQUEST
        )
        yield from rows.order_by("seq")


def last_at(cluster: Cluster) -> Micros:
    """Return the moment of a log's last entry, or of its beginning."""
    for piece in reversed(segments(cluster)):
        upto = cluster.head if piece.upto is None else min(cluster.head, piece.upto)
        row = Entry.objects.filter(cluster_id=piece.cluster_id, seq__gt=piece.after, seq__lte=upto).order_by("-seq").first()
        if row:
            return row.at
    return cluster.start


def different(line: Line, item: Item | None) -> str:
    """Say in what an engine's item is not what the log holds; empty where they are the same."""
    if item is None:
        return f"the log holds a {line.kind} ({line.type}) that the engine does not give"
    for what, logged, given in _compared(line, item):
        if logged != given:
            return f"{what}: the log holds {logged!r}, the engine gives {given!r}"
    return ""


def _compared(line: Line, item: Item) -> Iterator[tuple[str, Any, Any]]:
    kind, type, cause, content = _described(item)
    yield "seq", line.seq, item.index
    yield "at", line.at, item.at
    yield "kind", line.kind, kind
    yield "type", line.type, type
    yield "cause", line.cause, cause
    yield "body", codec.canonical(_content(line)), codec.canonical(content)


def _content(line: Line) -> Any:
    """Return a line's body as it was written: without the resourceVersion that readers put in."""
    if line.kind != Entry.Kind.CHANGE:
        return line.content
    metadata = {name: value for name, value in line.content["metadata"].items() if name != "resourceVersion"}
    return {**line.content, "metadata": metadata}


def _described(item: Item) -> tuple[str, str, int, Any]:
    """Return an item's kind, type, cause and body, as the log writes them."""
    match item:
        case Asked(request=request):
            return Entry.Kind.REQUEST, request.verb, 0, request
        case Change(type=type, cause=cause, object=obj):
            return Entry.Kind.CHANGE, type, cause, obj
        case _:
            body = {**item.body, "container": item.container} if item.container else item.body
            return Entry.Kind.TRACE, item.kind, item.cause, body
