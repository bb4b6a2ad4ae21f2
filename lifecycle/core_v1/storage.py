"""What the API server adds to new claims and volumes: the default class, the protection while in use, a first status.

Kubernetes: plugin/pkg/admission/storage (storageclass/setdefault, storageobjectinuseprotection),
pkg/registry/core (persistentvolume, persistentvolumeclaim), pkg/apis/storage/util
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1.persistent_volumes import requested

Object = dict[str, Any]

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
NOT_RESIZABLE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)

_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def complete_claim(claim: Object, classes: Iterable[Object]) -> None:
    """Complete a new PersistentVolumeClaim; one that asks for no class in particular gets the default one."""
    _protect(claim, CLAIM_PROTECTION)
    claim["status"] = {"phase": "Pending"}
    if "storageClassName" not in claim["spec"]:
        default = default_class(classes)
        if default is not None:
            claim["spec"]["storageClassName"] = default["metadata"]["name"]


def complete_volume(volume: Object, now: Micros) -> None:
    """Complete a new PersistentVolume."""
    _protect(volume, VOLUME_PROTECTION)
    volume["status"] = {"phase": "Pending", "lastPhaseTransitionTime": rfc3339(now)}


def cannot_grow(new: Object, old: Object, storage_class: Object | None) -> str:
    """Return why a claim may not ask for more than it did, or nothing. Kubernetes: storage/persistentvolume/resize"""
    if requested(new) <= requested(old):
        return ""
    if storage_class is None or not storage_class.get("allowVolumeExpansion"):
        return NOT_RESIZABLE
    return ""


def default_class(classes: Iterable[Object]) -> Object | None:
    """Return the StorageClass that is marked as the default: of several the newest, of equally old ones the first by name."""
    marked = [one for one in classes if is_default_class(one)]
    newest = max((one["metadata"].get("creationTimestamp", "") for one in marked), default="")
    youngest = [one for one in marked if one["metadata"].get("creationTimestamp", "") == newest]
    return min(youngest, key=lambda one: str(one["metadata"]["name"]), default=None)


def is_default_class(storage_class: Object) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _DEFAULT_CLASS)


def _protect(obj: Object, finalizer: str) -> None:
    metadata = obj["metadata"]
    if finalizer not in (metadata.get("finalizers") or ()):
        metadata["finalizers"] = [*(metadata.get("finalizers") or ()), finalizer]
