"""In-place resize: what a Pod's spec now asks for is allocated, if the node has it, and then given to its containers.

Kubernetes: pkg/kubelet/allocation/allocation_manager.go, pkg/kubelet/kuberuntime (computePodResizeAction, doPodResizeAction),
pkg/kubelet/events/resize.go
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import MILLISECOND, Micros, rfc3339
from lifecycle.core_v1 import quantity
from lifecycle.core_v1.resources import pod_requests
from lifecycle.core_v1.types import Container, PodSpec, ResourceRequirements
from lifecycle.kubelet import reasons
from lifecycle.kubelet.node_resources import MEMORY
from lifecycle.kubelet.state import WHOLE_POD, Call, PodState, Resizing, Step
from lifecycle.runtime.records import ContainerRecord, SandboxRecord, resources_of
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.requests import whole
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

TAKES: Micros = 45 * MILLISECOND
"""How long the runtime takes to give a running container other limits."""
EVENTS = {"Deferred": reasons.RESIZE_DEFERRED, "Infeasible": reasons.RESIZE_INFEASIBLE}
RESIZABLE = ("cpu", "memory")


class Resize:
    """The resizes of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def spec_changed(self, pod: PodState, old: Object, new: Object) -> None:
        """Keep what a Pod has, until what it asks for now is allocated."""
        wanted = _wanted(new)
        for name, resources in _wanted(old).items():
            if wanted.get(name) != resources:
                pod.allocated.setdefault(name, resources)

    def as_allocated(self, pod: PodState, spec: PodSpec) -> PodSpec:
        """Return a Pod's spec with what is allocated to it. Kubernetes: UpdatePodFromAllocation"""
        if not pod.allocated:
            return spec
        whole = pod.allocated.get(WHOLE_POD)
        return msgspec.structs.replace(
            spec,
            init_containers=tuple(_with_resources(c, pod.allocated.get(c.name)) for c in spec.init_containers),
            containers=tuple(_with_resources(c, pod.allocated.get(c.name)) for c in spec.containers),
            resources=spec.resources if whole is None else _requirements(whole),
        )

    def allocated_object(self, pod: PodState) -> Object:
        """Return a Pod as the API server has it, but with the resources that were allocated to it."""
        obj = self.kubelet.object(pod)
        if not pod.allocated:
            return obj
        spec = {**obj["spec"]}
        for group in ("initContainers", "containers"):
            if group in spec:
                spec[group] = [
                    {**c, "resources": pod.allocated[c["name"]]} if c["name"] in pod.allocated else c for c in spec[group]
                ]
        if WHOLE_POD in pod.allocated:
            spec["resources"] = pod.allocated[WHOLE_POD]
        return {**obj, "spec": spec}

    def begin(self, pod: PodState) -> None:
        """Allocate what the spec asks for anew, or say why not. Kubernetes: handlePodResourcesResize"""
        obj = self.kubelet.object(pod)
        generation = obj["metadata"].get("generation", 1)
        if generation == 1:
            return
        wanted = _wanted(obj)
        if all(pod.allocated.get(name, resources) == resources for name, resources in wanted.items()):
            if pod.resize and pod.resize.pending:
                pod.resize = None
            return
        problem = _problem(obj, self.kubelet.node_info(pod.node), pod.uid)
        if problem is None:
            self._allocate(pod, wanted, Resizing(generation, self.kernel.now))
        elif pod.resize is None or (pod.resize.pending, pod.resize.message) != problem:
            since = pod.resize.since if pod.resize and pod.resize.pending == problem[0] else self.kernel.now
            pod.resize = Resizing(generation, since, *problem, told=self.kernel.now)
            self._event(pod, "Warning", EVENTS[problem[0]], f"Pod resize {problem[0]}", problem[1])
        deferred = self.kubelet.node(pod).deferred
        if problem and problem[0] == "Deferred" and pod.uid not in deferred:
            deferred.append(pod.uid)

    def _allocate(self, pod: PodState, wanted: dict[str, Object], resize: Resizing) -> None:
        """Give a Pod what it asks for; it is done with that if nothing runs that would have to be changed."""
        as_a_whole = wanted.get(WHOLE_POD) != pod.allocated.get(WHOLE_POD)
        pod.allocated, pod.resize = dict(wanted), resize
        self.kubelet.forget_spec(pod.uid)
        self.allocate_whole(pod)
        obj, info = self.kubelet.object(pod), self.kubelet.node_info(pod.node)
        info.remove(pod.uid)
        info.add(PodInfo.of(obj))
        self._event(pod, "Normal", reasons.RESIZE_STARTED, "Pod resize started")
        if not as_a_whole and not any(self._outdated(pod, c) for c in _resizable(self.kubelet.spec(pod))):
            self._event(pod, "Normal", reasons.RESIZE_COMPLETED, "Pod resize completed")
            pod.resize = None
        self.retry(pod.node)

    def allocate_whole(self, pod: PodState) -> None:
        """Give a Pod what it names for itself, if it names something."""
        if resources := self.kubelet.object(pod)["spec"].get("resources"):
            pod.allocated[WHOLE_POD] = resources

    def retry(self, node: str) -> None:
        """Try deferred resizes again: a node has more room than before."""
        deferred, self.kubelet.state.nodes[node].deferred = self.kubelet.state.nodes[node].deferred, []
        for uid in deferred:
            if pod := self.kubelet.state.pods.get(uid):
                pod.worker.dirty = True
                self.kubelet.workers.update(pod)

    def restarts(self, pod: PodState) -> frozenset[str]:
        """Return the running containers that have to be restarted to get what is allocated to them."""
        if not pod.allocated:
            return frozenset()
        return frozenset(c.name for c in _resizable(self.kubelet.spec(pod)) if self._has_to_restart(pod, c))

    def conditions(self, pod: PodState, generation: int) -> tuple[Object, ...]:
        """Return the condition that tells of a resize. Kubernetes: updatedPodResizeCondition"""
        resize = pod.resize
        if resize is None:
            return ()
        found: Object = {
            "type": "PodResizePending" if resize.pending else "PodResizeInProgress",
            "observedGeneration": generation,
            "status": "True",
            "lastProbeTime": rfc3339(max(resize.since, resize.told)),
            "lastTransitionTime": rfc3339(resize.since),
        }
        if resize.message:
            found |= {"reason": resize.pending or "Error", "message": resize.message}
        return (found,)

    def step_resize(self, pod: PodState, call: Call, step: Step) -> bool:
        """Give running containers, and the Pod as a whole, what is allocated to them."""
        if not pod.allocated:
            return True
        outdated = [record for c in _resizable(self.kubelet.spec(pod)) if (record := self._outdated(pod, c))]
        sandbox = self._outdated_sandbox(pod)
        if not outdated and sandbox is None:
            return True
        if error := self._below_usage(pod, outdated, sandbox):
            self._failed(pod, call, error)
            return True
        if not step.after:
            call.acted = True
            self.kubelet.sync_pod.push(call, Step("resize", after=TAKES))
            return True
        for record in outdated:
            allocated = pod.allocated[record.name]
            pod.runtime = pod.runtime.with_container(msgspec.structs.replace(record, resources=allocated))
            self.kubelet.programs.resize(record.id, _memory_limit(allocated))
        if sandbox is not None:
            limit = _memory_limit(pod.allocated[WHOLE_POD])
            pod.runtime = pod.runtime.with_sandbox(msgspec.structs.replace(sandbox, memory=limit or 0))
            self.kubelet.programs.resize_sandbox(sandbox.id, limit)
        return True

    def _outdated_sandbox(self, pod: PodState) -> SandboxRecord | None:
        """Return the sandbox if its memory is not what the Pod has as a whole."""
        if WHOLE_POD not in pod.allocated:
            return None
        limit = _memory_limit(pod.allocated[WHOLE_POD]) or 0
        return next((sandbox for sandbox in pod.runtime.sandboxes if sandbox.ready and sandbox.memory != limit), None)

    def _below_usage(self, pod: PodState, outdated: list[ContainerRecord], sandbox: SandboxRecord | None) -> str:
        """Return why memory limits cannot be lowered: more than that is in use. Kubernetes: validateMemoryResizeAction"""
        spec, usage = self.kubelet.spec(pod), self.kubelet.stats.pod(pod)
        limits = {c.name: _memory_limit(resources_of(c)) for c in spec.containers}
        lowered = {
            record.name: limit
            for record in outdated
            if (limit := limits.get(record.name)) and limit < (_memory_limit(record.resources) or limit + 1)
        }
        of_pod, used = self._lowered_of_pod(pod, sandbox, limits if lowered else {}), usage.of(MEMORY)
        if of_pod and used >= of_pod:
            return f"attempting to set pod memory limit ({of_pod}) below current usage ({used})"
        errors = [
            f'attempting to set container "{name}" memory limit ({limit}) below current usage ({usage.containers[name].memory})'
            for name, limit in lowered.items()
            if usage.containers[name].memory >= limit
        ]
        return errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]" if errors else ""

    def _lowered_of_pod(self, pod: PodState, sandbox: SandboxRecord | None, limits: dict[str, int | None]) -> int:
        """Return the Pod's memory limit if it is to be lower: its own, else its containers' together; 0 if it is not."""
        if own := _memory_limit(pod.allocated.get(WHOLE_POD) or {}):
            return own if sandbox and (not sandbox.memory or own < sandbox.memory) else 0
        return sum(limit or 0 for limit in limits.values()) if all(limits.values()) else 0

    def _failed(self, pod: PodState, call: Call, error: str) -> None:
        """Say why a resize cannot be done now, and have it tried again."""
        assert pod.resize
        call.error, call.repeats_error = error, bool(pod.resize.message)
        if not call.repeats_error:
            pod.resize = msgspec.structs.replace(pod.resize, message=error, since=self.kernel.now)
            self._event(pod, "Warning", reasons.RESIZE_ERROR, "Pod resize error", error)

    def step_resized(self, pod: PodState, call: Call, step: Step) -> bool:
        """End the resize once every container has what is allocated to it."""
        if pod.resize is None:
            return True
        containers = _resizable(self.kubelet.spec(pod))
        outdated = self._outdated_sandbox(pod) or any(self._outdated(pod, c) for c in containers)
        if not pod.resize.pending and not outdated:
            self._event(pod, "Normal", reasons.RESIZE_COMPLETED, "Pod resize completed")
            pod.resize = None
            pod.worker.pending = pod.worker.dirty = True
        return True

    def _outdated(self, pod: PodState, container: Container) -> ContainerRecord | None:
        record = pod.runtime.latest(container.name)
        if record is None or record.state != "running":
            return None
        return record if pod.allocated.get(container.name, record.resources) != record.resources else None

    def _has_to_restart(self, pod: PodState, container: Container) -> bool:
        record = self._outdated(pod, container)
        if record is None:
            return False
        changed = {
            name
            for kind in ("limits", "requests")
            for name in RESIZABLE
            if (record.resources.get(kind) or {}).get(name) != (pod.allocated[container.name].get(kind) or {}).get(name)
        }
        return any(p.resource_name in changed and p.restart_policy == "RestartContainer" for p in container.resize_policy)

    def _event(self, pod: PodState, type: str, reason: str, text: str, error: str = "") -> None:
        assert pod.resize
        spec, obj = self.kubelet.spec(pod), self.kubelet.object(pod)
        has = _wanted(obj) if pod.resize.pending else {c.name: resources_of(c) for c in _resizable(spec)}
        groups = {"initContainers": spec.init_containers, "containers": spec.containers}
        summary: Object = {
            group: [{"name": c.name, "resources": _in_order(has[c.name])} for c in containers]
            for group, containers in groups.items()
            if containers
        }
        summary["generation"] = pod.resize.generation
        if error:
            summary["error"] = error
        self.kubelet.event(pod, type, reason, f"{text}: {json.dumps(summary, separators=(',', ':'))}")


