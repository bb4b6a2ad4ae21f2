"""portforward: a websocket on which connections to a Pod's ports are opened.

`SPDY/3.1+portforward.k8s.io` carries SPDY, and in it two streams for each connection: kubectl from 1.31 on.
`v4.channel.k8s.io` has two channels for each port that the query names, and one connection to it: the clients of other
languages. Kubernetes: kubelet/pkg/cri/streaming/portforward, client-go/tools/portforward
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from lifecycle.apiserver.connections import no_network
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.status import Status
from lifecycle.wire import Answer, Object, Request
from podhub.api import spdy
from podhub.api.address import Address
from podhub.api.http import Call, Disconnected
from podhub.api.pipe import Pipe
from podhub.api.resources import Target
from podhub.api.threads import on_thread
from podhub.api.traces import follow
from podhub.api.writing import check_writable
from podhub.log.read import Line
from podhub.runs import answers
from podhub.runs.queue import asubmit

log = logging.getLogger(__name__)

TUNNEL = "SPDY/3.1+portforward.k8s.io"
CHANNELS = "v4.channel.k8s.io"

MOST_CONNECTIONS = 256
"""Connections of one websocket at a time: as many pairs of streams, or half as many channels as a byte can tell apart."""

MOST_MESSAGE = 1 << 20
"""Bytes of one message of a client."""

MOST_WAITING = 1 << 20
"""Bytes of one connection that wait to be written into the log; while there are more, nothing is read from its websocket."""

MOST_REQUEST = 256 << 10
"""Bytes that one request carries into the log."""

MOST_LINES = 64
"""Traces of one connection that wait to be sent; while there are more, no others are read."""

TURN = 64
"""Frames of one client that are dealt with before others have their turn."""

PROTOCOL_ERROR = 1002

Respond = Callable[[bytes], Awaitable[None]]


async def check(call: Call, address: Address, target: Target) -> Object:
    """Return the Pod whose ports are to be forwarded. Raises: Refused."""
    version = await on_thread(lambda: address.view.find("pods", target.namespace, target.name))
    if version is None:
        raise Refused(status.not_found(target.kind, target.name))
    check_writable(address)
    cluster, pod = address.cluster, version.object
    if cluster.read_only:
        why = answers.read_only(cluster.name, cluster.read_only_because)
        raise Refused(Status(why.code, why.body["reason"], why.body["message"], {}))
    if not pod["spec"].get("nodeName"):
        raise Refused(status.bad_request(f"pod {target.name} does not have a host assigned"))
    conditions = pod["status"].get("conditions") or ()
    if not any(one["type"] == "PodReadyToStartContainers" and one["status"] == "True" for one in conditions):
        raise Refused(status.bad_request(no_network(pod["metadata"])))
    return pod


async def serve(call: Call, address: Address, target: Target) -> None:
    """Forward ports over a websocket that was not accepted yet. Raises: Refused."""
    offered = call.scope.get("subprotocols", ())
    protocol = next((one for one in offered if one in (TUNNEL, CHANNELS)), None)
    if protocol is None:
        why = f"unable to upgrade: none of the subprotocols is known; use {TUNNEL} or {CHANNELS}"
        raise Refused(status.bad_request(why))
    pod = await check(call, address, target)
    forwarding = Tunnel(call, address, target, pod) if protocol == TUNNEL else Channels(call, address, target, pod)
    await call.send({"type": "websocket.accept", "subprotocol": protocol})
    await forwarding.run()


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


class Forwarding:
    """A websocket and its connections."""

    def __init__(self, call: Call, address: Address, target: Target, pod: Object) -> None:
        self.call, self.address, self.target = call, address, target
        self.uid = pod["metadata"]["uid"]
        self._tasks: dict[asyncio.Task[None], Connection] = {}
        self._sessions: dict[int, Connection] = {}
        self._opening = 0
        self._early: dict[int, list[Line]] = {}

    async def listen(self) -> None:
        """Take what the client sends, until it goes."""
        raise NotImplementedError

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
            await self.close(1009, f"a message of {len(data)} bytes; {MOST_MESSAGE} are taken")
            return None
        return data

    async def send(self, data: bytes) -> None:
        """Send a message. Raises: Disconnected."""
        try:
            await self.call.send({"type": "websocket.send", "bytes": data})
        except (OSError, RuntimeError):  # the server's words for a socket that was closed by the client, or here
            raise Disconnected from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the websocket, if the client has not done so already."""
        with contextlib.suppress(OSError, RuntimeError):
            await self.call.send({"type": "websocket.close", "code": code, "reason": reason})


