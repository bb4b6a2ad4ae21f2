"""The rows of `kubectl get` for volumes, claims and their classes. Kubernetes: pkg/printers/internalversion"""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.clock import Micros
from lifecycle.core_v1.storage import is_default_class
from lifecycle.printers.metadata import UNSET, Object
from lifecycle.printers.rows import since_creation

OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
"""The annotation in which a class was named before there was a field; where it is set, it counts."""

SHORT_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(modes: Iterable[str] | None) -> str:
    """Return access modes in short, always in the same order: `RWO,ROX`."""
    given = set(modes or ())
    return ",".join(short for mode, short in SHORT_MODES.items() if mode in given)


def class_name(obj: Object) -> str:
    """Return the class of a volume or claim. Kubernetes: component-helpers/storage/volume (GetPersistentVolumeClass)."""
    annotations: Object = obj["metadata"].get("annotations") or {}
    return str(annotations.get(OLD_CLASS, (obj.get("spec") or {}).get("storageClassName", "")))


def persistent_volume_cells(volume: Object, now: Micros) -> list[object]:
    spec, status = volume.get("spec") or {}, volume.get("status") or {}
    claim = spec.get("claimRef")
    return [
        volume["metadata"]["name"],
        (spec.get("capacity") or {}).get("storage", "0"),
        access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(volume),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim is not None else "",
        class_name(volume),
        spec.get("volumeAttributesClassName", UNSET),
        status.get("reason", ""),
        since_creation(volume, now),
        spec.get("volumeMode") or UNSET,
    ]


def persistent_volume_claim_cells(claim: Object, now: Micros) -> list[object]:
    spec, status = claim.get("spec") or {}, claim.get("status") or {}
    bound = bool(spec.get("volumeName"))
    return [
        claim["metadata"]["name"],
        _phase(claim),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "0") if bound else "",
        access_modes(status.get("accessModes")) if bound else "",
        class_name(claim),
        spec.get("volumeAttributesClassName", UNSET),
        since_creation(claim, now),
        spec.get("volumeMode") or UNSET,
    ]


def storage_class_cells(storage_class: Object, now: Micros) -> list[object]:
    name = storage_class["metadata"]["name"]
    return [
        f"{name} (default)" if is_default_class(storage_class) else name,
        storage_class.get("provisioner", ""),
        storage_class.get("reclaimPolicy") or "Delete",
        storage_class.get("volumeBindingMode") or "Immediate",
        bool(storage_class.get("allowVolumeExpansion")),
        since_creation(storage_class, now),
    ]


def _phase(obj: Object) -> str:
    """Return the phase of a volume or claim; one that only a finalizer still holds is Terminating."""
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else str((obj.get("status") or {}).get("phase", ""))
