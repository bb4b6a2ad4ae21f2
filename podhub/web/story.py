"""A Pod's whole life out of the log, for its timeline: its namesakes before and after it included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from django.db.models import Max, Q

from lifecycle.clock import Micros
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.clusters import segments
from podhub.log.concerns import event_uids
from podhub.log.models import Cluster, Entry
from podhub.web.renders import renders
from podhub.web.sentences import request_sentence, sentence
from podhub.web.timeline import SHAPES, Lane, Mark, Point, Version, bars, event_mark, lanes, points, request_mark, trace_mark

CHANGES = ("ADDED", "MODIFIED")


class Story(msgspec.Struct, frozen=True):
    """What came after one seq, up to `seq`; moments are Micros since the cluster's start."""

    seq: int
    lanes: list[Lane]
    points: list[Point]
    marks: list[Mark]


class Chapter(msgspec.Struct, frozen=True):
    """A stretch of a log, as far as it is about the Pods of one name.

    `before` is the version ahead of it; `versions` those in it; `lines` all that regards them: changes, Events, traces.
    """

    cluster: Cluster
    after: int
    upto: int
    before: read.Version | None
    versions: list[read.Version]
    lines: list[read.Line]


def chapter(cluster: Cluster, namespace: str, name: str, *, after: int = 0, upto: int, types: tuple[str, ...] = ()) -> Chapter:
    """Read what the log holds about the Pods of a name with after < seq <= upto; `types` of changes and traces, or all."""
    versions = read.versions(cluster, "pods", namespace, name, after=after, upto=upto)
    before = read.View(cluster, after).find("pods", namespace, name) if after else None
    # Of a Pod that is gone there may still be Events to come.
    gone = read.versions(cluster, "pods", namespace, name, upto=after)[-1:] if after and not before else []
    known = [*gone, *([before] if before else []), *versions]
    uids = {uid for version in known for uid in told_by(version.object)}
    lines = [line for uid in uids for line in read.about(cluster, uid, types=types, after=after, upto=upto)]
    return Chapter(cluster, after, upto, before, versions, sorted(lines, key=lambda line: line.seq))


def told_by(pod: Object) -> set[str]:
    """Return the uids by which entries tell of a Pod: its own, and of a mirror Pod the one that its Events give."""
    return {uid for uid in (pod["metadata"].get("uid"), *event_uids(pod)) if uid}


def story(told: Chapter) -> Story:
    """Return a chapter as the timeline draws it."""
    before = told.before.object if told.before else None
    known = [*([told.before] if told.before else []), *told.versions]
    missing = missed(told.cluster, told.after, told.upto)
    seen = sorted([*since_start(told.cluster, told.versions), *missing], key=lambda version: version.seq)
    changes = points(seen, bars, before)
    marks = (_mark(line, line.at - told.cluster.start) for line in told.lines)
    drawn = sorted([*_writes(told), *(mark for mark in marks if mark)], key=lambda mark: mark.seq)
    return Story(told.upto, _all_lanes(known, told.cluster), list(changes), drawn)


def _writes(told: Chapter) -> Iterator[Mark]:
    """Yield the requests that changed these Pods or what is in them; those that came earlier were told with their moment."""
    return request_marks(told.cluster, {line.cause for line in told.lines if line.cause > told.after})


def request_marks(cluster: Cluster, causes: set[int], lane: str = "pod") -> Iterator[Mark]:
    """Yield the marks of those of these entries that are requests."""
    for piece in segments(cluster):
        rows = Entry.objects.filter(cluster_id=piece.cluster_id, seq__in=causes, seq__gt=piece.after, kind=Entry.Kind.REQUEST)
        for row in rows.filter(seq__lte=piece.upto) if piece.upto is not None else rows:
            yield request_mark(row.seq, row.at - cluster.start, request_sentence(row.content), lane)


def missed(cluster: Cluster, after: int, upto: int, resource: str = "pods") -> list[Version]:
    """Return what a recording missed in this stretch; asked once for all whose lives are told of it."""
    key = ("missed", cluster.pk, after, upto, resource)
    return renders.get(
        key, lambda: [Version(seq, at - cluster.start, "GAP", {}) for seq, at in gaps(cluster, after, upto, resource)]
    )


class Turn(NamedTuple):
    """A change of a Pod, without what it says: DELETED is its end."""

    seq: int
    at: Micros
    type: str
    uid: str


