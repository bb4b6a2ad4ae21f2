"""From what somebody posted to what is stored, or to the answer that refuses it: all that needs no writer.

The order is the API server's: decoding, defaults, admission, a name, validation.
Kubernetes: apiserver/pkg/endpoints/handlers/create.go, apiserver/pkg/registry/rest/create.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from lifecycle.clock import Micros
from lifecycle.core_v1 import admission, pod_strategy, service_strategy, status
from lifecycle.core_v1.admission import EmptyCluster, Objects
from lifecycle.core_v1.decode import Complaint, Decoded, decode
from lifecycle.core_v1.defaults import set_defaults
from lifecycle.core_v1.schema import Kind, kind_of, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.validation import validate_create, validate_update, warnings

Object = dict[str, Any]
FieldValidation = Literal["Strict", "Warn", "Ignore"]

SCHEME = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"

LONGEST_PREFIX = 58
"""Characters that a generateName keeps before its suffix."""

SERVERS_OWN = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields")
"""Metadata that a new object may not bring."""

OWNED_TWICE = (
    ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+, "
    "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}"
)

KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
"""Metadata that an update leaves as it was."""

WITH_STATUS = frozenset(
    {
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "ResourceQuota",
        "Service",
    }
)
"""Kinds whose status is written through a subresource alone."""


class Accepted(msgspec.Struct, frozen=True):
    """An object that may be stored. Uid and times are still missing from a new one; `warnings` become Warning headers."""

    kind: Kind
    object: Object
    warnings: tuple[str, ...] = ()


def accept(
    manifest: Any,
    field_validation: FieldValidation = "Warn",
    *,
    expected: Kind | None = None,
    namespace: str = "",
    objects: Objects | None = None,
    suffix: Callable[[str], str] = lambda what: "00000",
    now: Micros = 0,
) -> Accepted | Status:
    """Return what a POST of `manifest` creates, or the Status that refuses it.

    `expected` is the kind of the resource that was posted to, `namespace` the namespace in the path. `suffix` gives the
    five characters that a generated "name" and a token's "volume" end in.
    """
    known = read(manifest, field_validation, expected)
    if isinstance(known, Status):
        return known
    kind, obj, warned = known.kind, known.object, known.warnings
    metadata = obj["metadata"]
    refused = _place(kind, metadata, namespace)
    if refused:
        return refused
    for name in SERVERS_OWN:
        metadata.pop(name, None)
    if metadata.get("resourceVersion"):
        return status.bad_request("resourceVersion should not be set on objects to be created")
    refused = admission.admit(kind, obj, objects or EmptyCluster(), suffix, now)
    if refused:
        return refused
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"][:LONGEST_PREFIX] + suffix("name")
        set_defaults(kind, obj)
    if kind.kind == "Pod":
        pod_strategy.prepare(obj)
    elif kind.kind == "Service":
        service_strategy.prepare(obj)
    errors = validate_create(kind, obj)
    if errors:
        return status.invalid(kind, metadata.get("name", ""), errors, warned)
    refused = admission.validate(kind, obj, objects or EmptyCluster())
    if refused:
        return refused
    return Accepted(kind, obj, (*warned, *warnings(kind, obj)))


def accept_update(
    manifest: Any,
    old: Object,
    field_validation: FieldValidation = "Warn",
    *,
    expected: Kind | None = None,
    subresource: str = "",
    patched: bool = False,
    decoded: bool = False,
) -> Accepted | Status:
    """Return what a PUT of `manifest` makes of `old`, or the Status that refuses it; `generation` counts changed specs.

    See `read` for `patched` and `decoded`. Preconditions (resourceVersion, uid) are the caller's.
    """
    expected = expected or kind_of(old.get("apiVersion"), old.get("kind"))
    known = read(manifest, field_validation, expected, patched, decoded)
    if isinstance(known, Status):
        return known
    kind, new, warned = known.kind, known.object, known.warnings
    refused = _same_object(kind, new["metadata"], old["metadata"])
    if refused:
        return refused
    before = stored_form(kind, old)
    if not subresource:
        admission.admit_update(kind, new, before)
    if kind.kind == "Pod":
        pod_strategy.drop_disabled(new["spec"])
    new = _prepared(kind, new, before, subresource)
    errors = validate_update(kind, new, before, subresource)
    if errors:
        return status.invalid(kind, old["metadata"]["name"], errors, warned)
    metadata = new["metadata"]
    if "generation" in metadata and new.get("spec") != before.get("spec"):
        metadata["generation"] += 1
    return Accepted(kind, new, (*warned, *(warnings(kind, new, is_new=False) if not subresource else ())))


def read(
    manifest: Any, field_validation: FieldValidation, expected: Kind | None, patched: bool = False, decoded: bool = False
) -> Accepted | Status:
    """Decode and default a manifest; a kind or version that it lacks is taken from `expected`.

    `patched`: it is what a patch has made, which is looked through a moment later; `decoded`: as the expected kind has it,
    and nobody else's.
    """
    if not isinstance(manifest, dict):
        return status.bad_request(_unrecognized(expected))
    group_version = manifest.get("apiVersion") or (expected.group_version if expected else "")
    name = manifest.get("kind") or (expected.kind if expected else "")
    kind = kind_of(group_version, name)
    if expected is None:
        expected = kind
    if kind is None or expected is None:
        return _unknown(name, group_version, expected)
    prefix = _cannot(name, group_version, expected)
    if kind != expected and (kind.plural, kind.kind) != (expected.plural, expected.kind):
        go = f"(v1.{kind.kind}) to (core.{expected.kind})"
        return status.bad_request(f"{prefix} converting {go}: unknown conversion")
    found = Decoded(manifest) if decoded and kind == expected else decode(manifest, type_of(kind))
    if isinstance(found, Complaint):
        return status.bad_request(f"{prefix} {found.message}")
    texts = tuple(complaint.message for complaint in found.strict)
    if texts and field_validation == "Strict":
        return status.bad_request(f"{prefix} strict decoding error: {', '.join(texts)}")
    if kind != expected:
        version = f"the expected API version ({expected.group_version})"
        return status.bad_request(f"the API version in the data ({group_version}) does not match {version}")
    obj = found.object
    obj["apiVersion"], obj["kind"] = group_version, name
    set_defaults(kind, obj)
    twice = _owned_once(obj["metadata"], patched)
    return Accepted(kind, obj, (*(texts if field_validation == "Warn" else ()), *twice))


def _owned_once(metadata: Object, patched: bool) -> tuple[str, ...]:
    """Leave out owners that are named twice; return the warning of it. Kubernetes: dedupOwnerReferencesAndAddWarning"""
    owners = metadata.get("ownerReferences") or []
    twice = [owner.get("uid", "") for i, owner in enumerate(owners) if owner in owners[:i]]
    if not twice:
        return ()
    metadata["ownerReferences"] = [owner for i, owner in enumerate(owners) if owner not in owners[:i]]
    return (OWNED_TWICE.format(" after mutating admission happens" if patched else "", ", ".join(twice)),)


def stored_form(kind: Kind, obj: Object) -> Object:
    """Return an object as it is compared with another: decoded and defaulted, whoever wrote it."""
    found = decode(obj, type_of(kind))
    assert isinstance(found, Decoded), found
    set_defaults(kind, found.object)
    return found.object


def _unknown(name: object, group_version: object, expected: Kind | None) -> Status:
    if not isinstance(name, str) or not isinstance(group_version, str):
        return status.bad_request(_unrecognized(expected))
    if expected is None:
        return status.bad_request(f'no matches for kind "{name}" in version "{group_version}"')
    text = f'no kind "{name}" is registered for version "{group_version}" {SCHEME}'
    return status.bad_request(f"{_cannot(name, group_version, expected)} {text}")


def _cannot(name: str, group_version: str, expected: Kind) -> str:
    version = group_version.rpartition("/")[2]
    return f'{name} in version "{version}" cannot be handled as a {expected.kind}:'


def _unrecognized(expected: Kind | None) -> str:
    wanted = f" (must be of type {expected.kind})" if expected else ""
    return f"the object provided is unrecognized{wanted}: couldn't get version/kind; json parse error"


def _place(kind: Kind, metadata: Object, namespace: str) -> Status | None:
    """Put a namespaced object in the namespace of the request, and any other one in none."""
    given = metadata.get("namespace", "")
    if not kind.namespaced:
        metadata.pop("namespace", None)
        return None
    if given and namespace and given != namespace:
        return status.bad_request(OTHER_NAMESPACE)
    metadata["namespace"] = given or namespace or "default"
    return None


def _same_object(kind: Kind, new: Object, old: Object) -> Status | None:
    if not kind.namespaced:
        new.pop("namespace", None)
    if new.get("namespace") and new["namespace"] != old.get("namespace", ""):
        return status.bad_request(OTHER_NAMESPACE)
    if new.get("name", old["name"]) != old["name"]:
        text = f"the name of the object ({new['name']}) does not match the name on the URL ({old['name']})"
        return status.bad_request(text)
    return None


def _prepared(kind: Kind, new: Object, before: Object, subresource: str) -> Object:
    """Take from the old object what this request may not write. Kubernetes: the strategies' PrepareForUpdate."""
    old = before["metadata"]
    metadata = {**new["metadata"], "name": old["name"]}
    if "namespace" in old:
        metadata["namespace"] = old["namespace"]
    for name in ("resourceVersion", "managedFields"):
        metadata.pop(name, None)
    for name in KEPT:
        if name in ("uid", "creationTimestamp") and metadata.get(name):
            continue
        metadata.pop(name, None)
        if name in old:
            metadata[name] = old[name]
    if subresource == "status":
        return {**before, "metadata": metadata, **({"status": new["status"]} if "status" in new else {})}
    if kind.kind == "Pod" and subresource:
        new = {**new, "spec": _subresource_spec(new["spec"], before["spec"], subresource)}
        metadata = old if subresource == "ephemeralcontainers" else metadata
    if kind.kind in WITH_STATUS:
        new = {**new, "status": before["status"]}
    if kind.kind == "Namespace" and not subresource:
        new = {**new, "spec": before["spec"]}
    if kind.kind == "Service":
        new = service_strategy.prepare_update(new, before)
    return {**new, "metadata": dict(metadata)}