def _in_order(resources: Object) -> Object:
    """Return resources as Go writes them: the fields of a struct, and maps by their keys."""
    return {kind: dict(sorted(resources[kind].items())) for kind in ("limits", "requests") if resources.get(kind)}


def _memory_limit(resources: Object) -> int | None:
    """Return a memory limit in bytes, or None where there is none."""
    memory = (resources.get("limits") or {}).get("memory")
    return None if memory is None else quantity.parse(str(memory)).value()


def _resizable(spec: PodSpec) -> list[Container]:
    return [*spec.init_containers, *spec.containers]


def _wanted(pod: Object) -> dict[str, Object]:
    """Return what a Pod asks for, for its containers by name, and for itself where it does."""
    spec = pod["spec"]
    wanted = {c["name"]: _amounts(c.get("resources") or {}) for c in (*(spec.get("initContainers") or ()), *spec["containers"])}
    return wanted | ({WHOLE_POD: spec["resources"]} if spec.get("resources") else {})


def _amounts(resources: Object) -> Object:
    return {kind: resources[kind] for kind in ("limits", "requests") if resources.get(kind)}


def _requirements(resources: Object) -> ResourceRequirements:
    return ResourceRequirements(limits=resources.get("limits") or {}, requests=resources.get("requests") or {})


def _with_resources(container: Container, resources: Object | None) -> Container:
    if resources is None:
        return container
    return msgspec.structs.replace(container, resources=_requirements(resources))


def _problem(obj: Object, info: NodeInfo, uid: str) -> tuple[str, str] | None:
    """Return why a node cannot give what a Pod asks for: Infeasible or Deferred, and the message.

    What the node has not at all comes first, memory before cpu. Kubernetes: canResizePod
    """
    own, wanted = info.pods.get(uid), whole(pod_requests(obj["spec"]))
    for name in ("memory", "cpu"):
        capacity = info.allocatable.get(name, 0)
        if wanted.get(name, 0) > capacity:
            text = f"Node didn't have enough capacity: {name}, requested: {wanted[name]}, capacity: {capacity}"
            return "Infeasible", text
    for name in ("cpu", "memory"):
        capacity = info.allocatable.get(name, 0)
        used = info.requested.get(name, 0) - (own.requested.get(name, 0) if own else 0)
        if wanted.get(name, 0) > capacity - used:
            text = f"Node didn't have enough resource: {name}, requested: {wanted[name]}, used: {used}, capacity: {capacity}"
            return "Deferred", text
    return None
