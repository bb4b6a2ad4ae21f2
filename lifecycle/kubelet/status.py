"""A Pod's status as the kubelet makes it anew at each sync.

Kubernetes: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus)
"""

from __future__ import annotations

import msgspec

from lifecycle.core_v1.quantity import Quantity, parse
from lifecycle.core_v1.types import PodSpec, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.conditions import conditions
from lifecycle.kubelet.container_statuses import apply_probes, container_statuses
from lifecycle.kubelet.phase import phase
from lifecycle.kubelet.state import Reason
from lifecycle.kubelet.view import View
from lifecycle.runtime.records import resources_of
from lifecycle.wire import Object

ENDED = ("Succeeded", "Failed")


class Verdict(msgspec.Struct, frozen=True):
    """What the kubelet itself has decided about a Pod: that its deadline has passed; conditions beside the usual ones."""

    deadline: Reason | None = None
    resize: tuple[Object, ...] = ()
    restarting_all: bool = False


NOTHING = Verdict()


class Generated(msgspec.Struct, frozen=True):
    """A status, and the containers whose readiness should be probed at once."""

    status: Object
    unready: list[str]


def generate(view: View, verdict: Verdict, host_ip: str, host_network: bool) -> Generated:
    """Return the Pod's status as of this moment."""
    spec, old = view.spec, view.old
    init = container_statuses(view, spec.init_containers, "initContainerStatuses", init=True)
    regular = container_statuses(view, spec.containers, "containerStatuses")
    ephemeral = container_statuses(view, spec.ephemeral_containers, "ephemeralContainerStatuses")
    unready = apply_probes(view, init, regular)
    exists = any(view.snapshot.latest(c.name) for c in spec.containers) if spec.init_containers else True
    new_phase = phase(spec, init, regular, stopped=view.stopped, any_regular_exists=exists)
    if new_phase not in ENDED and old.get("phase") in ENDED:
        new_phase = old["phase"]
    status: Object = {"observedGeneration": view.generation, "phase": new_phase}
    if new_phase == old.get("phase"):
        for field in ("message", "reason"):
            if old.get(field):
                status[field] = old[field]
    if verdict.deadline:
        status["phase"] = "Failed"
        status["reason"], status["message"] = verdict.deadline.reason, verdict.deadline.message
    disruption = [c for c in old.get("conditions") or () if c["type"] == "DisruptionTarget"]
    own = conditions(view, status["phase"], init, regular, verdict.restarting_all)
    status["conditions"] = [*verdict.resize, *disruption, *own]
    _addresses(status, view, host_ip, host_network)
    _resources(status, view)
    if init:
        status["initContainerStatuses"] = init
    status["containerStatuses"] = sorted(regular, key=lambda s: s["name"]) if len(regular) > 1 else regular
    for debugger in ephemeral:
        debugger.pop("started", None)
    if ephemeral:
        status["ephemeralContainerStatuses"] = sorted(ephemeral, key=lambda s: s["name"])
    return Generated(status, unready)


def _addresses(status: Object, view: View, host_ip: str, host_network: bool) -> None:
    status["hostIP"] = host_ip
    status["hostIPs"] = [{"ip": host_ip}]
    ip = host_ip if host_network else next((s.ip for s in view.snapshot.sandboxes if s.ready), "")
    if ip:
        status["podIP"], status["podIPs"] = ip, [{"ip": ip}]
    elif view.old.get("podIP"):
        status["podIP"], status["podIPs"] = view.old["podIP"], view.old["podIPs"]


