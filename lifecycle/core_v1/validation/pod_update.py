"""A Pod that takes the place of another: by an update, or through one of its subresources.

Kubernetes: pkg/apis/core/validation (ValidatePodUpdate, ValidatePodStatusUpdate, ValidatePodEphemeralContainersUpdate,
ValidatePodResize)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.qos import qos_class
from lifecycle.core_v1.validation import formats, pods
from lifecycle.core_v1.validation.metadata import immutable, metadata_update, wrong
from lifecycle.core_v1.validation.spec_diff import diff, spec_diff

Object = dict[str, Any]

MUTABLE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
LISTS = ("containers", "initContainers")


def update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pods.metadata_and_spec(new)
    before, after = old["spec"], new["spec"]
    for name in LISTS:
        if len(before.get(name) or []) != len(after.get(name) or []):
            yield field.forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
    deadline = list(_deadline(after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")))
    yield from deadline
    if deadline and "activeDeadlineSeconds" in after:
        return
    yield from _tolerations(after.get("tolerations") or [], before.get("tolerations") or [])
    yield from _gates(after.get("schedulingGates") or [], before.get("schedulingGates") or [])
    yield from _rest(after, before)


def _deadline(new: int | None, old: int | None) -> Iterator[Error]:
    path = "spec.activeDeadlineSeconds"
    if new is None:
        if old is not None:
            yield field.invalid(path, None, "must not update from a positive integer to nil value")
    elif not 0 <= new <= 2**31 - 1:
        yield from wrong(path, new, formats.in_range(new, 0, 2**31 - 1))
    elif old is not None and old < new:
        yield field.invalid(path, new, "must be less than or equal to previous value")


def _tolerations(new: list[Object], old: list[Object]) -> Iterator[Error]:
    plain = [{k: v for k, v in toleration.items() if k != "tolerationSeconds"} for toleration in new]
    for toleration in old:
        if {k: v for k, v in toleration.items() if k != "tolerationSeconds"} not in plain:
            text = "existing toleration can not be modified except its tolerationSeconds"
            yield field.forbidden("spec.tolerations", text)
            return


def _gates(new: list[Object], old: list[Object]) -> Iterator[Error]:
    known = {gate["name"] for gate in old}
    for i, gate in enumerate(new):
        if gate["name"] not in known:
            text = f"only deletion is allowed, but found new scheduling gate '{gate['name']}'"
            yield field.forbidden(f"spec.schedulingGates[{i}].name", text)


def _rest(after: Object, before: Object) -> Iterator[Error]:
    """Refuse what is left when the fields that may change are put back."""
    put_back = {**after}
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _copy(put_back, before, name)
    for name in LISTS:
        if after.get(name):
            pairs = zip(after[name], before[name], strict=True)
            put_back[name] = [{**container, "image": old.get("image", "")} for container, old in pairs]
    if before.get("terminationGracePeriodSeconds", 0) < 0 and after.get("terminationGracePeriodSeconds") == 1:
        _copy(put_back, before, "terminationGracePeriodSeconds")
    if before.get("schedulingGates"):
        yield from _gated(put_back, before)
    if put_back != before:
        text = f"pod updates may not change fields other than {MUTABLE}\n{spec_diff(before, put_back)}"
        yield field.forbidden("spec", text)


def _copy(target: Object, source: Object, name: str) -> None:
    target.pop(name, None)
    if name in source:
        target[name] = source[name]


def _gated(spec: Object, before: Object) -> Iterator[Error]:
    """Let a Pod that still waits to be scheduled narrow where it may go; put that back."""
    old, new = before.get("nodeSelector") or {}, spec.get("nodeSelector") or {}
    if any(new.get(key) != value for key, value in old.items()):
        text = f"only additions are allowed to spec.nodeSelector (no mutations or deletions), got: {new}, want: {old}"
        yield field.invalid("spec.nodeSelector", new, text)
    _copy(spec, before, "nodeSelector")
    path = "spec.affinity.nodeAffinity"
    old_node = (before.get("affinity") or {}).get("nodeAffinity")
    new_node = (spec.get("affinity") or {}).get("nodeAffinity")
    if old_node == new_node:
        return
    yield from _node_affinity(new_node or {}, old_node or {}, path)
    others = {k: v for k, v in (spec.get("affinity") or {}).items() if k != "nodeAffinity"}
    back = {**others, **({"nodeAffinity": old_node} if old_node else {})}
    spec.pop("affinity", None)
    if back or before.get("affinity") is not None:
        spec["affinity"] = back


def _node_affinity(new: Object, old: Object, path: str) -> Iterator[Error]:
    """Test that a required node affinity only got stricter: each term keeps its expressions, and may have more."""
    name = "requiredDuringSchedulingIgnoredDuringExecution"
    old_terms = (old.get(name) or {}).get("nodeSelectorTerms") or []
    new_terms = (new.get(name) or {}).get("nodeSelectorTerms") or []
    at = f"{path}.{name}.nodeSelectorTerms"
    if old_terms and len(old_terms) != len(new_terms):
        yield field.invalid(at, new_terms, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
        return
    for i, (before, after) in enumerate(zip(old_terms, new_terms, strict=False)):
        for kind in ("matchExpressions", "matchFields"):
            kept = (after.get(kind) or [])[: len(before.get(kind) or [])]
            if kept != (before.get(kind) or []) or not before.get("matchExpressions", before.get("matchFields")):
                yield field.invalid(f"{at}[{i}]", after, "only additions are allowed (no mutations or deletions)")
                break


def status(new: Object, old: Object) -> Iterator[Error]:
    """Test a Pod whose status is written."""
    yield from metadata_update(new["metadata"], old["metadata"])
    if new["spec"].get("nodeName") != old["spec"].get("nodeName"):
        yield field.forbidden("status.nodeName", "may not be changed directly")
    yield from immutable(new["status"].get("qosClass"), old["status"].get("qosClass"), "status.qosClass")
    policies = {c["name"]: c.get("restartPolicy") for c in old["spec"].get("initContainers") or []}
    policy = old["spec"]["restartPolicy"]
    for name in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        applied = "Never" if name == "ephemeralContainerStatuses" else policy
        sidecars = {n for n, p in policies.items() if p == "Always"} if name == "initContainerStatuses" else set()
        yield from _states(new["status"].get(name) or [], old["status"].get(name) or [], applied, sidecars, f"status.{name}")


def _states(new: list[Object], old: list[Object], policy: str, sidecars: set[str], path: str) -> Iterator[Error]:
    """Refuse a container that comes back to life although nothing restarts it."""
    terminated = {s["name"] for s in new if "terminated" in s.get("state", {})}
    present = {s["name"] for s in new}
    for i, container in enumerate(old):
        ended = container.get("state", {}).get("terminated")
        name = container["name"]
        if ended is None or policy == "Always" or name in sidecars or name not in present or name in terminated:
            continue
        if ended.get("exitCode", 0) != 0 and policy == "OnFailure":
            continue
        yield field.forbidden(f"{path}[{i}].state", "may not be transitioned to non-terminated state")


def ephemeral_containers(new: Object, old: Object) -> Iterator[Error]:
    """Test a Pod that gets further ephemeral containers."""
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pods.metadata_and_spec(new)
    given = {container["name"]: container for container in new["spec"].get("ephemeralContainers") or []}
    for container in old["spec"].get("ephemeralContainers") or []:
        name = field.quote(container["name"])
        if container["name"] not in given:
            yield field.forbidden("spec.ephemeralContainers", f"existing ephemeral containers {name} may not be removed\n")
        elif given[container["name"]] != container:
            difference = diff(container, given[container["name"]], "EphemeralContainer")
            text = f"existing ephemeral containers {name} may not be changed\n{difference}"
            yield field.forbidden("spec.ephemeralContainers", text)


def resize(new: Object, old: Object) -> Iterator[Error]:
    """Test a Pod whose containers are to get other amounts of cpu and memory."""
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pods.metadata_and_spec(new)
    if qos_class(new["spec"]) != qos_class(old["spec"]):
        text = "Pod QOS Class may not change as a result of resizing"
        yield field.invalid("spec", new["status"].get("qosClass", ""), text)
    for name in LISTS:
        before, after = old["spec"].get(name) or [], new["spec"].get(name) or []
        for i, (was, now) in enumerate(zip(before, after, strict=False)):
            if name == "containers" or was.get("restartPolicy") == "Always":
                yield from _resized(now, was, f"spec.{name}[{i}].resources")
            elif now != was:
                yield field.forbidden("spec", "resources for non-sidecar init containers are immutable")
    if _without_amounts(new["spec"]) != _without_amounts(old["spec"]):
        yield field.forbidden("spec", "only cpu and memory resources are mutable")


def _resized(new: Object, old: Object, path: str) -> Iterator[Error]:
    for side in ("requests", "limits"):
        if (old["resources"].get(side) or {}).keys() - (new["resources"].get(side) or {}).keys():
            yield field.forbidden(f"{path}.{side}", f"resource {side} cannot be removed")
    policy = {p["resourceName"]: p["restartPolicy"] for p in new.get("resizePolicy") or []}
    before, after = (c["resources"].get("limits", {}).get("memory") for c in (old, new))
    if policy.get("memory", "NotRequired") == "NotRequired" and after is not None and before is None:
        text = "memory limits cannot be added unless resizePolicy is RestartContainer"
        yield field.forbidden(f"{path}.limits[memory]", text)
    for resource in ("cpu", "memory"):
        for side in ("requests", "limits"):
            amount = (new["resources"].get(side) or {}).get(resource)
            if amount is not None and quantity.parse(amount).nanos < 0:
                yield field.invalid(f"{path}.{side}[{resource}]", amount, "must be greater than or equal to 0")


def _without_amounts(spec: Object) -> Object:
    """Return a spec without what a resize may change."""
    plain = {**spec}
    for name in LISTS:
        if spec.get(name):
            plain[name] = [_without_container_amounts(container) for container in spec[name]]
    return plain


def _without_container_amounts(container: Object) -> Object:
    resources = {
        side: {name: text for name, text in amounts.items() if name not in ("cpu", "memory")} if side != "claims" else amounts
        for side, amounts in container["resources"].items()
    }
    kept = {side: value for side, value in resources.items() if value}
    return {**{k: v for k, v in container.items() if k != "resizePolicy"}, "resources": kept}
