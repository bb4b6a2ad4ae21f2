"""SPDY/3.1 as bytes: frames are read from a stream that may be cut anywhere, and written.

Kubernetes: apimachinery/pkg/util/httpstream/spdy (moby/spdystream). The specification is draft 3.1 of the SPDY protocol.
Windows are read and not kept, as Kubernetes' own peers do on both sides: what holds a sender back is the connection below.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

VERSION = 3

MOST_DATA = 1 << 20
"""Bytes of one frame, as its head states them: what is more ends the connection before it is read."""

MOST_CONTROL = 16 << 10
MOST_HEADERS = 16 << 10
"""Bytes of one block of headers when it is unpacked."""

FIN = 0x01

PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 1, 3, 5
"""Why a stream is reset."""

GO_AWAY_PROTOCOL_ERROR = 1

_WORDS = (
    "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-ranges|age|allow|"
    "authorization|cache-control|connection|content-base|content-encoding|content-language|content-length|content-location|"
    "content-md5|content-range|content-type|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|"
    "if-range|if-unmodified-since|last-modified|location|max-forwards|pragma|proxy-authenticate|proxy-authorization|range|"
    "referer|retry-after|server|te|trailer|transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate|method|get|"
    "status|200 OK|version|HTTP/1.1|url|public|set-cookie|keep-alive|origin"
)
_TEXT = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal "
    "Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, "
    "Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS.split("|")) + _TEXT.encode()
"""What both sides' compression of headers starts from (section 2.6.10.1)."""


class ProtocolError(Exception):
    """Bytes that are no SPDY, or more of them than are taken. The connection cannot go on."""


class SynStream(NamedTuple):
    """A stream opens. The names of headers are in lower case; the value of one that came several times has NULs between."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False


class SynReply(NamedTuple):
    stream: int
    headers: Mapping[str, str]
    fin: bool = False


class Headers(NamedTuple):
    stream: int
    headers: Mapping[str, str]
    fin: bool = False


class Data(NamedTuple):
    stream: int
    data: bytes
    fin: bool = False


class RstStream(NamedTuple):
    stream: int
    status: int


class Settings(NamedTuple):
    """Values by the number of the setting."""

    values: Mapping[int, int]


class Ping(NamedTuple):
    """`number` is odd where the client asks: the same frame is the answer."""

    number: int


class GoAway(NamedTuple):
    last: int
    status: int = 0


class WindowUpdate(NamedTuple):
    stream: int
    delta: int


Frame = SynStream | SynReply | Headers | Data | RstStream | Settings | Ping | GoAway | WindowUpdate

_TYPES: dict[type, int] = {
    SynStream: 1,
    SynReply: 2,
    RstStream: 3,
    Settings: 4,
    Ping: 6,
    GoAway: 7,
    Headers: 8,
    WindowUpdate: 9,
}
_HEAD = struct.Struct(">II")
_PAIR = struct.Struct(">II")
_NUMBER = struct.Struct(">I")
_SYN_STREAM = struct.Struct(">IIBB")


class Reader:
    """The bytes that a peer sends, put together to frames. After a ProtocolError it is of no more use."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole now. Raises: ProtocolError."""
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            first, second = _HEAD.unpack_from(self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            most = MOST_CONTROL if first >> 31 else MOST_DATA
            if length > most:
                raise ProtocolError(f"a frame of {length} bytes; {most} are taken")
            end = _HEAD.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_HEAD.size : end])
            del self._buffer[:end]
            if first >> 31:
                yield self._control(first >> 16 & 0x7FFF, first & 0xFFFF, flags, body)
            else:
                yield Data(_stream(first), body, bool(flags & FIN))

    def _control(self, version: int, type: int, flags: int, body: bytes) -> Frame:
        if version != VERSION:
            raise ProtocolError(f"version {version} of SPDY; this is version {VERSION}")
        try:
            return self._read(type, bool(flags & FIN), body)
        except struct.error:
            raise ProtocolError(f"a control frame of type {type} that is {len(body)} bytes long") from None

    def _read(self, type: int, fin: bool, body: bytes) -> Frame:
        match type:
            case 1:
                return SynStream(_stream(_SYN_STREAM.unpack_from(body)[0]), self._headers(body[_SYN_STREAM.size :]), fin)
            case 2:
                return SynReply(_stream(_NUMBER.unpack_from(body)[0]), self._headers(body[_NUMBER.size :]), fin)
            case 3:
                stream, status = _PAIR.unpack(body)
                return RstStream(_stream(stream), status)
            case 4:
                return _settings(body)
            case 6:
                return Ping(_NUMBER.unpack(body)[0])
            case 7:
                last, status = _PAIR.unpack(body)
                return GoAway(last & 0x7FFFFFFF, status)
            case 8:
                return Headers(_stream(_NUMBER.unpack_from(body)[0]), self._headers(body[_NUMBER.size :]), fin)
            case 9:
                stream, delta = _PAIR.unpack(body)
                return WindowUpdate(stream & 0x7FFFFFFF, delta & 0x7FFFFFFF)
        raise ProtocolError(f"a control frame of the unknown type {type}")

    def _headers(self, packed: bytes) -> dict[str, str]:
        """Unpack a block of headers. All blocks of a connection are one compressed stream."""
        try:
            block = self._inflate.decompress(packed, MOST_HEADERS + 1)
        except zlib.error as wrong:
            raise ProtocolError(f"headers that cannot be unpacked: {wrong}") from None
        if len(block) > MOST_HEADERS:
            raise ProtocolError(f"headers of more than {MOST_HEADERS} bytes")
        return _named_values(block)


