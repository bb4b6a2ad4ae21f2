"""What a request may say of the object that it means, and what is said where it is another.

Kubernetes: apiserver/pkg/registry/rest (BeforeDelete), apiserver/pkg/storage (Preconditions)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status, conflict, details
from lifecycle.wire import Object

PREFIXES = {"endpoints": "services/endpoints", "nodes": "minions", "services": "services/specs"}
"""What stands for a resource in the keys that its objects are stored under, where that is not its name."""

OTHER = "the UID in the precondition ({}) does not match the UID in record ({}). "
CHANGED = "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({}). "


def check(kind: Kind, obj: Object, preconditions: Mapping[str, Any], version: int) -> None:
    """Test what a DELETE wants of an object. Raises: Refused, which names the kind, not the resource."""
    metadata, uid, asked = obj["metadata"], preconditions.get("uid"), preconditions.get("resourceVersion")
    if uid is not None and uid != metadata["uid"]:
        why = OTHER.format(uid, metadata["uid"]) + "The object might have been deleted and then recreated"
    elif asked is not None and asked != str(version):
        why = CHANGED.format(asked, version) + "The object might have been modified"
    else:
        return
    message = f'Operation cannot be fulfilled on {kind.qualified_kind} "{metadata["name"]}": {why}'
    raise Refused(Status(409, "Conflict", message, details(kind, metadata["name"], by_kind=True)))


def check_stored(kind: Kind, metadata: Mapping[str, Any], version: int, uid: Any, asked: Any) -> None:
    """Test what a write that names no whole object wants of one, as the storage does. Raises: Refused."""
    if uid and uid != metadata["uid"]:
        raise Refused(conflict(kind, metadata["name"], other_object(kind, metadata, uid)))
    if asked and asked != str(version):
        said = f"ResourceVersion in precondition: {asked}, ResourceVersion in object meta: {version}"
        raise Refused(conflict(kind, metadata["name"], _storage_error(kind, metadata, said)))


def other_object(kind: Kind, metadata: Mapping[str, Any], uid: str) -> str:
    """Return what the storage says of a write that is meant for another object."""
    return _storage_error(kind, metadata, f"UID in precondition: {uid}, UID in object meta: {metadata['uid']}")


def _storage_error(kind: Kind, metadata: Mapping[str, Any], said: str) -> str:
    place = [PREFIXES.get(kind.plural, kind.plural), metadata.get("namespace"), metadata["name"]]
    key = "/registry/" + "/".join(filter(None, place))
    why = f"Precondition failed: {said}"
    return f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
