"""Where blocking reads are done: on a few threads of their own, each with its database connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

T = TypeVar("T")

_executor = ThreadPoolExecutor(4, "podhub-api")


async def on_thread(work: Callable[[], T]) -> T:
    """Do something that reads the database, and return what it returns."""
    return await asyncio.get_running_loop().run_in_executor(_executor, _with_connection, work)


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
