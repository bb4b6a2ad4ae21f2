"""The way in: a request is checked, committed to the queue, and answered by the cluster's writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from typing import TypeVar

from django.db import connection

from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster
from podhub.runs import answers, checks, dispatch
from podhub.runs.answers import waiters
from podhub.runs.intake import Accepted, Coming, accept, intake
from podhub.runs.models import QueuedRequest
from podhub.runs.rehearsal import rehearse

P = TypeVar("P")
T = TypeVar("T")

TIMEOUT_SECONDS = 10.0

LOOK_SECONDS = 1.0
"""A wake-up may be lost: so often a waiter looks at its row by itself, and has the cluster advanced once more."""


def submit(cluster: Cluster, request: Request, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """Have a cluster's writer take a request, and return its answer. Blocks; `timeout` is in seconds of the wall."""
    if is_dry_run(request):
        return _rehearsed(cluster, request)
    coming = Coming(cluster, request, Future())
    accept([coming])
    return _answer(cluster, coming.accepted.result(), timeout)


def _answer(cluster: Cluster, accepted: Accepted | Answer, timeout: float) -> Answer:
    """Wait for the answer to a request that was accepted."""
    if isinstance(accepted, Answer):
        return accepted
    queued, future = accepted
    ends = time.monotonic() + timeout
    try:
        while (left := ends - time.monotonic()) > 0:
            try:
                return future.result(min(left, LOOK_SECONDS))
            except NotInTime:
                found = look(cluster, queued)
            if found is not None:
                return found
        return answers.timeout(timeout)
    finally:
        waiters.remove(queued.pk)


def submit_all(
    cluster: Cluster, requests: Sequence[Request], timeout: float = TIMEOUT_SECONDS, *, checked: bool = False
) -> list[Answer]:
    """Have a cluster's writer take requests in this order, and return their answers; they are committed to the queue together.

    A request is taken whatever the others are answered. `timeout` is for each of them; `checked` says that what they create
    has been found valid already.
    """
    coming = [Coming(cluster, request, Future(), checked) for request in requests]
    accept(coming)
    return [_answer(cluster, one.accepted.result(), timeout) for one in coming]


async def asubmit(cluster: Cluster, request: Request, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """As `submit`, for async code."""
    if is_dry_run(request):
        return await asyncio.to_thread(_apart, _rehearsed, cluster, request)
    ends = time.monotonic() + timeout
    # Shielded: who waits no more would cancel what its whole batch is told through.
    accepted = await asyncio.shield(asyncio.wrap_future(intake.put(cluster, request)))
    if isinstance(accepted, Answer):
        return accepted
    queued, future = accepted
    answered = asyncio.wrap_future(future)
    try:
        while (left := ends - time.monotonic()) > 0:
            await asyncio.wait((answered,), timeout=min(left, LOOK_SECONDS))
            if answered.done():
                return answered.result()
            found = await asyncio.to_thread(_apart, look, cluster, queued)
            if found is not None:
                return found
        return answers.timeout(timeout)
    finally:
        answered.cancel()
        waiters.remove(queued.pk)


def is_dry_run(request: Request) -> bool:
    return request.query.get("dryRun") == ["All"]


def _rehearsed(cluster: Cluster, request: Request) -> Answer:
    return checks.check(cluster, request) or rehearse(cluster, request)


def _apart(work: Callable[[Cluster, P], T], cluster: Cluster, what: P) -> T:
    """Do some work on a thread that keeps no connection to the database."""
    try:
        return work(cluster, what)
    finally:
        connection.close()


def look(cluster: Cluster, queued: QueuedRequest) -> Answer | None:
    """Return the answer that a row holds; where there is none yet, have the cluster advanced again."""
    row = QueuedRequest.objects.filter(pk=queued.pk).first()
    if row is None:
        return answers.dropped(cluster.name)
    if row.result is None:
        dispatch.nudge(cluster.pk)
    return row.result
