"""The room `garbagecollector`: what belongs to something goes with it, before it, or is left behind, as its deletion asks.

Owners of kinds that are not served are taken for there: nobody can say whether they are.
Kubernetes: pkg/controller/garbagecollector
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from lifecycle.apiserver.deletion import FOREGROUND, ORPHAN
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.core_v1.schema import KINDS, Kind
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND

RESOURCES = tuple(sorted({kind.plural for kind in KINDS.values()} - {"bindings", "events"}))
"""Whose objects own something or belong to something."""

Name = tuple[str, str, str]
"""A resource, a namespace and a name."""


class GarbageCollectorState(msgspec.Struct):
    """This room remembers nothing: everything stands in the objects."""


class GarbageCollector:
    """`_known` has the objects that name an owner, by its uid; after a restore it is found when it is first asked for."""

    def __init__(self, kernel: Kernel, state: GarbageCollectorState | None = None) -> None:
        self.kernel = kernel
        self.state = state or GarbageCollectorState()
        self._known: dict[str, dict[Name, None]] | None = {} if state is None else None
        kernel.rooms["apiserver"].inform(self.observe, *RESOURCES, progress=False)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and old["metadata"] is new["metadata"]:
            return
        obj = new or old
        assert obj is not None
        was, now = _owners(old), _owners(new)
        if was != now:
            self._file(_name(resource, obj), was, now)
        if new is None:
            self._observe_end(obj, was)
        elif _waits(new) or (was != now and any(self._owner(one, new) is None for one in now)):
            self._later(_name(resource, new))

    def _observe_end(self, obj: Object, owners: Iterable[Object]) -> None:
        """Look after those who belonged to what is gone, and to whom it belonged."""
        for dependent in self._dependents(obj["metadata"]["uid"]):
            self._later(dependent)
        for reference in owners:
            kind, owner = _kind(reference), self._owner(reference, obj)
            if kind is not None and owner is not None and _waits(owner):
                self._later(_name(kind.plural, owner))

    def _later(self, name: Name) -> None:
        self.kernel.after(LATENCY, "garbagecollector", "attempt", *name)

    # ── who belongs to whom ──────────────────────────────────────────────────────────────────────────────────────────

    def _file(self, name: Name, was: Iterable[Object], now: Iterable[Object]) -> None:
        if self._known is None:
            return
        for owner in was:
            names = self._known.get(owner["uid"], {})
            names.pop(name, None)
            if not names:
                self._known.pop(owner["uid"], None)
        for owner in now:
            self._known.setdefault(owner["uid"], {})[name] = None

    def _dependents(self, uid: str) -> list[Name]:
        """Return what names an owner."""
        if self._known is None:
            self._known = {}
            for resource in RESOURCES:
                for obj in self._api.list(resource):
                    self._file(_name(resource, obj), (), _owners(obj))
        return sorted(self._known.get(uid, ()))

    def _owner(self, reference: Object, dependent: Object) -> Object | None:
        """Return the owner that a reference of an object names, if it is there."""
        kind = _kind(reference)
        if kind is None:
            return None
        namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
        found: Object | None = self._api.get(kind.plural, namespace, reference["name"])
        return found if found is not None and found["metadata"]["uid"] == reference["uid"] else None

    # ── what becomes of them ─────────────────────────────────────────────────────────────────────────────────────────

    def on_attempt(self, resource: str, namespace: str, name: str) -> None:
        """See to an object whose dependents are to go first or to be left behind, or whose owners may be gone."""
        obj = self._api.get(resource, namespace, name)
        if obj is None:
            return
        if ORPHAN in _finalizers(obj) and obj["metadata"].get("deletionTimestamp"):
            self._leave_behind(resource, obj)
        elif _waits(obj):
            self._delete_dependents(resource, obj)
        elif not obj["metadata"].get("deletionTimestamp"):
            self._collect(resource, obj)

    def _collect(self, resource: str, obj: Object) -> None:
        """Delete an object all of whose owners are gone; from one that has others, take the names of the gone ones."""
        references = _owners(obj)
        if not references:
            return
        if any(_kind(reference) is None for reference in references):
            return
        owners = [self._owner(reference, obj) for reference in references]
        solid = [one for one, owner in zip(references, owners, strict=True) if owner is not None and not _waits(owner)]
        if solid:
            self._name_owners(resource, obj, solid)
            return
        metadata, waited_for = obj["metadata"], any(owner is not None for owner in owners)
        policy = "Foreground" if waited_for and self._dependents(metadata["uid"]) else ""
        self._api.delete(resource, metadata.get("namespace", ""), metadata["name"], metadata["uid"], propagation=policy)

    def _delete_dependents(self, resource: str, owner: Object) -> None:
        """Have an owner go once nothing is left that it has to wait for."""
        uid = owner["metadata"]["uid"]
        dependents = [(name, self._api.get(*name)) for name in self._dependents(uid)]
        blocking = [name for name, obj in dependents if obj is not None and _blocks(obj, uid)]
        if not blocking:
            self._release(resource, owner, FOREGROUND)
        for name, obj in dependents:
            if obj is not None and not obj["metadata"].get("deletionTimestamp"):
                self._later(name)

    def _leave_behind(self, resource: str, owner: Object) -> None:
        """Let an owner go whose dependents are to stay: they name it no more."""
        uid = owner["metadata"]["uid"]
        for name in self._dependents(uid):
            dependent = self._api.get(*name)
            if dependent is not None:
                self._name_owners(name[0], dependent, [one for one in _owners(dependent) if one["uid"] != uid])
        self._release(resource, owner, ORPHAN)

    def _name_owners(self, resource: str, obj: Object, references: list[Object]) -> None:
        metadata = {name: value for name, value in obj["metadata"].items() if name != "ownerReferences"}
        more = {"ownerReferences": references} if references else {}
        self._api.update(resource, {**obj, "metadata": {**metadata, **more}})

    def _release(self, resource: str, obj: Object, finalizer: str) -> None:
        left = [one for one in _finalizers(obj) if one != finalizer]
        metadata = {name: value for name, value in obj["metadata"].items() if name != "finalizers"}
        self._api.update(resource, {**obj, "metadata": {**metadata, **({"finalizers": left} if left else {})}})

    @property
    def _api(self) -> Any:
        return self.kernel.rooms["apiserver"]


def _name(resource: str, obj: Object) -> Name:
    return resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _kind(reference: Object) -> Kind | None:
    return KINDS.get((reference["apiVersion"], reference["kind"]))


def _owners(obj: Object | None) -> list[Object]:
    return (obj["metadata"].get("ownerReferences") or []) if obj is not None else []


def _finalizers(obj: Object) -> list[str]:
    return obj["metadata"].get("finalizers") or []


def _waits(obj: Object) -> bool:
    """Say whether an object is to go once its dependents are dealt with."""
    finalizers = obj["metadata"].get("finalizers")
    return bool(finalizers and obj["metadata"].get("deletionTimestamp") and (FOREGROUND in finalizers or ORPHAN in finalizers))


def _blocks(obj: Object, uid: str) -> bool:
    """Say whether an owner has to wait until an object is gone."""
    return any(one["uid"] == uid and one.get("blockOwnerDeletion") for one in _owners(obj))