class Book:
    """All that happened to the Pods of a name up to a seq, but for what programs wrote: read when it is opened."""

    def __init__(self, cluster: Cluster, namespace: str, name: str, upto: int) -> None:
        self.cluster, self.namespace, self.name, self.upto = cluster, namespace, name, upto

    @cached_property
    def chapter(self) -> Chapter:
        types = (*CHANGES, "DELETED", *SHAPES, "assumption")
        return chapter(self.cluster, self.namespace, self.name, upto=self.upto, types=types)

    @cached_property
    def turns(self) -> list[Turn]:
        """The changes of these Pods; none: the log tells of no such Pod."""
        rows = Entry.objects.filter(within(self.cluster, self.upto), kind=Entry.Kind.CHANGE, resource="pods")
        rows = rows.filter(namespace=self.namespace, name=self.name).order_by("seq")
        return [Turn(*row) for row in rows.values_list("seq", "at", "type", "about")]

    @cached_property
    def newest(self) -> int:
        """The seq of the last entry that tells of these Pods: what shows their story is the same until it grows."""
        rows = Entry.objects.filter(within(self.cluster, self.upto), about__in=self._uids, kind__in=Entry.Kind.values)
        gaps = Entry.objects.filter(within(self.cluster, self.upto), about="", kind=Entry.Kind.GAP)
        return max((max_of["seq__max"] or 0 for max_of in (rows.aggregate(Max("seq")), gaps.aggregate(Max("seq")))), default=0)

    @property
    def _uids(self) -> set[str]:
        first = {turn.uid: turn.seq for turn in reversed(self.turns)}
        return {uid for own, seq in first.items() for uid in self._told_by(own, seq)}

    def _told_by(self, uid: str, seq: int) -> set[str]:
        """Return by which uids a Pod is told of; its first version (of `seq`) says so once for all."""
        of = {"after": seq - 1, "upto": seq}
        key = ("told by", self.cluster.pk, uid, seq)
        return renders.get(key, lambda: told_by(read.versions(self.cluster, "pods", self.namespace, self.name, **of)[0].object))

    def end(self, seq: int | None = None) -> Turn | None:
        """Return what took the Pod away, where `seq` is its last; without one: where it is gone by now."""
        turns = self.turns if seq is None else [turn for turn in self.turns if turn.seq == seq + 1]
        return turns[-1] if turns and turns[-1].type == "DELETED" else None


def within(cluster: Cluster, upto: int) -> Q:
    """Return the condition for the entries of a log up to a seq, those that it has of the logs it was forked from included."""
    stretches = Q()
    for piece in segments(cluster):
        last = upto if piece.upto is None else min(piece.upto, upto)
        stretches |= Q(cluster_id=piece.cluster_id, seq__gt=piece.after, seq__lte=last)
    return stretches


def unwatched_since(cluster: Cluster, seq: int, after: int = 0) -> Micros | None:
    """Return since when nobody watched a recorded cluster, where that is so as of a seq and nothing was told after `after`."""
    found = gaps(cluster, after, seq) if cluster.kind == Cluster.Kind.RECORDED else []
    return found[-1][1] if found else None


def gaps(cluster: Cluster, after: int, upto: int, resource: str = "pods") -> list[tuple[int, Micros]]:
    """Return seq and moment of what a recording missed, as far as a resource was missed."""
    rows = Entry.objects.filter(within(cluster, upto), seq__gt=after, about="", kind=Entry.Kind.GAP).order_by("seq")
    return [(row.seq, row.at) for row in rows.only("seq", "at", "body") if _missed(row.content) in (None, resource)]


def _missed(status: Any) -> str | None:
    """Return the one resource that a gap is about; None: it may be any."""
    details = status.get("details") if isinstance(status, dict) else None
    return details.get("kind") if isinstance(details, dict) else None


def since_start(cluster: Cluster, versions: Iterable[read.Version]) -> Iterator[Version]:
    return (Version(version.seq, version.at - cluster.start, version.type, version.object) for version in versions)


def _all_lanes(versions: Iterable[read.Version], cluster: Cluster) -> list[Lane]:
    """Return the lanes of the newest version, and before its Events those that only earlier ones have."""
    found: dict[str, Lane] = {}
    for version in reversed(list(versions)):
        for lane in lanes(version.object, probed=cluster.kind == Cluster.Kind.SIMULATED):
            found.setdefault(lane.id, lane)
    events = found.pop("events", None)
    return [*found.values(), *([events] if events else [])]


def _mark(line: read.Line, at: Micros) -> Mark | None:
    if line.kind == "trace":
        body: dict[str, Any] = line.content
        return trace_mark(line.seq, at, line.type, body.get("container", ""), body, sentence(line.type, body))
    if line.resource == "events":
        return event_mark(Version(line.seq, at, line.type, line.content))
    return None