def _subresource_spec(new: Object, old: Object, subresource: str) -> Object:
    """Return the old spec with that alone from the new one which the subresource is for; the rest is let pass silently."""
    spec = {**old}
    if subresource == "ephemeralcontainers":
        spec.pop("ephemeralContainers", None)
        if new.get("ephemeralContainers"):
            spec["ephemeralContainers"] = new["ephemeralContainers"]
        return spec
    lists = ("containers", "initContainers")
    if any(len(new.get(name) or []) != len(old.get(name) or []) for name in lists):
        return new
    spec.pop("resources", None)
    if "resources" in new:
        spec["resources"] = new["resources"]
    for name in lists:
        if old.get(name):
            spec[name] = _resized_containers(new[name], old[name])
    return spec


def _resized_containers(new: list[Object], old: list[Object]) -> list[Object]:
    """Return the old containers with the new ones' resources; where they are other containers, those, to be refused."""
    if [container["name"] for container in new] != [container["name"] for container in old]:
        return new
    return [_resized(container, was) for container, was in zip(new, old, strict=True)]


def _resized(new: Object, old: Object) -> Object:
    policy = {"resizePolicy": new["resizePolicy"]} if "resizePolicy" in new else {}
    return {**{k: v for k, v in old.items() if k != "resizePolicy"}, **policy, "resources": new["resources"]}
