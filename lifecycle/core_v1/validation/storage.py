"""Persistent volumes, claims to them, and the classes that both belong to.

Kubernetes: pkg/apis/core/validation (ValidatePersistentVolume, ValidatePersistentVolumeClaim), pkg/apis/storage/validation
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, scheduling
from lifecycle.core_v1.validation.metadata import immutable, metadata, metadata_update, wrong
from lifecycle.core_v1.validation.volumes import claim_spec

Object = dict[str, Any]

MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")

NO_SOURCES = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)
"""What stands in a volume's spec beside its source."""

FIXED_CLAIM = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
FIXED_SOURCE = "spec.persistentvolumesource is immutable after creation"


def persistent_volume_claim(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    yield from claim_spec(obj["spec"], "spec")


def persistent_volume_claim_update(new: Object, old: Object) -> Iterator[Error]:
    """A claim stays what it was; the controller fills in the volume, and a bound one may ask for more."""
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from persistent_volume_claim(new)
    before, after = old["spec"], new["spec"]
    open_fields = set()
    if not before.get("volumeName"):
        open_fields |= {"volumeName"}
        if "storageClassName" not in before:
            open_fields |= {"storageClassName"}
    if old["status"].get("phase") == "Bound":
        open_fields |= {"resources", "volumeAttributesClassName"}
    if {k: v for k, v in after.items() if k not in open_fields} != {k: v for k, v in before.items() if k not in open_fields}:
        yield field.forbidden("spec", FIXED_CLAIM)
    elif _storage(after) < _storage(before):
        yield field.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _storage(spec: Object) -> int:
    return int(quantity.parse((spec["resources"].get("requests") or {}).get("storage", "0")).nanos)


def persistent_volume(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    spec = obj["spec"]
    if not spec.get("accessModes"):
        yield field.required("spec.accessModes")
    for mode in spec.get("accessModes") or ():
        if mode not in MODES:
            yield field.not_supported("spec.accessModes", mode, MODES)
    yield from _capacity(spec)
    if spec.get("persistentVolumeReclaimPolicy") not in RECLAIM_POLICIES:
        given = spec["persistentVolumeReclaimPolicy"]
        yield field.not_supported("spec.persistentVolumeReclaimPolicy", given, RECLAIM_POLICIES)
    yield from _source(spec)
    yield from _node_affinity(spec)
    if spec.get("storageClassName"):
        name = spec["storageClassName"]
        yield from wrong("spec.storageClassName", name, formats.dns_subdomain(name))
    if spec.get("volumeMode", "Filesystem") not in ("Block", "Filesystem"):
        yield field.not_supported("spec.volumeMode", spec["volumeMode"], ("Block", "Filesystem"))


def persistent_volume_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from persistent_volume(new)
    if _sources(new["spec"]) != _sources(old["spec"]):
        yield field.forbidden("spec.persistentvolumesource", FIXED_SOURCE)
    yield from immutable(new["spec"].get("volumeMode"), old["spec"].get("volumeMode"), "spec.volumeMode")
    before = old["spec"].get("nodeAffinity")
    if before:
        yield from immutable(new["spec"].get("nodeAffinity"), before, "spec.nodeAffinity")


def _capacity(spec: Object) -> Iterator[Error]:
    capacity = spec.get("capacity") or {}
    storage = capacity.get("storage")
    if not capacity:
        yield field.required("spec.capacity")
    elif storage is None or len(capacity) > 1:
        yield field.not_supported("spec.capacity", capacity, ("storage",))
    elif quantity.parse(storage).nanos <= 0:
        yield field.invalid(field.key("spec.capacity", "storage"), storage, "must be greater than zero")


def _sources(spec: Object) -> Object:
    return {name: value for name, value in spec.items() if name not in NO_SOURCES}


def _source(spec: Object) -> Iterator[Error]:
    """Test that a volume has one source, with what that must say."""
    sources = _sources(spec)
    if not sources:
        yield field.required("spec", "must specify a volume type")
    for name in list(sources)[1:]:
        yield field.forbidden(f"spec.{name}", "may not specify more than 1 volume type")
    for name in ("hostPath", "local"):
        if name in sources:
            path = sources[name].get("path", "")
            if not path:
                yield field.required(f"spec.{name}.path")
            elif ".." in path.split("/"):
                yield field.invalid(f"spec.{name}.path", path, "must not contain '..'")
    if sources.get("hostPath", {}).get("path") == "/" and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield field.forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")
    if "local" in sources and not spec.get("nodeAffinity"):
        yield field.required("spec.nodeAffinity", "Local volume requires node affinity")
    for name in ("driver", "volumeHandle") if "csi" in sources else ():
        if not sources["csi"].get(name):
            yield field.required(f"spec.csi.{name}")


def _node_affinity(spec: Object) -> Iterator[Error]:
    affinity = spec.get("nodeAffinity")
    if affinity is None:
        return
    if "required" not in affinity:
        yield field.required("spec.nodeAffinity.required", "must specify required node constraints")
    else:
        yield from scheduling.node_selector(affinity["required"], "spec.nodeAffinity.required")


def storage_class(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    provisioner = obj["provisioner"]
    if not provisioner:
        yield field.required("provisioner", "")
    else:
        yield from wrong("provisioner", provisioner, formats.label_key(provisioner.lower()))
    if obj["reclaimPolicy"] not in ("Delete", "Retain"):
        yield field.not_supported("reclaimPolicy", obj["reclaimPolicy"], ("Delete", "Retain"))
    if obj["volumeBindingMode"] not in BINDING_MODES:
        yield field.not_supported("volumeBindingMode", obj["volumeBindingMode"], BINDING_MODES)
    for i, term in enumerate(obj.get("allowedTopologies") or ()):
        for n, expression in enumerate(term.get("matchLabelExpressions") or ()):
            at = f"allowedTopologies[{i}].matchLabelExpressions[{n}]"
            if not expression.get("values"):
                yield field.required(f"{at}.values", "")
            yield from wrong(f"{at}.key", expression["key"], formats.label_key(expression["key"]))


def storage_class_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    for name in ("parameters", "provisioner", "reclaimPolicy"):
        if (new.get(name) or None) != (old.get(name) or None):
            yield field.forbidden(name, f"updates to {name} are forbidden.")
    yield from immutable(new.get("volumeBindingMode"), old.get("volumeBindingMode"), "volumeBindingMode")