class Streams:
    """The two streams of a connection in a tunnel, by their numbers; 0 until the client has opened it."""

    def __init__(self, tunnel: Tunnel, port: int) -> None:
        self.tunnel = tunnel
        self.data = self.error = 0
        self.connection = Connection(tunnel, port, self._respond, self._end)

    @property
    def whole(self) -> bool:
        return bool(self.data and self.error)

    async def _respond(self, data: bytes) -> None:
        await self.tunnel.write([spdy.Data(self.data, data)])

    async def _end(self, message: bytes) -> None:
        self.tunnel.forget_streams(self)
        told = [spdy.Data(self.error, message)] if message else []
        await self.tunnel.write([*told, spdy.Data(self.error, b"", True), spdy.Data(self.data, b"", True)])


class Tunnel(Forwarding):
    """SPDY in a websocket. The client's streams come in pairs, which a number of the request joins."""

    def __init__(self, call: Call, address: Address, target: Target, pod: Object) -> None:
        super().__init__(call, address, target, pod)
        self._reader, self._writer = spdy.Reader(), spdy.Writer()
        self._writing = asyncio.Lock()
        self._pairs: dict[str, Streams] = {}
        self._streams: dict[int, Streams] = {}
        self._last = 0

    async def listen(self) -> None:
        try:
            while (data := await self.receive()) is not None:
                for count, frame in enumerate(self._reader.feed(data)):
                    if isinstance(frame, spdy.GoAway):
                        await self.close()
                        return
                    await self._frame(frame)
                    if count % TURN == TURN - 1:
                        await asyncio.sleep(0)
        except spdy.ProtocolError as wrong:
            await self.write([spdy.GoAway(self._last, spdy.GO_AWAY_PROTOCOL_ERROR)])
            await self.close(PROTOCOL_ERROR, str(wrong))
        except Disconnected:
            return

    async def _frame(self, frame: spdy.Frame) -> None:
        match frame:
            case spdy.SynStream():
                await self._open(frame)
            case spdy.Data(number, data, fin):
                await self._data(number, data, fin)
            case spdy.RstStream(number):
                self._drop(number)
            case spdy.Ping(number) if number % 2:
                await self.write([frame])

    async def _open(self, frame: spdy.SynStream) -> None:
        """Answer a stream that opens; with the second of a pair its connection begins."""
        if frame.stream % 2 == 0 or frame.stream <= self._last:
            raise spdy.ProtocolError(f"stream {frame.stream} cannot be opened after stream {self._last} by a client")
        self._last = frame.stream
        port, type = frame.headers.get("port", ""), frame.headers.get("streamtype", "")
        if len(self._streams) >= 2 * MOST_CONNECTIONS:
            await self.write([spdy.RstStream(frame.stream, spdy.REFUSED_STREAM)])
            return
        request = frame.headers.get("requestid") or str(frame.stream - 2 * (type == "data"))
        if type not in ("data", "error") or not _is_port(port) or self._is_taken(request, type):
            await self.write([spdy.RstStream(frame.stream, spdy.CANCEL)])
            return
        pair = self._pairs.get(request) or Streams(self, int(port))
        self._pairs[request] = self._streams[frame.stream] = pair
        setattr(pair, type, frame.stream)
        await self.write([spdy.SynReply(frame.stream, {})])
        if pair.whole:
            del self._pairs[request]
            self.start(pair.connection)
        if frame.fin:
            await self._data(frame.stream, b"", fin=True)

    def _is_taken(self, request: str, type: str) -> bool:
        pair = self._pairs.get(request)
        return pair is not None and bool(pair.data if type == "data" else pair.error)

    async def _data(self, number: int, data: bytes, fin: bool) -> None:
        """Take what comes on a stream; what comes on one that has ended is late, and on one for errors without meaning."""
        pair = self._streams.get(number)
        if pair is None or number != pair.data:
            return
        if data:
            pair.connection.sent.put(data, len(data))
        if pair.whole:
            await pair.connection.sent.room()
        elif pair.connection.sent.full:
            raise spdy.ProtocolError(f"more than {MOST_WAITING} bytes on stream {number}, whose stream for errors is not open")
        if fin:
            pair.connection.sent.close()

    def _drop(self, number: int) -> None:
        """Give up a connection one of whose streams the client has reset."""
        pair = self._streams.get(number)
        if pair is not None:
            self.forget_streams(pair)
            pair.connection.hang_up()

    def forget_streams(self, pair: Streams) -> None:
        """Know the streams of a connection no more: what still comes on them is late."""
        for number in (pair.data, pair.error):
            self._streams.pop(number, None)
        self._pairs = {request: one for request, one in self._pairs.items() if one is not pair}

    async def write(self, frames: Iterable[spdy.Frame]) -> None:
        """Send frames, in the order in which this is called."""
        async with self._writing:
            await self.send(b"".join(self._writer.write(frame) for frame in frames))


