"""A Pod's conditions as the kubelet makes them, in its order.

Kubernetes: pkg/kubelet/status/generate.go
"""

from __future__ import annotations

from lifecycle.clock import rfc3339
from lifecycle.core_v1.types import PodSpec, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.restart import has_restart_all_rule
from lifecycle.kubelet.view import View
from lifecycle.runtime.records import Snapshot
from lifecycle.wire import Object

KUBELETS_OWN = frozenset(
    {
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
        "PodResizePending",
        "PodResizeInProgress",
        "AllContainersRestarting",
    }
)


Verdict = tuple[str, str, str]
"""A condition's status, reason and message."""

TRUE: Verdict = ("True", "", "")
FALSE: Verdict = ("False", "", "")


def conditions(view: View, phase: str, init: list[Object], regular: list[Object], restarting_all: bool) -> list[Object]:
    """Return the conditions that the kubelet owns, with the old transition times where a status stayed."""
    containers_ready = containers_ready_condition(view.spec, init, regular, phase)
    verdicts = [
        ("PodReadyToStartContainers", TRUE if sandbox_ready(view.snapshot) else FALSE),
        ("Initialized", initialized_condition(view, init, regular, phase)),
        ("Ready", ready_condition(view, containers_ready)),
        ("ContainersReady", containers_ready),
        ("PodScheduled", TRUE),
    ]
    before = {old["type"]: old for old in reversed(view.old.get("conditions") or ())}
    out = [_condition(view, type, verdict, before.get(type)) for type, verdict in verdicts]
    if has_restart_all_rule(view.spec):
        verdict = restarting_condition(phase, restarting_all)
        restarting = _condition(view, "AllContainersRestarting", verdict, before.get("AllContainersRestarting"))
        del restarting["observedGeneration"]
        out.append(restarting)
    return out


def condition(view: View, type: str, verdict: Verdict) -> Object:
    """Return a condition; its time is the old one's unless its status has changed."""
    return _condition(view, type, verdict, next((old for old in view.old.get("conditions") or () if old["type"] == type), None))


def _condition(view: View, type: str, verdict: Verdict, old: Object | None) -> Object:
    status, reason, message = verdict
    since = old.get("lastTransitionTime") if old and old["status"] == status else None
    out: Object = {
        "type": type,
        "observedGeneration": view.generation,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": since or rfc3339(view.now),
    }
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def sandbox_ready(snapshot: Snapshot) -> bool:
    ready = [sandbox for sandbox in snapshot.sandboxes if sandbox.ready]
    if len(ready) != 1 or not snapshot.sandboxes[0].ready:
        return False
    return bool(ready[0].ip) or ready[0].host_network


def containers_ready_condition(spec: PodSpec, init: list[Object], regular: list[Object], phase: str) -> Verdict:
    if phase == "Succeeded":
        return ("False", reasons.POD_COMPLETED, "")
    if phase == "Failed":
        return ("False", reasons.POD_FAILED, "")
    if not regular:
        return ("False", reasons.UNKNOWN_CONTAINER_STATUSES, "")
    sidecars = [status for c, status in zip(spec.init_containers, init, strict=True) if sidecar(c)]
    unready = [status["name"] for status in (*sidecars, *regular) if not status["ready"]]
    if unready:
        return ("False", reasons.CONTAINERS_NOT_READY, f"containers with unready status: [{' '.join(unready)}]")
    return TRUE


def ready_condition(view: View, containers_ready: Verdict) -> Verdict:
    if containers_ready[0] != "True":
        return containers_ready
    present = {c["type"]: c["status"] for c in view.foreign}
    messages = []
    for gate in view.spec.readiness_gates:
        if gate.condition_type not in present:
            messages.append(f'corresponding condition of pod readiness gate "{gate.condition_type}" does not exist.')
        elif present[gate.condition_type] != "True":
            messages.append(
                f'the status of pod readiness gate "{gate.condition_type}" is not "True", but {present[gate.condition_type]}'
            )
    if messages:
        return ("False", reasons.READINESS_GATES_NOT_READY, ", ".join(messages))
    return TRUE


def initialized_condition(view: View, init: list[Object], regular: list[Object], phase: str) -> Verdict:
    spec = view.spec
    if phase == "Succeeded":
        return ("True", reasons.POD_COMPLETED, "")
    if _was_true(view, "Initialized"):
        return TRUE  # gate RestartAllContainersOnContainerExits
    if any("running" in status["state"] or "terminated" in status["state"] for status in regular):
        return TRUE
    incomplete = [
        status["name"]
        for c, status in zip(spec.init_containers, init, strict=True)
        if not (status["started"] if sidecar(c) else status["ready"])
    ]
    if incomplete:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return ("False", reasons.CONTAINERS_NOT_INITIALIZED, message)
    return TRUE


def _was_true(view: View, type: str) -> bool:
    for condition in view.old.get("conditions") or ():
        if condition["type"] == type:
            return bool(condition["status"] == "True")
    return False


def restarting_condition(phase: str, restarting_all: bool) -> Verdict:
    if phase == "Succeeded":
        return ("False", reasons.POD_COMPLETED, "")
    if phase == "Failed":
        return ("False", reasons.POD_FAILED, "")
    if restarting_all:
        message = "container exited with restart policy rule"
        return ("True", reasons.RESTART_ALL_CONTAINERS_STARTED, message)
    return FALSE
