"""The sockets of open pages. A wake-up says that the log has grown; what a page is told is read from the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from podhub import wake
from podhub.access import rights
from podhub.log.errors import NoSuchCluster
from podhub.log.models import Cluster
from podhub.web.bulletins import Bulletin, Subject, board, bulletin, clock_bulletin
from podhub.web.choice import Choice
from podhub.web.events_page import EventChoice

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""So often a page looks by itself: a wake-up may be lost, and ages grow."""

REST_SECONDS = 0.2
"""A page of more than one Pod, where something may happen all the time, gathers news for so long."""

CLOCK_TICKS = 10
"""Ticks from one word about the cluster's clock to the next: a sign of life, too."""

REFUSED, GONE = 4403, 4404
"""Close codes: not allowed; no such cluster (any more)."""


class PageConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page: it has seen the log up to `seq`, and is told what comes after, in order."""

    async def connect(self) -> None:
        if settings.TEAM and not self.scope["user"].is_authenticated:
            await self.close(REFUSED)
            return
        query = {key: values[-1] for key, values in parse_qs(self.scope["query_string"].decode("latin-1")).items()}
        names = self.scope["url_route"]["kwargs"]
        try:
            if "\x00" in "".join((*names.values(), *query.values())):  # PostgreSQL knows no text with it
                raise NoSuchCluster(names["cluster_name"])
            cluster = await database_sync_to_async(rights.seen)(self.scope["user"], names["cluster_name"])
        except NoSuchCluster:
            await self.close(GONE)
            return
        self.seq = _number(query.get("after", ""))
        self.subject = self._subject(cluster, query)
        self.woken = asyncio.Event()
        self.head = cluster.head
        self.group = wake.group(cluster.pk)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self.following = asyncio.create_task(self.follow())

    def _subject(self, cluster: Cluster, query: dict[str, str]) -> Subject:
        kwargs = self.scope["url_route"]["kwargs"]
        language = query.get("lang", "")
        language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        page, names = kwargs["page"], (kwargs.get("namespace", ""), kwargs.get("name", ""))
        if page == "events":
            return Subject(cluster.pk, language, page, events=EventChoice.of(query))
        return Subject(cluster.pk, language, page, *names, Choice() if names[1] else Choice.of(query))

    async def disconnect(self, code: int) -> None:
        if not hasattr(self, "following"):
            return
        self.following.cancel()
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def cluster_grew(self, message: dict[str, Any]) -> None:
        self.head = max(self.head, message["head"])
        self.woken.set()

    async def follow(self) -> None:
        """Tell the page what is new, as long as it is open."""
        try:
            await self._follow()
        except Cluster.DoesNotExist:
            await self.close(GONE)
        except asyncio.CancelledError:
            raise
        except OSError:  # the browser has gone while it was told something; its connection ends by itself
            log.debug("page left %s", self.subject)
        except Exception:  # the task's edge: the browser connects again and asks from where it stopped
            log.exception("page %s", self.subject)
            await self.close(1011)

    async def _follow(self) -> None:
        ticks, last_tick = 0, ""
        await self._tell(await self._bulletin(ticked=False))
        while True:
            ticked = not await self._wait()
            if not ticked and self.head <= self.seq:
                continue
            if self.subject.page != "pod":
                await asyncio.sleep(REST_SECONDS)
            said = await self._bulletin(ticked)
            if not ticked or said.text != last_tick or said.seq > self.seq:
                await self._tell(said)
            last_tick = said.text if ticked else ""
            ticks += ticked
            if ticked and ticks % CLOCK_TICKS == 0:
                await self._tell(await self._clock())

    async def _wait(self) -> bool:
        """Wait for a wake-up (True) or a tick (False)."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), TICK_SECONDS)
        woken = self.woken.is_set()
        self.woken.clear()
        return woken

    async def _bulletin(self, ticked: bool) -> Bulletin:
        subject, after = self.subject, self.seq
        moment = int(time.monotonic() / TICK_SECONDS) if ticked else self.head
        return await board().get((subject, after, ticked, moment), lambda: bulletin(subject, after, ticked))

    async def _clock(self) -> Bulletin:
        cluster_id = self.subject.cluster_id
        return await board().get((cluster_id, int(time.monotonic() / TICK_SECONDS)), lambda: clock_bulletin(cluster_id))

    async def _tell(self, said: Bulletin) -> None:
        self.seq = max(self.seq, said.seq)
        if said.text:
            await self.send(text_data=said.text)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
