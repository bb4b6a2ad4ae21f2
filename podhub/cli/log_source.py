"""A cluster as of one of its moments, and its objects, for the commands that read it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from lifecycle.clock import Micros
from lifecycle.controllers import heartbeats
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.core_v1.schema import kind_of
from podhub.cli.database import has_tables, unusable
from podhub.cli.errors import CommandError
from podhub.cli.objects import Object

if TYPE_CHECKING:
    from podhub.log.models import Cluster


def start() -> None:
    """Set up as much of Django as reading the log needs, which is less than half of the time that all of it takes.

    Raises: CommandError where the database is of no use.
    """
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")
    apps.populate(["podhub.log", "podhub.runs"])
    if not has_tables():
        raise unusable("it is empty: podhub up makes a cluster in it")


@contextmanager
def told() -> Iterator[None]:
    """Turn what can go wrong with a log into a CommandError for the user."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import DatabaseError

    try:
        from podhub.log.errors import LogError, NoSuchCluster
    except ImproperlyConfigured as wrong:
        raise CommandError(f"error: {wrong}") from None
    try:
        yield
    except NoSuchCluster as wrong:
        raise CommandError(f"error: {wrong}; podhub cluster list tells which there are") from None
    except (LogError, ImproperlyConfigured) as wrong:
        raise CommandError(f"error: {wrong}") from None
    except DatabaseError as wrong:
        raise unusable(wrong) from None


class LogSource:
    """A cluster as of a moment; without one, as it is now."""

    def __init__(self, cluster: str, at: str | None) -> None:
        with told():
            start()
            from podhub.log import read

            row, self.now, seq = as_of(cluster, at)
            self._view, self._start = read.View(row, seq), row.start
            self._recorded = row.kind == row.Kind.RECORDED

    def find(self, resource: str, namespace: str, name: str) -> Object | None:
        with told():
            version = self._view.find(resource, namespace, name) or self._view.find(resource, "", name)
        return self._shown(resource, version.object) if version else None

    def _shown(self, resource: str, obj: Object) -> Object:
        """Return an object as it is shown: with what kubelets have told by then, where they are simulated."""
        if self._recorded or resource not in heartbeats.RESOURCES:
            return obj
        return heartbeats.shown(resource, obj, self._start, self.now)

    def list(self, resource: str, namespace: str | None) -> Sequence[Object]:
        with told():
            versions = self._view.list(resource, namespace)
            if namespace and not versions:
                versions = self._view.list(resource, "")
        return [self._shown(resource, version.object) for version in versions]

    def events_of(self, obj: Object) -> Sequence[Object]:
        with told():
            return [version.object for version in self._view.events_of(obj)]

    def whole(self, obj: Object) -> Object:
        kind = kind_of(obj["apiVersion"], obj["kind"])
        return obj if self._recorded or kind is None else expanded(kind, obj)


class Known(NamedTuple):
    """A cluster as of a moment of its own, with the last entry of its log that counts then."""

    cluster: Cluster
    now: Micros
    seq: int


def as_of(name: str, at: str | None) -> Known:
    """Return a cluster as of a moment, or as it is now; what was due by then is played first. Raises: LogError."""
    from podhub.log import clusters, moments
    from podhub.log.errors import NotYet

    cluster = clusters.named(name)
    if _is_behind(cluster):
        _play(cluster)
    if at is None:
        return Known(cluster, _now(cluster), cluster.head)
    try:
        moment = moments.parse(at, cluster)
    except NotYet:
        _play(cluster)
        moment = moments.parse(at, cluster)
    return Known(cluster, *moment)


def _is_behind(cluster: Cluster) -> bool:
    """Say whether something was due in a cluster that nobody has played: no server runs, and the clock runs on."""
    return cluster.wake_wall is not None and cluster.wake_wall < time.time_ns() // 1000 and not cluster.read_only


def _play(cluster: Cluster) -> None:
    """Bring a cluster's log up to its clock's now, unless a server is at it."""
    from podhub.runs.advance import advance

    if cluster.takes_requests:
        while advance(cluster.pk):
            pass
        cluster.refresh_from_db()


def _now(cluster: Cluster) -> Micros:
    """Return what a cluster's clock says: that of a recording stands where it ended, or goes with the wall's."""
    if cluster.kind == cluster.Kind.RECORDED:
        return cluster.horizon if cluster.finished else time.time_ns() // 1000
    from podhub.runs.clock import Clock, parse_speed

    clock = Clock(parse_speed(cluster.speed), cluster.clock_at, cluster.clock_since, cluster.clock_until)
    return max(cluster.horizon, clock.now(time.time_ns() // 1000))
