"""Server-side apply: who manages which fields of an object, and what an apply makes of it.

Fields are followed from an object's first apply on; what it held before belongs to the manager `before-first-apply`.
Kubernetes: sigs.k8s.io/structured-merge-diff, apimachinery/pkg/util/managedfields
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1 import status
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.schema import Field, Kind, Type, fields, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.strategic_patch import BadPatch, strategic_apply

Object = dict[str, Any]
Path = tuple[str, ...]
"""Steps as FieldsV1 writes them: `f:spec`, `k:{"name":"c"}`, `v:"x"`; a last step `.` is the item itself."""

UNMANAGED = ("apiVersion", "kind", "status")
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
    "generateName",
)

BEFORE = "before-first-apply"

LIST_MAP_KEYS: Mapping[str, tuple[str, ...]] = {
    "containerPort": ("containerPort", "protocol"),
    "port": ("port", "protocol"),
    "topologyKey": ("topologyKey", "whenUnsatisfiable"),
}
"""The keys by which an apply tells a list's items apart, where they are more than the one of a strategic merge patch."""

_KEY_DEFAULTS = {"protocol": "TCP"}


class Manager(NamedTuple):
    """Who manages fields, and how they were set: by Apply or by Update."""

    name: str
    operation: str


class Entry(NamedTuple):
    """What a manager manages, since when."""

    paths: frozenset[Path]
    time: str


Entries = dict[Manager, Entry]


def list_map_keys(field: Field) -> tuple[str, ...]:
    """Return the keys that tell the items of a list apart; none for a list that is one value or a set."""
    return LIST_MAP_KEYS.get(field.merge_key, (field.merge_key,)) if field.merge_key else ()


def leaves(kind: Kind, obj: Object) -> dict[Path, Any]:
    """Return an object's fields, as deep as they are managed apart, with their values."""
    found: dict[Path, Any] = {}
    for path, value in _struct(type_of(kind), obj, ()):
        name = path[0].removeprefix("f:")
        inner = path[1].removeprefix("f:") if len(path) > 1 else ""
        if name not in UNMANAGED and not (name == "metadata" and inner in ("", *UNMANAGED_METADATA)):
            found[path] = value
    return found


def _struct(type: Type, obj: Object, at: Path) -> Iterator[tuple[Path, Any]]:
    known = fields(type.name)
    for name, value in obj.items():
        field = known.get(name)
        if field is not None and value is not None:
            yield from _value(field, field.type, value, (*at, f"f:{name}"))


def _value(field: Field, type: Type, value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if type.shape == "struct" and isinstance(value, dict) and value:
        yield from _struct(type, value, at)
    elif type.shape == "map" and isinstance(value, dict) and value and field.name not in ("selector", "nodeSelector"):
        for key, item in value.items():
            yield (*at, f"f:{key}"), item
    elif type.shape == "list" and isinstance(value, list) and field.merge_key is not None and value:
        yield from _items(field, type, value, at)
    else:
        yield at, value


def _items(field: Field, type: Type, items: list[Any], at: Path) -> Iterator[tuple[Path, Any]]:
    keys = list_map_keys(field)
    for item in items:
        if not keys:
            yield (*at, f"v:{_compact(item)}"), item
        elif isinstance(item, dict) and type.of is not None:
            step = (*at, _key(keys, item))
            yield (*step, "."), True
            yield from _struct(type.of, item, step)


def _key(keys: tuple[str, ...], item: Object) -> str:
    values = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in keys}
    return f"k:{_compact({key: value for key, value in values.items() if value is not None})}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def entries(obj: Object) -> Entries:
    """Return who manages what of an object; empty where nobody has applied it."""
    found: Entries = {}
    for entry in obj["metadata"].get("managedFields") or ():
        manager = Manager(str(entry.get("manager", "")), str(entry.get("operation", "")))
        found[manager] = Entry(frozenset(_paths(entry.get("fieldsV1") or {}, ())), str(entry.get("time", "")))
    return found


def _paths(tree: Object, at: Path) -> Iterator[Path]:
    for step, inner in tree.items():
        if isinstance(inner, dict) and inner:
            yield from _paths(inner, (*at, step))
        else:
            yield (*at, step)


def written(kind: Kind, found: Entries) -> list[Object]:
    """Return metadata.managedFields, those who apply first."""
    order = sorted(found.items(), key=lambda item: (item[0].operation, item[1].time, item[0].name))
    return [
        {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": kind.group_version,
            "time": entry.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": _tree(entry.paths),
        }
        for manager, entry in order
        if entry.paths
    ]


def _tree(paths: frozenset[Path]) -> Object:
    tree: Object = {}
    for path in sorted(paths):
        inner = tree
        for step in path:
            inner = inner.setdefault(step, {})
    return tree


