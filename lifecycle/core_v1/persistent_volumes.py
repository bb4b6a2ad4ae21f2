"""Claims and the volumes that they can be bound to. Kubernetes: component-helpers/storage/volume (pv_helpers.go)"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lifecycle.core_v1 import quantity
from lifecycle.core_v1.label_selector import selects

Object = dict[str, Any]

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"


def annotations_of(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def annotated(obj: Object, **more: str) -> Object:
    """Return an object with further annotations; a name is written with what it holds: `annotated(obj, **{NAME: "yes"})`."""
    return {**obj, "metadata": {**obj["metadata"], "annotations": {**annotations_of(obj), **more}}}


def is_bound(claim: Object) -> bool:
    """Say whether a claim has its volume for good."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def class_of(obj: Object) -> str:
    """Return the name of the StorageClass of a claim or a volume; empty where it has none."""
    return str(obj["spec"].get("storageClassName") or "")


def waits_for_consumer(storage_class: Object | None) -> bool:
    """Say whether claims of a class are bound only once a Pod that uses them has a node."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def claimed_by(volume: Object, claim: Object) -> bool:
    """Say whether a volume is meant for a claim: by name, and by uid where it names one. Kubernetes: IsVolumeBoundToClaim"""
    reference = volume["spec"].get("claimRef")
    metadata = claim["metadata"]
    if not reference or (reference.get("name"), reference.get("namespace")) != (metadata["name"], metadata["namespace"]):
        return False
    return not reference.get("uid") or reference["uid"] == metadata["uid"]


def claim_reference(claim: Object) -> Object:
    metadata = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
    }


def capacity(volume: Object) -> quantity.Quantity:
    return quantity.parse((volume["spec"].get("capacity") or {}).get("storage", "0"))


def requested(claim: Object) -> quantity.Quantity:
    return quantity.parse((claim["spec"]["resources"].get("requests") or {}).get("storage", "0"))


def misfit(volume: Object, claim: Object) -> str:
    """Return why a volume that a claim names cannot be its, or nothing. Kubernetes: checkVolumeSatisfyClaim"""
    if capacity(volume) < requested(claim):
        return "requested PV is too small"
    if class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    if _mode(volume) != _mode(claim):
        return "incompatible volumeMode"
    if not set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ()):
        return "incompatible accessMode"
    return ""


def is_attachable(volume: Object) -> bool:
    """Say whether a node must have a volume attached before it can mount it: one of a storage driver."""
    return "csi" in volume["spec"]


def attachment(volume: Object) -> str:
    """Return the name under which a node's status lists a volume that is attached to it."""
    source = volume["spec"]["csi"]
    return f"kubernetes.io/csi/{source['driver']}^{source['volumeHandle']}"


def find_matching(
    claim: Object, volumes: Iterable[Object], fits: Callable[[Object], bool] | None = None, delayed: bool = False
) -> Object | None:
    """Return the volume for a claim: one that is meant for it, else the smallest free one that is large enough.

    `fits` says whether a volume can be used where a Pod is to run. With `delayed` only volumes that are meant for the claim
    count. Kubernetes: FindMatchingVolume
    """
    found: list[Object] = []
    for volume in volumes:
        if volume["metadata"].get("deletionTimestamp") or not _allows(volume, claim):
            continue
        if claimed_by(volume, claim):
            if fits is None or fits(volume):
                return volume
        elif not delayed and _free(volume, claim) and (fits is None or fits(volume)):
            found.append(volume)
    return min(found, key=lambda volume: (capacity(volume), str(volume["metadata"]["name"])), default=None)


def _allows(volume: Object, claim: Object) -> bool:
    """Say whether a volume is large enough, of the right mode, and can be accessed as the claim asks."""
    modes = set(claim["spec"].get("accessModes") or ())
    return (
        modes <= set(volume["spec"].get("accessModes") or ())
        and _mode(volume) == _mode(claim)
        and requested(claim) <= capacity(volume)
    )


def _free(volume: Object, claim: Object) -> bool:
    selector = claim["spec"].get("selector")
    return (
        not volume["spec"].get("claimRef")
        and (volume.get("status") or {}).get("phase") == "Available"
        and class_of(volume) == class_of(claim)
        and (selector is None or selects(selector, volume["metadata"].get("labels") or {}))
    )


def _mode(obj: Object) -> str:
    return str(obj["spec"].get("volumeMode") or "Filesystem")
