"""OpenAPI v2, made of the documents of v3: as JSON, and as protobuf for older clients and
`kubectl explain --output=plaintext-openapiv2`, who read the definitions alone.

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
from podhub.api.http import JSON, YAML
from podhub.api.negotiation import clauses

Schema = dict[str, Any]

PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
TYPES = {JSON: JSON, PROTOBUF: PROTOBUF, PROTOBUF.replace("v2.v1", "v2@v1"): PROTOBUF}
"""What may be asked for, and what it is then called."""

ANY = ("*/*", "application/*")

REF, DEFINITIONS = "#/components/schemas/", "#/definitions/"

ONE_OF = {"int-or-string": {"type": "string", "format": "int-or-string"}}
"""What v2 makes of a schema that may be one of several, by its format; any other is text."""


def served(accept: str) -> tuple[bytes, str] | None:
    """Return the document in the form that a client wants, and its media type; None where there is no such form."""
    for type, _ in clauses(accept or JSON):
        found = JSON if type in ANY else TYPES.get(type)
        if found is not None:
            return (as_json() if found == JSON else as_protobuf()), found
    return None


@cache
def as_json() -> bytes:
    """Return the whole document."""
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    paths = {path: _path(methods) for read in _documents() for path, methods in read["paths"].items()}
    body = {"swagger": "2.0", "info": info, "paths": dict(sorted(paths.items())), "definitions": _definitions()}
    return msgspec.json.encode(body)


@cache
def as_protobuf() -> bytes:
    """Return the document without its paths."""
    definitions = b"".join(_named(1, name, _schema(schema)) for name, schema in _definitions().items())
    info = _text(1, "Kubernetes") + _text(2, VERSION["gitVersion"])
    return _text(1, "2.0") + _part(2, info) + _part(8, b"") + _part(9, definitions)


def _documents() -> Iterator[Schema]:
    for group_version in GROUP_VERSIONS:
        read = openapi.document(group_version)
        if read is not None:
            yield msgspec.json.decode(read.body)


def _definitions() -> dict[str, Schema]:
    found = {name: _of_v2(schema) for read in _documents() for name, schema in read["components"]["schemas"].items()}
    return dict(sorted(found.items()))


def _of_v2(schema: Any) -> Any:
    """Return a schema as v2 writes it: a reference stands by itself, and one of several is a text."""
    if not isinstance(schema, dict):
        return schema
    found = {name: value for name, value in schema.items() if name not in ("oneOf", "allOf", "$ref", "items", "properties")}
    if "oneOf" in schema:
        found = {"type": "string", **found, **ONE_OF.get(str(schema.get("format")), {})}
    (ref,) = schema.get("allOf") or [schema]
    if "$ref" in ref:
        found["$ref"] = ref["$ref"].replace(REF, DEFINITIONS)
    if "items" in schema:
        found["items"] = _of_v2(schema["items"])
    if "additionalProperties" in schema:
        found["additionalProperties"] = _of_v2(schema["additionalProperties"])
    if "properties" in schema:
        found["properties"] = {name: _of_v2(inner) for name, inner in schema["properties"].items()}
    return found


# ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _path(methods: Schema) -> Schema:
    return {name: _parameters(given) if name == "parameters" else _operation(given) for name, given in methods.items()}


def _parameters(given: list[Schema]) -> list[Schema]:
    return [{**{name: value for name, value in one.items() if name != "schema"}, **one["schema"]} for one in given]


def _operation(given: Schema) -> Schema:
    body = given.get("requestBody")
    more = [{"name": "body", "in": "body", "required": body["required"], "schema": _schema_of(body)}] if body else []
    return {
        **{name: value for name, value in given.items() if name != "requestBody"},
        "consumes": list(body["content"]) if body else ["*/*"],
        "produces": [JSON, YAML],
        "parameters": [*more, *_parameters(given["parameters"])],
        "responses": {
            code: {"description": one["description"], "schema": _schema_of(one)} for code, one in given["responses"].items()
        },
    }


def _schema_of(given: Schema) -> Schema:
    """Return the schema of a body, which is the same in all of its forms."""
    return dict(_of_v2(next(iter(given["content"].values()))["schema"]))


# ── protobuf ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _schema(schema: Schema) -> bytes:
    """Return a schema of v2 as a message."""
    return b"".join(_fields(schema))


def _fields(schema: Schema) -> Iterator[bytes]:
    for number, name in ((1, "$ref"), (2, "format"), (4, "description")):
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
