"""A Pod that takes the place of another, and a Pod that gets further ephemeral containers.

Kubernetes: pkg/apis/core/validation (ValidatePodUpdate, ValidatePodEphemeralContainersUpdate)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, pod_annotations, pods, scheduling
from lifecycle.core_v1.validation.containers import image_text
from lifecycle.core_v1.validation.metadata import metadata_update, wrong
from lifecycle.core_v1.validation.pod_annotations import MIRROR
from lifecycle.core_v1.validation.spec_diff import diff, shown, spec_diff

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
    yield from _annotations(new, old)
    before, after = old["spec"], new["spec"]
    for name in LISTS:
        if len(before.get(name) or []) != len(after.get(name) or []):
            yield field.forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
        for i, container in enumerate(after.get(name) or []):
            yield from _image(container, f"spec.{name}[{i}]")
    deadline = list(_deadline(after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")))
    yield from deadline
    if deadline and "activeDeadlineSeconds" in after:
        return
    yield from _tolerations(after.get("tolerations") or [], before.get("tolerations") or [])
    yield from _gates(after.get("schedulingGates") or [], before.get("schedulingGates") or [])
    yield from _rest(after, before)


def _annotations(new: Object, old: Object) -> Iterator[Error]:
    given, had = (pod["metadata"].get("annotations") or {} for pod in (new, old))
    yield from pod_annotations.update(given, had, new["spec"], "metadata.annotations")


def _image(container: Object, path: str) -> Iterator[Error]:
    if not container.get("image"):
        yield field.required(f"{path}.image")
    yield from image_text(container, path)


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
    yield from scheduling.tolerations(new, "spec.tolerations")


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
        text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        yield field.invalid("spec.nodeSelector", spec.get("nodeSelector"), text)
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
    new_terms = (new.get(name) or {}).get("nodeSelectorTerms")
    at = f"{path}.{name}.nodeSelectorTerms"
    if old_terms and len(old_terms) != len(new_terms or []):
        terms = None if new_terms is None else [shown(term, "NodeSelectorTerm") for term in new_terms]
        yield field.invalid(at, terms, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
        return
    for i, (before, after) in enumerate(zip(old_terms, new_terms or [], strict=False)):
        if not _only_added(after, before):
            term = shown(after, "NodeSelectorTerm")
            yield field.invalid(f"{at}[{i}]", term, "only additions are allowed (no mutations or deletions)")


def _only_added(new: Object, old: Object) -> bool:
    kinds = ("matchExpressions", "matchFields")
    if not any(old.get(kind) for kind in kinds):
        return not any(new.get(kind) for kind in kinds)
    return all((new.get(kind) or [])[: len(old.get(kind) or [])] == (old.get(kind) or []) for kind in kinds)


def ephemeral_containers(new: Object, old: Object) -> Iterator[Error]:
    """Test a Pod that gets further ephemeral containers."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        yield field.forbidden("[]", "static pods do not support ephemeral containers")
        return
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from pods.metadata_and_spec(new)
    yield from _annotations(new, old)
    given = {container["name"]: container for container in new["spec"].get("ephemeralContainers") or []}
    for container in old["spec"].get("ephemeralContainers") or []:
        name = field.quote(container["name"])
        if container["name"] not in given:
            yield field.forbidden("spec.ephemeralContainers", f"existing ephemeral containers {name} may not be removed\n")
        elif given[container["name"]] != container:
            difference = diff(container, given[container["name"]], "EphemeralContainer")
            text = f"existing ephemeral containers {name} may not be changed\n{difference}"
            yield field.forbidden("spec.ephemeralContainers", text)
