"""A Pod whose status is written. Kubernetes: pkg/apis/core/validation (ValidatePodStatusUpdate)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, pod_annotations
from lifecycle.core_v1.validation.metadata import immutable, metadata_update, wrong

Object = dict[str, Any]

OWN_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
STATUSES = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "",
}
"""Lists of statuses, and whose containers' restart policies they go by."""


def status(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    given, had = (pod["metadata"].get("annotations") or {} for pod in (new, old))
    yield from pod_annotations.update(given, had, new["spec"], "metadata.annotations")
    after, before = new["status"], old["status"]
    yield from _conditions(after.get("conditions") or [], "status.conditions")
    if new["spec"].get("nodeName") != old["spec"].get("nodeName"):
        yield field.forbidden("status.nodeName", "may not be changed directly")
    yield from _nominated(after.get("nominatedNodeName", ""), before.get("nominatedNodeName", ""), old["spec"])
    if after.get("observedGeneration", 0) < 0:
        yield field.invalid("status.observedGeneration", after["observedGeneration"], "must be a non-negative integer")
    yield from immutable(after.get("qosClass"), before.get("qosClass"), "status.qosClass")
    for name, containers in STATUSES.items():
        yield from _states(after.get(name) or [], before.get(name) or [], containers, old["spec"], f"status.{name}")
    for name in ("podIPs", "hostIPs"):
        yield from _addresses(after, before, name)


def _conditions(conditions: list[Object], path: str) -> Iterator[Error]:
    for i, condition in enumerate(conditions):
        if condition.get("observedGeneration", 0) < 0:
            text = "must be a non-negative integer"
            yield field.invalid(f"{path}[{i}].observedGeneration", condition["observedGeneration"], text)
        if condition["type"] not in OWN_CONDITIONS:
            yield from wrong(f"{path}[{i}].Type", condition["type"], formats.label_key(condition["type"]))


def _nominated(new: str, old: str, spec: Object) -> Iterator[Error]:
    if not new or new == old:
        return
    yield from wrong("status.nominatedNodeName", new, formats.dns_subdomain(new))
    if spec.get("nodeName"):
        yield field.forbidden("status.nominatedNodeName", "may not be set on pods that are already bound to a node")


def _states(new: list[Object], old: list[Object], containers: str, spec: Object, path: str) -> Iterator[Error]:
    """Refuse a container that comes back to life although nothing restarts it."""
    known = {container["name"]: container for container in spec.get(containers) or []}
    if containers and _may_all_restart(spec):
        return
    ended = {status["name"]: "terminated" in (status.get("state") or {}) for status in reversed(new)}
    for i, was in enumerate(old):
        terminated = (was.get("state") or {}).get("terminated")
        if terminated is None or ended.get(was["name"], True):
            continue
        container = known.get(was["name"])
        if container is None or not _restarts(container, spec["restartPolicy"], terminated.get("exitCode", 0)):
            yield field.forbidden(f"{path}[{i}].state", "may not be transitioned to non-terminated state")


def _may_all_restart(spec: Object) -> bool:
    rules = (rule for name in ("containers", "initContainers") for c in spec.get(name) or [] for rule in _rules(c))
    return any(rule.get("action") == "RestartAllContainers" for rule in rules)


def _rules(container: Object) -> list[Object]:
    rules: list[Object] = container.get("restartPolicyRules") or []
    return rules


def _restarts(container: Object, policy: str, code: int) -> bool:
    """Return whether a container that has ended with a code starts again: by its own rules and policy, else the Pod's."""
    if "restartPolicy" in container:
        for rule in _rules(container):
            codes = rule.get("exitCodes") or {}
            if (code in (codes.get("values") or [])) == (codes.get("operator") == "In"):
                return True
        policy = container["restartPolicy"]
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def _addresses(new: Object, old: Object, name: str) -> Iterator[Error]:
    given = [item.get("ip", "") for item in new.get(name) or []]
    known = [item.get("ip", "") for item in old.get(name) or []]
    path = f"status.{name}"
    if name == "hostIPs" and given and given[0] != new.get("hostIP", ""):
        yield field.invalid(f"{path}[0].ip", given[0], "must be equal to `hostIP`")
    for i, address in enumerate(given):
        yield from wrong(f"{path}[{i}]", address, formats.ip(address) if address not in known else [])
    if len(given) > 2 or len({":" in address for address in given}) < len(given):
        shown = [{"IP": address} for address in given]
        yield field.invalid(path, shown, "may specify no more than one IP for each IP family")
