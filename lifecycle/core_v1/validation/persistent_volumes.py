"""Persistent volumes. Kubernetes: pkg/apis/core/validation (ValidatePersistentVolume)"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, scheduling, volume_sources
from lifecycle.core_v1.validation.claims import VOLUME_MODES, access_modes
from lifecycle.core_v1.validation.metadata import immutable, metadata, wrong
from lifecycle.core_v1.validation.spec_diff import diff, shown

Object = dict[str, Any]

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")

SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs", "iscsi",
    "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""In the order in which Kubernetes looks for them."""

CSI_SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")

FIXED_SOURCE = "spec.persistentvolumesource is immutable after creation"
FIXED_AFFINITY = "field is immutable, except for updating from beta label to GA"


def create(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    spec = obj["spec"]
    if not spec.get("accessModes"):
        yield field.required("spec.accessModes")
    yield from access_modes(spec.get("accessModes") or [], "spec.accessModes")
    yield from _capacity(spec)
    if spec.get("persistentVolumeReclaimPolicy") not in RECLAIM_POLICIES:
        given = spec["persistentVolumeReclaimPolicy"]
        yield field.not_supported("spec.persistentVolumeReclaimPolicy", given, RECLAIM_POLICIES)
    yield from _node_affinity(spec)
    yield from _source(spec, obj["metadata"].get("name", ""))
    if spec.get("storageClassName"):
        yield from wrong("spec.storageClassName", spec["storageClassName"], formats.dns_subdomain(spec["storageClassName"]))
    if spec.get("volumeMode", "Filesystem") not in VOLUME_MODES:
        yield field.not_supported("spec.volumeMode", spec["volumeMode"], VOLUME_MODES)
    yield from _attributes_class(spec, "spec.volumeAttributesClassName")


def update(new: Object, old: Object) -> Iterator[Error]:
    yield from create(new)
    yield from create(new)
    before, after = ({name: spec[name] for name in SOURCES if name in spec} for spec in (old["spec"], new["spec"]))
    if "csi" in before and "csi" in after and "controllerExpandSecretRef" not in before["csi"]:
        after["csi"] = {name: value for name, value in after["csi"].items() if name != "controllerExpandSecretRef"}
    if after != before:
        text = f"{FIXED_SOURCE}\n{diff(before, after, 'PersistentVolumeSpec')}"
        yield field.forbidden("spec.persistentvolumesource", text)
    yield from immutable(new["spec"].get("volumeMode"), old["spec"].get("volumeMode"), "volumeMode")
    had, given = (spec.get("nodeAffinity") for spec in (old["spec"], new["spec"]))
    if had and given != had:
        yield field.invalid("nodeAffinity", shown(given, "VolumeNodeAffinity"), FIXED_AFFINITY)
    if "volumeAttributesClassName" in old["spec"] and "volumeAttributesClassName" not in new["spec"]:
        yield field.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _capacity(spec: Object) -> Iterator[Error]:
    capacity = spec.get("capacity") or {}
    if not capacity:
        yield field.required("spec.capacity")
    if "storage" not in capacity or len(capacity) > 1:
        yield field.not_supported("spec.capacity", spec.get("capacity"), ("storage",))
    for name, text in capacity.items():
        amount, at = quantity.parse(text), field.key("spec.capacity", name)
        if amount.nanos < 0:
            yield field.invalid(at, amount.value(), "must be a valid resource quantity")
        if amount.nanos <= 0:
            yield field.invalid(at, text, "must be greater than zero")


def _node_affinity(spec: Object) -> Iterator[Error]:
    affinity = spec.get("nodeAffinity")
    if affinity is None:
        return
    if "required" not in affinity:
        yield field.required("spec.nodeAffinity.required", "must specify required node constraints")
    else:
        yield from scheduling.node_selector(affinity["required"], "spec.nodeAffinity.required")


def _source(spec: Object, volume: str) -> Iterator[Error]:
    """Test that a volume has one source, with what that must say."""
    given = [name for name in SOURCES if name in spec]
    for i, name in enumerate(given):
        if i and name != "flexVolume":
            yield field.forbidden(f"spec.{name.replace('cephfs', 'cephFS')}", "may not specify more than 1 volume type")
            continue
        yield from _one_source(name, spec[name], volume)
        if name == "local" and "nodeAffinity" not in spec:
            yield field.required("spec.nodeAffinity", "Local volume requires node affinity")
    if not given:
        yield field.required("spec", "must specify a volume type")
    path = (spec.get("hostPath") or {}).get("path")
    if path and posixpath.normpath(path) == "/" and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield field.forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'")


def _one_source(name: str, value: Object, volume: str) -> Iterator[Error]:
    match name:
        case "local":
            yield from _local(value["path"], "spec.local.path")
        case "csi":
            yield from _csi(value, "spec.csi")
        case "iscsi":
            yield from volume_sources.persistent_iscsi(value, volume, "spec.iscsi")
        case _:
            yield from volume_sources.source(name, value, "spec")
            reference = value.get("secretRef")
            if name in ("cinder", "storageos") and reference is not None and not reference.get("namespace"):
                yield field.required(f"spec.{name}.secretRef.namespace")


def _local(place: str, path: str) -> Iterator[Error]:
    if not place:
        yield field.required(path)
    yield from wrong(path, place, formats.no_backsteps(place))


def _csi(value: Object, path: str) -> Iterator[Error]:
    yield from volume_sources.csi_driver(value["driver"], f"{path}.driver")
    if not value["volumeHandle"]:
        yield field.required(f"{path}.volumeHandle")
    for name in CSI_SECRETS:
        if name in value:
            yield from _secret(value[name], f"{path}.{name}")


def _secret(reference: Object, path: str) -> Iterator[Error]:
    for name, test in (("name", formats.dns_subdomain), ("namespace", formats.dns_label)):
        if reference.get(name):
            yield from wrong(f"{path}.{name}", reference[name], test(reference[name]))
        else:
            yield field.required(f"{path}.{name}")


def _attributes_class(spec: Object, path: str) -> Iterator[Error]:
    name = spec.get("volumeAttributesClassName")
    if name is None:
        return
    if name:
        yield from wrong(path, name, formats.dns_subdomain(name))
    else:
        yield field.required(path, "an empty string is disallowed")
    if "csi" not in spec:
        yield field.required("spec.csi", "has to be specified when using volumeAttributesClassName")
