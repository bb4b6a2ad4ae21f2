"""What a server-side apply makes of an object, and of those who manage its fields, or with whom it is in conflict.

Kubernetes: structured-merge-diff/merge (update.go), apimachinery/pkg/util/managedfields/internal
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1 import component_fields, go_value, typed
from lifecycle.core_v1.field_paths import Path, leaves, paths, shown, without
from lifecycle.core_v1.managed_fields import Entries, Entry, Manager, entries, manager_of, written
from lifecycle.core_v1.schema import Kind, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.typed_merge import merged

Object = dict[str, Any]

BEFORE = Manager("before-first-apply", "Update")
KUBECTL = "kubectl"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""What client-side apply leaves: who applies as kubectl afterwards takes it over, and keeps it as it would have been."""

Conflicts = dict[Manager, list[Path]]
METADATA: Path = ("f:metadata",)


def apply(
    kind: Kind, old: Object, body: Object, manager: str, force: bool, now: Micros, subresource: str = ""
) -> Object | Status:
    """Return the live object as an apply leaves it (with its managedFields), or the conflict that refuses it."""
    through_status, own = subresource == "status", Manager(manager, "Apply", subresource)
    live, wanted = leaves(kind, old, through_status), frozenset(leaves(kind, body, through_status))
    before = entries(kind, old) or {BEFORE: Entry(frozenset(live), rfc3339(now))}
    others = {other: entry for other, entry in before.items() if other != own}
    last = before.get(own, Entry(frozenset(), ""))
    new = merged(type_of(kind), old, body)
    new = _pruned(new, last.paths, wanted.union(*(entry.paths for entry in others.values())))
    after = leaves(kind, new, through_status)
    changed = frozenset(path for path, value in after.items() if path not in live or live[path] != value)
    conflicts = _conflicts({**others, **_components(kind, old, before)}, changed)
    if conflicts and not force:
        conflicts = _beyond_last_applied(kind, old, live, conflicts) if manager == KUBECTL else conflicts
        if conflicts:
            return _conflict(kind, conflicts)
    lost = changed | (live.keys() - after.keys())
    kept = {other: Entry(entry.paths - lost, entry.time) for other, entry in others.items()}
    kept[own] = Entry(wanted, rfc3339(now) if lost or wanted != last.paths else last.time)
    metadata = {**new["metadata"], "managedFields": written(kind, kept)}
    if manager == KUBECTL and (metadata.get("annotations") or {}).get(LAST_APPLIED):
        metadata["annotations"] = {**metadata["annotations"], LAST_APPLIED: _as_last_applied(body)}
    return {**new, "metadata": metadata}


def _components(kind: Kind, old: Object, before: Entries) -> Entries:
    """Return what components manage of an object: nothing of that is stored."""
    held = frozenset[Path]().union(*(entry.paths for entry in before.values()))
    found = component_fields.entries(kind, old, held)
    return {manager_of(entry): Entry(frozenset(paths(entry["fieldsV1"], ())), entry["time"]) for entry in found}


def _conflicts(others: Entries, changed: frozenset[Path]) -> Conflicts:
    found = {other: sorted(entry.paths & changed) for other, entry in others.items()}
    return {other: theirs for other, theirs in found.items() if theirs}


def _pruned(new: Object, last: frozenset[Path], managed: Iterable[Path]) -> Object:
    """Return an object without what was applied last time and neither is now, nor is managed by anybody else.

    A struct goes with all that is in it where nobody manages a field of it; an item of a list, where nobody manages the item.
    """
    gone = _with_structs(last) - _with_structs(managed) - {METADATA}
    for path in sorted(gone, key=lambda path: (len(path), path[-1] != ".")):  # what holds others before them
        new = without(new, path)
    return new


def _with_structs(held: Iterable[Path]) -> set[Path]:
    """Return paths with those of the fields that they lead through. Kubernetes: EnsureNamedFieldsAreMembers"""
    found = set(held)
    for path in held:
        found.update(path[:length] for length in range(1, len(path)) if path[length - 1].startswith("f:"))
    return found


def _beyond_last_applied(kind: Kind, old: Object, live: Mapping[Path, Any], conflicts: Conflicts) -> Conflicts:
    """Return the conflicts that are about more than what client-side apply has applied and has still its value."""
    text = (old["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = json.loads(text or "null")
    except ValueError:
        return conflicts
    if not text or typed.mistyped(kind, last):
        return conflicts
    applied = {path for path, value in leaves(kind, last).items() if path in live and live[path] == value}
    left = {other: [path for path in theirs if path not in applied] for other, theirs in conflicts.items()}
    return {other: theirs for other, theirs in left.items() if theirs}


def _as_last_applied(body: Object) -> str:
    """Return what is applied as the annotation has it: without itself. Kubernetes: lastappliedupdater.go"""
    metadata = dict(body["metadata"])
    if metadata.get("annotations"):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
    return go_value.encoded({**body, "metadata": metadata}) + "\n"


def _conflict(kind: Kind, against: Conflicts) -> Status:
    order = sorted(against)
    names = {other: _named(kind, other) for other in order}
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {names[other]}", "field": shown(path)}
        for other in order
        for path in against[other]
    ]
    if len(causes) == 1:
        text = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        parts = [
            f"conflicts with {names[other]}:\n" + "\n".join(f"- {shown(path)}" for path in against[other]) for other in order
        ]
        text = f"Apply failed with {len(causes)} conflicts: " + "\n".join(parts)
    return Status(409, "Conflict", text, {"causes": causes})


def _named(kind: Kind, manager: Manager) -> str:
    through = f' with subresource "{manager.subresource}"' if manager.subresource else ""
    return f'"{manager.name}"{through}' + (f" using {kind.group_version}" if manager.operation == "Update" else "")
