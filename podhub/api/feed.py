"""The newest changes of a cluster, read from its log once for all who watch it in this process.

A feed lives while somebody watches. It is woken by the channel layer and looks for itself once a second besides, for a
wake-up may be lost. Each event is encoded once for all watchers that want it in the same form.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Iterable

from channels.layers import get_channel_layer

from lifecycle.clock import Micros
from lifecycle.wire import Object
from podhub import wake
from podhub.api.threads import on_thread
from podhub.log.models import Cluster, Entry
from podhub.log.read import Line, tail

log = logging.getLogger(__name__)

KEPT = 4000
"""Events that a feed keeps, for those who come a little later or are slow."""

PAGE = 500

LOOK_SECONDS = 1.0

CLOCK = ("head", "horizon", "speed", "clock_at", "clock_since", "clock_until", "read_only")
"""What of a cluster's row changes while it is watched: how far it has come, and how its time goes."""


class Event:
    """A change as watchers are told of it, or a gap (`type` is GAP, and there is no object)."""

    __slots__ = ("_encoded", "at", "name", "namespace", "object", "resource", "seq", "type")

    def __init__(self, line: Line) -> None:
        self.seq: int = line.seq
        self.at: Micros = line.at
        self.type = line.type if line.kind == Entry.Kind.CHANGE else "GAP"
        self.resource, self.namespace, self.name = line.resource, line.namespace, line.name
        self.object: Object = line.content
        self._encoded: dict[Hashable, bytes] = {}

    def encoded(self, form: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the event in a form; it is made for the first who asks."""
        found = self._encoded.get(form)
        if found is None:
            found = self._encoded[form] = make()
        return found


def events_of(lines: Iterable[Line]) -> list[Event]:
    """Return what of a stretch of the log concerns watchers."""
    return [Event(line) for line in lines if line.kind in (Entry.Kind.CHANGE, Entry.Kind.GAP)]


class Feed:
    """One cluster's changes from the moment that somebody first watched it. Lives on the event loop."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.head = self.start = cluster.head
        """The events held are all those with start < seq <= head."""
        self._waiting: set[asyncio.Future[None]] = set()
        self.users = 0
        self._events: list[Event] = []
        self._seqs: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self.heartbeats: dict[Hashable, asyncio.Future[list[Event]]] = {}
        """The newest heartbeats that somebody has asked for, for all who watch the same."""

    async def after(self, seq: int) -> tuple[list[Event], int]:
        """Return what comes after a seq (not all of it, perhaps), and the seq up to which that is everything."""
        if seq >= self.start:
            return self._events[bisect.bisect_right(self._seqs, seq) :], max(seq, self.head)
        lines = await on_thread(lambda: tail(self.cluster, seq, PAGE, upto=self.head))
        return events_of(lines), lines[-1].seq if lines else self.head

    async def beyond(self, seq: int, seconds: float) -> None:
        """Return when the feed has come beyond a seq, or after so long a time.

        It makes no task, as asyncio.wait_for would, for each of a thousand watchers and each change.
        """
        if self.head > seq:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.add(waiter)
        timer = loop.call_later(seconds, _release, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiting.discard(waiter)

    def begin(self) -> None:
        self.users += 1
        if self._task is None:
            self._task = asyncio.ensure_future(self._follow())

    def end(self) -> None:
        self.users -= 1
        if not self.users and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel("feed")
        group = wake.group(self.cluster.pk)
        await layer.group_add(group, channel)
        try:
            while True:
                try:
                    await self._read()
                except Exception as wrong:  # the task's edge: a busy database is asked again
                    log.warning("feed cluster=%s error=%r", self.cluster.name, wrong)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(layer.receive(channel), LOOK_SECONDS)
        finally:
            await layer.group_discard(group, channel)

    async def _read(self) -> None:
        """Read what is new, and wake those who wait for it."""
        lines = None
        while lines is None or len(lines) == PAGE:
            lines = await on_thread(self._news)
            if not lines:
                return
            for event in events_of(lines):
                self._events.append(event)
                self._seqs.append(event.seq)
            self.head = lines[-1].seq
            self._forget()
            waiting, self._waiting = self._waiting, set()
            for waiter in waiting:
                _release(waiter)

    def _news(self) -> list[Line]:
        self.cluster.refresh_from_db(fields=CLOCK)
        head = self.cluster.head
        return tail(self.cluster, self.head, PAGE, upto=head) if head > self.head else []

    def _forget(self) -> None:
        extra = len(self._events) - KEPT
        if extra > KEPT // 4:
            self.start = self._seqs[extra - 1]
            del self._events[:extra], self._seqs[:extra]


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


_feeds: dict[tuple[asyncio.AbstractEventLoop, int], Feed] = {}


@contextlib.asynccontextmanager
async def following(cluster: Cluster) -> AsyncIterator[Feed]:
    """Have a cluster's feed for a while."""
    key = asyncio.get_running_loop(), cluster.pk
    feed = _feeds.get(key)
    if feed is None:
        feed = _feeds[key] = Feed(cluster)
    feed.begin()
    try:
        yield feed
    finally:
        feed.end()
        if not feed.users:
            _feeds.pop(key, None)
