"""How entries become bytes: canonical JSON, compression, and the chain of hashes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from podhub.log.models import Cluster

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()

LEVEL = 6
"""zlib's level: what it saves over 1 is worth more than the microseconds."""

COLUMNS = ("seq", "at", "recorded_at", "cause", "kind", "type", "resource", "namespace", "name", "about", "keyframe", "line")
"""The columns of an entry that its hash covers, in this order, before `body` as it is stored."""


def canonical(value: Any) -> bytes:
    """Return a value as canonical JSON: sorted keys, no spaces, UTF-8."""
    return _encoder.encode(value)


def parse(data: bytes) -> Any:
    """Return what JSON bytes hold. Raises: msgspec.DecodeError."""
    return _decoder.decode(data)


def pack(data: bytes) -> bytes:
    return zlib.compress(data, LEVEL)


def unpack(body: bytes | memoryview) -> Any:
    """Return the JSON that a stored body holds."""
    return _decoder.decode(zlib.decompress(body))


def beginning(cluster: Cluster) -> bytes:
    """Return what the first hash of a log builds on: a hash of what is decided before its first entry.

    A fork's first hash builds on its parent's entry at `parent_seq` instead.
    """
    return sha256(canonical([cluster.kind, cluster.start, cluster.seed, cluster.config])).digest()


def link(before: bytes, columns: Sequence[Any], body: bytes) -> bytes:
    """Return the hash of an entry that comes after one whose hash is `before`; `columns` are its COLUMNS."""
    return sha256(before + canonical(columns) + body).digest()
