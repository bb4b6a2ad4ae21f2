"""Where blocking reads are done: on a few threads of their own, each with its database connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

T = TypeVar("T")

_executor = ThreadPoolExecutor(4, "podhub-api")


async def on_thread(work: Callable[[], T]) -> T:
    """Do something that reads the database, and return what it returns."""
    return await asyncio.get_running_loop().run_in_executor(_executor, _with_connection, work)


class Together:
    """Reads that are done once for all who ask for the same before it begins: nobody is given what is older than his question.

    They are done one after the other, on a thread of their own. Who asks must not change what comes of it.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)
        self._asked: dict[Hashable, Future[Any]] = {}

    async def read(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do something that reads the database, or wait for what somebody else has asked for under the same key."""
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = Future()
            self._executor.submit(self._begin, key, work, asked)
        return await asyncio.shield(asyncio.wrap_future(asked))  # who waits no more must not take it from the others

    def _begin(self, key: Hashable, work: Callable[[], T], asked: Future[T]) -> None:
        del self._asked[key]
        try:
            asked.set_result(_with_connection(work))
        except Exception as wrong:  # whatever it is, those who wait are told
            asked.set_exception(wrong)


def _with_connection(work: Callable[[], T]) -> T:
    """Do some work with this thread's connection; one that has failed is not used again, a pooled one goes back."""
    try:
        return work()
    except (InterfaceError, OperationalError):
        connection.close()
        raise
    finally:
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            connection.close()
