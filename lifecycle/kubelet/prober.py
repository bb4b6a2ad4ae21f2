"""The probe workers that each Pod has: when they begin, when they are told to look again, when they end.

A worker's ticks keep the phase of its start; a readiness worker is tried at once, and takes a new phase, whenever a status
is made of a Pod that is not ready. Attempts that can come to nothing but what is known are not played (`repeating`).
Kubernetes: pkg/kubelet/prober/prober_manager.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros
from lifecycle.core_v1.types import Container, Probe, sidecar
from lifecycle.kubelet import delays
from lifecycle.kubelet.probe_workers import ProbeWorkers, find_status
from lifecycle.kubelet.repeating import Repeating
from lifecycle.kubelet.state import NodeState, PodState, ProbeResult, ProbeType, ProbeWorker

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

OUTLIVED: Micros = 10 * SECOND
"""How long before its kubelet a container must have started to keep its results."""
EVENLY = (5**0.5 - 1) / 2
"""Its multiples, less their whole parts, fill a span evenly, wherever one stops."""


class Prober:
    """The probe workers of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self.repeating = Repeating(kubelet)
        self.workers = ProbeWorkers(kubelet, self.repeating)

    def add(self, pod: PodState) -> None:
        """Start the workers that the Pod has not yet. Kubernetes: AddPod"""
        spec = self.kubelet.spec(pod)
        slot = 0
        for container in (*(c for c in spec.init_containers if sidecar(c)), *spec.containers):
            for type, probe in probes_of(container):
                key = f"{container.name}/{type}"
                if key not in pod.probes:
                    origin = delays.slotted(self.kernel.now, slot)
                    pod.probes[key] = worker = ProbeWorker(container.name, type, probe.period_seconds * SECOND, origin)
                    worker.slot = slot
                slot += delays.WORKER

    def resume(self, pod: PodState) -> None:
        """Start the workers of a Pod whose kubelet has just started, once its volumes have been looked at."""
        self.add(pod)
        begins = self.kernel.now + (delays.VOLUMES if pod.mounted else 0)
        for worker in pod.probes.values():
            self._resume(pod, worker, begins)

    def _resume(self, pod: PodState, worker: ProbeWorker, begins: Micros) -> None:
        """Spread the first attempts after a kubelet's start; a container that outlived its kubelet keeps its results."""
        assert pod.resumed_at is not None
        waits = worker.period > begins - pod.resumed_at
        part = self._part(self.kubelet.node(pod)) if waits else 0
        worker.origin = delays.slotted(begins + round(part * worker.period), worker.slot)
        self.workers.schedule(pod, worker, worker.origin)
        record = pod.runtime.latest(worker.container)
        if record and record.state == "running" and record.started_at < pod.resumed_at - OUTLIVED:
            worker.container_id, worker.known = record.id, True
            worker.result = self._result_before(pod, worker)

    def _part(self, node: NodeState) -> float:
        """Return how much of its period the next worker of a node waits for: anything, and not what the others before it do."""
        part = self.kernel.seeds.fraction("spread", node.name) + node.resumed * EVENLY
        node.resumed += 1
        return part % 1

    def _result_before(self, pod: PodState, worker: ProbeWorker) -> ProbeResult:
        """Return what the API server still says: the Pod's Ready, which others may have taken back, or a container's start."""
        status = self.kubelet.object(pod)["status"]
        if worker.type == "readiness":
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
            return "success" if ready else "failure"
        container = find_status(status, worker.container)
        return "unknown" if worker.type == "startup" and not (container and container["started"]) else "success"

    def stop_liveness_and_startup(self, pod: PodState) -> None:
        """End the workers of regular containers that make no sense while the Pod ends; those of sidecars go on."""
        regular = {c.name for c in self.kubelet.spec(pod).containers}
        for key, worker in list(pod.probes.items()):
            if worker.type != "readiness" and worker.container in regular:
                self.drop(pod, key)
        self.status_changed(pod)

    def remove(self, pod: PodState) -> None:
        for key in list(pod.probes):
            self.drop(pod, key)

    def drop(self, pod: PodState, key: str) -> None:
        """End a worker."""
        self.repeating.rouse(pod)
        worker = pod.probes.pop(key)
        self.repeating.count(pod, worker, self.kernel.now + 1)
        self.repeating.end(worker)
        self.kernel.cancel(worker.timer)
        if worker.told and worker.every:
            self.workers.tell(pod, worker, worker.told_result, worker.told_output, None)

    def unready(self, pod: PodState) -> bool:
        """Say whether a readiness probe has yet to succeed, so that each new status would ask for an attempt."""
        return any(worker.type == "readiness" and worker.result != "success" for worker in pod.probes.values())

    def started(self, pod: PodState, container: str, index: int) -> None:
        """Let what is probed from now on follow from a container's start, of which an output tells."""
        for worker in pod.probes.values():
            if worker.container == container:
                worker.trace = index

    def trigger(self, pod: PodState, container: str) -> None:
        """Have readiness probed at once. A worker sees of the status that is being made only the one before."""
        key = f"{container}/readiness"
        worker = pod.probes.get(key)
        if worker and self.workers.over(pod):
            self.drop(pod, key)
        elif worker and worker.busy:
            worker.triggered = True
        elif worker and (worker.repeats or worker.origin <= self.kernel.now):
            with self.workers.because(worker):
                self._try_at_once(pod, worker)

    def _try_at_once(self, pod: PodState, worker: ProbeWorker) -> None:
        if worker.repeats:
            self.repeating.trigger(pod, worker)
        else:
            at = delays.slotted(self.kernel.now + delays.TRIGGER, worker.slot)
            self.workers.schedule(pod, worker, at, triggered=True)

    def status_changed(self, pod: PodState) -> None:
        """Let parked workers look again at their next tick if the Pod's status or its end says something new to them."""
        for worker in pod.probes.values():
            if (worker.timer is None or worker.repeats) and not worker.busy and not self._as_known(pod, worker):
                with self.workers.because(worker):
                    self.wake(pod, worker)

    def _as_known(self, pod: PodState, worker: ProbeWorker) -> bool:
        """Say whether a parked worker would find nothing new in the status."""
        status = find_status(pod.status, worker.container)
        if status is None or "containerID" not in status:
            return True
        if worker.on_hold:
            return bool(status["containerID"][13:] == worker.container_id)
        return worker.repeats is not None and self.workers.still_runs(pod, worker)

    def on_probe_wake(self, uid: str, key: str, version: int) -> None:
        """Something that a parked worker's probe could see has changed."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        if pod and worker and worker.watching:
            worker.watching = False
            if worker.repeats and not worker.busy:
                self.wake(pod, worker)

    def on_probe_wake_elsewhere(self, uid: str, key: str, name: str, version: int) -> None:
        """Something outside of its sandbox that a parked worker's probe could see has changed."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        if pod and worker and name in worker.elsewhere:
            worker.elsewhere = [one for one in worker.elsewhere if one != name]
            if worker.repeats and not worker.busy:
                self.wake(pod, worker)

    def wake(self, pod: PodState, worker: ProbeWorker) -> None:
        """Have a worker go on with its next tick."""
        triggered = worker.repeats is not None and worker.origin > self.kernel.now
        self.repeating.wake(pod, worker)
        if triggered:
            self.workers.schedule(pod, worker, worker.origin, triggered=True)
        elif not worker.busy:
            self.workers.schedule_tick(pod, worker)

    def on_probe_rouse(self, uid: str, _: None) -> None:
        """Something is about to happen in a Pod's sandbox that commands which are under way there could see, or feel."""
        pod = self.kubelet.state.pods.get(uid)
        if pod:
            self.repeating.rouse(pod)


def probes_of(container: Container) -> list[tuple[ProbeType, Probe]]:
    """Return a container's probes in the order in which their workers start."""
    found: list[tuple[ProbeType, Probe | None]] = [
        ("startup", container.startup_probe),
        ("readiness", container.readiness_probe),
        ("liveness", container.liveness_probe),
    ]
    return [(type, probe) for type, probe in found if probe]
