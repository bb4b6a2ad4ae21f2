"""Reading what was posted: JSON, YAML or protobuf.

Kubernetes: apimachinery/pkg/runtime/serializer
"""

from __future__ import annotations

import json
import re
from typing import Any

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1.decode import pairs
from lifecycle.core_v1.patch import APPLY_PATCH
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import bad_request
from lifecycle.core_v1.yaml_reader import Unreadable, read
from podhub.api import protobuf
from podhub.api.guard import PROTOBUF
from podhub.api.http import YAML, Call

DEEPEST = 64
"""Levels of lists and objects in a body."""

SHOWN = 30
"""Bytes of what cannot be read that are shown."""

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)
"""One escape of JSON; the group is a surrogate that stands alone."""


async def read_object(call: Call, kind: Kind) -> Any:
    """Return the object of a POST or PUT, not yet looked at. Raises: Refused (400, 413)."""
    body = await call.body()
    if call.content_type == PROTOBUF:
        return protobuf.decode(body)
    try:
        return _yaml(body) if call.content_type == YAML else _json(body)
    except ValueError as wrong:
        beginning = body[:SHOWN].decode("utf-8", "backslashreplace")
        why = f"couldn't get version/kind; json parse error: {wrong} ({beginning})"
        raise Refused(bad_request(f"the object provided is unrecognized (must be of type {kind.kind}): {why}")) from None


async def read_patch(call: Call) -> Any:
    """Return the body of a PATCH. Raises: Refused (400, 413)."""
    body = await call.body()
    try:
        return _yaml(body) if call.content_type == APPLY_PATCH else _json(body)
    except ValueError as wrong:
        what = "YAML" if call.content_type == APPLY_PATCH else "patch"
        raise Refused(bad_request(f"error decoding {what}: {wrong}")) from None


async def read_options(call: Call) -> Any:
    """Return the body of a DELETE; None where there is none. Raises: Refused (400, 413)."""
    body = await call.body()
    if not body:
        return None
    if call.content_type == PROTOBUF:
        return protobuf.decode(body)
    try:
        options = _yaml(body) if call.content_type == YAML else _json(body)
    except ValueError as wrong:
        raise Refused(bad_request(f"couldn't get version/kind; json parse error: {wrong}")) from None
    if options is not None and not isinstance(options, dict):
        raise Refused(bad_request("DeleteOptions: an object is wanted"))
    return options


def _json(body: bytes) -> Any:
    """Return the JSON of a body; an object remembers the fields that stand twice. Raises: ValueError."""
    try:
        text = body.decode("utf-8")
        value = json.loads(_whole(text), object_pairs_hook=pairs, parse_constant=_no_constant)
        _check_depth(value)
        return value
    except RecursionError:
        raise ValueError("exceeded max depth") from None
    except json.JSONDecodeError as wrong:
        if not body.strip():
            raise ValueError("unexpected end of JSON input") from None
        raise ValueError(f"{wrong.msg} at offset {wrong.pos}") from None


def _whole(text: str) -> str:
    """Put U+FFFD in place of escapes that are half a character, as encoding/json does."""
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text) if r"\u" in text else text


def _check_depth(value: Any) -> None:
    """Raises: ValueError for what is nested more deeply than any object is."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError("exceeded max depth")


def _no_constant(name: str) -> None:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


def _yaml(body: bytes) -> Any:
    """Return the first document of a YAML body (which JSON is too). Raises: ValueError."""
    try:
        nodes = read(body.decode("utf-8"))
    except Unreadable as wrong:
        raise ValueError(str(wrong)) from None
    return nodes[0].value if nodes else None
