"""The connections to a Pod's ports that one websocket carries, whatever it speaks.

What a client sends goes into the cluster's log, with requests; what comes of it is told from there.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from lifecycle.apiserver.resources import Target
from lifecycle.wire import Answer, Object, Request
from podhub.api.address import Address
from podhub.api.http import Call, Disconnected, Message
from podhub.api.pipe import Pipe
from podhub.api.traces import follow
from podhub.log.read import Line
from podhub.runs.queue import asubmit

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 256
"""Connections of one websocket at a time; half as many where each has two channels, for a channel is a byte."""

MOST_MESSAGE = 1 << 20
"""Bytes of one message of a client."""

MOST_WAITING = 1 << 20
"""Bytes of one connection that wait to be written into the log; while there are more, nothing is read from its websocket."""

MOST_REQUEST = 256 << 10
"""Bytes that one request carries into the log."""

MOST_LINES = 64
"""Traces of one connection that wait to be sent; while there are more, no others are read."""

TOO_LARGE = 1009
"""RFC 6455's word for a message that is."""

Respond = Callable[[bytes], Awaitable[None]]


class Connection:
    """One connection to a port: what the client sends goes into the log, what comes of it is told from there."""

    def __init__(self, forwarding: Forwarding, port: int, respond: Respond, end: Respond) -> None:
        self.forwarding, self.port = forwarding, port
        self._respond, self._end = respond, end
        self.sent: Pipe[bytes] = Pipe(MOST_WAITING)
        self.lines: Pipe[Line] = Pipe(MOST_LINES)
        self.session = 0

    async def send(self, data: bytes) -> None:
        """Take what the client sends."""
        self.sent.put(data, len(data))
        await self.sent.room()

    def hang_up(self) -> None:
        """End it: the client does not want it any more, or is gone."""
        self.sent.leave()
        self.lines.leave()

    async def run(self) -> None:
        """Open it, and see it through to its end."""
        answer = await self.forwarding.open(self)
        if answer.code >= 400:
            await self._end(str(answer.body.get("message", "")).encode())
            return
        writing = asyncio.ensure_future(self._write())
        try:
            ended = await self._tell()
        except Disconnected:
            ended = False
        writing.cancel()
        self.forwarding.forget(self)
        if not ended:
            await self.forwarding.submit("update", {"session": self.session, "gone": True})

    async def _tell(self) -> bool:
        """Tell the client what its connection's program sends until the end of that; False where it has hung up before."""
        while lines := await self.lines.take():
            for line in lines:
                body = line.content
                if line.type == "session":
                    await self._respond(base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode())
                elif body["phase"] == "ended":
                    await self._end(body["message"].encode())
                    return True
        return False

    async def _write(self) -> None:
        """Write into the log what the client sends, until that is all."""
        while pieces := await self.sent.take():
            data = b"".join(pieces)
            for at in range(0, len(data), MOST_REQUEST):
                await self._submit(data[at : at + MOST_REQUEST])
        if not self.sent.left:
            await self._submit(b"", end=True)

    async def _submit(self, data: bytes, end: bool = False) -> None:
        body = {"session": self.session, "data": base64.b64encode(data).decode(), "end": end}
        answer = await self.forwarding.submit("update", body)
        if answer.code >= 400:
            log.info("portforward pod=%s refused=%s", self.forwarding.target.name, answer.body.get("message"))


class Forwarding(ABC):
    """A websocket and its connections."""

    def __init__(self, call: Call, address: Address, target: Target, pod: Object) -> None:
        self.call, self.address, self.target = call, address, target
        self.uid = pod["metadata"]["uid"]
        self._tasks: dict[asyncio.Task[None], Connection] = {}
        self._sessions: dict[int, Connection] = {}
        self._opening = 0
        self._early: dict[int, list[Line]] = {}

    @abstractmethod
    async def listen(self) -> None:
        """Take what the client sends, until it goes."""

    async def run(self) -> None:
        types = ("session", "portforward")
        telling = asyncio.ensure_future(follow(self.address.cluster, self.uid, types, self.address.seq, self._take))
        listening = asyncio.ensure_future(self.listen())
        try:
            done, _ = await asyncio.wait((listening, telling), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            listening.cancel()
            telling.cancel()
            for connection in self._tasks.values():
                connection.hang_up()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, connection: Connection) -> asyncio.Task[None]:
        """Let a connection begin."""
        task = asyncio.ensure_future(connection.run())
        self._tasks[task] = connection
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task).hang_up()
        if not task.cancelled() and (wrong := task.exception()) is not None and not isinstance(wrong, Disconnected):
            log.error("portforward pod=%s failed", self.target.name, exc_info=wrong)

    async def open(self, connection: Connection) -> Answer:
        """Have the cluster open a connection. Traces of it may be read before its number is known here."""
        self._opening += 1
        try:
            answer = await self.submit("create", None, {"ports": [str(connection.port)]})
        finally:
            self._opening -= 1
        if answer.code < 400:
            connection.session = int(answer.body["details"]["name"])
            self._sessions[connection.session] = connection
            for line in self._early.pop(connection.session, ()):
                connection.lines.put(line)
        if not self._opening:
            self._early.clear()
        return answer

    def forget(self, connection: Connection) -> None:
        """Give a connection no more traces."""
        connection.hang_up()
        self._sessions.pop(connection.session, None)

    async def submit(self, verb: str, body: Any, query: dict[str, list[str]] | None = None) -> Answer:
        """Have the cluster's writer take a request about the forwarded ports."""
        target, kind = self.target, self.target.kind
        request = Request(
            verb,
            kind.plural,
            kind.group_version,
            target.namespace,
            target.name,
            "portforward",
            query=query or {},
            body=body,
            user=self.call.user,
        )
        return await asubmit(self.address.cluster, request)

    async def _take(self, lines: list[Line]) -> bool:
        """Give traces to the connections that they are about."""
        for line in lines:
            session = line.content.get("session", 0)
            connection = self._sessions.get(session)
            if connection is not None:
                connection.lines.put(line)
                await connection.lines.room()
            elif session and self._opening:
                self._early.setdefault(session, []).append(line)
        return False

    async def receive(self) -> bytes | None:
        """Return a message of the client; None once it has gone, or sends more than is taken."""
        message = await self.call.receive()
        if message["type"] == "websocket.disconnect":
            return None
        data: bytes = message.get("bytes") or (message.get("text") or "").encode("latin-1", "replace")
        if len(data) > MOST_MESSAGE:
            await self.close(TOO_LARGE, f"a message of {len(data)} bytes; {MOST_MESSAGE} are taken")
            return None
        return data

    async def send(self, message: Message) -> None:
        """Send a message. Raises: Disconnected."""
        try:
            await self.call.send(message)
        except (OSError, RuntimeError):  # the server's words for a socket that was closed by the client, or here
            raise Disconnected from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the websocket, if the client has not done so already."""
        with contextlib.suppress(OSError, RuntimeError):
            await self.call.send({"type": "websocket.close", "code": code, "reason": reason})


def is_port(text: str) -> bool:
    """Say whether a text is the number of a port."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16
