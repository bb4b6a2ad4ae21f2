"""SPDY/3.1 framing: what is written is read again, however it is cut, and no bytes bring the reader down."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podhub.api.spdy import (
    DICTIONARY,
    MOST_CONTROL,
    MOST_DATA,
    MOST_HEADERS,
    Data,
    Frame,
    GoAway,
    Headers,
    Ping,
    ProtocolError,
    Reader,
    RstStream,
    Settings,
    SynReply,
    SynStream,
    WindowUpdate,
    Writer,
)

LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", max_size=20)
HEADERS = st.dictionaries(NAMES, LATIN, max_size=6)
STREAMS = st.integers(1, 0x7FFFFFFF)
WORDS = st.integers(0, 0xFFFFFFFF)
FRAMES = st.one_of(
    st.builds(SynStream, STREAMS, HEADERS, st.booleans()),
    st.builds(SynReply, STREAMS, HEADERS, st.booleans()),
    st.builds(Headers, STREAMS, HEADERS, st.booleans()),
    st.builds(Data, STREAMS, st.binary(max_size=200), st.booleans()),
    st.builds(RstStream, STREAMS, WORDS),
    st.builds(Settings, st.dictionaries(st.integers(0, 0xFFFFFF), WORDS, max_size=4)),
    st.builds(Ping, WORDS),
    st.builds(GoAway, st.integers(0, 0x7FFFFFFF), WORDS),
    st.builds(WindowUpdate, st.integers(0, 0x7FFFFFFF), st.integers(0, 0x7FFFFFFF)),
)


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_what_is_written_is_read_again_however_it_is_cut(frames: list[Frame], cuts: list[int]) -> None:
    writer, reader = Writer(), Reader()
    data, read, turn = b"".join(writer.write(frame) for frame in frames), [], 0
    while data:
        piece, data = data[: cuts[turn % len(cuts)]], data[cuts[turn % len(cuts)] :]
        read += list(reader.feed(piece))
        turn += 1
    assert read == frames
    assert [type(frame) for frame in read] == [type(frame) for frame in frames]


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_bring_the_reader_down(pieces: list[bytes]) -> None:
    reader = Reader()
    with contextlib.suppress(ProtocolError):
        for piece in pieces:
            assert len(list(reader.feed(piece))) <= len(b"".join(pieces)) // 8


@given(st.lists(FRAMES, min_size=1, max_size=4), st.integers(0), st.integers(0, 255))
def test_an_altered_byte_is_read_as_something_or_refused(frames: list[Frame], place: int, byte: int) -> None:
    writer = Writer()
    data = bytearray(b"".join(writer.write(frame) for frame in frames))
    data[place % len(data)] = byte
    with contextlib.suppress(ProtocolError):
        assert len(list(Reader().feed(bytes(data)))) <= len(data) // 8


def test_the_dictionary_is_the_specification_s() -> None:
    """Its Adler-32 stands in the first bytes that every implementation sends."""
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


def test_the_head_of_a_stream_is_as_the_specification_draws_it() -> None:
    data = Writer().write(SynStream(1, {"port": "80"}, fin=True))
    assert data[:4] == bytes((0x80, 3, 0, 1))
    assert data[4] == 1
    assert int.from_bytes(data[5:8], "big") == len(data) - 8
    assert data[8:12] == b"\0\0\0\1"
    unpacked = zlib.decompressobj(zdict=DICTIONARY).decompress(data[18:])
    assert unpacked == b"\0\0\0\1" + b"\0\0\0\4port" + b"\0\0\0\x0280"


def test_names_of_headers_are_read_in_lower_case() -> None:
    frame = next(iter(Reader().feed(Writer().write(SynStream(1, {"StreamType": "data"})))))
    assert isinstance(frame, SynStream)
    assert frame.headers == {"streamtype": "data"}


def _control(type: int, body: bytes, version: int = 3) -> bytes:
    return struct.pack(">II", 1 << 31 | version << 16 | type, len(body)) + body


def _packed(block: bytes) -> bytes:
    compress = zlib.compressobj(zdict=DICTIONARY)
    return compress.compress(block) + compress.flush(zlib.Z_SYNC_FLUSH)


BOMB = _packed(struct.pack(">II", 1, 4) + b"port" + struct.pack(">I", 4_000_000) + b"\0" * 4_000_000)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (struct.pack(">II", 1, MOST_DATA + 1), f"a frame of {MOST_DATA + 1} bytes; {MOST_DATA} are taken"),
        (struct.pack(">II", 0x80030001, MOST_CONTROL + 1), f"a frame of {MOST_CONTROL + 1} bytes; {MOST_CONTROL} are taken"),
        (_control(1, struct.pack(">IIBB", 1, 0, 0, 0) + BOMB), f"headers of more than {MOST_HEADERS} bytes"),
        (_control(1, struct.pack(">IIBB", 1, 0, 0, 0) + b"garbage"), "headers that cannot be unpacked: "),
        (_control(2, struct.pack(">I", 1) + _packed(b"\0\0\0\2\0\0\0\1a\0\0\0\1b")), "2 headers are announced, and 1 given"),
        (_control(2, struct.pack(">I", 1) + _packed(b"\0\0\0\1\0\0\0\x09a")), "headers that are cut short"),
        (_control(6, b"\0"), "a control frame of type 6 that is 1 bytes long"),
        (_control(4, b"\0\0\0\x09"), "9 settings in 4 bytes"),
        (_control(10, b""), "a control frame of the unknown type 10"),
        (_control(6, b"\0\0\0\1", version=2), "version 2 of SPDY; this is version 3"),
        (struct.pack(">II", 0, 0), "stream 0 is none"),
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of "),
    ],
)
def test_what_is_no_spdy_says_why(data: bytes, why: str) -> None:
    with pytest.raises(ProtocolError) as wrong:
        list(Reader().feed(data))
    assert str(wrong.value).startswith(why)


def test_a_bomb_is_small_on_the_wire() -> None:
    """So that the test above tries the limit of what is unpacked, and not that of the frame."""
    assert len(BOMB) < MOST_CONTROL
