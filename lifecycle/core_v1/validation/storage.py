"""Claims to persistent volumes, and the classes that both belong to.

Kubernetes: pkg/apis/core/validation (ValidatePersistentVolumeClaim), pkg/apis/storage/validation
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.claims import claim_spec
from lifecycle.core_v1.validation.metadata import immutable, metadata, metadata_update, wrong
from lifecycle.core_v1.validation.spec_diff import diff

Object = dict[str, Any]

BINDING_MODES = ("Immediate", "WaitForFirstConsumer")

FIXED_CLAIM = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def persistent_volume_claim(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    yield from claim_spec(obj["spec"], "spec")


def persistent_volume_claim_update(new: Object, old: Object) -> Iterator[Error]:
    """A claim stays what it was; the controller fills in the volume, and a bound one may ask for more."""
    yield from persistent_volume_claim(new)
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from persistent_volume_claim(new)
    before, after = dict(old["spec"]), dict(new["spec"])
    if not before.get("volumeName") and "volumeName" in after:
        before["volumeName"] = after["volumeName"]
    if "storageClassName" not in before:
        after.pop("storageClassName", None)
    if new["status"].get("phase") == "Bound":
        after["resources"] = _with_storage_of(after["resources"], before["resources"])
        if after.pop("volumeAttributesClassName", None) and "volumeAttributesClassName" in before:
            after["volumeAttributesClassName"] = before["volumeAttributesClassName"]
    if after != before:
        yield field.forbidden("spec", f"{FIXED_CLAIM}\n{diff(before, after, 'PersistentVolumeClaimSpec')}")
    had = quantity.parse((old["status"].get("capacity") or {}).get("storage", "0")).nanos
    if _storage(new["spec"]) < _storage(old["spec"]) and _storage(new["spec"]) <= had:
        yield field.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
    yield from immutable(new["spec"].get("volumeMode"), old["spec"].get("volumeMode"), "volumeMode")
    yield from _attributes_class(new["spec"].get("volumeAttributesClassName"), old["spec"].get("volumeAttributesClassName"))


def _with_storage_of(resources: Object, other: Object) -> Object:
    if not resources.get("requests"):
        return resources
    storage = (other.get("requests") or {}).get("storage", "0")
    return {**resources, "requests": {**resources["requests"], "storage": storage}}


def _attributes_class(new: str | None, old: str | None) -> Iterator[Error]:
    if old is not None and not new:
        what = "nil" if new is None else "an empty string"
        yield field.forbidden("spec.volumeAttributesClassName", f"update from non-nil value to {what} is forbidden")


def _storage(spec: Object) -> int:
    return int(quantity.parse((spec["resources"].get("requests") or {}).get("storage", "0")).nanos)


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
