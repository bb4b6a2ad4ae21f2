"""Who manages which fields of an object, and what a server-side apply makes of it.

An object as it is stored says of each manager who it is, and which fields it has only where others have some too: an entry
without `fieldsV1` has all that no other entry has, apart from what the API server itself has put there and what components of
Kubernetes have of it (`component_fields`). `expanded` writes it all out, for whoever reads the object.
Kubernetes: sigs.k8s.io/structured-merge-diff, apimachinery/pkg/util/managedfields
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1 import component_fields, status
from lifecycle.core_v1.admission import TOKEN_PATH
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.field_paths import Path, leaves, paths, shown, tree, without
from lifecycle.core_v1.schema import Kind, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.strategic_patch import BadPatch, strategic_apply

Object = dict[str, Any]

BEFORE = "before-first-apply"


class Manager(NamedTuple):
    """Who manages fields, and how they were set: by Apply or by Update, through which subresource."""

    name: str
    operation: str
    subresource: str = ""


class Entry(NamedTuple):
    """What a manager manages, since when."""

    paths: frozenset[Path]
    time: str


Entries = dict[Manager, Entry]


def made(kind: Kind, manager: str, now: Micros) -> list[Object]:
    """Return the managedFields, as they are stored, of an object that somebody has created."""
    return [{"manager": manager, "operation": "Update", "apiVersion": kind.group_version, "time": rfc3339(now)}]


def created(kind: Kind, body: Object, manager: str, now: Micros) -> list[Object]:
    """Return the managedFields of an object that an apply has made."""
    return written(kind, {Manager(manager, "Apply"): Entry(frozenset(leaves(kind, body)), rfc3339(now))})


def entries(kind: Kind, obj: Object) -> Entries:
    """Return who manages what of a stored object, apart from what components have of others' objects."""
    stored = obj["metadata"].get("managedFields") or ()
    found = {
        _manager(entry): Entry(frozenset(paths(entry.get("fieldsV1") or {}, ())), entry.get("time", "")) for entry in stored
    }
    for entry in stored:
        if "fieldsV1" not in entry:
            held = frozenset[Path]().union(*(other.paths for other in found.values()))
            manager = _manager(entry)
            found[manager] = found[manager]._replace(paths=frozenset(paths(_rest(kind, obj), ())) - held)
    return found


def _manager(entry: Object) -> Manager:
    return Manager(str(entry.get("manager", "")), str(entry.get("operation", "")), str(entry.get("subresource", "")))


_SERVERS: Mapping[str, tuple[str, ...]] = {
    "Namespace": ("finalizers",),
    "Pod": ("nodeName", "preemptionPolicy", "priority"),
    "Service": ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"),
}
"""What of a spec the API server sets, whoever makes an object."""


PROTECTED = {"PersistentVolume": "kubernetes.io/pv-protection", "PersistentVolumeClaim": "kubernetes.io/pvc-protection"}
"""The finalizers that admission gives. Kubernetes: plugin/pkg/admission/storage/storageobjectinuseprotection"""


def _rest(kind: Kind, obj: Object) -> Object:
    """Return the tree of what an object's maker manages where nobody else does: all but what components have put there."""
    found = component_fields.without_unmanaged(kind, obj)
    if controlled := component_fields.controllers_fields(kind, obj):
        _take_away(found, controlled)
    spec = found.get("f:spec", {})
    for name in _SERVERS.get(kind.kind, ()):
        spec.pop(f"f:{name}", None)
    if kind.kind == "Pod":
        _without_admitted(spec, obj["spec"])
    elif kind.kind == "Service":
        for port in spec.get("f:ports", {}).values():
            port.pop("f:nodePort", None)
    elif kind.kind in PROTECTED:
        _take_away(found, {"f:metadata": {"f:finalizers": {f'v:"{PROTECTED[kind.kind]}"': {}}}})
    if "f:spec" in found and not spec:
        del found["f:spec"]
    return found


def _take_away(found: Object, taken: Object) -> None:
    """Take a tree's leaves out of another one, and what holds nothing then."""
    for step, inner in taken.items():
        if inner and step in found and found[step]:
            _take_away(found[step], inner)
            if not found[step].keys() - {"."}:
                del found[step]
        else:
            found.pop(step, None)


def _without_admitted(tree: Object, spec: Object) -> None:
    """Take away what admission has added to a Pod."""
    if spec.get("serviceAccountName") == "default":
        tree.pop("f:serviceAccount", None)
        tree.pop("f:serviceAccountName", None)
    if all(one.get("tolerationSeconds") == 300 for one in spec.get("tolerations") or ()):
        tree.pop("f:tolerations", None)
    _without_items(tree, "f:volumes", 'k:{"name":"kube-api-access-')
    for name in ("f:containers", "f:initContainers"):
        for container in tree.get(name, {}).values():
            _without_items(container, "f:volumeMounts", f'k:{{"mountPath":"{TOKEN_PATH}"}}')
    tree.get("f:containers", {}).pop(".", None)


def _without_items(tree: Object, name: str, prefix: str) -> None:
    items = {key: inner for key, inner in tree.get(name, {}).items() if not key.startswith(prefix)}
    if items.keys() <= {"."}:
        tree.pop(name, None)
    else:
        tree[name] = items


def written(kind: Kind, found: Entries) -> list[Object]:
    """Return metadata.managedFields, those who apply first."""
    order = sorted(found.items(), key=lambda item: (item[0].operation, item[1].time, item[0].name, item[0].subresource))
    return [
        {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": kind.group_version,
            "time": entry.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": tree(entry.paths),
            **({"subresource": manager.subresource} if manager.subresource else {}),
        }
        for manager, entry in order
        if entry.paths
    ]


