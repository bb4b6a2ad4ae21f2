"""What a probe worker does: when it tries, what is counted, and what comes of it.

Kubernetes: pkg/kubelet/prober/worker.go, results
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.clock import SECOND, Micros, parse_rfc3339
from lifecycle.core_v1.types import Container, Probe
from lifecycle.kernel import Because
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.probe import ask, interpret, redirect, resolve_port
from lifecycle.kubelet.repeating import Repeating, missing_to_threshold, unhealthy
from lifecycle.kubelet.restart import restarts_after
from lifecycle.kubelet.state import Outcome, PodState, ProbeResult, ProbeType, ProbeWorker
from lifecycle.kubelet.status import ENDED
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MAX_TRIES = 3
"""How often one attempt is tried that comes to an error and not to a result."""
KNOWN = -1
"""The number of an attempt whose answer nobody waits for."""
INITIAL: dict[ProbeType, ProbeResult] = {"startup": "unknown", "readiness": "failure", "liveness": "success"}


class ProbeWorkers:
    """What the workers of all Pods do."""

    def __init__(self, kubelet: Kubelet, repeating: Repeating) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self.repeating = repeating

    # One attempt

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
        elif self.over(pod):
            self.kubelet.prober.drop(pod, key)
            return
        self._attempt(pod, worker)

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
                self.kubelet.prober.drop(pod, key)
            return
        probe = probe_of(container, worker.type)
        started = parse_rfc3339(status["state"]["running"]["startedAt"])
        if (self.kernel.now - started) // SECOND < probe.initial_delay_seconds:
            self.schedule_tick(pod, worker, started + probe.initial_delay_seconds * SECOND)
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
            self.kernel.cause = worker.trace or self.kernel.cause
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
        self.tell(pod, worker, result, (outcome.unstarted or outcome.output) if result != "success" else "", every)
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

    def because(self, worker: ProbeWorker) -> Because:
        """Let what is planned inside follow from what the worker told last, and not from what it is planned for."""
        return self.kernel.because(worker.trace or self.kernel.cause)

    def tell(self, pod: PodState, worker: ProbeWorker, result: str, output: str, every: int | None) -> None:
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
            if result == "success":
                self.kubelet.prober.started(pod, worker.container, worker.trace)
            self.kubelet.status_manager.set_startup(pod, worker.container, result == "success")
        elif result != "failure":
            return
        pod.worker.dirty = True
        self.kubelet.workers.update(pod)

    # Attempts of which it was known what they come to

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

    # Time

    def _next(self, pod: PodState, worker: ProbeWorker, probe: Probe, outcome: Outcome) -> None:
        """Plan the next attempt after one has ended, or park."""
        if worker.timer is not None:
            return
        now, period = self.kernel.now, worker.period
        if worker.triggered:
            self.schedule(pod, worker, delays.slotted(now, worker.slot), triggered=True)
        elif (now - worker.origin) // period > (worker.began - worker.origin) // period:
            self.schedule(pod, worker, now)
        elif not worker.on_hold and not (self.still_runs(pod, worker) and self.repeating.park(pod, worker, probe, outcome)):
            repeats = outcome.steady and worker.known and worker.result == worker.last
            self.schedule_tick(pod, worker, periodic=repeats)

    def over(self, pod: PodState) -> bool:
        """Say whether a Pod's last phase is known, which ends all probing though its containers may still run."""
        return pod.status is not None and pod.status["phase"] in ENDED

    def still_runs(self, pod: PodState, worker: ProbeWorker) -> bool:
        """Say whether a worker's next attempt would find the container that the last one was for, as far as it was."""
        status = find_status(pod.status, worker.container)
        if status is None or status.get("containerID", "")[13:] != worker.container_id:
            return False
        gated = status["started"] == (worker.type == "startup")
        return "running" in status["state"] and not gated and not self.over(pod)

    def schedule_tick(self, pod: PodState, worker: ProbeWorker, earliest: Micros = 0, periodic: bool = False) -> None:
        at = max(self.kernel.now + 1, earliest)
        ticks = -(-(at - worker.origin) // worker.period)
        self.schedule(pod, worker, worker.origin + ticks * worker.period, periodic=periodic)

    def schedule(self, pod: PodState, worker: ProbeWorker, at: Micros, triggered: bool = False, periodic: bool = False) -> None:
        self.kernel.cancel(worker.timer)
        key = f"{worker.container}/{worker.type}"
        worker.timer = self.kernel.at(at, "kubelet", "probe", pod.uid, key, triggered, periodic=periodic)


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
