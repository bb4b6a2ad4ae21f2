"""What encoding/json says of a text that is no JSON, and of fields that stand twice.

Kubernetes: sigs.k8s.io/json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.decode import go_kind, pairs
from lifecycle.core_v1.field import Path

DEEPEST = 64
"""Levels of lists and objects in a body."""

_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)
"""One escape of JSON; the group is a surrogate that stands alone."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

_END = "unexpected end of JSON input"

_WHERE = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX escape": "in \\u hexadecimal character escape",
}
"""What Go says about the place of a character, by how Python's message begins."""


def loads(body: bytes) -> Any:
    """Return the JSON of a body; an object remembers the fields that stand twice. Raises: ValueError, with Go's words."""
    try:
        text = body.decode("utf-8")
        value = json.loads(mended(text), object_pairs_hook=pairs, parse_constant=_no_constant)
    except UnicodeDecodeError as wrong:
        raise ValueError(f"invalid character {_shown(chr(body[wrong.start]))} looking for beginning of value") from None
    except RecursionError:
        raise ValueError("exceeded max depth") from None
    except json.JSONDecodeError as wrong:
        raise ValueError(_complaint(wrong)) from None
    except ValueError as wrong:
        if "integer string conversion" in str(wrong):
            raise ValueError("json: unsupported value: a whole number of more than 4,300 digits") from None
        raise
    _check_depth(value)
    return value


def _complaint(wrong: json.JSONDecodeError) -> str:
    """Return Go's words for what Python's reader has found."""
    if wrong.pos >= len(wrong.doc.rstrip()) or wrong.msg.startswith("Unterminated"):
        return _END
    where = next((said for begins, said in _WHERE.items() if wrong.msg.startswith(begins)), "")
    at = wrong.pos
    if wrong.msg.startswith("Expecting ',' delimiter"):
        where = "after object key:value pair" if _inside(wrong.doc[:at]) == "{" else "after array element"
    if "escape" in wrong.msg:
        at = min(at + 1, len(wrong.doc) - 1)
    return f"invalid character {_shown(wrong.doc[at])} {where}"


def _shown(character: str) -> str:
    return "'\\''" if character == "'" else "'\"'" if character == '"' else f"'{field.quote(character)[1:-1]}'"


def _inside(text: str) -> str:
    """Return which bracket is open at the end of a text."""
    stack: list[str] = []
    for character in _STRING.sub("", text):
        if character in "{[":
            stack.append(character)
        elif character in "}]" and stack:
            stack.pop()
    return stack[-1] if stack else ""


def mended(text: str) -> str:
    """Put U+FFFD in place of escapes that are half a character, as encoding/json does."""
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text) if r"\u" in text else text


def _no_constant(name: str) -> None:
    raise ValueError(f"invalid character {_shown(name[0])} looking for beginning of value")


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


def not_an_object(data: bytes) -> str:
    """Return Go's complaint about a text that is to be any object; nothing if it is one."""
    try:
        found = loads(data)
    except ValueError as wrong:
        return str(wrong)
    if found is None or isinstance(found, dict):
        return ""
    return f"json: cannot unmarshal {go_kind(found)} into Go value of type map[string]interface {{}}"


def repeated(value: Any, at: Path = ()) -> Iterator[str]:
    """Yield the fields of a body that stand more than once, as paths."""
    for name in getattr(value, "duplicates", ()):
        yield field.text((*at, name))
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from repeated(inner, (*at, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from repeated(inner, (*at, place))


def summary(body: bytes, most: int = 30) -> str:
    """Return the beginning of a body that cannot be read: as text where it looks like an object, else in hexadecimal."""
    more = " ..." if len(body) > most else ""
    if not body:
        return "<empty>"
    return (body[:most].decode("utf-8", "replace") if body[:1] == b"{" else body[:most].hex()) + more
