"""Answers to queued requests: written in the transaction of the entries, and told to whoever waits once that is committed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec
from django.db import connection

from lifecycle.core_v1 import status
from lifecycle.core_v1.status import Status
from lifecycle.wire import Answer
from podhub import wake
from podhub.log.models import Cluster
from podhub.runs import lease
from podhub.runs.counters import counters
from podhub.runs.models import QueuedRequest

Taken = tuple[QueuedRequest, Answer]


class Waiters:
    """Who waits in this process, by the number of the queued request. For all threads."""

    def __init__(self) -> None:
        self._futures: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()

    def add(self, number: int) -> Future[Answer]:
        with self._lock:
            return self._futures.setdefault(number, Future())

    def remove(self, number: int) -> None:
        with self._lock:
            self._futures.pop(number, None)

    def tell(self, number: int, answer: Answer) -> bool:
        """Give a waiter its answer; say whether there was one."""
        with self._lock:
            future = self._futures.pop(number, None)
        if future is None or not future.set_running_or_notify_cancel():
            return False
        future.set_result(answer)
        return True


waiters = Waiters()


def failure(code: int, reason: str, message: str) -> Answer:
    """Return an answer that no engine gave: a metav1.Status."""
    return Answer(0, code, Status(code, reason, message).object())


def write(taken: Sequence[Taken]) -> None:
    """Store the answers of requests that were taken, in the caller's transaction."""
    _store([(queued, answer, answer.index) for queued, answer in taken])


def read_only(cluster: Cluster) -> Answer:
    """Return what a cluster answers that takes no requests."""
    if cluster.kind == Cluster.Kind.RECORDED:
        return failure(403, "Forbidden", f"cluster {cluster.name!r} is a recording: nothing can be asked of it")
    why = f": {cluster.read_only_because}" if cluster.read_only_because else ""
    return failure(403, "Forbidden", f"cluster {cluster.name!r} is read-only{why}; a fork of an earlier moment can be changed")


def broken(why: str) -> Answer:
    return failure(500, "InternalError", f"Internal error occurred: {why}")


def busy() -> Answer:
    busy = status.unavailable("the database is busy; try again in a second", seconds=1)
    return Answer(0, busy.code, busy.object())


def dropped(name: str) -> Answer:
    return failure(404, "NotFound", f"cluster {name!r} was dropped")


def timeout(seconds: float) -> Answer:
    message = f"Timeout: request did not complete within the allotted {seconds:g} s; it may still be done"
    return failure(504, "Timeout", message)


def refuse(queued: QueuedRequest, answer: Answer) -> None:
    """Answer a request without logging it, so that it does not block those behind it."""
    counters["refused"] += 1
    _store([(queued, answer, None)])
    _tell([(queued, answer)])


def tell(cluster: Cluster, head: int | None, taken: Sequence[Taken]) -> None:
    """After the commit: wake who waits for these answers, and, where the log has grown, who reads the cluster."""
    _tell(taken)
    if head is not None:
        wake.wake(cluster.pk, head)


_ANSWERED = (
    "UPDATE runs_queuedrequest SET seq = %s, answered_at = %s, code = %s, answer = %s WHERE id = %s AND answered_at IS NULL"
)


def _store(answered: Sequence[tuple[QueuedRequest, Answer, int | None]]) -> None:
    """Store answers with the requests' seqs, all at once: a thousand may come together."""
    if not answered:
        return
    now = lease.wall_now()
    rows = [(seq, now, answer.code, msgspec.json.encode(answer).decode(), queued.pk) for queued, answer, seq in answered]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.executemany(_ANSWERED, rows)
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"of {len(rows)} requests some were taken by somebody else")


def _tell(taken: Sequence[Taken]) -> None:
    """Tell who waits in this process, and with one message each other process."""
    elsewhere: dict[str, list[int]] = {}
    for queued, answer in taken:
        if not waiters.tell(queued.pk, answer) and queued.reply_to:
            elsewhere.setdefault(queued.reply_to, []).append(queued.pk)
    for address, numbers in elsewhere.items():
        wake.carry(wake.send(address, {"type": "requests.answered", "numbers": numbers}))
