"""Probe workers: when each probe is tried, what is counted, and what comes of it.

A worker's ticks keep the phase of its start; a readiness worker is tried at once, and takes a new phase, whenever a status
is made of a Pod that is not ready. Attempts that can come to nothing but what is known are not played (`repeating`).
Kubernetes: pkg/kubelet/prober/worker.go, prober_manager.go, results
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.clock import SECOND, Micros, parse_rfc3339
from lifecycle.core_v1.types import Container, Probe, sidecar
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.probe import ask, interpret, redirect, resolve_port
from lifecycle.kubelet.repeating import Repeating, missing_to_threshold, unhealthy
from lifecycle.kubelet.restart import restarts_after
from lifecycle.kubelet.state import NodeState, Outcome, PodState, ProbeResult, ProbeType, ProbeWorker
from lifecycle.kubelet.status import ENDED
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MAX_TRIES = 3
"""How often one attempt is tried that comes to an error and not to a result."""
OUTLIVED: Micros = 10 * SECOND
"""How long before its kubelet a container must have started to keep its results."""
KNOWN = -1
"""The number of an attempt whose answer nobody waits for."""
EVENLY = (5**0.5 - 1) / 2
"""Its multiples, less their whole parts, fill a span evenly, wherever one stops."""
INITIAL: dict[ProbeType, ProbeResult] = {"startup": "unknown", "readiness": "failure", "liveness": "success"}


class Prober:
    """The probe workers of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self.repeating = Repeating(kubelet)

    # Workers

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
        self._schedule(pod, worker, worker.origin)
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
                self._drop(pod, key)
        self.status_changed(pod)

    def remove(self, pod: PodState) -> None:
        for key in list(pod.probes):
            self._drop(pod, key)

    def unready(self, pod: PodState) -> bool:
        """Say whether a readiness probe has yet to succeed, so that each new status would ask for an attempt."""
        return any(worker.type == "readiness" and worker.result != "success" for worker in pod.probes.values())

    def trigger(self, pod: PodState, container: str) -> None:
        """Have readiness probed at once. A worker sees of the status that is being made only the one before."""
        key = f"{container}/readiness"
        worker = pod.probes.get(key)
        if worker and self._over(pod):
            self._drop(pod, key)
        elif worker and worker.busy:
            worker.triggered = True
        elif worker and worker.repeats:
            self.repeating.trigger(pod, worker)
        elif worker and worker.origin <= self.kernel.now:
            at = delays.slotted(self.kernel.now + delays.TRIGGER, worker.slot)
            self._schedule(pod, worker, at, triggered=True)

    def status_changed(self, pod: PodState) -> None:
        """Let parked workers look again at their next tick if the Pod's status or its end says something new to them."""
        for worker in pod.probes.values():
            if (worker.timer is None or worker.repeats) and not worker.busy and not self._as_known(pod, worker):
                self.wake(pod, worker)

    def on_probe(self, uid: str, key: str, triggered: bool) -> None:
        """A tick, or a trigger, of a worker; one that comes during an attempt waits until that is over."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        if pod is None or worker is None or self.kubelet.node(pod).down:
            return
        worker.timer = None
        if worker.busy:
            worker.triggered = worker.triggered or triggered
            return
        if triggered:
            worker.origin = self.kernel.now
        elif self._over(pod):
            self._drop(pod, key)
            return
        self._attempt(pod, worker)

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
            self._schedule(pod, worker, worker.origin, triggered=True)
        elif not worker.busy:
            self._schedule_tick(pod, worker)

    def on_probe_rouse(self, uid: str, _: None) -> None:
        """Something is about to happen in a Pod's sandbox that commands which are under way there could see, or feel."""
        pod = self.kubelet.state.pods.get(uid)
        if pod:
            self.repeating.rouse(pod)

    def on_probe_begun(self, uid: str, key: str, count: int, under_way: bool) -> None:
        """So many attempts have begun that were not played; all have come to what is known but the last, if it is under way."""
        pod = self.kubelet.state.pods[uid]
        worker = pod.probes[key]
        container = self.kubelet.container(pod, worker.container)
        record = pod.runtime.by_id(worker.container_id)
        assert container
        assert record
        probe = probe_of(container, worker.type)
        if count > 1:
            self.kernel.after(worker.period, "kubelet", "probe_begun", uid, key, count - 1, under_way)
        if count == 1 and under_way:
            self.begin(pod, worker, container, probe)
        else:
            ask(self.kubelet, pod, container, probe, record, worker, KNOWN)

    def on_probe_repeat(self, uid: str, key: str) -> None:
        """The end of an attempt that came to what the last one came to, as all since."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        container = self.kubelet.container(pod, worker.container) if pod and worker else None
        if pod is None or worker is None or container is None:
            return
        worker.timer = None
        probe = probe_of(container, worker.type)
        outcome = self.repeating.now(pod, worker)
        if outcome is None:
            self.repeating.plan(pod, worker, probe)
        else:
            self._answered(pod, worker, container, probe, outcome)

    def on_probe_ended(self, uid: str, key: str, attempt: int) -> None:
        """The end of an attempt that had begun when something changed."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        if pod is None or worker is None or not worker.busy or worker.attempt != attempt or worker.repeats is None:
            return
        outcome, worker.repeats = worker.repeats, None
        container = self.kubelet.container(pod, worker.container)
        if container is None or self.kubelet.node(pod).down:
            worker.busy = False
            return
        self._answered(pod, worker, container, probe_of(container, worker.type), outcome)

    def _drop(self, pod: PodState, key: str) -> None:
        self.repeating.rouse(pod)
        worker = pod.probes.pop(key)
        self.repeating.count(pod, worker, self.kernel.now + 1)
        self.repeating.end(worker)
        self.kernel.cancel(worker.timer)
        if worker.told and worker.every:
            self._tell(pod, worker, worker.told_result, worker.told_output, None)

    # One attempt

    def _attempt(self, pod: PodState, worker: ProbeWorker) -> None:
        """Do what a tick does. Kubernetes: doProbe"""
        key = f"{worker.container}/{worker.type}"
        container = self.kubelet.container(pod, worker.container)
        status = find_status(pod.status, worker.container)
        if container is None or status is None or "containerID" not in status:
            return
        self._register(pod, worker, status["containerID"][13:])
        if worker.on_hold:
            return
        if "running" not in status["state"]:
            self._set(pod, worker, "failure")
            terminated = status["state"].get("terminated")
            if terminated and not restarts_after(self.kubelet.spec(pod), container, terminated["exitCode"]):
                self._drop(pod, key)
            return
        probe = probe_of(container, worker.type)
        started = parse_rfc3339(status["state"]["running"]["startedAt"])
        if (self.kernel.now - started) // SECOND < probe.initial_delay_seconds:
            self._schedule_tick(pod, worker, started + probe.initial_delay_seconds * SECOND)
            return
        if status["started"] == (worker.type == "startup"):
            return
        worker.triggered = False
        self.begin(pod, worker, container, probe)

    def begin(self, pod: PodState, worker: ProbeWorker, container: Container, probe: Probe) -> None:
        """Begin an attempt now."""
        worker.busy, worker.began, worker.tries = True, self.kernel.now, 0
        self._try(pod, worker, container, probe)

    def _register(self, pod: PodState, worker: ProbeWorker, container_id: str) -> None:
        """Start over for a container that is new."""
        if worker.container_id != container_id:
            worker.container_id, worker.known = container_id, False
            worker.on_hold = False
            self._set(pod, worker, INITIAL[worker.type])

    def _try(self, pod: PodState, worker: ProbeWorker, container: Container, probe: Probe) -> None:
        worker.attempt += 1
        worker.tries += 1
        worker.url, worker.hops = "", 0
        self._ask(pod, worker, container, probe)

    def _ask(self, pod: PodState, worker: ProbeWorker, container: Container, probe: Probe) -> None:
        record = pod.runtime.by_id(worker.container_id)
        if record is None:
            worker.busy = False
            return
        worker.version = self.kubelet.programs.version(record.sandbox)
        outcome = ask(self.kubelet, pod, container, probe, record, worker, worker.attempt)
        if outcome is not None:
            self._answered(pod, worker, container, probe, outcome)

    def on_probed(self, uid: str, key: str, attempt: int, result: Any) -> None:
        """A probe's answer."""
        pod = self.kubelet.state.pods.get(uid)
        worker = pod.probes.get(key) if pod else None
        if pod is None or worker is None or not worker.busy or worker.attempt != attempt:
            return
        container = self.kubelet.container(pod, worker.container)
        if container is None or self.kubelet.node(pod).down:
            worker.busy = False
            return
        probe = probe_of(container, worker.type)
        outcome = interpret(probe, result)
        if isinstance(outcome, str):
            assert probe.http_get
            port = resolve_port(probe.http_get.port, container)
            base = f"{probe.http_get.scheme.lower()}://{worker.url_host}:{port}{probe.http_get.path}"
            sent_on = redirect(worker, outcome, result, base)
            if sent_on is None:
                self._ask(pod, worker, container, probe)
                return
            outcome = sent_on
        self._answered(pod, worker, container, probe, outcome)

    def probe(self, pod: PodState, worker: ProbeWorker) -> Probe:
        container = self.kubelet.container(pod, worker.container)
        assert container
        return probe_of(container, worker.type)

    def _answered(self, pod: PodState, worker: ProbeWorker, container: Container, probe: Probe, outcome: Outcome) -> None:
        if outcome.result == "error" and worker.tries < MAX_TRIES:
            self._try(pod, worker, container, probe)
            return
        worker.busy = False
        hold = self._count(worker, probe, outcome)
        every = None if hold else worker.period // SECOND
        result = "success" if outcome.result == "warning" else outcome.result
        self._tell(pod, worker, result, (outcome.unstarted or outcome.output) if result != "success" else "", every)
        with self.kernel.because(worker.trace):
            self._unhealthy(pod, worker, outcome)
            if outcome.result != "error" and missing_to_threshold(probe, worker) <= 0:
                self._set(pod, worker, worker.last)
            if hold:
                worker.on_hold, worker.run = True, 0
            self._next(pod, worker, probe, outcome)

    def _count(self, worker: ProbeWorker, probe: Probe, outcome: Outcome) -> bool:
        """Count equal results in a row; say whether the worker then waits for a new container."""
        if outcome.result == "error":
            return False
        result: ProbeResult = "failure" if outcome.result == "failure" else "success"
        worker.run = worker.run + 1 if result == worker.last else 1
        worker.last = result
        if missing_to_threshold(probe, worker) > 0:
            return False
        return worker.type == "startup" or (worker.type == "liveness" and result == "failure")

    def _unhealthy(self, pod: PodState, worker: ProbeWorker, outcome: Outcome) -> None:
        if outcome.result != "success":
            reason = reasons.PROBE_WARNING if outcome.result == "warning" else reasons.UNHEALTHY
            self.kubelet.event(pod, "Warning", reason, unhealthy(worker, outcome), worker.container)

    def _tell(self, pod: PodState, worker: ProbeWorker, result: str, output: str, every: int | None) -> None:
        """Put out a trace if it says something new."""
        told = f"{result} {worker.origin} {every} {output}"
        if told != worker.told:
            worker.told, worker.told_result, worker.told_output, worker.every = told, result, output, every
            where = self.kubelet.about(pod, worker.container)
            worker.trace = self.kernel.trace(
                "probe", where, probe=worker.type, result=result, output=output, run=worker.run, every=every
            )

    def _set(self, pod: PodState, worker: ProbeWorker, result: ProbeResult) -> None:
        """Publish a result; a change of it has consequences. Kubernetes: results.Manager, syncLoopIteration"""
        if worker.known and worker.result == result:
            return
        worker.known, worker.result = True, result
        if worker.type == "readiness":
            self.kubelet.status_manager.set_readiness(pod, worker.container, result == "success")
        elif worker.type == "startup":
            self.kubelet.status_manager.set_startup(pod, worker.container, result == "success")
        elif result != "failure":
            return
        pod.worker.dirty = True
        self.kubelet.workers.update(pod)

    # Time

    def _next(self, pod: PodState, worker: ProbeWorker, probe: Probe, outcome: Outcome) -> None:
        """Plan the next attempt after one has ended, or park."""
        if worker.timer is not None:
            return
        now, period = self.kernel.now, worker.period
        if worker.triggered:
            self._schedule(pod, worker, delays.slotted(now, worker.slot), triggered=True)
        elif (now - worker.origin) // period > (worker.began - worker.origin) // period:
            self._schedule(pod, worker, now)
        elif not worker.on_hold and not (self._still_runs(pod, worker) and self.repeating.park(pod, worker, probe, outcome)):
            repeats = outcome.steady and worker.known and worker.result == worker.last
            self._schedule_tick(pod, worker, periodic=repeats)

    def _over(self, pod: PodState) -> bool:
        """Say whether a Pod's last phase is known, which ends all probing though its containers may still run."""
        return pod.status is not None and pod.status["phase"] in ENDED

    def _as_known(self, pod: PodState, worker: ProbeWorker) -> bool:
        """Say whether a parked worker would find nothing new in the status."""
        status = find_status(pod.status, worker.container)
        if status is None or "containerID" not in status:
            return True
        if worker.on_hold:
            return bool(status["containerID"][13:] == worker.container_id)
        return worker.repeats is not None and self._still_runs(pod, worker)

    def _still_runs(self, pod: PodState, worker: ProbeWorker) -> bool:
        """Say whether a worker's next attempt would find the container that the last one was for, as far as it was."""
        status = find_status(pod.status, worker.container)
        if status is None or status.get("containerID", "")[13:] != worker.container_id:
            return False
        gated = status["started"] == (worker.type == "startup")
        return "running" in status["state"] and not gated and not self._over(pod)

    def _schedule_tick(self, pod: PodState, worker: ProbeWorker, earliest: Micros = 0, periodic: bool = False) -> None:
        at = max(self.kernel.now + 1, earliest)
        ticks = -(-(at - worker.origin) // worker.period)
        self._schedule(pod, worker, worker.origin + ticks * worker.period, periodic=periodic)

    def _schedule(
        self, pod: PodState, worker: ProbeWorker, at: Micros, triggered: bool = False, periodic: bool = False
    ) -> None:
        self.kernel.cancel(worker.timer)
        key = f"{worker.container}/{worker.type}"
        worker.timer = self.kernel.at(at, "kubelet", "probe", pod.uid, key, triggered, periodic=periodic)


def probes_of(container: Container) -> list[tuple[ProbeType, Probe]]:
    """Return a container's probes in the order in which their workers start."""
    found: list[tuple[ProbeType, Probe | None]] = [
        ("startup", container.startup_probe),
        ("readiness", container.readiness_probe),
        ("liveness", container.liveness_probe),
    ]
    return [(type, probe) for type, probe in found if probe]


def probe_of(container: Container, type: ProbeType) -> Probe:
    probe = {
        "startup": container.startup_probe,
        "readiness": container.readiness_probe,
        "liveness": container.liveness_probe,
    }[type]
    assert probe
    return probe


def find_status(status: Object | None, container: str) -> Object | None:
    """Return a regular or init container's status, or None."""
    if status:
        for group in ("containerStatuses", "initContainerStatuses"):
            for one in status.get(group) or ():
                if one["name"] == container:
                    found: Object = one
                    return found
    return None
