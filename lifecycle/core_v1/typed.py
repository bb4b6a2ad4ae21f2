"""What is applied fits the types of its kind. Kubernetes: structured-merge-diff/typed (validate.go, helpers.go)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import go_value, status
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.field_paths import item_key, list_map_keys, shown
from lifecycle.core_v1.schema import Field, Kind, Type, fields, type_of
from lifecycle.core_v1.status import Status

NUMBERS = ("int32", "int64")
UNTYPED = ("Quantity", "Time", "MicroTime", "IntOrString", "any")
"""Scalars that may be written in more than one way: what they hold is read later."""


def mistyped(kind: Kind, body: Any) -> Status | None:
    """Return the refusal of what is applied and is no object of the kind, or does not fit its types."""
    if not isinstance(body, dict):
        why = f"json: cannot unmarshal {go_value.json_kind(body)} into Go value of type map[string]interface {{}}"
        return status.bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}")
    if (body.get("apiVersion"), body.get("kind")) != (kind.group_version, kind.kind):
        return status.bad_request(f"invalid object type: {_gvk(body)}")
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        return status.bad_request("metadata.managedFields must be nil")
    errors = list(_struct(type_of(kind), body))
    return _failed(f"failed to create typed patch object ({_named(body)}): {_together(errors)}") if errors else None


def unconvertible(kind: Kind, obj: Any, body: Any) -> Status | None:
    """Return the refusal of an object that an apply has made and that cannot be read: a quantity that is none."""
    found = decode(obj, type_of(kind))
    if not isinstance(found, Complaint):
        return None
    why = f"unable to convert unstructured object to {_gvk(body)}: {found.message}"
    return _failed(f"failed to convert new object ({_named(body)}) to proper version: {why}")


def _failed(message: str) -> Status:
    return Status(500, "", message)


def _gvk(body: dict[str, Any]) -> str:
    """Return how Go prints a group, version and kind: `/v1, Kind=Pod`."""
    group, _, version = str(body.get("apiVersion") or "").rpartition("/")
    return f"{group}/{version}, Kind={body.get('kind') or ''}"


def _named(body: dict[str, Any]) -> str:
    metadata = body.get("metadata")
    known: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    return f"{_text(known.get('namespace'))}/{_text(known.get('name'))}; {_gvk(body)}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


Wrong = tuple[str, str]
"""A path, as errors show it, and what is wrong there."""


def _together(errors: list[Wrong]) -> str:
    texts = [f"{path}: {text}" if path else text for path, text in errors]
    return texts[0] if len(texts) == 1 else "\n  ".join(["errors:", *texts])


def _value(type: Type, value: Any, field: Field) -> Iterator[Wrong]:
    if value is None:
        return
    match type.shape:
        case "struct":
            yield from _struct(type, value)
        case "map":
            yield from _map(type, value, field)
        case "list":
            yield from _list(type, value, field)
        case _:
            yield from _scalar(type.name, value)


def _below(step: str, errors: Iterator[Wrong]) -> Iterator[Wrong]:
    """Yield errors as they are seen from one step above."""
    prefix = shown((step,))
    return ((prefix + path, text) for path, text in errors)


def _struct(type: Type, obj: Any) -> Iterator[Wrong]:
    """Yield what is wrong with a struct; behind a field that it does not have, nothing more is looked at."""
    if not isinstance(obj, dict):
        yield "", f"expected map, got {go_value.reference(obj)}"
        return
    known = fields(type.name)
    for name, value in obj.items():
        if name not in known:
            yield f".{name}", "field not declared in schema"
            return
        yield from _below(f"f:{name}", _value(known[name].type, value, known[name]))


def _map(type: Type, value: Any, field: Field) -> Iterator[Wrong]:
    assert type.of is not None
    if not isinstance(value, dict):
        yield "", f"expected map, got {go_value.reference(value)}"
        return
    for name, item in value.items():
        yield from _below(f"f:{name}", _value(type.of, item, field))


def _list(type: Type, value: Any, field: Field) -> Iterator[Wrong]:
    """Yield what is wrong with a list; behind an item that has no key, nothing more is looked at."""
    assert type.of is not None
    if not isinstance(value, list):
        yield "", f"expected list, got {go_value.reference(value)}"
        return
    seen = set()
    for place, item in enumerate(value):
        step = f"i:{place}"
        if field.merge_key is not None:
            if why := _keyless(field, item):
                yield "", f"element {place}: {why}"
                return
            keys = list_map_keys(field)
            step = item_key(keys, item) if keys else f"v:{go_value.compact(item)}"
            if step in seen:
                yield "", f"duplicate entries for key {shown((step,))}"
            seen.add(step)
        yield from _below(step, _value(type.of, item, field))


def _keyless(field: Field, item: Any) -> str:
    """Return why an item cannot be told from the others of its list; empty where it can."""
    if field.merge_key:
        if item is None:
            return "associative list with keys may not have a null element"
        return "" if isinstance(item, dict) else "associative list with keys may not have non-map elements"
    if item is None:
        return "associative list without keys has an element that's an explicit null"
    if isinstance(item, dict):
        return "associative list without keys has an element that's a map type"
    return "not supported: associative list with lists as elements" if isinstance(item, list) else ""


def _scalar(name: str, value: Any) -> Iterator[Wrong]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in NUMBERS and not number:
        yield "", f"expected numeric (int or float), got {go_value.type_name(value)}"
    elif name == "bool" and not isinstance(value, bool):
        yield "", f"expected boolean, got {go_value.reference(value)}"
    elif name in UNTYPED and isinstance(value, (dict, list)) and name != "any":
        yield "", f"expected any scalar, got {go_value.reference(value)}"
    elif name not in (*NUMBERS, *UNTYPED, "bool") and not isinstance(value, str):
        yield "", f"expected string, got &value.valueUnstructured{{Value:{go_value.syntax(value)}}}"
