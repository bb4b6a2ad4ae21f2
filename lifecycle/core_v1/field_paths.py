"""The fields of an object one by one, as server-side apply tells them apart, and the trees that managedFields write them as.

Kubernetes: sigs.k8s.io/structured-merge-diff (fieldpath, typed)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from lifecycle.core_v1 import go_value
from lifecycle.core_v1.schema import Field, Kind, Type, fields, type_of

Object = dict[str, Any]
Path = tuple[str, ...]
"""Steps as FieldsV1 writes them: `f:spec`, `k:{"name":"c"}`, `v:"x"`; a last step `.` is the item itself."""

UNMANAGED = ("apiVersion", "kind")
UNMANAGED_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
)

_ATOMIC = """
ConfigMapKeySelector EndpointAddress EndpointPort FileKeySelector LabelSelector LocalObjectReference NodeSelector
NodeSelectorTerm ObjectFieldSelector ObjectReference OwnerReference ResourceFieldSelector RoleRef ScopeSelector
SecretKeySelector SecretReference Subject TopologySelectorTerm TypedLocalObjectReference
core.EndpointPort
"""
ATOMIC = frozenset(_ATOMIC.split())
"""Structs that an apply replaces whole. Kubernetes: +structType=atomic"""

ATOMIC_MAPS = ("selector", "nodeSelector")
"""The names of maps that an apply replaces whole. Kubernetes: +mapType=atomic"""

GRANULAR = ("claimRef",)
"""The names of fields whose parts are managed apart though their type is atomic. Kubernetes: +structType=granular"""

LIST_MAP_KEYS: Mapping[str, tuple[str, ...]] = {
    "containerPort": ("containerPort", "protocol"),
    "port": ("port", "protocol"),
    "topologyKey": ("topologyKey", "whenUnsatisfiable"),
}
"""The keys by which an apply tells a list's items apart, where they are more than the one of a strategic merge patch."""

_KEY_DEFAULTS: Mapping[str, Any] = {"protocol": "TCP", "containerPort": 0, "port": 0}
"""What a key of an item is that does not name it; all others are empty then."""


def is_atomic(field: Field) -> bool:
    """Say whether an apply replaces a field's value whole."""
    type = field.type
    if type.shape == "struct":
        return type.name in ATOMIC and field.name not in GRANULAR
    if type.shape == "map":
        return field.name in ATOMIC_MAPS
    return type.shape == "scalar" or field.merge_key is None


def list_map_keys(field: Field) -> tuple[str, ...]:
    """Return the keys that tell the items of a list apart; none for a list that is one value or a set."""
    return LIST_MAP_KEYS.get(field.merge_key, (field.merge_key,)) if field.merge_key else ()


def leaves(kind: Kind, obj: Object, status: bool = False) -> dict[Path, Any]:
    """Return an object's fields, as deep as they are managed apart, with their values: those of its status, or all others."""
    return dict(_struct(type_of(kind), _managed(obj, status), ()))


def changes(kind: Kind, old: Object, new: Object, status: bool = False) -> tuple[set[Path], set[Path]]:
    """Return which of the fields that `leaves` gives are other ones or new in an object, and which are there no more."""
    before: dict[Path, Any] = {}
    after: dict[Path, Any] = {}
    for at, field, was, now in _apart(type_of(kind), _managed(old, status), _managed(new, status), ()):
        before.update(_value(field, was, at) if was is not None else ())
        after.update(_value(field, now, at) if now is not None else ())
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    return changed, before.keys() - after.keys()


def _managed(obj: Object, status: bool) -> Object:
    """Return what of an object is managed at all: of its status, or of all else."""
    if status:
        return {"status": obj.get("status")}
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        metadata = {name: value for name, value in metadata.items() if name not in UNMANAGED_METADATA}
    rest = {name: value for name, value in obj.items() if name not in UNMANAGED}
    return {**rest, "metadata": metadata or None, "status": None}


def _apart(type: Type, old: Object, new: Object, at: Path) -> Iterator[tuple[Path, Field, Any, Any]]:
    """Give the fields in which two structs differ, with their values there; structs in them are gone into."""
    for name, field in fields(type.name).items():
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        inside = field.type.shape == "struct" and not is_atomic(field) and isinstance(was, dict) and isinstance(now, dict)
        if inside and was and now:
            yield from _apart(field.type, was, now, (*at, f"f:{name}"))
        else:
            yield (*at, f"f:{name}"), field, was, now


