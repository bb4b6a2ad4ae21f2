"""A browser's end of a socket, for tests. (`channels.testing` itself cannot be imported without daphne.)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from asgiref.testing import ApplicationCommunicator

from podhub import wake
from podhub.web.routing import application

HEADERS = [(b"host", b"localhost:8000"), (b"origin", b"http://localhost:8000")]


class WebsocketCommunicator(ApplicationCommunicator):
    """Opens one socket of an ASGI application, and speaks text over it."""

    def __init__(self, application: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        parts = urlsplit(path)
        scope = {
            "type": "websocket",
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self, timeout: float = 5) -> tuple[bool, int | None]:
        """Return whether the socket was accepted, and the code it was closed with where not."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout)
        return (True, None) if answer["type"] == "websocket.accept" else (False, answer.get("code", 1000))

    async def receive_from(self, timeout: float = 5) -> str:
        message = await self.receive_output(timeout)
        assert message["type"] == "websocket.send", message
        return str(message["text"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


@asynccontextmanager
async def page(path: str) -> AsyncIterator[WebsocketCommunicator]:
    """Open a page's socket, woken from this loop."""
    wake.carry_on(asyncio.get_running_loop())
    socket = WebsocketCommunicator(application, path, headers=HEADERS)
    connected, _ = await socket.connect(timeout=5)
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect()
        wake.carry_on(None)


async def heard(socket: WebsocketCommunicator) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(await socket.receive_from(timeout=5))
    return message


async def heard_until(socket: WebsocketCommunicator, seq: int) -> list[dict[str, Any]]:
    found = [await heard(socket)]
    while found[-1].get("seq", 0) < seq:
        found.append(await heard(socket))
    return found
