"""Ports forwarded through SPDY in a websocket, as kubectl does: `SPDY/3.1+portforward.k8s.io`.

Each connection has two streams, one for its data and one for what goes wrong.
Kubernetes: kubelet/pkg/cri/streaming/portforward (httpstream.go), client-go/tools/portforward
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from lifecycle.apiserver.resources import Target
from lifecycle.wire import Object
from podhub.api import spdy
from podhub.api.address import Address
from podhub.api.forwarding import MOST_CONNECTIONS, MOST_WAITING, Connection, Forwarding, is_port
from podhub.api.http import Call, Disconnected

TURN = 64
"""Frames of one client that are dealt with before others have their turn."""

PROTOCOL_ERROR = 1002
"""RFC 6455's word for a peer that does not keep to what was agreed."""


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
        if type not in ("data", "error") or not is_port(port) or self._is_taken(request, type):
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
            data = b"".join(self._writer.write(frame) for frame in frames)
            await self.send({"type": "websocket.send", "bytes": data})
