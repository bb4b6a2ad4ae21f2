"""The channel on which a process hears that its requests are answered, where other processes answer them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from channels.layers import get_channel_layer
from django.conf import settings

from podhub import wake
from podhub.runs.answers import waiters
from podhub.runs.models import QueuedRequest

log = logging.getLogger(__name__)

OPEN_SECONDS = 2.0

AGAIN_SECONDS = 1.0


class Mailbox:
    """One process's channel. `address` opens it."""

    def __init__(self) -> None:
        self._address = ""
        self._opening = threading.Lock()

    def address(self) -> str:
        """Return the channel's name; empty where answers come from inside this process, or the channel layer is away."""
        if not settings.TEAM:
            return ""
        with self._opening:
            if not self._address:
                self._address = self._open()
        return self._address

    def _open(self) -> str:
        opened: Future[str] = Future()
        wake.carry(self._listen(opened))
        try:
            return opened.result(OPEN_SECONDS)
        except Exception as wrong:  # whatever ails the channel layer, answers are found by looking
            log.warning("mailbox not opened error=%r", wrong)
            return ""

    async def _listen(self, opened: Future[str]) -> None:
        layer = get_channel_layer()
        assert layer is not None
        try:
            channel = await layer.new_channel("answers")
        except Exception as wrong:
            opened.set_exception(wrong)
            return
        opened.set_result(channel)
        while True:
            try:
                message = await layer.receive(channel)
                await asyncio.to_thread(deliver, message["numbers"])
            except Exception as wrong:  # the task's edge: who waits finds the answer by looking
                log.warning("mailbox error=%r", wrong)
                await asyncio.sleep(AGAIN_SECONDS)


def deliver(numbers: Sequence[int]) -> None:
    """Give answers to those who wait for them in this process."""
    from django.db import connection

    try:
        for row in QueuedRequest.objects.filter(pk__in=numbers):
            if row.result is not None:
                waiters.tell(row.pk, row.result)
    finally:
        connection.close()


mailbox = Mailbox()
