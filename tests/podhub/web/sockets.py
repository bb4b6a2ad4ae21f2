"""A browser's end of a socket, for tests. (`channels.testing` itself cannot be imported without daphne.)"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from asgiref.testing import ApplicationCommunicator


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
