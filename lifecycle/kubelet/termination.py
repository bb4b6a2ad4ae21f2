"""Killing containers: grace, preStop, the order of sidecars, the stop signal and what comes after it.

Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer), kuberuntime_termination_order.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros
from lifecycle.core_v1.types import Container, PodSpec, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.state import Call, Kill, PodState, Step
from lifecycle.runtime.records import ContainerRecord

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MINIMUM_GRACE: Micros = 2 * SECOND
LONGEST = 1 << 40
"""Seconds that a grace may last: nobody waits for the end of a longer one."""


class Termination:
    """The kills under way (`PodState.kills`, by container id)."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    # Steps

    def step_kill(self, pod: PodState, call: Call, step: Step) -> bool:
        """Kill one container, and wait until it is dead."""
        record = pod.runtime.by_id(step.id)
        self.kubelet.sync_pod.push(call, Step("wait_kills"))
        if record and record.state == "running":
            self.kill(pod, record, step.message, step.reason, step.grace)
        return True

    def step_kill_all(self, pod: PodState, call: Call, step: Step) -> bool:
        """Kill all containers at once; sidecars wait for their turn."""
        self.kubelet.sync_pod.push(call, Step("wait_kills"))
        spec = self.kubelet.spec(pod)
        grace = self._pods_grace(pod, spec) if call.kind == "terminating" else None
        ordered = any(sidecar(c) for c in spec.init_containers)
        place = {c.name: i for i, (_, c) in enumerate(spec.all_containers())}
        running = sorted(pod.runtime.running(), key=lambda record: place.get(record.name, len(place)))
        for record in running:
            if record.id not in pod.kills:
                message = f"Stopping container {record.name}"
                self.kill(pod, record, message, "", grace, ordered and record.name in _sidecars(spec))
        return True

    def step_wait_kills(self, pod: PodState, call: Call, step: Step) -> bool:
        if pod.kills:
            self.kubelet.sync_pod.push(call, step)
            return False
        return True

    # One kill

    def kill(
        self,
        pod: PodState,
        record: ContainerRecord,
        message: str,
        reason: str,
        grace: Micros | None,
        in_turn: bool = False,
    ) -> None:
        """Begin to kill a running container; a `grace` given overrides what its Pod and probe say."""
        container = self.kubelet.container(pod, record.name)
        left = self._grace(pod, container, reason) if grace is None else grace
        index = self.kubelet.event(pod, "Normal", reasons.KILLING, message, record.name)
        kill = Kill(record.id, "hook", left, self.kernel.now, message, in_turn)
        pod.kills[record.id] = kill
        with self.kernel.because(index):
            if left > 0 and container and container.lifecycle and container.lifecycle.pre_stop:
                kill.timer = self.kernel.after(left, "kubelet", "kill_stage", pod.uid, record.id, "hook")
                self.kubelet.hooks.pre_stop(pod, container, record)
            else:
                self._wait_for_turn(pod, kill)

    def pre_stop_ended(self, pod: PodState, container_id: str) -> None:
        kill = pod.kills.get(container_id)
        if kill and kill.stage == "hook":
            self._spend(kill)
            self._wait_for_turn(pod, kill)

    def on_kill_stage(self, uid: str, container_id: str, stage: str) -> None:
        """The time of a kill's stage is over."""
        pod = self.kubelet.state.pods.get(uid)
        kill = pod.kills.get(container_id) if pod else None
        if pod is None or kill is None or kill.stage != stage:
            return
        kill.timer = None
        if stage == "hook":
            self._abandon_hook(pod, kill)
            self._spend(kill)
            self._wait_for_turn(pod, kill)
        elif stage == "turn":
            self._spend(kill)
            self._stop(pod, kill)
        elif stage == "stop":
            self._signal(pod, kill, "SIGKILL", None)
            self.kubelet.programs.kill(container_id)
        else:
            self._done(pod, kill)

    def exited(self, pod: PodState, container_id: str) -> None:
        """A container has exited, killed or not."""
        kill = pod.kills.get(container_id)
        if kill and kill.stage in ("turn", "stop"):
            self._to(pod, kill, "stopped", 0)
        for waiting in [k for k in pod.kills.values() if k.stage == "turn"]:
            if self._may_stop(pod, waiting):
                self._spend(waiting)
                self._stop(pod, waiting)

    def _wait_for_turn(self, pod: PodState, kill: Kill) -> None:
        if kill.in_turn and not self._may_stop(pod, kill):
            self._to(pod, kill, "turn", max(0, kill.left))
        else:
            self._stop(pod, kill)

    def _may_stop(self, pod: PodState, kill: Kill) -> bool:
        """Say whether all that has to end before a sidecar has ended: regular containers and later sidecars."""
        spec, record = self.kubelet.spec(pod), pod.runtime.by_id(kill.container)
        if record is None:
            return True
        sidecars = _sidecars(spec)
        before = {c.name for c in spec.containers} | set(sidecars[sidecars.index(record.name) + 1 :])
        return not any(other.name in before for other in pod.runtime.running())

    def _stop(self, pod: PodState, kill: Kill) -> None:
        """Have the runtime stop the container. Kubernetes: StopContainer"""
        record = pod.runtime.by_id(kill.container)
        if record is None or record.state != "running":
            self._to(pod, kill, "stopped", 0)
            return
        grace = max(kill.left, MINIMUM_GRACE)
        self._to(pod, kill, "stop", grace)
        signal = self.kubelet.programs.image(record.image).stop_signal
        with self.kernel.because(self._signal(pod, kill, signal, grace)):
            self.kubelet.programs.signal(record.id, signal)

    def _signal(self, pod: PodState, kill: Kill, signal: str, grace: Micros | None) -> int:
        record = pod.runtime.by_id(kill.container)
        where = self.kubelet.about(pod, record.name if record else "")
        seconds = None if grace is None else grace // SECOND
        index = self.kernel.trace("signal", where, signal=signal, grace=seconds, why=kill.why)
        if signal == "SIGKILL":
            self.kernel.cause = index
        return index

    def _done(self, pod: PodState, kill: Kill) -> None:
        pod.kills.pop(kill.container, None)
        self.kubelet.sync_pod.resume(pod)

    def _to(self, pod: PodState, kill: Kill, stage: str, within: Micros) -> None:
        self.kernel.cancel(kill.timer)
        kill.stage, kill.since = stage, self.kernel.now  # type: ignore[assignment]
        kill.timer = self.kernel.after(within, "kubelet", "kill_stage", pod.uid, kill.container, stage)

    def _spend(self, kill: Kill) -> None:
        """Take the whole seconds that a stage took off the grace."""
        kill.left -= (self.kernel.now - kill.since) // SECOND * SECOND

    def _abandon_hook(self, pod: PodState, kill: Kill) -> None:
        record = pod.runtime.by_id(kill.container)
        where = self.kubelet.about(pod, record.name if record else "")
        message = "the grace period is over before the hook is"
        self.kernel.cause = self.kernel.trace("hook", where, hook="preStop", phase="abandoned", message=message)

    # Grace

    def _grace(self, pod: PodState, container: Container | None, reason: str) -> Micros:
        """Return the grace of a container that is killed while its Pod lives on."""
        obj = self.kubelet.object(pod)
        if obj["metadata"].get("deletionGracePeriodSeconds") is not None:
            return _span(int(obj["metadata"]["deletionGracePeriodSeconds"]))
        probe = None
        if container and reason:
            probe = container.liveness_probe if reason == "liveness" else container.startup_probe
        if probe and probe.termination_grace_period_seconds is not None:
            return _span(probe.termination_grace_period_seconds)
        return _span(self.kubelet.spec(pod).termination_grace_period_seconds)

    def _pods_grace(self, pod: PodState, spec: PodSpec) -> Micros:
        """Return the grace of a Pod that ends. Kubernetes: calculateEffectiveGracePeriod"""
        grace = spec.termination_grace_period_seconds if pod.worker.grace is None else pod.worker.grace
        return _span(max(1, grace))


def _sidecars(spec: PodSpec) -> list[str]:
    return [c.name for c in spec.init_containers if sidecar(c)]


def _span(seconds: int) -> Micros:
    return min(seconds, LONGEST) * SECOND
