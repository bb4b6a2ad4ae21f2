"""A request as ASGI brings it, and the answers to it. Every answer that is no success is a metav1.Status."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec
import yaml

from lifecycle.apiserver.pod_clients import is_pretty
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1.field import quote
from lifecycle.core_v1.status import LARGEST_BODY, Status, too_large
from podhub import stopping

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[str, str], ...]

JSON = "application/json"
YAML = "application/yaml"
MOST_DIGITS = 100
"""Of a number in a query: more need not be read to know that it is out of range."""


class Disconnected(Exception):
    """The client has gone: there is nobody to answer."""


class Reply(NamedTuple):
    """A whole answer."""

    code: int
    body: bytes
    content_type: str = JSON
    headers: Headers = ()


class Call:
    """One request: what it asks for, and the way back to who asks. `user` is who that is, once that is known."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.method: str = scope.get("method", "GET")
        self.query: dict[str, list[str]] = parse_qs(
            scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=1000
        )
        self.headers: dict[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.user = "podhub"
        self.groups: tuple[str, ...] = ()
        self.by_roles = False
        """Whether roles alone say what the user may do: a ServiceAccount, or one in whose name somebody else asks."""
        self.warned: tuple[str, ...] = ()
        """What who asks is warned of, whatever the answer."""
        self.repeated: tuple[str, ...] = ()
        """What strict decoding says of fields of the body that stand twice; nobody sees them in what was read."""

    def one(self, name: str) -> str:
        """Return a query parameter's first value; empty where it is not given."""
        values = self.query.get(name)
        return values[0] if values else ""

    def flag(self, name: str) -> bool:
        """Say whether a query parameter is true, as Go reads it: `?watch` and `?watch=1` are."""
        return name in self.query and self.one(name).lower() not in ("false", "0")

    def whole(self, name: str) -> int | None:
        """Return a query parameter as a whole number, None where it is not given. Raises: Refused (400)."""
        if name not in self.query:
            return None
        text = self.one(name)
        number = int(text) if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII) and len(text) <= MOST_DIGITS else None
        if number is not None and -(2**63) <= number < 2**63:
            return number
        why = "value out of range" if re.fullmatch(r"[+-]?[0-9]+", text, re.ASCII) else "invalid syntax"
        raise Refused(Status(400, "BadRequest", f"strconv.ParseInt: parsing {quote(text)}: {why}"))

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """Return the whole body. Raises: Refused (413), Disconnected."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part = message.get("body", b"")
            size += len(part)
            if size > LARGEST_BODY:
                raise Refused(too_large())
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def answer(self, reply: Reply) -> None:
        """Send a whole answer."""
        headers = (("content-length", str(len(reply.body))), *reply.headers)
        await self.begin(reply.code, reply.content_type, headers)
        await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else reply.body})

    async def deny(self, reply: Reply) -> None:
        """Answer who wants a websocket that there will be none, and why."""
        headers = [(b"content-type", reply.content_type.encode()), (b"content-length", str(len(reply.body)).encode())]
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.send({"type": "websocket.close", "code": 1008})
            return
        await self.send({"type": "websocket.http.response.start", "status": reply.code, "headers": headers})
        await self.send({"type": "websocket.http.response.body", "body": reply.body})

    async def begin(self, code: int, content_type: str, headers: Headers = ()) -> None:
        """Send an answer's head; its body comes in parts."""
        own = {"content-type": content_type, "cache-control": "no-cache, private", "x-content-type-options": "nosniff"}
        given = {name.lower() for name, _ in headers}
        named = [*((name, value) for name, value in own.items() if name not in given), *headers]
        named += warning_headers(self.warned)
        raw = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in named if value]
        await self.send({"type": "http.response.start", "status": code, "headers": raw})

    async def part(self, body: bytes, more: bool = True) -> None:
        """Send a part of an answer's body."""
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def gone(self) -> None:
        """Return once the client has gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def until_gone(call: Call, work: Awaitable[None]) -> None:
    """Do something for as long as the client is there."""
    await _until(call, work)


async def stream(call: Call, work: Awaitable[None]) -> None:
    """Send the parts of an answer that has begun, for as long as the client is there; where the server stops, it ends."""
    stops = stopping.told()
    if not await _until(call, work, stops) and stops.done():
        await call.part(b"", more=False)


async def _until(call: Call, work: Awaitable[None], *ends: asyncio.Future[None]) -> bool:
    """Say whether the work was done before the client was gone, or what else ends it."""
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(call.gone())
    try:
        await asyncio.wait((*tasks, *ends), return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()


def indented(call: Call, reply: Reply) -> Reply:
    """Return an answer with its JSON indented, where somebody reads it with his own eyes or asks for that."""
    if reply.content_type != JSON or not is_pretty(call.one("pretty"), call.headers.get("user-agent", "")):
        return reply
    return reply._replace(body=msgspec.json.format(reply.body.rstrip(b"\n"), indent=2))


def json_reply(obj: Any, code: int = 200, headers: Headers = (), content_type: str = JSON) -> Reply:
    """Return an answer whose body is JSON (or YAML, where that is the content type)."""
    if content_type == YAML:
        return Reply(code, yaml.safe_dump(obj, sort_keys=True).encode(), YAML, headers)
    return Reply(code, msgspec.json.encode(obj) + b"\n", content_type, headers)


def no_page() -> Reply:
    """Return what Go answers to a path that leads nowhere. Kubernetes: apiserver/pkg/util/notfoundhandler"""
    return Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")


def status_reply(status: Status) -> Reply:
    """Return a Status as an answer."""
    headers = warning_headers(status.warnings)
    seconds = (status.details or {}).get("retryAfterSeconds")
    if seconds:
        headers += (("retry-after", str(seconds)),)
    return json_reply(status.object(), status.code, headers)


def warning_headers(warnings: Iterable[str]) -> Headers:
    """Return the headers that carry warnings. RFC 7234, section 5.5; agent `-`, code 299."""
    return tuple(("warning", f'299 - "{_quoted(text)}"') for text in warnings)


def _quoted(text: str) -> str:
    text = "".join(char if char.isprintable() else " " for char in text)
    return text.replace("\\", "\\\\").replace('"', '\\"')