class Channels(Forwarding):
    """Two channels for each port: its data, and what went wrong. Each begins with the port's number."""

    def __init__(self, call: Call, address: Address, target: Target, pod: Object) -> None:
        super().__init__(call, address, target, pod)
        self._connections = [Connection(self, port, *self._channels(i)) for i, port in enumerate(_ports(call))]

    def _channels(self, i: int) -> tuple[Respond, Respond]:
        async def respond(data: bytes) -> None:
            await self.send(bytes((2 * i,)) + data)

        async def end(message: bytes) -> None:
            if message:
                await self.send(bytes((2 * i + 1,)) + message)

        return respond, end

    async def listen(self) -> None:
        try:
            for i, connection in enumerate(self._connections):
                for channel in (2 * i, 2 * i + 1):
                    await self.send(bytes((channel,)) + connection.port.to_bytes(2, "little"))
            ends = asyncio.gather(*(self.start(connection) for connection in self._connections), return_exceptions=True)
            reading = asyncio.ensure_future(self._read())
            try:
                await asyncio.wait((ends, reading), return_when=asyncio.FIRST_COMPLETED)
            finally:
                reading.cancel()
            if ends.done():
                await self.close()
        except Disconnected:
            return

    async def _read(self) -> None:
        while (data := await self.receive()) is not None:
            channel, rest = data[:1], data[1:]
            i = channel[0] // 2 if channel else len(self._connections)
            if rest and i < len(self._connections) and channel[0] % 2 == 0:
                await self._connections[i].send(rest)


def _ports(call: Call) -> list[int]:
    """Return the ports that a query names. Raises: Refused (400)."""
    names = [name for value in call.query.get("ports", ()) for name in value.split(",")]
    if not names:
        raise Refused(status.bad_request('query parameter "port" is required'))
    if len(names) > MOST_CONNECTIONS // 2:
        raise Refused(status.bad_request(f"{len(names)} ports; {MOST_CONNECTIONS // 2} are forwarded at a time"))
    for name in names:
        if not _is_port(name):
            raise Refused(status.bad_request(f"unable to parse {field.quote(name)} as a port"))
    return [int(name) for name in names]


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16
