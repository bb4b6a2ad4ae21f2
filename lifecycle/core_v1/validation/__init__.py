"""Validation: what the API server refuses in an object that was decoded, defaulted and admitted.

Kubernetes: pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1.field import Error
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.validation import kinds, pod_update, pod_warnings, pods, services
from lifecycle.core_v1.validation.metadata import metadata_update

Object = dict[str, Any]

SUBRESOURCES = {
    "status": pod_update.status,
    "ephemeralcontainers": pod_update.ephemeral_containers,
    "resize": pod_update.resize,
}


def validate_create(kind: Kind, obj: Object) -> list[Error]:
    """Return what is wrong with a new object, in Kubernetes' order; an empty list where nothing is."""
    match kind.kind:
        case "Pod":
            found = pods.create(obj)
        case "Service":
            found = services.create(obj)
        case _:
            found = kinds.CREATE.get(kind.kind, kinds.named)(obj)
    return list(found)


def validate_update(kind: Kind, new: Object, old: Object, subresource: str = "") -> list[Error]:
    """Return what is wrong with an object that is to replace another (both decoded and defaulted)."""
    if subresource and kind.kind != "Pod":
        return list(metadata_update(new["metadata"], old["metadata"]))
    match kind.kind:
        case "Pod":
            found = SUBRESOURCES.get(subresource, pod_update.update)(new, old)
        case "Service":
            found = services.update(new, old)
        case name if name in kinds.UPDATE:
            found = kinds.UPDATE[name](new, old)
        case _:
            return [*metadata_update(new["metadata"], old["metadata"]), *validate_create(kind, new)]
    return list(found)


def warnings(kind: Kind, obj: Object) -> list[str]:
    """Return what is odd about an object and yet accepted: the texts of Warning headers."""
    return list(dict.fromkeys(pod_warnings.pod(obj))) if kind.kind == "Pod" else []