def _stream(number: int) -> int:
    stream = number & 0x7FFFFFFF
    if not stream:
        raise ProtocolError("stream 0 is none")
    return stream


def _settings(body: bytes) -> Settings:
    count = _NUMBER.unpack_from(body)[0]
    if len(body) != _NUMBER.size + count * _PAIR.size:
        raise ProtocolError(f"{count} settings in {len(body)} bytes")
    return Settings({key & 0xFFFFFF: value for key, value in _PAIR.iter_unpack(body[_NUMBER.size :])})


def _named_values(block: bytes) -> dict[str, str]:
    parts = []
    count, at = _NUMBER.unpack_from(block)[0], _NUMBER.size
    while at < len(block):
        end = at + _NUMBER.size + _NUMBER.unpack_from(block, at)[0]
        if end > len(block):
            raise ProtocolError("headers that are cut short")
        parts.append(block[at + _NUMBER.size : end].decode("latin-1"))
        at = end
    if len(parts) != 2 * count:
        raise ProtocolError(f"{count} headers are announced, and {len(parts) / 2:g} given")
    return {name.lower(): value for name, value in zip(parts[::2], parts[1::2], strict=True)}


class Writer:
    """The frames that a peer is sent, as bytes. They have to be sent in the order in which they were written."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def write(self, frame: Frame) -> bytes:
        if isinstance(frame, Data):
            return _HEAD.pack(frame.stream, FIN * frame.fin << 24 | len(frame.data)) + frame.data
        flags = FIN * frame.fin if isinstance(frame, (SynStream, SynReply, Headers)) else 0
        body = self._body(frame)
        return _HEAD.pack(1 << 31 | VERSION << 16 | _TYPES[type(frame)], flags << 24 | len(body)) + body

    def _body(self, frame: Frame) -> bytes:
        match frame:
            case SynStream(stream, headers):
                return _SYN_STREAM.pack(stream, 0, 0, 0) + self._block(headers)
            case SynReply(stream, headers) | Headers(stream, headers):
                return _NUMBER.pack(stream) + self._block(headers)
            case Settings(values):
                return _NUMBER.pack(len(values)) + b"".join(_PAIR.pack(key, value) for key, value in values.items())
            case Ping(number):
                return _NUMBER.pack(number)
            case RstStream(first, second) | GoAway(first, second) | WindowUpdate(first, second):
                return _PAIR.pack(first, second)
        raise TypeError(f"{frame!r} is no control frame")

    def _block(self, headers: Mapping[str, str]) -> bytes:
        block = _NUMBER.pack(len(headers))
        for text in (part for pair in headers.items() for part in pair):
            data = text.encode("latin-1")
            block += _NUMBER.pack(len(data)) + data
        return self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
