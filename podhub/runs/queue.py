"""The way in: a request is checked, committed to the queue, and answered by the cluster's writer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from typing import Any, TypeVar

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import InterfaceError, OperationalError

from lifecycle.wire import Answer, Request
from podhub import wake
from podhub.log.models import Cluster
from podhub.runs import answers, checks, dispatch, lease
from podhub.runs.answers import waiters
from podhub.runs.models import QueuedRequest
from podhub.runs.rehearsal import rehearse

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0

LOOK_SECONDS = 1.0
"""A wake-up may be lost: so often a waiter looks at its row by itself, and has the cluster advanced once more."""

T = TypeVar("T")

Accepted = tuple[QueuedRequest, Future[Answer]]

_executor = ThreadPoolExecutor(1, "podhub-queue")
"""Async code puts requests into the queue on this one thread: it keeps its connection, and writers do not wait in a crowd."""


def submit(cluster: Cluster, request: Request, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """Have a cluster's writer take a request, and return its answer. Blocks; `timeout` is in seconds of the wall."""
    settled = _settled(cluster, request)
    if settled is not None:
        return settled
    queued, future = _accept(cluster, request)
    ends = time.monotonic() + timeout
    try:
        dispatch.nudge(cluster.pk)
        while (left := ends - time.monotonic()) > 0:
            try:
                return future.result(min(left, LOOK_SECONDS))
            except NotInTime:
                found = _look(cluster, queued)
            if found is not None:
                return found
        return answers.timeout(timeout)
    finally:
        waiters.remove(queued.pk)


async def asubmit(cluster: Cluster, request: Request, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """As `submit`, for async code."""
    ends = time.monotonic() + timeout
    accepted = await _on_thread(lambda: _settled(cluster, request) or _accept_and_send(cluster, request))
    if isinstance(accepted, Answer):
        return accepted
    queued, future = accepted
    answered = asyncio.wrap_future(future)
    try:
        while (left := ends - time.monotonic()) > 0:
            await asyncio.wait((answered,), timeout=min(left, LOOK_SECONDS))
            if answered.done():
                return answered.result()
            found = await _on_thread(lambda: _look(cluster, queued))
            if found is not None:
                return found
        return answers.timeout(timeout)
    finally:
        answered.cancel()
        waiters.remove(queued.pk)


def _settled(cluster: Cluster, request: Request) -> Answer | None:
    """Return the answer to a request for which no writer is needed, or None."""
    refused = checks.check(cluster, request)
    if refused is None and request.query.get("dryRun") == ["All"]:
        return rehearse(cluster, request)
    return refused


def _accept_and_send(cluster: Cluster, request: Request) -> Accepted:
    accepted = _accept(cluster, request)
    dispatch.nudge(cluster.pk)
    return accepted


def _accept(cluster: Cluster, request: Request) -> Accepted:
    """Commit a request to the queue; return its row, and what will be its answer."""
    body = msgspec.json.encode(request).decode()
    with transaction.atomic():
        queued = QueuedRequest.objects.create(
            cluster=cluster,
            body=body,
            user=request.user,
            submitted_at=lease.wall_now(),
            reply_to=mailbox.address(),
        )
        future = waiters.add(queued.pk)  # before the commit, so that no answer can come too early
    return queued, future


def _look(cluster: Cluster, queued: QueuedRequest) -> Answer | None:
    """Return the answer that a row holds; where there is none yet, have the cluster advanced again."""
    row = QueuedRequest.objects.filter(pk=queued.pk).first()
    if row is None:
        return answers.failure(404, "NotFound", f"cluster {cluster.name!r} was dropped")
    if row.result is None:
        dispatch.nudge(cluster.pk)
    return row.result


async def _on_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_executor, _fresh, work)


def _fresh(work: Callable[[], T]) -> T:
    """Do some work with this thread's connection; one that has failed is not used again."""
    try:
        return work()
    except (InterfaceError, OperationalError):
        connection.close()
        raise


class Mailbox:
    """The channel on which this process hears that its requests are answered, where other processes answer them."""

    def __init__(self) -> None:
        self._address = ""

    def address(self) -> str:
        """Return the channel's name; empty where answers come from inside this process."""
        if settings.TEAM and not self._address:
            opened: Future[str] = Future()
            wake.carry(self._listen(opened))
            try:
                self._address = opened.result(2)
            except NotInTime:  # the channel layer is away: answers are found by looking
                log.warning("mailbox not opened")
        return self._address

    async def _listen(self, opened: Future[str]) -> None:
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel("answers")
        opened.set_result(channel)
        while True:
            try:
                message = await layer.receive(channel)
                await self._deliver(message)
            except Exception as wrong:  # the task's edge: who waits finds the answer by looking
                log.warning("mailbox error=%r", wrong)
                await asyncio.sleep(LOOK_SECONDS)

    async def _deliver(self, message: dict[str, Any]) -> None:
        await _on_thread(lambda: _resolve(message["number"]))


def _resolve(number: int) -> None:
    row = QueuedRequest.objects.filter(pk=number).first()
    if row is not None and row.result is not None:
        waiters.tell(number, row.result)


mailbox = Mailbox()
