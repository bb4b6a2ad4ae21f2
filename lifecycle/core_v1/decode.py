"""Decoding as the API server does it: JSON into the types of the API, with Go's own complaints.

What comes back is the object as Go would write it again: unknown fields left out, quantities and times in their
canonical form, empty fields omitted or written as their type says.
Kubernetes: sigs.k8s.io/json, apimachinery/pkg/runtime/serializer/json
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from lifecycle.clock import parse_rfc3339, rfc3339, rfc3339_micro
from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Path
from lifecycle.core_v1.schema import Field, Type, fields, scalar

MOST_STRICT_ERRORS = 100

Object = dict[str, Any]

_INT32 = scalar("int32")


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with a value, in Go's words, and where it stands."""

    message: str
    path: Path


class Decoded(msgspec.Struct, frozen=True):
    """`strict` holds what only strict decoding minds: fields that are unknown or stand twice."""

    object: Object
    strict: tuple[Complaint, ...] = ()


class Pairs(dict[str, Any]):
    """An object read from JSON that remembers which of its fields stand more than once (the last one counts)."""

    duplicates: tuple[str, ...] = ()


def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object for `json.loads(object_pairs_hook=pairs)`."""
    result = Pairs(items)
    if len(result) < len(items):
        seen: set[str] = set()
        result.duplicates = tuple(name for name, _ in items if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return result


def decode(value: Any, type: Type) -> Decoded | Complaint:
    """Return a JSON value as an object of a struct type, or the complaint that refuses it.

    A value of the wrong type is complained about once all is read, the first one; a quantity or time that cannot be
    read, at once.
    """
    decoder = _Decoder()
    try:
        obj = decoder.read(value, type, _Place(type.go))
    except _Unreadable as error:
        return error.complaint
    return decoder.mismatch or Decoded(obj, tuple(decoder.strict[:MOST_STRICT_ERRORS]))


class _Unreadable(Exception):
    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint


class _Place(NamedTuple):
    """Where a value stands: the innermost struct around it, the names of the fields that lead to it, and its path."""

    struct: str
    names: tuple[str, ...] = ()
    path: Path = ()

    def field(self, struct: str, name: str) -> _Place:
        return _Place(struct, (*self.names, name), (*self.path, name))

    def element(self, step: str | int) -> _Place:
        return _Place(self.struct, self.names, (*self.path, step))


class _Decoder:
    def __init__(self) -> None:
        self.mismatch: Complaint | None = None
        self.strict: list[Complaint] = []

    def read(self, value: Any, type: Type, place: _Place) -> Any:
        """Return a value as its type has it; a value of another type counts as not set, and is complained about."""
        if value is None:
            return zero(type)
        match type.shape, value:
            case "scalar", _:
                return self.scalar(value, type, place)
            case "struct", dict():
                return self.struct(value, type, place)
            case "list", list():
                assert type.of is not None
                return [self.read(v, type.of, place.element(i)) for i, v in enumerate(value)]
            case "map", dict():
                assert type.of is not None
                self.note_duplicates(value, place.path)
                return {k: self.read(v, type.of, place.element(k)) for k, v in value.items()}
        self.complain(value, type.go, place)
        return zero(type)

    def struct(self, value: Object, type: Type, place: _Place) -> Object:
        known = fields(type.name)
        self.note_duplicates(value, place.path)
        found: Object = {}
        for name, part in value.items():
            at = place.field(type.name, name)
            if name not in known:
                self.strict.append(Complaint(f'unknown field "{field.text(at.path)}"', at.path))
            elif part is not None:
                found[name] = self.read(part, known[name].type, at)
        return written(found, known)

    def scalar(self, value: Any, type: Type, place: _Place) -> Any:
        match type.name:
            case "any":
                return value
            case "int32" | "int64":
                return self.integer(value, type, place)
            case "Quantity":
                return self.quantity(value, place)
            case "IntOrString":
                return value if isinstance(value, str) else self.integer(value, _INT32, place, fatal=True)
            case "Time" | "MicroTime":
                return self.time(value, type.name == "MicroTime", place)
            case "bool":
                right = isinstance(value, bool)
            case _:
                right = isinstance(value, str)
        if not right:
            self.complain(value, type.go, place)
            return zero(type)
        return self.bytes(value, place) if type.name == "bytes" else value

    def integer(self, value: Any, type: Type, place: _Place, fatal: bool = False) -> int:
        largest = 2 ** (int(type.name[3:]) - 1)
        if isinstance(value, int) and not isinstance(value, bool) and -largest <= value < largest:
            return value
        self.complain(value, type.name, place, whole=True, fatal=fatal)
        return 0

    def quantity(self, value: Any, place: _Place) -> str:
        try:
            return str(quantity.parse(value if isinstance(value, str) else json.dumps(value)))
        except ValueError as error:
            raise _Unreadable(Complaint(str(error), place.path)) from None

    def time(self, value: Any, micro: bool, place: _Place) -> str:
        if not isinstance(value, str):
            self.complain(value, "string", place, fatal=True)
        try:
            return as_time(value, micro)
        except ValueError as error:
            raise _Unreadable(Complaint(str(error), place.path)) from None

    def bytes(self, value: str, place: _Place) -> str:
        try:
            return as_bytes(value)
        except ValueError as error:
            self.mismatch = self.mismatch or Complaint(str(error), place.path)
            return ""

    def complain(self, value: Any, go: str, place: _Place, whole: bool = False, fatal: bool = False) -> None:
        """Keep the first complaint about a wrong type; what in Go has an UnmarshalJSON of its own refuses at once.

        Kubernetes: encoding/json (UnmarshalTypeError).
        """
        where = f"struct field {place.struct}.{'.'.join(place.names)}" if place.names else "value"
        complaint = Complaint(f"json: cannot unmarshal {go_kind(value, whole)} into Go {where} of type {go}", place.path)
        if fatal:
            raise _Unreadable(complaint)
        self.mismatch = self.mismatch or complaint

    def note_duplicates(self, value: Object, path: Path) -> None:
        for name in getattr(value, "duplicates", ()):
            self.strict.append(Complaint(f'duplicate field "{field.text((*path, name))}"', (*path, name)))


def written(found: Object, known: dict[str, Field]) -> Object:
    """Return a struct's fields as Go writes them, in its order."""
    out: Object = {}
    for name, spec in known.items():
        value = found.get(name)
        if spec.pointer or spec.type.name == "any":
            if value is not None or spec.always:
                out[name] = value
        elif value is None:
            if spec.always or spec.type.shape == "struct" or spec.type.name in _STRUCTS:
                out[name] = zero(spec.type)
        elif spec.always or value or spec.type.shape == "struct" or spec.type.name in _STRUCTS:
            out[name] = value
    return out