def _struct(type: Type, obj: Object, at: Path) -> Iterator[tuple[Path, Any]]:
    known = fields(type.name)
    for name, value in obj.items():
        field = known.get(name)
        if field is not None and value is not None:
            yield from _value(field, value, (*at, f"f:{name}"))


def _value(field: Field, value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    type = field.type
    if not value or is_atomic(field):
        yield at, value
    elif type.shape == "struct" and isinstance(value, dict):
        yield from _struct(type, value, at)
    elif type.shape == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield (*at, f"f:{key}"), item
    elif type.shape == "list" and isinstance(value, list):
        yield from _items(field, type, value, at)
    else:
        yield at, value


def whole(type: Type, obj: Object) -> Object:
    """Return the tree of all fields of a struct, with what holds them: `.` stands for a map, list or struct itself."""
    known = fields(type.name)
    return {f"f:{name}": _branch(known[name], value) for name, value in obj.items() if name in known and value is not None}


def _branch(field: Field, value: Any) -> Object:
    type = field.type
    if not value or is_atomic(field):
        return {}
    if type.shape == "struct":
        return {".": {}, **whole(type, value)}
    if type.shape == "map":
        return {".": {}, **{f"f:{key}": {} for key in value}}
    keys = list_map_keys(field)
    if not keys or type.of is None:
        return {".": {}, **{f"v:{go_value.compact(item)}": {} for item in value}}
    return {".": {}, **{item_key(keys, item): {".": {}, **whole(type.of, item)} for item in value}}


def _items(field: Field, type: Type, items: list[Any], at: Path) -> Iterator[tuple[Path, Any]]:
    keys = list_map_keys(field)
    for item in items:
        if not keys:
            yield (*at, f"v:{go_value.compact(item)}"), item
        elif isinstance(item, dict) and type.of is not None:
            step = (*at, item_key(keys, item))
            yield (*step, "."), True
            yield from _struct(type.of, item, step)


def item_key(keys: tuple[str, ...], item: Object) -> str:
    """Return the step of a path that leads to an item of a list."""
    values = [item.get(key, _KEY_DEFAULTS.get(key, "")) for key in keys]
    return _key_of(keys, *values) if all(type(value) in (str, int) for value in values) else _key_text(keys, values)


@lru_cache(4096)
def _key_of(keys: tuple[str, ...], *values: Any) -> str:
    return _key_text(keys, values)


def _key_text(keys: tuple[str, ...], values: Iterable[Any]) -> str:
    named = zip(keys, values, strict=True)
    return f"k:{go_value.compact({key: value for key, value in named if value is not None})}"


def paths(tree: Object, at: Path) -> Iterator[Path]:
    for step, inner in tree.items():
        if isinstance(inner, dict) and inner:
            yield from paths(inner, (*at, step))
        else:
            yield (*at, step)


def tree(held: Iterable[Path]) -> Object:
    found: Object = {}
    for path in sorted(held):
        inner = found
        for step in path:
            inner = inner.setdefault(step, {})
    return found


def without(value: Any, path: Path) -> Any:
    """Return a copy of a value in which a field, or an item of a list, is not."""
    step, rest = path[0], path[1:]
    if step == ".":
        return value
    if isinstance(value, list):
        place = next((i for i, item in enumerate(value) if _is(step, item)), None)
        if place is None:
            return value
        if rest in ((), (".",)):
            return [*value[:place], *value[place + 1 :]]
        return [*value[:place], without(value[place], rest), *value[place + 1 :]]
    name = step.removeprefix("f:")
    if not isinstance(value, dict) or name not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != name}
    return {**value, name: without(value[name], rest)}


def _is(step: str, item: Any) -> bool:
    if step.startswith("v:"):
        return go_value.compact(item) == step[2:]
    keys = json.loads(step[2:])
    return isinstance(item, dict) and all(item.get(key, _KEY_DEFAULTS.get(key, "")) == value for key, value in keys.items())


def shown(path: Path) -> str:
    """Return a path as conflicts write it: `.spec.containers[name="c"].image`."""
    parts = []
    for step in path:
        if step.startswith("k:"):
            parts.append("[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(step[2:]).items()) + "]")
        elif step.startswith("v:"):
            parts.append(f"[={step[2:]}]")
        elif step.startswith("i:"):
            parts.append(f"[{step[2:]}]")
        elif step != ".":
            parts.append("." + step.removeprefix("f:"))
    return "".join(parts)
