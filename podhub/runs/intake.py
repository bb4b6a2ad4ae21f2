"""The queue's door for async code: requests that come at the same time are committed to it together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import NamedTuple

import msgspec
from django.db import connection
from django.db.utils import IntegrityError, OperationalError

from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster
from podhub.runs import answers, checks, dispatch, lease
from podhub.runs.answers import waiters
from podhub.runs.mailbox import mailbox
from podhub.runs.models import QueuedRequest
from podhub.runs.writing import written

log = logging.getLogger(__name__)

MOST = 50
"""Requests in one commit."""

Accepted = tuple[QueuedRequest, "Future[Answer]"]
"""A request in the queue, and what will be its answer."""


class Coming(NamedTuple):
    """A request that wants in."""

    cluster: Cluster
    request: Request
    accepted: Future[Accepted | Answer]
    checked: bool = False


class Intake:
    """One thread that checks requests and commits them to the queue; it keeps its connection to the database."""

    def __init__(self) -> None:
        self._coming: SimpleQueue[Coming] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, cluster: Cluster, request: Request) -> Future[Accepted | Answer]:
        """Have a request checked and committed; what comes of it is its row, or the answer that refuses it."""
        coming = Coming(cluster, request, Future())
        self._coming.put(coming)
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="podhub-intake", daemon=True)
                self._thread.start()
        return coming.accepted

    def _run(self) -> None:
        while True:
            batch = [self._coming.get()]
            try:
                while len(batch) < MOST:
                    batch.append(self._coming.get_nowait())
            except Empty:
                pass
            self._accept(batch)

    def _accept(self, batch: Sequence[Coming]) -> None:
        try:
            accept(batch)
        except Exception as wrong:  # the thread's edge: whoever waits is told
            connection.close()
            for coming in batch:
                if not coming.accepted.done():
                    coming.accepted.set_exception(wrong)


def accept(batch: Sequence[Coming]) -> None:
    """Check requests, commit those that may be to the queue in one transaction, and have their clusters advanced.

    One whose cluster is not there any more, and all while the database is busy, are refused.
    """
    passed = [coming for coming in batch if not _refused(coming)]
    try:
        rows = _commit(passed)
    except IntegrityError:
        for coming in passed:
            coming.accepted.set_result(answers.dropped(coming.cluster.name)) if len(passed) == 1 else accept([coming])
        return
    except OperationalError as wrong:
        log.warning("queue busy requests=%d error=%s", len(passed), wrong)
        connection.close()
        for coming in passed:
            coming.accepted.set_result(answers.busy())
        return
    dispatch.take({row.cluster_id for row in rows})


def _refused(coming: Coming) -> bool:
    refused = checks.check(coming.cluster, coming.request, valid=coming.checked)
    if refused is not None:
        coming.accepted.set_result(refused)
    return refused is not None


def _commit(passed: Sequence[Coming]) -> list[QueuedRequest]:
    with written():
        rows = QueuedRequest.objects.bulk_create([row_of(coming) for coming in passed])
        futures = [waiters.add(row.pk) for row in rows]  # before the commit, so that no answer can come too early
    for coming, row, future in zip(passed, rows, futures, strict=True):
        coming.accepted.set_result((row, future))
    return rows


def row_of(coming: Coming) -> QueuedRequest:
    return QueuedRequest(
        cluster=coming.cluster,
        body=msgspec.json.encode(coming.request).decode(),
        user=coming.request.user,
        submitted_at=lease.wall_now(),
        reply_to=mailbox.address(),
    )


intake = Intake()
