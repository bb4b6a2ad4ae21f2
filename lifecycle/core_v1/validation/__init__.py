"""Validation: what the API server refuses in an object that was decoded, defaulted and admitted.

Kubernetes: pkg/apis/core/validation
"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1.field import Error
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.validation import kinds, pod_resize, pod_status, pod_update, pod_warnings, pods, services
from lifecycle.core_v1.validation.metadata import common, common_update, metadata_update

Object = dict[str, Any]

SUBRESOURCES = {
    "status": pod_status.status,
    "ephemeralcontainers": pod_update.ephemeral_containers,
    "resize": pod_resize.resize,
}


def validate_create(kind: Kind, obj: Object) -> list[Error]:
    """Return what is wrong with a new object, in Kubernetes' order; an empty list where nothing is.

    What all kinds have in common is told only of an object that is right as one of its kind.
    """
    match kind.kind:
        case "Pod":
            found = list(pods.create(obj))
            tested = not obj["metadata"].get("generateName")  # what is asked of a Pod's own name is more than that
        case "Service":
            found, tested = list(services.create(obj)), False
        case _:
            found, tested = list(kinds.CREATE.get(kind.kind, kinds.named)(obj)), False
    return found if found or tested else list(common(obj["metadata"], kind.namespaced))


def validate_update(kind: Kind, new: Object, old: Object, subresource: str = "") -> list[Error]:
    """Return what is wrong with an object that is to replace another (both decoded and defaulted)."""
    found = [*common(new["metadata"], kind.namespaced), *common_update(new["metadata"], old["metadata"])]
    if kind.kind == "Pod":
        return [*found, *SUBRESOURCES.get(subresource, pod_update.update)(new, old)]
    if subresource:
        return [*found, *kinds.SUBRESOURCES.get((kind.kind, subresource), kinds.metadata_alone)(new, old)]
    if kind.kind == "Service":
        return [*found, *services.update(new, old)]
    if kind.kind in kinds.UPDATE:
        return [*found, *kinds.UPDATE[kind.kind](new, old)]
    return [*found, *metadata_update(new["metadata"], old["metadata"]), *kinds.CREATE.get(kind.kind, kinds.named)(new)]


def warnings(kind: Kind, obj: Object, *, is_new: bool = True) -> list[str]:
    """Return what is odd about an object and yet accepted: the texts of Warning headers.

    Of a Pod that was there before Kubernetes says nothing; what it says of its behavior is told even then.
    """
    if kind.kind != "Pod":
        return []
    return list(dict.fromkeys(pod_warnings.pod(obj) if is_new else pod_warnings.behaviors(obj)))
