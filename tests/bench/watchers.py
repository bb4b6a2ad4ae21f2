"""A thousand watches on one cluster: what each is told, and how long after the append.

The client costs little, so that it does not take what it measures: raw sockets, and what they receive is read afterwards.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

CLUSTER = "/clusters/default"

RESOURCE = f"{CLUSTER}/api/v1/namespaces/default/configmaps"

VERSION = re.compile(rb'"resourceVersion":"(\d+)"')


class Watch(asyncio.Protocol):
    """One watch; it keeps what it receives, with the moment (wall, s)."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.begun = asyncio.get_running_loop().create_future()
        self.received: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            assert data.startswith(b"HTTP/1.1 200"), data[:300]
            self.begun.set_result(None)
        self.received.append((time.time(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionError("closed"))

    def arrivals(self) -> list[tuple[int, float]]:
        """Return the versions that came, in their order, each with its moment."""
        found, rest = [], b""
        for at, data in self.received:
            *lines, rest = (rest + data).split(b"\n")
            found += [(int(version), at) for line in lines for version in VERSION.findall(line)[:1]]
        return found


class Seen(NamedTuple):
    """Every version that was written, and what each watcher was told: versions in order, and when (wall, s)."""

    written: list[int]
    told: list[list[tuple[int, float]]]


async def open_watches(port: int, count: int, version: str, headers: Mapping[str, str]) -> list[Watch]:
    """Open watches, not more than a few at a time."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {RESOURCE}?watch=1&resourceVersion={version} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n".encode()
    turns = asyncio.Semaphore(20)

    async def one() -> Watch:
        async with turns:
            _, watch = await asyncio.get_running_loop().create_connection(lambda: Watch(request), "127.0.0.1", port)
            await watch.begun
            return watch

    return list(await asyncio.gather(*(one() for _ in range(count))))


class Client:
    """One connection that stays open, on which objects are created."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._port = port
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    async def open(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def get(self, path: str) -> dict[str, Any]:
        return await self._ask("GET", path, b"")

    async def create(self, path: str, obj: dict[str, Any]) -> dict[str, Any]:
        return await self._ask("POST", path, json.dumps(obj).encode())

    async def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        about = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._head}{about}\r\n".encode() + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None, head
        answer = await self._reader.readexactly(int(length[1]))
        assert head.split(b" ", 2)[1] in (b"200", b"201"), answer
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        self._writer.close()


async def watched(
    port: int, watchers: int, changes: int, every: float, headers: Mapping[str, str], opened: Callable[[], None]
) -> Seen:
    """Open watches, write objects one after another, and return what came of it. `opened` is called between."""
    lister = await Client(port, headers).open()
    version = (await lister.get(RESOURCE))["metadata"]["resourceVersion"]
    lister.close()
    watches = await open_watches(port, watchers, version, headers)
    opened()
    client = await Client(port, headers).open()  # only now: a server closes a connection that is idle for long
    written, began = [], time.monotonic()
    for number in range(changes):
        await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
        obj = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"m{version}-{number}"},
            "data": {"text": "x" * 200},
        }
        made = await client.create(RESOURCE, obj)
        written.append(int(made["metadata"]["resourceVersion"]))
    await asyncio.sleep(2)
    for watch in watches:
        watch.transport.close()
    client.close()
    return Seen(written, [watch.arrivals() for watch in watches])
