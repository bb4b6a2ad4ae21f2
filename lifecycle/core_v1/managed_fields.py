"""Who manages which fields of an object.

An object as it is stored says of each manager who it is, and which fields it has only where others have some too: an entry
without `fieldsV1` has all that no other entry has, apart from what the API server itself has put there and what components of
Kubernetes have of it (`component_fields`). `expanded` writes it all out, for whoever reads the object.
Kubernetes: sigs.k8s.io/structured-merge-diff, apimachinery/pkg/util/managedfields
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1 import component_fields
from lifecycle.core_v1.admission import TOKEN_PATH
from lifecycle.core_v1.field_paths import Path, changes, leaves, paths, tree
from lifecycle.core_v1.schema import Kind

Object = dict[str, Any]


class Manager(NamedTuple):
    """Who manages fields, and how they were set: by Apply or by Update, through which subresource."""

    name: str
    operation: str
    subresource: str = ""


MOST_UPDATES = 10
ANCIENT = Manager("ancient-changes", "Update")
"""Who stands for the managers whose updates are oldest, where there are more than so many."""


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
        manager_of(entry): Entry(frozenset(paths(entry.get("fieldsV1") or {}, ())), entry.get("time", "")) for entry in stored
    }
    for entry in stored:
        if "fieldsV1" not in entry:
            held = frozenset[Path]().union(*(other.paths for other in found.values()))
            manager = manager_of(entry)
            found[manager] = found[manager]._replace(paths=frozenset(paths(_rest(kind, obj), ())) - held)
    return found


def manager_of(entry: Object) -> Manager:
    """Return whom an entry of managedFields is about."""
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


def updated(kind: Kind, old: Object, new: Object, manager: str, now: Micros, subresource: str = "") -> list[Object]:
    """Return the managedFields, as they are stored, after an update: what has changed belongs to who has changed it.

    An object of which nobody manages anything stays so until somebody applies it.
    """
    stored: list[Object] = old["metadata"].get("managedFields") or []
    if not stored:
        return []
    changed, gone = changes(kind, old, new, subresource == "status")
    moved = changed | gone
    if not moved:
        return stored
    own = Manager(manager, "Update", subresource)
    mine: Object = {"manager": manager, "operation": "Update", "apiVersion": kind.group_version, "time": rfc3339(now)}
    if subresource:
        mine["subresource"] = subresource
    left = [{**entry, **_left(entry, moved)} for entry in stored if manager_of(entry) != own]
    present = next((entry for entry in stored if manager_of(entry) == own), None)
    if present is None or "fieldsV1" in present:
        had = frozenset(paths((present or {}).get("fieldsV1") or {}, ())) - gone
        mine |= {"fieldsType": "FieldsV1", "fieldsV1": tree(had | changed)} if had | changed else {"fieldsV1": {}}
    return _capped(kind, new, [entry for entry in [*left, mine] if entry.get("fieldsV1", True)])


def _capped(kind: Kind, obj: Object, stored: list[Object]) -> list[Object]:
    """Put those who have updated an object longest ago together, where there are many. Kubernetes: capmanagers.go"""
    updates = sum(entry.get("operation") == "Update" for entry in stored)
    if updates <= MOST_UPDATES:
        return stored
    found = entries(kind, {**obj, "metadata": {**obj["metadata"], "managedFields": stored}})
    oldest = sorted((one for one in found if one.operation == "Update"), key=lambda one: (found[one].time, one))
    gone = oldest[: updates - MOST_UPDATES + 1]
    together = frozenset[Path]().union(*(found[one].paths for one in gone))
    time = found[gone[-1]].time
    left = {one: entry for one, entry in found.items() if one not in gone}
    return written(kind, {**left, ANCIENT: Entry(together, time)})


def _left(entry: Object, moved: set[Path]) -> Object:
    """Return which fields an entry keeps that has some of its own; an entry that has the rest has it without being told."""
    return {"fieldsV1": tree(frozenset(paths(entry["fieldsV1"], ())) - moved)} if "fieldsV1" in entry else {}


def given(kind: Kind, old: Object, manifest: Any) -> list[Object] | None:
    """Return the managedFields that a request itself writes, as `kubectl apply --server-side` does; None where it does not.

    None at all, or one that says nothing, is a request to forget them.
    """
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    found = metadata.get("managedFields") if isinstance(metadata, dict) else None
    if found in ([], [{}]):
        return []
    if not isinstance(found, list) or not old["metadata"].get("managedFields"):
        return None
    if found == old["metadata"]["managedFields"] or found == expanded(kind, old)["metadata"].get("managedFields"):
        return None
    whole = [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("fieldsV1"), dict)]
    components = {manager_of(entry) for entry in component_fields.entries(kind, old)}
    return [entry for entry in whole if manager_of(entry) not in components]
