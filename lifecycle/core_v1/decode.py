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
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec

from lifecycle.clock import parse_rfc3339, rfc3339, rfc3339_micro
from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Path
from lifecycle.core_v1.schema import Type, fields, scalar

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
    decoder = _Decoder(type)
    try:
        obj = decoder.read(value, type)
    except _Unreadable as error:
        return error.complaint
    return decoder.mismatch or Decoded(obj, tuple(decoder.strict[:MOST_STRICT_ERRORS]))


class _Unreadable(Exception):
    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint


class _Decoder:
    """Reads one value of the type `root`; `steps` lead to the part of it that is being read."""

    def __init__(self, root: Type) -> None:
        self.root = root
        self.steps: list[str | int] = []
        self.mismatch: Complaint | None = None
        self.strict: list[Complaint] = []

    def read(self, value: Any, type: Type) -> Any:
        """Return a value as its type has it; a value of another type counts as not set, and is complained about."""
        shape = type.shape
        if value is None:
            return zero(type)
        if shape == "scalar":
            return self.scalar(value, type)
        if shape == "struct" and isinstance(value, dict):
            return self.struct(value, type)
        if shape == "list" and isinstance(value, list):
            assert type.of is not None
            return [self.part(i, v, type.of) for i, v in enumerate(value)]
        if shape == "map" and isinstance(value, dict):
            assert type.of is not None
            if value.__class__ is not dict:
                self.note_duplicates(value)
            return {k: self.part(k, v, type.of) for k, v in value.items()}
        self.complain(value, type.go)
        return zero(type)

    def part(self, step: str | int, value: Any, type: Type) -> Any:
        """Return what a step leads to."""
        if value.__class__ is _AS_THEY_ARE.get(type.name):
            return value
        self.steps.append(step)
        found = self.read(value, type)
        self.steps.pop()
        return found

    def struct(self, value: Object, type: Type) -> Object:
        known = fields(type.name)
        if value.__class__ is not dict:
            self.note_duplicates(value)
        found: Object = {}
        for name, part in value.items():
            spec = known.get(name)
            if spec is None:
                path = (*self.steps, name)
                self.strict.append(Complaint(f'unknown field "{field.text(path)}"', path))
            elif part is not None:
                found[name] = self.part(name, part, spec.type)
        return written(found, layout(type.name))

    def scalar(self, value: Any, type: Type) -> Any:
        match type.name:
            case "any":
                return value
            case "int32" | "int64":
                return self.integer(value, type)
            case "Quantity":
                return self.quantity(value)
            case "IntOrString":
                return value if isinstance(value, str) else self.integer(value, _INT32, fatal=True)
            case "Time" | "MicroTime":
                return self.time(value, type.name == "MicroTime")
            case "bool":
                right = isinstance(value, bool)
            case _:
                right = isinstance(value, str)
        if not right:
            self.complain(value, type.go)
            return zero(type)
        return self.bytes(value) if type.name == "bytes" else value

    def integer(self, value: Any, type: Type, fatal: bool = False) -> int:
        largest = 2 ** (int(type.name[3:]) - 1)
        if isinstance(value, int) and not isinstance(value, bool) and -largest <= value < largest:
            return value
        self.complain(value, type.name, whole=True, fatal=fatal)
        return 0

    def quantity(self, value: Any) -> str:
        try:
            return str(quantity.parse(value if isinstance(value, str) else json.dumps(value)))
        except ValueError as error:
            raise _Unreadable(Complaint(str(error), tuple(self.steps))) from None

    def time(self, value: Any, micro: bool) -> str:
        if not isinstance(value, str):
            self.complain(value, "string", fatal=True)
        try:
            return as_time(value, micro)
        except ValueError as error:
            raise _Unreadable(Complaint(str(error), tuple(self.steps))) from None

    def bytes(self, value: str) -> str:
        try:
            return as_bytes(value)
        except ValueError as error:
            self.mismatch = self.mismatch or Complaint(str(error), tuple(self.steps))
            return ""

    def complain(self, value: Any, go: str, whole: bool = False, fatal: bool = False) -> None:
        """Keep the first complaint about a wrong type; what in Go has an UnmarshalJSON of its own refuses at once.

        Kubernetes: encoding/json (UnmarshalTypeError).
        """
        wrong = f"json: cannot unmarshal {go_kind(value, whole)} into Go {self.place()} of type {go}"
        complaint = Complaint(wrong, tuple(self.steps))
        if fatal:
            raise _Unreadable(complaint)
        self.mismatch = self.mismatch or complaint

    def place(self) -> str:
        """Return where Go says that a value stands: the innermost struct around it, and the fields that lead to it."""
        type, struct, names = self.root, "", []
        for step in self.steps:
            if type.shape == "struct":
                struct = type.name
                names.append(str(step))
                type = fields(type.name)[str(step)].type
            else:
                assert type.of is not None
                type = type.of
        return f"struct field {struct}.{'.'.join(names)}" if names else "value"

    def note_duplicates(self, value: Object) -> None:
        for name in getattr(value, "duplicates", ()):
            path = (*self.steps, name)
            self.strict.append(Complaint(f'duplicate field "{field.text(path)}"', path))


_AS_THEY_ARE: dict[str, type] = {"string": str, "UID": str, "bool": bool}
"""Scalars that JSON has as well."""


class Layout(NamedTuple):
    """How Go writes a struct: its fields in their order, those that it never omits, and the types of those that it adds."""

    order: dict[str, int]
    kept: frozenset[str]
    added: dict[str, Type | None]


@cache
def layout(struct: str) -> Layout:
    known = fields(struct)
    nullable = {name for name, field in known.items() if field.pointer or field.type.name == "any"}
    whole = {name for name, field in known.items() if field.type.shape == "struct" or field.type.name in _STRUCTS}
    always = {name for name, field in known.items() if field.always}
    added = [name for name in known if name in always | (whole - nullable)]
    return Layout(
        {name: place for place, name in enumerate(known)},
        frozenset(nullable | whole | always),
        {name: None if name in nullable else known[name].type for name in added},
    )


def written(found: Object, layout: Layout) -> Object:
    """Return a struct's fields as Go writes them, in its order."""
    out: Object = {name: value for name, value in found.items() if value or name in layout.kept}
    for name, type in layout.added.items():
        if name not in out:
            out[name] = zero(type) if type else None
    return {name: out[name] for name in sorted(out, key=layout.order.__getitem__)}


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
        return written({}, layout(type.name))
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
