"""One writer at a time in a process on SQLite: who waits for a lock of this process is woken at once.

SQLite itself lets a second writer sleep and look again, up to 100 ms at a time. Other processes still meet it so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_lock = threading.RLock()


@contextmanager
def writing() -> Iterator[None]:
    """Hold the process's turn to write."""
    if connection.vendor == "sqlite":
        with _lock:
            yield
    else:
        yield


@contextmanager
def written(*, lasting: bool = True) -> Iterator[None]:
    """A transaction that writes, in the process's turn to do so.

    One that is not `lasting` does not wait for the disk: a power loss may take it back, and all such after it, until the next
    one that is. So it may only hold what comes again by itself.
    """
    with writing() if lasting else fleeting(), transaction.atomic():
        if not lasting and connection.vendor == "postgresql":
            _execute("SET LOCAL synchronous_commit TO off")
        yield


@contextmanager
def fleeting() -> Iterator[None]:
    """Hold the turn for one write that a power loss may take back, such as a lease: SQLite does not wait for the disk."""
    with writing():
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            yield
            return
        _execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            _execute("PRAGMA synchronous=FULL")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
