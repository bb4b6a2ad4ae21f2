"""The life of one object between two seqs of a log, as a timeline draws it: of other things than Pods, which have a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from lifecycle.wire import Object
from podhub.log import read
from podhub.log.concerns import concerns, event_uids
from podhub.log.models import Cluster
from podhub.web.story import missed, request_marks, since_start
from podhub.web.timeline import Looks, Mark, Point, Version, event_mark, points


class Track:
    """An object of a name with after < seq <= upto, its namesakes before and after it included."""

    def __init__(self, cluster: Cluster, resource: str, namespace: str, name: str, *, after: int = 0, upto: int) -> None:
        self.cluster, self.resource, self.namespace, self.name = cluster, resource, namespace, name
        self.after, self.upto = after, upto

    @cached_property
    def versions(self) -> list[read.Version]:
        return read.versions(self.cluster, self.resource, self.namespace, self.name, after=self.after, upto=self.upto)

    @cached_property
    def before(self) -> Object | None:
        """What it was ahead of this stretch."""
        if not self.after:
            return None
        found = read.View(self.cluster, self.after).find(self.resource, self.namespace, self.name)
        return found.object if found else None

    @property
    def objects(self) -> list[Object]:
        return [*([self.before] if self.before else []), *(version.object for version in self.versions)]

    def points(self, looks: Callable[[Object], Looks]) -> Iterator[Point]:
        """Yield the points that its versions bring, and those of which nobody watched."""
        missing = missed(self.cluster, self.after, self.upto, self.resource)
        seen = sorted([*since_start(self.cluster, self.versions), *missing], key=lambda version: version.seq)
        return points(seen, looks, self.before)

    def requests(self, lane: str) -> Iterator[Mark]:
        """Yield the requests that changed it."""
        return request_marks(self.cluster, {version.cause for version in self.versions if version.cause > self.after}, lane)

    def events(self, lane: str) -> Iterator[Mark]:
        """Yield the Events about it."""
        objects = self.objects
        for uid in {uid for one in objects for uid in event_uids(one)}:
            for line in read.about(self.cluster, uid, kind="change", after=self.after, upto=self.upto):
                if line.resource == "events" and any(concerns(line.content, one) for one in objects[-1:]):
                    mark = event_mark(Version(line.seq, line.at - self.cluster.start, line.type, line.content), lane)
                    if mark:
                        yield mark
