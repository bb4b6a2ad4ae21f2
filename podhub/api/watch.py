"""WATCH: the tail of the log, as one JSON object for each change, from any resourceVersion on.

A live cluster's watch goes with its log; that of a past moment plays what came after it, at the speed that is asked for.
Kubernetes: apiserver/pkg/endpoints/handlers/watch.go, apiserver/pkg/storage/cacher
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial as bound
from typing import Any

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.apiserver.selectors import selection
from lifecycle.clock import Micros
from lifecycle.core_v1 import status
from lifecycle.wire import Object
from podhub.api import address as addresses
from podhub.api import list_options
from podhub.api.address import Address
from podhub.api.feed import PAGE, Event, Feed, following
from podhub.api.heartbeats import Heartbeats
from podhub.api.http import Call, stream
from podhub.api.list_options import check_reached, version_asked
from podhub.api.negotiation import wanted
from podhub.api.objects import as_table, include, partial, served
from podhub.api.threads import on_thread
from podhub.log.clusters import segments
from podhub.log.models import Entry
from podhub.log.read import View, entry, tail
from podhub.runs.clock import MAX

BOOKMARK_SECONDS = 60.0

INITIAL_END = {"k8s.io/initial-events-end": "true"}

Name = tuple[str, str]


async def watch(call: Call, address: Address, target: Target) -> None:
    """Stream the changes of a resource for as long as the client listens. Raises: Refused before it begins."""
    watcher = Watcher(call, address, target)
    list_options.check(call)
    await on_thread(watcher.prepare)
    await call.begin(200, watcher.form.content_type)
    await stream(call, watcher.run())


class Watcher:
    """One watch. `position` is the seq up to which the client has been told everything."""

    def __init__(self, call: Call, address: Address, target: Target) -> None:
        self.call, self.address, self.target = call, address, target
        self.form = wanted(call.headers.get("accept", ""), "PartialObjectMetadata")
        self.selected = selection(call.query, target.kind.qualified_plural)
        self.include = include(call)
        self.bookmarks = call.flag("allowWatchBookmarks")
        self.send_initial = call.flag("sendInitialEvents") or self._is_legacy()
        self.timeout = call.whole("timeoutSeconds") or None  # 0 stands for the server's own
        self.asked = version_asked(call.one("resourceVersion"))
        self.position = address.seq
        self.cluster = address.cluster
        self.played_from: Micros = address.now
        self.matching: set[Name] = set()
        self.initial: list[Object] = []
        self.first = True

    def _is_legacy(self) -> bool:
        """Say whether a watch that says nothing of it begins with what there is. Kubernetes: SetListOptionsDefaults"""
        silent = "sendInitialEvents" not in self.call.query and not self.call.one("resourceVersionMatch")
        return silent and self.call.one("resourceVersion") in ("", "0")

    def prepare(self) -> None:
        """Read what there is at the beginning. Blocks. Raises: Refused."""
        check_reached(self.asked, self.address)
        from_now = not self.asked or self.send_initial
        if not from_now:
            assert self.asked is not None
            self.position = self.asked
            self._check_gap()
        if self.address.moment and self.position != self.address.seq:
            line = entry(self.address.cluster, self.position)
            self.played_from = line.at if line else self.address.cluster.start
        if from_now or not self.selected.fixed:
            self._read_list(from_now)

    def _check_gap(self) -> None:
        """Refuse to go on from before a gap that was left while nobody recorded. Raises: Refused (410)."""
        if self.address.moment is None:
            for piece in segments(self.address.cluster):
                gaps = Entry.objects.filter(cluster_id=piece.cluster_id, kind=Entry.Kind.GAP, seq__gt=self.position)
                inherited = gaps if piece.upto is None else gaps.filter(seq__lte=piece.upto)
                seq = inherited.order_by("-seq").values_list("seq", flat=True).first()
                if seq is not None:
                    raise Refused(status.expired(self.position, seq))

    def _read_list(self, tell: bool) -> None:
        """Note what matches at the beginning, and where that is asked for, tell of it."""
        for version in View(self.address.cluster, self.position).list(self.target.kind.plural, self.target.namespace or None):
            if self.selected.matches(version.object):
                if not self.selected.fixed:
                    self.matching.add(_name(version.object))
                if tell and (self.send_initial or "sendInitialEvents" not in self.call.query):
                    self.initial.append(self._served(version.object, self.address.now))

    async def run(self) -> None:
        """Tell what there is at the beginning, and then of every change."""
        ends = None if self.timeout is None else time.monotonic() + self.timeout
        now = self.address.now
        if self.initial or self.send_initial:
            parts = [self._encode("ADDED", obj, now) for obj in self.initial]
            self.initial = []
            if self.send_initial and self.bookmarks:
                parts.append(self._bookmark(INITIAL_END))
            await self.call.part(b"".join(parts))
        else:
            await self.call.part(b"")
        async with following(self.address.cluster) as feed:
            self.cluster = feed.cluster
            follow = self._play(feed, ends) if self.address.moment else self._follow(feed, ends)
            await follow
        await self.call.part(self._bookmark() if self.bookmarks else b"", more=False)

    async def _follow(self, feed: Feed, ends: float | None) -> None:
        """Go with the log until the time is up."""
        marked = now = time.monotonic()
        beats = Heartbeats(self.target.kind.plural, self.address.now)
        while ends is None or now < ends:
            events, upto = await feed.after(self.position)
            if not await self._tell(events):
                return
            self.position = max(self.position, upto)
            if feed.head == self.position:
                await self._tell(await beats.after(feed))
            until = marked + BOOKMARK_SECONDS
            nearest = min(until, until if ends is None else ends, now + beats.seconds(feed.cluster))
            await feed.beyond(self.position, nearest - now)
            now = time.monotonic()
            if now >= until:
                marked = now
                if self.bookmarks:
                    await self.call.part(self._bookmark())

    async def _tell(self, events: list[Event]) -> bool:
        """Tell the client of changes, all that concern it in one part; say whether it may be told of more."""
        parts, goes_on = list[bytes](), True
        for event in events:
            if event.type == "GAP":
                parts.append(self._event("ERROR", status.expired(self.position, event.seq).object()))
                goes_on = False
                break
            if event.resource == self.target.kind.plural:
                parts.append(await self._told(event))
        if body := b"".join(parts):
            await self.call.part(body)
        return goes_on

    async def _play(self, feed: Feed, ends: float | None) -> None:
        """Play what the log holds after the beginning, each change when its moment has come."""
        began, base, speed = time.monotonic(), self.played_from, self.address.speed
        async for events in self._pages(feed, ends):
            for event in events:
                due = began if speed == MAX else began + (event.at - base) / 1e6 / speed
                if ends is not None and due > ends:
                    await asyncio.sleep(max(0.0, ends - time.monotonic()))
                    return
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                body = await self._told(event)
                self.position = event.seq
                if body:
                    await self.call.part(body)

    async def _pages(self, feed: Feed, ends: float | None) -> AsyncIterator[list[Event]]:
        """Yield the log's changes page by page, from the database, and wait at its end."""
        cluster = self.address.cluster
        while ends is None or time.monotonic() < ends:
            lines = await on_thread(bound(tail, cluster, self.position, PAGE, upto=feed.head))
            if lines:
                yield [
                    Event(line) for line in lines if line.kind == Entry.Kind.CHANGE and line.resource == self.target.kind.plural
                ]
                self.position = lines[-1].seq
            else:
                await asyncio.sleep(0.2)

    async def _told(self, event: Event) -> bytes:
        """Return what a watcher is told of a change: nothing, if that is none of its business."""
        if event.resource != self.target.kind.plural or (self.target.namespace and event.namespace != self.target.namespace):
            return b""
        type, obj = event.type, event.object
        matches = self.selected.matches(obj)
        if self.selected.fixed:
            return self._shared(event, type) if matches else b""
        name = (event.namespace, event.name)
        before = name in self.matching
        if matches and type != "DELETED":
            self.matching.add(name)
            return self._shared(event, "MODIFIED" if before else "ADDED")
        self.matching.discard(name)
        if not before:
            return b""
        if type == "DELETED":
            return self._shared(event, "DELETED")
        return self._encode("DELETED", await self._as_it_matched(event), self._now(event))

    async def _as_it_matched(self, event: Event) -> Object:
        """Return an object that matches no more as it was before, with the version that made it so."""
        view = View(self.address.cluster, event.seq - 1)
        version = await on_thread(lambda: view.find(event.resource, event.namespace, event.name))
        obj = self._served(version.object if version else dict(event.object), event.at)
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(event.seq)}}

    def _shared(self, event: Event, type: str) -> bytes:
        """Return an event in this watcher's form; those who want the same share its bytes."""
        form = (type, self.target.kind.group_version, self.form, self.include, self.first and self.form.form == "Table")
        body = event.encoded(form, lambda: self._encode(type, self._served(event.object, event.at), self._now(event)))
        self.first = False
        return body

    def _served(self, obj: Object, now: Micros) -> Object:
        return served(obj, self.target, self.address.cluster, now)

    def _now(self, event: Event) -> Micros:
        """Return the moment to which ages are counted when an event is told."""
        return event.at if self.address.moment else addresses.now(self.cluster)

    def _encode(self, type: str, obj: Object, now: Micros) -> bytes:
        if self.form.form == "Table":
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            table = as_table(self.target, [obj], now, metadata, self.include, self.form, columns=self.first)
            self.first = False
            return self._event(type, table)
        return self._event(type, partial(obj, self.form) if self.form.form else obj)

    def _bookmark(self, annotations: dict[str, str] | None = None) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": str(self.position), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        kind = self.target.kind
        return self._event("BOOKMARK", {"kind": kind.kind, "apiVersion": kind.group_version, "metadata": metadata})

    @staticmethod
    def _event(type: str, obj: Object) -> bytes:
        return msgspec.json.encode({"type": type, "object": obj}) + b"\n"


def _name(obj: Object) -> Name:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
