"""Celery's broker inside one process: kombu's memory transport, which wakes the worker instead of having it look.

Kombu's own sleeps and looks again, so that it either costs the processor while nothing happens or lets a message wait.
"""

from __future__ import annotations

import threading
import time
from queue import Empty
from typing import Any

from kombu.transport import memory

LOOK_SECONDS = 1.0
"""How long it may sleep although nobody said that a message has come."""

came = threading.Event()
"""Set when a message has been put into a queue."""


class Channel(memory.Channel):
    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)  # type: ignore[no-untyped-call]
        came.set()


class Transport(memory.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver the next message, when it has come. Raises: TimeoutError where none comes in so many seconds."""
        assert self.cycle is not None
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            came.clear()  # before the look, so that what comes after it is not slept through
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[no-untyped-call]
            except Empty:
                left = LOOK_SECONDS if ends is None else ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError from None
                came.wait(min(left, LOOK_SECONDS))
            else:
                return
