"""Writes down what a real cluster does, as its watches tell it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from lifecycle.clock import SECOND, Micros, rfc3339_micro
from lifecycle.wire import Object
from podhub.log import clusters, codec
from podhub.log.append import MOST, Gap, Item, Recorded, Writer, slices
from podhub.log.errors import LeaseLost, NoSuchCluster, ReadOnly
from podhub.log.kubeconfig import Server
from podhub.log.models import Cluster
from podhub.log.read import Name, View
from podhub.log.watching import RESOURCES, Failed, Heard, Listed, Resource, Watch

LEASE: Micros = 15 * SECOND
ESSENTIAL = "pods"
"""Without this resource there is nothing to record; the others may be forbidden."""

UNWATCHED: Object = {
    "apiVersion": "v1",
    "kind": "Status",
    "status": "Failure",
    "reason": "Expired",
    "code": 410,
    "message": "nobody watched after this",
}
"""The gap between two recordings."""

Warn = Callable[[str], None]


class Recorder:
    """The one writer of a recorded cluster: takes what the watches hear, and appends it in the order in which it came."""

    def __init__(self, cluster: Cluster, start: Micros) -> None:
        """Take the cluster's lease. Raises: LeaseLost where another process records it, ReadOnly."""
        self._start = cluster.start
        self._token = str(uuid4())
        free = Q(lease_token="") | Q(lease_until__lt=start)
        if not Cluster.objects.filter(free, pk=cluster.pk).update(lease_token=self._token, lease_until=start + LEASE):
            raise LeaseLost(f"cluster {cluster.name!r} is being recorded by another process")
        self._writer = Writer.open(cluster.pk, self._token)
        self._at = self._writer.horizon + 1
        self._known: dict[str, dict[Name, Object]] = {}
        self._resumed, self._told = cluster.head > 0, False
        self._view = View(cluster, cluster.head)

    def take(self, heard: Sequence[Heard], now: Micros) -> int:
        """Append what was heard, and move the horizon to `now`; return how many entries that made."""
        items = [*self._gap_before(), *(item for each in heard for item in self._items(each))]
        with transaction.atomic():
            for piece, horizon in slices(items, max(now, self._at)):
                self._writer.append(piece, horizon, lease_until=now + LEASE)
        self._at = self._writer.horizon + 1
        return len(items)

    def release(self) -> None:
        """Let another process go on with this cluster."""
        Cluster.objects.filter(lease_token=self._token).update(lease_token="", lease_until=0)

    def _gap_before(self) -> list[Item]:
        """Return that nobody watched from where the recording was left until now, where it goes on."""
        if not self._resumed or self._told:
            return []
        self._told = True
        return [Gap(self._at, UNWATCHED, self._line())]

    def _items(self, heard: Heard) -> list[Item]:
        if isinstance(heard, Failed):
            return []
        self._at = max(self._at, heard.at)
        if isinstance(heard, Listed):
            return self._relisted(heard)
        return self._seen(heard.resource, heard.type, heard.object)

    def _seen(self, resource: Resource, type: str, obj: Object) -> list[Item]:
        known = self._known.setdefault(resource.plural, {})
        if type == "DELETED":
            known.pop(_name(obj), None)
        else:
            known[_name(obj)] = obj
        return [Recorded(self._at, type, obj, self._line())]

    def _relisted(self, listed: Listed) -> list[Item]:
        """Return what must have happened since this resource was last known, and that nobody saw it happen.

        After that every Pod is told of, those that are as they were, too: it is known again that they are.
        """
        resource = listed.resource
        if resource.plural not in self._known:
            self._known[resource.plural] = self._view.recorded(resource.plural)
        known = self._known[resource.plural]
        news = {_name(obj): obj for obj in listed.objects}
        items: list[Item] = []
        if listed.gap:
            items.append(Gap(self._at, {**listed.gap, "details": {"kind": resource.plural}}, self._line()))
        missed = resource.plural == ESSENTIAL and (listed.gap is not None or self._resumed)
        for name in sorted(known.keys() - news.keys()):
            items += self._seen(resource, "DELETED", known[name])
        for name, obj in sorted(news.items()):
            if name not in known or _uid(known[name]) != _uid(obj):
                gone = self._seen(resource, "DELETED", known[name]) if name in known else []
                items += [*gone, *self._seen(resource, "ADDED", obj)]
            elif missed or (_version(known[name]) != _version(obj) and codec.canonical(known[name]) != codec.canonical(obj)):
                items += self._seen(resource, "MODIFIED", obj)
        return items

    def _line(self) -> str:
        said = {"t": (self._at - self._start) / SECOND, "received": rfc3339_micro(self._at)}
        return codec.canonical(said).decode()


def cluster_for(name: str, now: Micros) -> Cluster:
    """Return the recorded cluster to go on with, or a new one. Raises: ReadOnly where the name is something else's."""
    try:
        cluster = clusters.named(name)
    except NoSuchCluster:
        return clusters.create_recorded(name, now // SECOND * SECOND)
    if cluster.kind != Cluster.Kind.RECORDED or cluster.read_only:
        raise ReadOnly(f"cluster {name!r} is no recording that could go on: choose another name")
    return cluster


def record(server: Server, cluster: Cluster, namespace: str, stop: threading.Event, warn: Warn) -> int:
    """Follow a real cluster until told to stop; return how many entries were written.

    Raises: LogError where the server cannot be reached or refuses, and where the lease is lost.
    """
    heard: queue.Queue[Heard] = queue.Queue()
    recorder = Recorder(cluster, _now())
    try:
        for resource in RESOURCES:
            Watch(server, resource, namespace, heard, stop).start()
        entries = 0
        while not stop.is_set():
            batch = _next(heard)
            for failed in (each for each in batch if isinstance(each, Failed)):
                _consider(failed, warn)
            entries += recorder.take(batch, _now())
        return entries
    finally:
        stop.set()
        recorder.release()


def _consider(failed: Failed, warn: Warn) -> None:
    if failed.resource.plural == ESSENTIAL:
        raise failed.wrong
    warn(f"{failed.resource.plural} are not recorded: {failed.wrong}")


def _next(heard: queue.Queue[Heard], wait: float = 0.5) -> list[Heard]:
    """Return all that waits to be written; where nothing does, what comes next, or nothing after a while."""
    batch: list[Heard] = []
    try:
        batch.append(heard.get(timeout=wait))
        while len(batch) < MOST:
            batch.append(heard.get_nowait())
    except queue.Empty:
        pass
    return batch


def _name(obj: Object) -> Name:
    return obj["metadata"].get("namespace") or "", obj["metadata"]["name"]


def _uid(obj: Object) -> str:
    return str(obj["metadata"].get("uid", ""))


def _version(obj: Object) -> str:
    return str(obj["metadata"].get("resourceVersion", ""))


def _now() -> Micros:
    return time.time_ns() // 1000
