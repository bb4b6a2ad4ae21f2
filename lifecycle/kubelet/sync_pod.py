"""A pod worker's calls, step by step: SyncPod, SyncTerminatingPod and SyncTerminatedPod.

What is left to do is data: a list of steps in the call. A step is a method here or of the part it concerns; it says whether it
is done, else it has arranged that `resume` is called.
Kubernetes: pkg/kubelet/kubelet.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lifecycle.clock import MINUTE, Micros
from lifecycle.kubelet import reasons
from lifecycle.kubelet.compute_actions import Actions, compute_actions
from lifecycle.kubelet.compute_actions import Pod as ActionsPod
from lifecycle.kubelet.state import Call, Failure, PodState, Reason, Step
from lifecycle.kubelet.status import ENDED, has_initialized
from lifecycle.runtime import delays

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

StepFunction = Callable[[PodState, Call, Step], bool]

RESTARTS_AT_ONCE = 100
RESTART_ALL_EVERY: Micros = MINUTE
"""How often a Pod may restart all its containers one after another, and after how long once more."""
RESTARTS_LIMIT = "RestartAllContainers"
"""Under what a Pod that restarts them too often is noted among those that could not be started."""
RESTARTS_TEXT = f"The Pod met the limit of {RESTARTS_AT_ONCE} restarts of all its containers: it makes one in a minute."


class SyncPod:
    """The calls of all pod workers."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        starting, stopping = kubelet.start_container, kubelet.termination
        self.steps: dict[str, StepFunction] = {
            "sync_status": self.sync_status,
            "network": self.network,
            "volumes": kubelet.volumes.step_wait,
            "probes": self.probes,
            "actions": self.actions,
            "sandbox_changed": self.sandbox_changed,
            "kill": stopping.step_kill,
            "kill_all": stopping.step_kill_all,
            "wait_kills": stopping.step_wait_kills,
            "stop_sandbox": self.stop_sandbox,
            "sandbox_stopped": self.sandbox_stopped,
            "remove": self.remove,
            "again": self.again,
            "create_sandbox": self.create_sandbox,
            "image_volume": starting.step_image_volume,
            "image_volume_pulled": starting.step_image_volume_pulled,
            "start": starting.step_start,
            "pulled": starting.step_pulled,
            "create": starting.step_create,
            "run": starting.step_run,
            "post_started": starting.step_post_started,
            "terminating_status": self.terminating_status,
            "stop_probing": self.stop_probing,
            "stopped": self.stopped,
            "terminated_status": self.terminated_status,
            "unmount": kubelet.volumes.step_unmount,
            "finalize": self.finalize,
            "resize": kubelet.resize.step_resize,
            "resized": kubelet.resize.step_resized,
        }

    def go_on(self, pod: PodState) -> None:
        """Do the steps of the Pod's call until one takes time, or to the end."""
        call = pod.worker.call
        while call and call.steps:
            step = call.steps[-1]
            if step.after and not call.waited:
                call.waited = True
                self.wait(pod, call, self.kernel.now + step.after)
                return
            call.waited = False
            call.steps.pop()
            if not self.steps[step.what](pod, call, step):
                return
        if call:
            self._finish(pod, call)

    def wait(self, pod: PodState, call: Call, until: Micros) -> None:
        """Have the call go on at a moment, and not at the one that was planned before."""
        self.kernel.cancel(call.timer)
        call.timer = self.kernel.at(until, "kubelet", "step", pod.uid, call.number)

    def on_step(self, uid: str, number: int) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if pod and pod.worker.call and pod.worker.call.number == number:
            self.go_on(pod)

    def resume(self, pod: PodState) -> None:
        """Go on with the call if there is one that waits for something other than time."""
        if pod.worker.call and not pod.worker.call.waited:
            self.go_on(pod)

    def cancel(self, pod: PodState) -> None:
        """Interrupt a sync because the Pod is to end: only the wait for volumes listens to that."""
        call = pod.worker.call
        if call and call.kind == "sync" and call.steps and call.steps[-1].what == "volumes":
            self.kernel.cancel(call.timer)
            call.steps.clear()
            call.error = "context canceled"
            self._finish(pod, call)

    def push(self, call: Call, *steps: Step) -> None:
        """Do these steps next, in this order."""
        call.steps.extend(reversed(steps))

    def fail(self, pod: PodState, call: Call, container: str, reason: str, message: str, until: int = 0) -> None:
        """Note that a container could not be started, and leave out what would have followed."""
        call.failures.append(Failure(container, reason, message, until))
        spec = self.kubelet.spec(pod)
        aborts = any(c.name == container and c.restart_policy != "Always" for c in spec.init_containers)
        call.steps = [] if aborts else [step for step in call.steps if step.container != container]

    def _finish(self, pod: PodState, call: Call) -> None:
        if call.kind == "sync":
            call.repeats = all(
                (before := pod.reasons.get(failure.container)) is not None and before.message == failure.message
                for failure in call.failures
            )
            for name in call.started:
                pod.reasons.pop(name, None)
            for failure in call.failures:
                pod.reasons[failure.container] = Reason(failure.reason, failure.message)
            if call.acted and not call.error and not call.failures and not call.terminal:
                self.kubelet.pleg.request(pod)
        self.kubelet.workers.complete(pod)

    # SyncPod

    def sync_status(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.resize.begin(pod)
        status = self.kubelet.statuses.generate(pod)
        phase = status["phase"]
        self.kubelet.status_manager.set(pod, status)
        if phase in ENDED:
            call.terminal = True
            call.steps.clear()
        return True

    def network(self, pod: PodState, call: Call, step: Step) -> bool:
        if not self.kubelet.node_status.network_is_ready(pod):
            call.network_error, call.error = True, "network is not ready"
            call.steps.clear()
        return True

    def probes(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.prober.add(pod)
        return True

    def actions(self, pod: PodState, call: Call, step: Step) -> bool:
        spec = self.kubelet.spec(pod)
        self.kubelet.start_container.check_pull_secrets(pod)
        deleting = self.kubelet.deleting(pod)
        restarts = self.kubelet.resize.restarts(pod)
        call.snapshot = pod.cache
        actions = compute_actions(ActionsPod(spec, pod.cache, pod.probes, deleting, restarts))
        call.acted = actions.any()
        if self._restarts_too_often(pod, call):
            return True
        if actions.restart_all:
            self._restart_all(pod, call, actions)
        else:
            self.push(call, *self._steps(pod, actions))
        return True

    def _steps(self, pod: PodState, actions: Actions) -> list[Step]:
        steps = []
        if actions.kill_pod:
            if actions.create_sandbox and actions.changed_sandbox:
                steps.append(Step("sandbox_changed"))
            if not actions.create_sandbox or actions.changed_sandbox:
                steps += [Step("kill_all"), Step("stop_sandbox")]
            if actions.create_sandbox:
                steps += [Step("remove", id=record_id) for record_id in self._init_records(pod)]
        else:
            steps += [Step("kill", k.name, id=k.id, message=k.message, reason=k.reason) for k in actions.kill]
        if actions.create_sandbox:
            steps.append(Step("create_sandbox", after=self.kubelet.runtime.sandbox_takes(pod), id=str(actions.attempt)))
        if not actions.kill_pod or actions.create_sandbox:
            steps += [Step("image_volume", id=v.name) for v in self.kubelet.spec(pod).volumes if v.type == "image"]
        steps += [Step("start", name) for name in (*actions.ephemeral, *actions.init)]
        steps.append(Step("resize"))
        steps += [Step("start", name) for name in actions.regular]
        steps.append(Step("resized"))
        return steps

    def _init_records(self, pod: PodState) -> list[str]:
        """Return the ids of the init containers there were: a new sandbox begins without. Kubernetes: purgeInitContainers"""
        names = {container.name for container in self.kubelet.spec(pod).init_containers}
        return [record.id for record in pod.cache.containers if record.name in names]

    def _restart_all(self, pod: PodState, call: Call, actions: Actions) -> None:
        """Remove every container, with no grace for those that run. Kubernetes: RestartAllContainers

        No back-off: what was removed leaves no exited container that doBackOff could find, so that containers which end at
        once are started as fast as syncs, the runtime and its relists allow, until a limit is met (`again`).
        """
        if not pod.restarting_all:
            pod.restarting_all = True
            self.kubelet.status_manager.set(pod, self.kubelet.statuses.generate(pod))
        running = {record.id: record.name for record in pod.cache.running()}
        steps = []
        for record_id in actions.restart_all:
            if record_id in running:
                steps.append(Step("kill", running[record_id], id=record_id, message="killing", grace=0))
            steps.append(Step("remove", id=record_id))
        self.push(call, *steps, Step("again"))

    def again(self, pod: PodState, call: Call, step: Step) -> bool:
        """Have another sync right after this one."""
        pod.worker.dirty = True
        pod.worker.pending = True
        pod.restarts_paid = max(pod.restarts_paid, self.kernel.now) + RESTART_ALL_EVERY
        return True

    def _restarts_too_often(self, pod: PodState, call: Call) -> bool:
        """Say whether a Pod that has just restarted all its containers has to wait before they are started.

        Kubernetes has no such limit: KEP-5532 means them to back off, which they do not.
        """
        until = pod.restarts_paid - RESTARTS_AT_ONCE * RESTART_ALL_EVERY
        spec = self.kubelet.spec(pod)
        if until <= self.kernel.now or any(pod.cache.latest(c.name) for c in (*spec.init_containers, *spec.containers)):
            return False
        if RESTARTS_LIMIT not in pod.reasons:
            self.kernel.trace("limit", self.kubelet.about(pod), limit="restarts", text=RESTARTS_TEXT)
        call.failures.append(Failure(RESTARTS_LIMIT, "", "", until))
        return True

    def remove(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.runtime.remove(pod, {step.id})
        return True

    def sandbox_changed(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.event(pod, "Normal", reasons.SANDBOX_CHANGED, "Pod sandbox changed, it will be killed and re-created.")
        return True

    def stop_sandbox(self, pod: PodState, call: Call, step: Step) -> bool:
        if any(sandbox.ready for sandbox in pod.runtime.sandboxes):
            self.push(call, Step("sandbox_stopped", after=self.kubelet.runtime.takes(delays.STOP_SANDBOX, pod)))
        return True

    def sandbox_stopped(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.runtime.stop_sandboxes(pod)
        return True

    def create_sandbox(self, pod: PodState, call: Call, step: Step) -> bool:
        error = self.kubelet.runtime.create_sandbox(pod, int(step.id))
        if error:
            self.kubelet.event(pod, "Warning", reasons.FAILED_CREATE_POD_SANDBOX, f"Failed to create pod sandbox: {error}")
            call.error = error
            call.steps.clear()
            return True
        self.kubelet.statuses.sandbox_ready(pod)
        return True

    # SyncTerminatingPod

    def terminating_status(self, pod: PodState, call: Call, step: Step) -> bool:
        status = self.kubelet.statuses.generate(pod)
        if pod.failed and status["phase"] not in ENDED:
            status["phase"], status["reason"], status["message"] = "Failed", pod.failed.reason, pod.failed.message
            if pod.disruption:
                status["conditions"] = [pod.disruption, *status["conditions"]]
        self.kubelet.status_manager.set(pod, status, force=self.kubelet.deleting(pod))
        return True

    def stop_probing(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.prober.stop_liveness_and_startup(pod)
        return True

    def stopped(self, pod: PodState, call: Call, step: Step) -> bool:
        """All containers are dead: what became of them is read from the runtime itself.

        Whether the Pod had initialized is what its worker takes from the Pod as it was told of it, before that.
        """
        pod.worker.initialized = has_initialized(self.kubelet.spec(pod), self.kubelet.object(pod)["status"])
        self.kubelet.prober.remove(pod)
        pod.cache, pod.cache_at = pod.runtime, pod.cache_at
        self.kubelet.status_manager.set(pod, self.kubelet.statuses.generate(pod, stopped=True))
        return True

    # SyncTerminatedPod

    def terminated_status(self, pod: PodState, call: Call, step: Step) -> bool:
        if self.kubelet.spec(pod).active_deadline_seconds is None:
            return True  # it would be the one that `stopped` has made
        self.kubelet.status_manager.set(pod, self.kubelet.statuses.generate(pod, stopped=True))
        return True

    def finalize(self, pod: PodState, call: Call, step: Step) -> bool:
        self.kubelet.statuses.finalize(pod)
        return True