_STRUCTS = {"Quantity", "Time", "MicroTime", "IntOrString"}
"""Scalars in JSON that are structs in Go, and so never omitted."""

_ZERO: dict[str, Any] = {
    "bool": False,
    "int32": 0,
    "int64": 0,
    "IntOrString": 0,
    "Quantity": "0",
    "Time": None,
    "MicroTime": None,
    "any": None,
}


def zero(type: Type) -> Any:
    """Return what Go writes for a value that was never set."""
    if type.shape == "struct":
        return written({}, fields(type.name))
    return None if type.shape in ("list", "map") else _ZERO.get(type.name, "")


def go_kind(value: Any, whole: bool = False) -> str:
    """Return what encoding/json calls a value of the wrong type; `whole`: a number was wanted, but not this one."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return f"number {json.dumps(value)}" if whole else "number"
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "string"


def as_bytes(text: str) -> str:
    """Return base64 text as Go writes it again.

    Raises: ValueError with Go's words if it is none.
    """
    plain = text.replace("\n", "").replace("\r", "")
    bad = next((i for i, c in enumerate(plain) if not (c.isascii() and (c.isalnum() or c in "+/="))), None)
    if bad is None:
        try:
            return base64.b64encode(base64.b64decode(plain, validate=True)).decode()
        except binascii.Error:
            bad = len(plain) - len(plain) % 4 if "=" not in plain else plain.index("=")
    raise ValueError(f"illegal base64 data at input byte {bad}")


_LAYOUT = {
    "2006": r"\d{4}",
    "-01": "-(?:0[1-9]|1[0-2])",
    "-02": r"-(?:0[1-9]|[12]\d|3[01])",
    "T15": r"T(?:[01]\d|2[0-3])",
    ":04": r":[0-5]\d",
    ":05": r":[0-5]\d(?:\.\d+)?",
    "Z07:00": r"(?:Z|[+-]\d\d:\d\d)",
}
"""The elements of Go's layout for RFC 3339, each with the separator before it."""


@lru_cache(4096)
def as_time(text: str, micro: bool = False) -> str:
    """Return an RFC 3339 time in UTC, with whole seconds or six digits.

    Raises: ValueError with the words of Go's time.Parse if it is none.
    """
    layout = "2006-01-02T15:04:05.000000Z07:00" if micro else "2006-01-02T15:04:05Z07:00"
    rest, problem = text, f"parsing time {field.quote(text)}"
    for element, pattern in _LAYOUT.items():
        match = re.match(pattern, rest)
        if not match:
            if element[0] in "-T:" and rest.startswith(element[0]):
                rest, element = rest[1:], element[1:]
            elif element[0] in "-T:":
                element = element[0]
            raise ValueError(f"{problem} as {field.quote(layout)}: cannot parse {field.quote(rest)} as {field.quote(element)}")
        rest = rest[match.end() :]
    if rest:
        raise ValueError(f"{problem}: extra text: {field.quote(rest)}")
    try:
        at = parse_rfc3339(text)
    except ValueError:
        raise ValueError(f"{problem}: day out of range") from None
    return rfc3339_micro(at) if micro else rfc3339(at)
