"""When the server is to stop: what would go on for ever is told, so that it ends as an answer that is whole."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any

_told: asyncio.Future[None] | None = None


def listen() -> None:
    """Notice the signals that stop this process, before whoever handles them now; to be called on the server's loop."""
    global _told
    loop = asyncio.get_running_loop()
    _told = loop.create_future()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _telling(loop, handler))


def _telling(loop: asyncio.AbstractEventLoop, handler: Callable[[int, Any], Any]) -> Callable[[int, Any], Any]:
    def handle(number: int, frame: Any) -> Any:
        loop.call_soon_threadsafe(tell)
        return handler(number, frame)

    return handle


def tell() -> None:
    """Tell all who wait that the server is to stop."""
    if _told is not None and not _told.done():
        _told.set_result(None)


def told() -> asyncio.Future[None]:
    """Return what is done once the server is to stop; one that never is where nobody listens."""
    loop = asyncio.get_running_loop()
    return _told if _told is not None and _told.get_loop() is loop else loop.create_future()