def expanded(kind: Kind, obj: Object) -> Object:
    """Return an object as it is read: with every manager's fields."""
    stored = obj["metadata"].get("managedFields")
    if not stored:
        return obj
    if len(stored) == 1 and "fieldsV1" not in stored[0]:
        rest = _rest(kind, obj)
        managed = [{**stored[0], "fieldsType": "FieldsV1", "fieldsV1": rest}] if rest else []
    else:
        managed = written(kind, entries(kind, obj))
    held = frozenset(path for entry in stored for path in paths(entry.get("fieldsV1") or {}, ()))
    if others := component_fields.entries(kind, obj, held):
        managed = sorted((*managed, *others), key=lambda entry: (entry["operation"], entry["time"], entry["manager"]))
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": {**metadata, "managedFields": managed} if managed else metadata}


def apply(kind: Kind, old: Object, body: Object, manager: str, force: bool, now: Micros) -> Object | Status:
    """Return the live object as an apply leaves it (with its managedFields), or the conflict that refuses it."""
    live, typed = leaves(kind, old), leaves(kind, _typed(kind, body))
    wanted = {path: typed.get(path, value) for path, value in leaves(kind, body).items()}
    before = entries(kind, old) or {Manager(BEFORE, "Update"): Entry(frozenset(live), rfc3339(now))}
    own = Manager(manager, "Apply")
    others = {other: entry for other, entry in before.items() if other != own}
    against = {
        other: sorted(path for path in entry.paths & wanted.keys() if path in live and live[path] != wanted[path])
        for other, entry in others.items()
    }
    if any(against.values()) and not force:
        return _conflict(kind, {other: conflicting for other, conflicting in against.items() if conflicting})
    others = {other: Entry(entry.paths - set(against[other]), entry.time) for other, entry in others.items()}
    held = frozenset[Path]().union(*(entry.paths for entry in others.values()))
    dropped = before.get(own, Entry(frozenset(), "")).paths - wanted.keys() - held
    try:
        new: Object = strategic_apply(old, body, type_of(kind))
    except BadPatch as bad:
        return status.bad_request(str(bad))
    for path in sorted(dropped, key=len, reverse=True):
        new = without(new, path)
    since = before.get(own)
    same = since is not None and since.paths == frozenset(wanted) and leaves(kind, new) == live
    others[own] = Entry(frozenset(wanted), since.time if since and same else rfc3339(now))
    return {**new, "metadata": {**new["metadata"], "managedFields": written(kind, others)}}


def _typed(kind: Kind, body: Object) -> Object:
    """Return a body with its values as they are stored: quantities in their canonical form."""
    found = decode(body, type_of(kind))
    return body if isinstance(found, Complaint) else found.object


def updated(kind: Kind, old: Object, new: Object, manager: str, now: Micros, subresource: str = "") -> list[Object]:
    """Return the managedFields, as they are stored, after an update: what has changed belongs to who has changed it."""
    stored: list[Object] = old["metadata"].get("managedFields") or []
    through_status = subresource == "status"
    before, after = leaves(kind, old, through_status), leaves(kind, new, through_status)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    moved = changed | (before.keys() - after.keys())
    if not moved:
        return stored
    own = Manager(manager, "Update", subresource)
    mine: Object = {"manager": manager, "operation": "Update", "apiVersion": kind.group_version, "time": rfc3339(now)}
    if subresource:
        mine["subresource"] = subresource
    left = [{**entry, **_left(entry, moved)} for entry in stored if _manager(entry) != own]
    present = next((entry for entry in stored if _manager(entry) == own), None)
    if present is None or "fieldsV1" in present:
        had = frozenset(paths((present or {}).get("fieldsV1") or {}, ())) - (before.keys() - after.keys())
        mine |= {"fieldsType": "FieldsV1", "fieldsV1": tree(had | changed)} if had | changed else {"fieldsV1": {}}
    return [entry for entry in [*left, mine] if entry.get("fieldsV1", True)]


def _left(entry: Object, moved: set[Path]) -> Object:
    """Return which fields an entry keeps that has some of its own; an entry that has the rest has it without being told."""
    return {"fieldsV1": tree(frozenset(paths(entry["fieldsV1"], ())) - moved)} if "fieldsV1" in entry else {}


def given(kind: Kind, old: Object, manifest: Any) -> list[Object] | None:
    """Return the managedFields that a request itself writes, as `kubectl apply --server-side` does; None where it does not."""
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    found = metadata.get("managedFields") if isinstance(metadata, dict) else None
    if not isinstance(found, list) or not found or not old["metadata"].get("managedFields"):
        return None
    if found in (old["metadata"]["managedFields"], expanded(kind, old)["metadata"].get("managedFields")):
        return None
    whole = [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("fieldsV1"), dict)]
    components = {_manager(entry) for entry in component_fields.entries(kind, old)}
    return [entry for entry in whole if _manager(entry) not in components]


def _conflict(kind: Kind, against: Mapping[Manager, list[Path]]) -> Status:
    names = {other: _named(kind, other) for other in against}
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {names[other]}", "field": shown(path)}
        for other, conflicting in against.items()
        for path in conflicting
    ]
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        parts = [
            f"conflicts with {names[other]}:\n" + "\n".join(f"- {shown(path)}" for path in conflicting)
            for other, conflicting in sorted(against.items())
        ]
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(parts)
    return Status(409, "Conflict", text, {"causes": causes})


def _named(kind: Kind, manager: Manager) -> str:
    through = f' with subresource "{manager.subresource}"' if manager.subresource else ""
    return f'"{manager.name}"{through}' + (f" using {kind.group_version}" if manager.operation == "Update" else "")
