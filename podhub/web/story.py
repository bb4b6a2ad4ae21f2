"""A Pod's whole life out of the log, for its timeline: its namesakes before and after it included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from lifecycle.clock import Micros
from lifecycle.printers.pod_row import pod_status
from podhub.log import read
from podhub.log.models import Cluster
from podhub.web.sentences import sentence
from podhub.web.timeline import SHAPES, Lane, Mark, Point, Version, event_mark, lanes, points, trace_mark

CHANGES = ("ADDED", "MODIFIED")


class Story(msgspec.Struct, frozen=True):
    """What came after one seq, up to `seq`; moments are Micros since the cluster's start."""

    seq: int
    lanes: list[Lane]
    points: list[Point]
    marks: list[Mark]


def story(cluster: Cluster, namespace: str, name: str, *, after: int = 0, upto: int) -> Story:
    """Return what happened to the Pods of a name in this stretch of the log."""
    before = read.View(cluster, after).find("pods", namespace, name) if after else None
    versions = read.versions(cluster, "pods", namespace, name, after=after, upto=upto)
    told = points(_since_start(cluster, versions), pod_status, before.object if before else None)
    known = [*([before] if before else []), *versions]
    return Story(upto, _all_lanes(known), list(told), sorted(_marks(cluster, known, after, upto), key=lambda mark: mark.seq))


def _since_start(cluster: Cluster, versions: Iterable[read.Version]) -> Iterator[Version]:
    return (Version(version.seq, version.at - cluster.start, version.type, version.object) for version in versions)


def _all_lanes(versions: Iterable[read.Version]) -> list[Lane]:
    """Return the lanes of the newest version, and before its Events those that only earlier ones have."""
    found: dict[str, Lane] = {}
    for version in reversed(list(versions)):
        for lane in lanes(version.object):
            found.setdefault(lane.id, lane)
    events = found.pop("events", None)
    return [*found.values(), *([events] if events else [])]


def _marks(cluster: Cluster, versions: Iterable[read.Version], after: int, upto: int) -> Iterator[Mark]:
    for uid in dict.fromkeys(str(version.object["metadata"].get("uid", "")) for version in versions):
        for line in read.about(cluster, uid, types=(*CHANGES, *SHAPES), after=after, upto=upto):
            mark = _mark(line, line.at - cluster.start)
            if mark:
                yield mark


def _mark(line: read.Line, at: Micros) -> Mark | None:
    if line.kind == "trace":
        body: dict[str, Any] = line.content
        return trace_mark(line.seq, at, line.type, body.get("container", ""), body, sentence(line.type, body))
    if line.resource == "events":
        return event_mark(Version(line.seq, at, line.type, line.content))
    return None