def _resources(status: Object, view: View) -> None:
    """Write what the Pod has: as a whole where it says so, else its containers together, and the overhead of running it.

    Kubernetes: component-helpers/resource (PodRequests, PodLimits)
    """
    status["resources"] = {}
    if not _asks(view.spec):
        return
    containers = [*(c for c in view.spec.init_containers if sidecar(c)), *view.spec.containers]
    whole = _of_pod(view.spec)
    has, allocated = [], []
    for container in containers:
        own = resources_of(container)
        record = view.snapshot.latest(container.name)
        allocated.append(own)
        has.append(record.resources if record and record.state == "running" else own)
    init = [resources_of(c) for c in view.spec.init_containers if not sidecar(c)]
    for kind in ("limits", "requests"):
        together = _together([r.get(kind) or {} for r in has], [r.get(kind) or {} for r in init])
        if together := _with_overhead(view.spec, kind, {**together, **(whole.get(kind) or {})}):
            status["resources"][kind] = together
    together = _together([r.get("requests") or {} for r in allocated], [r.get("requests") or {} for r in init])
    if together := _with_overhead(view.spec, "requests", {**together, **(whole.get("requests") or {})}):
        status["allocatedResources"] = together


def _asks(spec: PodSpec) -> bool:
    """Say whether a Pod, or a container of it, says what it needs."""
    for container in (*spec.init_containers, *spec.containers):
        if container.resources.requests or container.resources.limits:
            return True
    return bool(spec.resources or spec.overhead)


def _of_pod(spec: PodSpec) -> Object:
    """Return the resources that a Pod names for itself, as the object has them."""
    return {"limits": spec.resources.limits, "requests": spec.resources.requests} if spec.resources else {}


def _with_overhead(spec: PodSpec, kind: str, amounts: Object) -> Object:
    """Return amounts in order with what running the Pod takes besides; a limit that there is not does not come from that."""
    total = {name: parse(str(amount)) for name, amount in amounts.items()}
    for name, more in spec.overhead.items():
        if kind == "requests" or name in total:
            total[name] = total.get(name, Quantity()) + parse(str(more))
    return {name: str(total[name]) for name in sorted(total)}


def _together(running: list[Object], init: list[Object]) -> Object:
    """Return the sum of what runs at once, or the largest init container's, of each resource."""
    total: dict[str, Quantity] = {}
    for amounts in running:
        for name, amount in amounts.items():
            total[name] = total.get(name, Quantity()) + parse(str(amount))
    for amounts in init:
        for name, amount in amounts.items():
            total[name] = max(total.get(name, Quantity()), parse(str(amount)))
    return {name: str(amount) for name, amount in sorted(total.items())}


def finalized(status: Object, initialized: bool) -> Object:
    """Return the status of a Pod that is over: what came to its turn and never ran is terminated, the phase is a last one.

    `initialized`: its regular containers have had their turn.

    Kubernetes: pkg/kubelet/status/status_manager.go (TerminatePod, initializedContainers)
    """
    status = dict(status)
    init = status.get("initContainerStatuses") or []
    if init:
        tried = max((i for i, one in enumerate(init) if _has_started(one)), default=0)
        status["initContainerStatuses"] = [_located(s) if i <= tried else s for i, s in enumerate(init)]
    if initialized:
        status["containerStatuses"] = [_located(s) for s in status["containerStatuses"]]
    if status["phase"] not in ENDED:
        status["phase"] = "Failed"
    return status


def has_initialized(spec: PodSpec, status: Object) -> bool:
    """Say whether regular containers have had their turn. Kubernetes: hasPodInitialized"""
    init = status.get("initContainerStatuses") or []
    if not spec.init_containers or any(_has_started(one) for one in status.get("containerStatuses") or ()):
        return True
    if not init:
        return False
    if sidecar(spec.init_containers[-1]):
        return "running" in init[-1]["state"] and bool(init[-1]["started"])
    terminated = init[-1]["state"].get("terminated")
    return terminated is not None and terminated["exitCode"] == 0


def _has_started(status: Object) -> bool:
    return "running" in status["state"] or "terminated" in status["state"] or bool(status["lastState"])


def _located(status: Object) -> Object:
    if "terminated" in status["state"]:
        return status
    terminated = {
        "exitCode": 137,
        "reason": reasons.CONTAINER_STATUS_UNKNOWN,
        "message": "The container could not be located when the pod was terminated",
        "startedAt": None,
        "finishedAt": None,
    }
    return {**status, "state": {"terminated": terminated}}
