"""Request bodies in protobuf, where stock kubectl writes nothing else: `create configmap`, `debug --copy-to`, `auth can-i` ...

The answers are JSON, which the same clients read.
Kubernetes: apimachinery/pkg/runtime/serializer/protobuf, api/core/v1/generated.proto
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.clock import SECOND, rfc3339, rfc3339_micro
from lifecycle.core_v1 import schema
from lifecycle.core_v1.schema import kind_of
from lifecycle.core_v1.status import bad_request
from lifecycle.wire import Object
from podhub.api.protobuf_numbers import NUMBERS

MAGIC = b"k8s\0"

DEEPEST = 32

TABLE = """
Unknown: 1=typeMeta:TypeMeta 2=raw:bytes
TypeMeta: 1=apiVersion 2=kind
IntOrString: 1=type:int 2=intVal:int 3=strVal
Quantity: 1=string
Time: 1=seconds:int 2=nanos:int
Eviction: 1=metadata:ObjectMeta 2=deleteOptions:DeleteOptions
DeleteOptions: 1=gracePeriodSeconds:int 2=preconditions:Preconditions 3=orphanDependents:bool 4=propagationPolicy
    5=dryRun:[string]
Preconditions: 1=uid 2=resourceVersion
SelfSubjectAccessReview: 1=metadata:ObjectMeta 2=spec:SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: 1=resourceAttributes:ResourceAttributes 2=nonResourceAttributes:NonResourceAttributes
SelfSubjectRulesReview: 1=metadata:ObjectMeta 2=spec:SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: 1=namespace
SelfSubjectReview: 1=metadata:ObjectMeta
TokenRequest: 1=metadata:ObjectMeta 2=spec:TokenRequestSpec
TokenRequestSpec: 1=audiences:[string] 3=boundObjectRef:BoundObjectReference 4=expirationSeconds:int
BoundObjectReference: 1=kind 2=apiVersion 3=name 4=uid
ResourceAttributes: 1=namespace 2=verb 3=group 4=version 5=resource 6=subresource 7=name
NonResourceAttributes: 1=path 2=verb
"""
"""Messages that are no objects of a cluster: `number=field:type`; a type is string (where none is given), int, bool, bytes,
another message, or [type] for what may stand several times. Unknown fields are passed over.
"""


class Field(NamedTuple):
    """A field of a message. `shape` is [ for a list, { for a map, + for a message whose fields belong to the outer one.

    `zero` says that JSON has the field too where it is zero; protobuf tells many a field that was never set.
    """

    name: str
    type: str
    shape: str
    zero: bool


class Malformed(ValueError):
    """Bytes that are no protobuf, or none that is known."""


def decode(body: bytes) -> Object:
    """Return the object that a body holds, as JSON has it. Raises: Refused (400)."""
    try:
        return _decode(body)
    except (Malformed, UnicodeDecodeError, ValueError, OverflowError) as wrong:
        raise Refused(bad_request(f"the body cannot be read as protobuf: {wrong}")) from None


def _decode(body: bytes) -> Object:
    if not body.startswith(MAGIC):
        raise Malformed("it does not begin as Kubernetes' protobuf does")
    envelope = _message(body[len(MAGIC) :], "Unknown")
    type_meta = envelope.get("typeMeta") or {}
    kind = kind_of(type_meta.get("apiVersion"), type_meta.get("kind"))
    name = (kind.type or kind.kind) if kind else type_meta.get("kind", "")
    if name not in _messages():
        raise Malformed(f"a {name or 'message without a kind'} is read as JSON alone")
    return {**type_meta, **_message(base64.b64decode(envelope.get("raw", "")), name)}


@cache
def _messages() -> dict[str, dict[int, Field]]:
    numbers = dict(_rows(NUMBERS))
    found = {name: _of_type(name, row) for name, row in numbers.items() if schema.struct(name).shape == "struct"}
    inner = [field.type for fields in found.values() for field in fields.values() if field.shape == "+"]
    found |= {name: _of_type(name.partition("+")[0], numbers[name.partition("+")[2]]) for name in inner}
    return found | {name: dict(_field(text) for text in row.split()) for name, row in _rows(TABLE)}


def _rows(table: str) -> Iterator[tuple[str, str]]:
    for row in table.replace("\n    ", " ").strip().splitlines():
        name, _, fields = row.partition(": ")
        yield name, fields


def _field(text: str) -> tuple[int, Field]:
    number, _, rest = text.partition("=")
    name, _, type = rest.partition(":")
    plain = type.strip("[]") or "string"
    return int(number), Field(name, plain, type[:1] if type[:1] == "[" else "", plain in ("int", "bool"))


def _of_type(name: str, row: str) -> dict[int, Field]:
    """Return the fields of a message that are fields of a type of the API, by their numbers."""
    known, found = schema.fields(name), {}
    for number, _, field in (text.partition("=") for text in row.split()):
        within = f"{name}{field}"
        found[int(number)] = Field(within, within, "+", False) if field.startswith("+") else _known(known[field])
    return found


def _known(field: schema.Field) -> Field:
    shape = {"list": "[", "map": "{"}.get(field.type.shape, "")
    of = field.type.of or field.type
    plain = {"int32": "int", "int64": "int", "UID": "string"}.get(of.name, of.name)
    return Field(field.name, plain, shape, field.pointer or field.always)


def _message(data: bytes, name: str, depth: int = 0) -> Object:
    if depth > DEEPEST:
        raise Malformed("it is nested too deeply")
    known = _messages()[name]
    found: Object = {}
    for number, value in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        if field.shape == "{":
            if not isinstance(value, bytes):
                raise Malformed(f"a number stands where {field.name} are wanted")
            key, item = _entry(value, field.type)
            found.setdefault(field.name, {})[key] = item
        elif field.shape == "[":
            found.setdefault(field.name, []).append(_value(value, field.type, depth))
        else:
            item = _value(value, field.type, depth)
            if field.shape == "+":
                found |= item
            elif item or (field.zero and item is not None):
                found[field.name] = item
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield each field's number and value, by protobuf's wire types."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise Malformed("it ends in the middle of a field")
            yield number, data[at : at + size]
            at += size
        else:
            raise Malformed(f"wire type {wire} is not known")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("a number does not end")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value & (2**64 - 1), at


def _entry(data: bytes, type: str) -> tuple[str, Any]:
    """Return the key and the value of one entry of a map."""
    parts = dict(_fields(data))
    key, value = parts.get(1, b""), parts.get(2, b"")
    if not isinstance(key, bytes):
        raise Malformed("a number stands where a map's key is wanted")
    return key.decode(), _value(value, type, 0)


def _value(value: int | bytes, type: str, depth: int) -> Any:
    if isinstance(value, int):
        if type not in ("int", "bool"):
            raise Malformed(f"a number stands where a {type} is wanted")
        return bool(value) if type == "bool" else value - 2**64 if value >= 2**63 else value
    if type == "string":
        return value.decode()
    if type == "bytes":
        return base64.b64encode(value).decode()
    if type in ("int", "bool"):
        raise Malformed(f"bytes stand where a {type} is wanted")
    found = _message(value, "Time" if type == "MicroTime" else type, depth + 1)
    if type in ("Time", "MicroTime"):
        return _time(found, type)
    if type == "Quantity":
        return found.get("string", "0")
    if type == "IntOrString":
        return found.get("strVal", "") if found.get("type") else found.get("intVal", 0)
    return found


def _time(found: Object, type: str) -> str | None:
    """Return a moment as JSON writes it; None for one that is not set."""
    seconds, nanos = found.get("seconds", 0), found.get("nanos", 0)
    if not 0 < seconds < 2**37 or not 0 <= nanos < 10**9:
        return None
    at = seconds * SECOND + nanos // 1000
    return rfc3339_micro(at) if type == "MicroTime" else rfc3339(at)
