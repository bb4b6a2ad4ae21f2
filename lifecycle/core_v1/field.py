"""Paths of fields, and what can be wrong with one.

Kubernetes: apimachinery/pkg/util/validation/field
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

Path = tuple[str | int, ...]
"""Where a field stands: ("spec", "containers", 0, "name")."""

Reason = Literal[
    "FieldValueRequired",
    "FieldValueInvalid",
    "FieldValueTypeInvalid",
    "FieldValueNotSupported",
    "FieldValueDuplicate",
    "FieldValueNotFound",
    "FieldValueForbidden",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "InternalError",
]

LABELS: dict[Reason, str] = {
    "FieldValueRequired": "Required value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueTypeInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueNotFound": "Not found",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "InternalError": "Internal error",
}

_SILENT = {"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong", "InternalError"}
"""Reasons whose message does not show the value."""

_STEP = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


class Error(msgspec.Struct, frozen=True):
    """One thing that is wrong with one field. `field` is written as Kubernetes writes it: spec.containers[0].name"""

    reason: Reason
    field: str
    value: Any = None
    detail: str = ""

    @property
    def message(self) -> str:
        """What is wrong, without saying where: `Invalid value: 0: must be greater than 0`."""
        parts = [LABELS[self.reason]]
        if self.reason not in _SILENT:
            parts.append(show(self.value))
        if self.detail:
            parts.append(self.detail)
        return ": ".join(parts)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def show(value: Any) -> str:
    """Return a value as Go's errors show it: strings in quotes, all else as JSON."""
    return quote(value) if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def quote(text: str) -> str:
    """Return a string as Go's %q writes it."""
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    named = {
        '"': '\\"',
        "\\": "\\\\",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
    if character in named:
        return named[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def index(path: str, place: int) -> str:
    return f"{path}[{place}]"


def key(path: str, name: str) -> str:
    """Return the path of a map's entry: spec.containers[0].resources.limits[cpu]"""
    return f"{path}[{name}]"


def text(path: Path) -> str:
    """Return a path as strict decoding writes it: spec.containers[0].name"""
    out = ""
    for step in path:
        out = index(out, step) if isinstance(step, int) else child(out, step)
    return out


def parse(field: str) -> Path:
    """Return the path that a field of an Error names; what stands in brackets is an index or a map's key."""
    steps: list[str | int] = []
    for bracket, name in _STEP.findall(field):
        steps.append(name if name else int(bracket) if bracket.isdigit() else bracket)
    return tuple(steps)


def required(field: str, detail: str = "") -> Error:
    return Error("FieldValueRequired", field, "", detail)


def invalid(field: str, value: Any, detail: str) -> Error:
    return Error("FieldValueInvalid", field, value, detail)


def not_supported(field: str, value: Any, supported: Iterable[str]) -> Error:
    return Error("FieldValueNotSupported", field, value, "supported values: " + ", ".join(map(quote, supported)))


def duplicate(field: str, value: Any) -> Error:
    return Error("FieldValueDuplicate", field, value)


def not_found(field: str, value: Any) -> Error:
    return Error("FieldValueNotFound", field, value)


def forbidden(field: str, detail: str) -> Error:
    return Error("FieldValueForbidden", field, "", detail)


def too_long(field: str, limit: int) -> Error:
    return Error("FieldValueTooLong", field, "", f"may not be more than {limit} bytes")


def too_many(field: str, count: int, limit: int) -> Error:
    return Error("FieldValueTooMany", field, count, f"must have at most {limit} items")
