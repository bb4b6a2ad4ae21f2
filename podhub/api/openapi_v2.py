"""OpenAPI v2 as older clients and `kubectl explain --output=plaintext-openapiv2` read it: the schemas, without paths.

It is made of the documents of v3, and written as protobuf.
Kubernetes: kube-openapi/pkg/handler; gnostic's openapiv2/OpenAPIv2.proto has the numbers of the fields
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from lifecycle.apiserver.discovery import VERSION
from lifecycle.apiserver.resources import GROUP_VERSIONS
from podhub.api import openapi

Schema = dict[str, Any]

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

REF = "#/components/schemas/"

ONE_OF = {"int-or-string": {"type": "string", "format": "int-or-string"}}
"""What v2 makes of a schema that may be one of several, by its format; any other is text."""


@cache
def document() -> bytes:
    """Return the document."""
    definitions = b"".join(_named(1, name, _schema(schema)) for name, schema in sorted(_definitions().items()))
    info = _text(1, "Kubernetes") + _text(2, VERSION["gitVersion"])
    return _text(1, "2.0") + _part(2, info) + _part(8, b"") + _part(9, definitions)


def _definitions() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for group_version in GROUP_VERSIONS:
        read = openapi.document(group_version)
        if read is not None:
            found |= msgspec.json.decode(read.body)["components"]["schemas"]
    return found


def _schema(schema: Schema) -> bytes:
    """Return a schema as a message."""
    if "oneOf" in schema:
        more = {name: value for name, value in schema.items() if name != "oneOf"}
        schema = {"type": "string", **more, **ONE_OF.get(str(schema.get("format")), {})}
    (ref,) = schema.get("allOf") or [schema]
    return b"".join(_fields(schema, str(ref.get("$ref", "")).removeprefix(REF)))


def _fields(schema: Schema, ref: str) -> Iterator[bytes]:
    if ref:
        yield _text(1, f"#/definitions/{ref}")
    for number, name in ((2, "format"), (4, "description")):
        if schema.get(name):
            yield _text(number, schema[name])
    for name in schema.get("required", ()):
        yield _text(19, name)
    if "additionalProperties" in schema:
        yield _part(21, _part(1, _schema(schema["additionalProperties"])))
    if "type" in schema:
        yield _part(22, _text(1, schema["type"]))
    if "items" in schema:
        yield _part(23, _part(1, _schema(schema["items"])))
    if "properties" in schema:
        yield _part(25, b"".join(_named(1, name, _schema(inner)) for name, inner in schema["properties"].items()))
    for name in schema:
        if name.startswith("x-"):
            yield _named(31, name, _text(2, msgspec.json.encode(schema[name]).decode()))


def _named(number: int, name: str, value: bytes) -> bytes:
    return _part(number, _text(1, name) + _part(2, value))


def _text(number: int, text: str) -> bytes:
    return _part(number, text.encode())


def _part(number: int, data: bytes) -> bytes:
    """Return a field that has a length."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))
