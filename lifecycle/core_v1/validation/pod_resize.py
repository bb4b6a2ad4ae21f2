"""A Pod whose containers are to get other amounts of cpu and memory.

Kubernetes: pkg/apis/core/validation (ValidatePodResize)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.qos import qos_class
from lifecycle.core_v1.validation import pods
from lifecycle.core_v1.validation.metadata import metadata_update
from lifecycle.core_v1.validation.pod_annotations import MIRROR

Object = dict[str, Any]

LISTS = ("containers", "initContainers")
SIDES = ("limits", "requests")
RESIZED = ("cpu", "memory")


def resize(new: Object, old: Object) -> Iterator[Error]:
    never = _never(old)
    if never:
        yield field.forbidden("[]", never)
        return
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pods.metadata_and_spec(new)
    if qos_class(new["spec"]) != qos_class(old["spec"]):
        text = "Pod QOS Class may not change as a result of resizing"
        yield field.invalid("spec", new["status"].get("qosClass", ""), text)
    if not _is_supported(old):
        yield field.forbidden("spec", "Pod running on node without support for resize")
    yield from _pod_level(new["spec"].get("resources"), old["spec"].get("resources"))
    order = list(_order(new["spec"], old["spec"]))
    yield from order
    if not order:
        yield from _containers(new["spec"], old["spec"])


def _never(pod: Object) -> str:
    """Return why a Pod is not resized at all."""
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        return "static pods cannot be resized"
    return "windows pods cannot be resized" if (pod["spec"].get("os") or {}).get("name") == "windows" else ""


def _is_supported(pod: Object) -> bool:
    """Return whether the first container that runs tells its resources, as those on a node that can resize do."""
    for status in pod["status"].get("containerStatuses") or []:
        if "running" in (status.get("state") or {}):
            return "resources" in status
    return True


def _pod_level(new: Object | None, old: Object | None) -> Iterator[Error]:
    if not any((resources or {}).get(side) for resources in (new, old) for side in SIDES):
        return
    if new is None:
        yield field.forbidden("spec.resources", "pod-level resources cannot be removed")
        return
    for side in reversed(SIDES):
        if _removed(new, old or {}, side):
            yield field.forbidden(f"spec.resources.{side}", f"pod-level resource {side} cannot be removed")
    if _fixed(new) != _fixed(old or {}):
        yield field.forbidden("spec", "only cpu and memory resources are mutable at pod-level")


def _order(new: Object, old: Object) -> Iterator[Error]:
    for name in LISTS:
        before, after = old.get(name) or [], new.get(name) or []
        if len(before) != len(after):
            yield field.forbidden(f"spec.{name}", f"{name} may not be added or removed on resize")
            continue
        for i, (was, now) in enumerate(zip(before, after, strict=True)):
            if was["name"] != now["name"]:
                yield field.forbidden(f"spec.{name}[{i}].name", f"{name} may not be renamed or reordered on resize")


def _containers(new: Object, old: Object) -> Iterator[Error]:
    for name in reversed(LISTS):
        for i, (now, was) in enumerate(zip(new.get(name) or [], old.get(name) or [], strict=True)):
            for side in reversed(SIDES):
                if _removed(now["resources"], was["resources"], side):
                    yield field.forbidden(f"spec.{name}[{i}].resources.{side}", f"resource {side} cannot be removed")
    for now, was in zip(new.get("containers") or [], old.get("containers") or [], strict=True):
        if _but_amounts(now) != _but_amounts(was):
            yield field.forbidden("spec", "only cpu and memory resources are mutable")
    for i, (now, was) in enumerate(zip(new.get("initContainers") or [], old.get("initContainers") or [], strict=True)):
        yield from _init_container(now, was, f"spec.initContainers[{i}]")


def _init_container(now: Object, was: Object, path: str) -> Iterator[Error]:
    if _but_amounts(now) != _but_amounts(was):
        yield field.forbidden(path, "only cpu and memory resources for init or sidecar containers are mutable")
    if now == was or now.get("restartPolicy") == "Always":
        return
    for policy in now.get("resizePolicy") or []:
        if policy["restartPolicy"] == "RestartContainer":
            text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
            yield field.forbidden(path, text)


def _removed(new: Object, old: Object, side: str) -> bool:
    return bool((old.get(side) or {}).keys() - (new.get(side) or {}).keys())


def _fixed(resources: Object) -> Object:
    """Return of resources what no resize changes."""
    amounts = {side: {k: v for k, v in (resources.get(side) or {}).items() if k not in RESIZED} for side in SIDES}
    claims = {"claims": resources["claims"]} if resources.get("claims") else {}
    return {**{side: left for side, left in amounts.items() if left}, **claims}


def _but_amounts(container: Object) -> Object:
    return {**container, "resources": _fixed(container["resources"])}