def created(kind: Kind, body: Object, manager: str, now: Micros) -> list[Object]:
    """Return the managedFields of an object that an apply has made."""
    return written(kind, {Manager(manager, "Apply"): Entry(frozenset(leaves(kind, body)), rfc3339(now))})


def apply(kind: Kind, old: Object, body: Object, manager: str, force: bool, now: Micros) -> Object | Status:
    """Return the live object as an apply leaves it (with its managedFields), or the conflict that refuses it."""
    live, typed = leaves(kind, old), leaves(kind, _typed(kind, body))
    wanted = {path: typed.get(path, value) for path, value in leaves(kind, body).items()}
    before = entries(old) or {Manager(BEFORE, "Update"): Entry(frozenset(live), rfc3339(now))}
    own = Manager(manager, "Apply")
    others = {other: entry for other, entry in before.items() if other != own}
    against = {
        other: sorted(path for path in entry.paths & wanted.keys() if path in live and live[path] != wanted[path])
        for other, entry in others.items()
    }
    if any(against.values()) and not force:
        return _conflict(kind, old, {other: paths for other, paths in against.items() if paths})
    others = {other: Entry(entry.paths - set(against[other]), entry.time) for other, entry in others.items()}
    held = frozenset[Path]().union(*(entry.paths for entry in others.values()))
    dropped = before.get(own, Entry(frozenset(), "")).paths - wanted.keys() - held
    try:
        new: Object = strategic_apply(old, body, type_of(kind))
    except BadPatch as bad:
        return status.bad_request(str(bad))
    for path in sorted(dropped, key=len, reverse=True):
        new = _without(new, path)
    since = before.get(own)
    same = since is not None and since.paths == frozenset(wanted) and leaves(kind, new) == live
    others[own] = Entry(frozenset(wanted), since.time if since and same else rfc3339(now))
    return {**new, "metadata": {**new["metadata"], "managedFields": written(kind, others)}}


def _typed(kind: Kind, body: Object) -> Object:
    """Return a body with its values as they are stored: quantities in their canonical form."""
    found = decode(body, type_of(kind))
    return body if isinstance(found, Complaint) else found.object


def updated(kind: Kind, old: Object, new: Object, manager: str, now: Micros) -> list[Object]:
    """Return the managedFields after an update: what changed belongs to who changed it. Empty if nobody has ever applied."""
    found = entries(old)
    if not found:
        return []
    before, after = leaves(kind, old), leaves(kind, new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    moved = changed | (before.keys() - after.keys())
    if not moved:
        return written(kind, found)
    left = {other: Entry(entry.paths - moved, entry.time) for other, entry in found.items()}
    own = Manager(manager, "Update")
    mine = left.get(own, Entry(frozenset(), "")).paths | changed
    return written(kind, {**left, own: Entry(frozenset(mine), rfc3339(now))})


def _without(value: Any, path: Path) -> Any:
    """Return a copy of a value in which a field, or an item of a list, is not."""
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        place = next((i for i, item in enumerate(value) if _is(step, item)), None)
        if place is None:
            return value
        if rest in ((), (".",)):
            return [*value[:place], *value[place + 1 :]]
        return [*value[:place], _without(value[place], rest), *value[place + 1 :]]
    name = step.removeprefix("f:")
    if not isinstance(value, dict) or name not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != name}
    return {**value, name: _without(value[name], rest)}


def _is(step: str, item: Any) -> bool:
    if step.startswith("v:"):
        return _compact(item) == step[2:]
    keys = json.loads(step[2:])
    return isinstance(item, dict) and all(item.get(key, _KEY_DEFAULTS.get(key)) == value for key, value in keys.items())


def _conflict(kind: Kind, obj: Object, against: Mapping[Manager, list[Path]]) -> Status:
    version = kind.group_version
    names = {other: f'"{other.name}"' + (f" using {version}" if other.operation == "Update" else "") for other in against}
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {names[other]}", "field": shown(path)}
        for other, paths in against.items()
        for path in paths
    ]
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        parts = [
            f"conflicts with {names[other]}:\n" + "\n".join(f"- {shown(path)}" for path in paths)
            for other, paths in sorted(against.items())
        ]
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(parts)
    return Status(409, "Conflict", text, {"causes": causes})


def shown(path: Path) -> str:
    """Return a path as conflicts write it: `.spec.containers[name="c"].image`."""
    parts = []
    for step in path:
        if step.startswith("k:"):
            parts.append("[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(step[2:]).items()) + "]")
        elif step.startswith("v:"):
            parts.append(f"[={step[2:]}]")
        elif step != ".":
            parts.append("." + step.removeprefix("f:"))
    return "".join(parts)
