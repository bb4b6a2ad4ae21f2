"""What a PATCH makes of an object, by the type of its body.

Kubernetes: apiserver/pkg/endpoints/handlers/patch.go
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from lifecycle.core_v1 import field, go_value, status
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.json_patch import MOST_OPERATIONS, PatchFailed, json_apply, unknown_members
from lifecycle.core_v1.merge_patch import merge_apply
from lifecycle.core_v1.registry import FieldValidation
from lifecycle.core_v1.schema import Kind, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.strategic_patch import BadPatch, strategic_apply

Object = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
CONTENT_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH)

REJECTED = "the server rejected our request due to an error in our request"


class Patched(msgspec.Struct, frozen=True):
    """The whole object as the patch leaves it, not yet defaulted or validated: what `accept_update` takes."""

    object: Object
    warnings: tuple[str, ...] = ()


def patch(
    kind: Kind, old: Object, body: Any, content_type: str, field_validation: FieldValidation = "Warn"
) -> Patched | Status:
    """Return what a patch makes of `old` (as a client would read it), or the Status that refuses it.

    What is applied is no patch of what is there: see `server_side_apply`.
    """
    strict: list[str] = []
    match content_type.partition(";")[0].strip():
        case "application/json-patch+json":
            new = _json_patched(old, body)
            strict = unknown_members(body) if isinstance(body, list) else []
        case "application/merge-patch+json":
            new = merge_apply(old, body) if isinstance(body, dict) else _no_object(body)
        case "application/strategic-merge-patch+json":
            new = _strategic(kind, old, body)
        case _:
            return status.unsupported_media_type(", ".join(CONTENT_TYPES))
    if isinstance(new, Status):
        return new
    shown = go_value.plain(body) if "strategic" in content_type else json.dumps(new, separators=(",", ":"), sort_keys=True)
    return _read(kind, new, shown, strict, field_validation)


def _read(kind: Kind, new: Object, shown: str, strict: list[str], field_validation: FieldValidation) -> Patched | Status:
    """Test that the outcome is an object of the kind, and leave out what the kind has not."""
    found = decode(new, type_of(kind)) if isinstance(new, dict) else Complaint("the patched object is no object", ())
    if isinstance(found, Complaint):
        return _invalid(shown, found.message)
    texts = [*strict, *(complaint.message for complaint in found.strict)]
    if texts and field_validation == "Strict":
        return _invalid(shown, f"strict decoding error: {', '.join(texts)}")
    obj = {**found.object, "apiVersion": new.get("apiVersion"), "kind": new.get("kind")}
    if (new.get("metadata") or {}).get("managedFields") == []:  # nobody is to manage anything: not the same as to say nothing
        obj["metadata"] = {**obj["metadata"], "managedFields": []}
    return Patched(obj, tuple(texts) if field_validation == "Warn" else ())


def _invalid(shown: str, why: str) -> Status:
    error = field.invalid("patch", shown, why)
    return status.unprocessable(f' "" is invalid: {error}', [error])


def not_patched(body: Any, content_type: str, why: str) -> Status:
    """Return the refusal of a patch for how it is written."""
    shown = go_value.plain(body) if "strategic" in content_type else json.dumps(body, separators=(",", ":"), sort_keys=True)
    return _invalid(shown, why)


def _no_object(body: Any) -> Status:
    if body is None:
        return status.bad_request("error decoding patch: EOF")
    kinds = {list: "array", str: "string", bool: "bool"}
    kind = kinds.get(type(body), "number")
    go = "map[string]interface {}"
    return status.bad_request(f"error decoding patch: json: cannot unmarshal {kind} into Go value of type {go}")


def _json_patched(old: Object, body: Any) -> Object | Status:
    if not isinstance(body, list):
        kinds = {dict: "object", str: "string", bool: "bool"}
        kind = kinds.get(type(body), "number")
        go = "[]handlers.jsonPatchOp"
        return status.bad_request(f"error decoding patch: json: cannot unmarshal {kind} into Go value of type {go}")
    if len(body) > MOST_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(body)}"
        return Status(413, "RequestEntityTooLarge", f"Request entity too large: {message}")
    try:
        new: Object = json_apply(old, body)
    except PatchFailed:
        return status.unprocessable(REJECTED)
    return new


def _strategic(kind: Kind, old: Object, body: Any) -> Object | Status:
    if not isinstance(body, dict):
        return _no_object(body)
    try:
        return strategic_apply(old, body, type_of(kind))
    except BadPatch as bad:
        return status.bad_request(str(bad))
