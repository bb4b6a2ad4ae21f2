"""Pod workers: one call at a time for each Pod, at most one more pending, and when the next one comes by itself.

sync → terminating → terminated → finished, forward only. Kubernetes: pkg/kubelet/pod_workers.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros
from lifecycle.kubelet import backoff
from lifecycle.kubelet.start_container import backoff_key
from lifecycle.kubelet.state import Call, Failure, PodState, Step

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

RESYNC: Micros = 60 * SECOND
BACK_OFF: Micros = 10 * SECOND
BACK_OFF_ON_TRANSIENT_ERROR: Micros = 1 * SECOND
LONGEST_WAIT_FOR_BACK_OFF: Micros = 60 * SECOND
JITTER = 0.5

FIRST_STEPS = {
    "sync": (Step("sync_status"), Step("network"), Step("volumes"), Step("probes"), Step("actions")),
    "terminating": (Step("terminating_status"), Step("stop_probing"), Step("kill_all"), Step("stop_sandbox"), Step("stopped")),
    "terminated": (Step("terminated_status"), Step("unmount"), Step("finalize")),
}
LAST_FIRST = {phase: steps[::-1] for phase, steps in FIRST_STEPS.items()}
"""As a call holds what it has yet to do."""


class PodWorkers:
    """The workers of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def update(self, pod: PodState) -> None:
        """Have the worker call once more: now, or after the call that is under way."""
        worker = pod.worker
        if worker.phase == "finished":
            return
        worker.cause = self.kernel.cause
        if worker.call or worker.waiting:
            worker.pending = True
        else:
            self._begin(pod)

    def terminate(self, pod: PodState, grace: int | None = None) -> None:
        """Have the Pod's containers stopped, with `grace` seconds at most; the smallest grace ever asked for holds."""
        worker = pod.worker
        if grace is not None:
            worker.grace = max(1, grace if worker.grace is None else min(grace, worker.grace))
        if worker.phase == "sync":
            worker.phase = "terminating"
            self.kubelet.sync_pod.cancel(pod)
        self.update(pod)

    def cache_renewed(self, pod: PodState) -> None:
        """Let the worker go on if it waits for a newer cache."""
        if pod.worker.waiting:
            pod.worker.waiting = False
            self._run(pod)

    def on_wake(self, uid: str) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if pod:
            pod.worker.wake = None
            pod.worker.dirty = True
            self.update(pod)

    def on_resync(self, uid: str) -> None:
        """Call again though nothing is known to have changed."""
        pod = self.kubelet.state.pods.get(uid)
        if pod:
            pod.worker.wake = None
            self.update(pod)

    def _begin(self, pod: PodState) -> None:
        worker = pod.worker
        if worker.last_end is None or self.kubelet.pleg.cached_at(pod) > worker.last_end:
            self._run(pod)
        else:
            worker.waiting = True
            self.kubelet.pleg.wait(pod)

    def _run(self, pod: PodState) -> None:
        worker = pod.worker
        worker.number += 1
        if worker.phase == "sync" and not worker.dirty and not self.kubelet.start_container.missing_pull_secrets(pod):
            with self.kernel.because(worker.cause):
                self._skip(pod)
            return
        worker.dirty = False
        worker.call = Call(worker.phase, worker.number, list(LAST_FIRST[worker.phase]), started=[], failures=[])
        with self.kernel.because(worker.cause):
            self.kubelet.sync_pod.go_on(pod)

    def _at_peace(self, pod: PodState) -> bool:
        """Say whether a sync that finds nothing new does nothing: asks for no probe and tells of nothing."""
        return not self.kubelet.prober.unready(pod) and not self.kubelet.start_container.missing_pull_secrets(pod)

    def _skip(self, pod: PodState) -> None:
        """Leave out a sync that would find all as the last one has left it, but for the probes that it asks for."""
        worker = pod.worker
        worker.last_end = self.kernel.now
        self.kubelet.statuses.probe_unready(pod)
        self.kubelet.prober.add(pod)
        if not self._at_peace(pod):
            self.wake(pod, self._jittered(pod, RESYNC), what="resync", periodic=True)
        if worker.pending:
            worker.pending = False
            self._begin(pod)

    def complete(self, pod: PodState) -> None:
        """End the call: the next phase if this one is done, else the time of the next call. Kubernetes: completeWork"""
        worker, call = pod.worker, pod.worker.call
        assert call
        worker.call = None
        worker.last_end = self.kernel.now
        self.wake(pod, None)
        worker.dirty = worker.dirty or call.acted or bool(call.error or call.failures)
        if call.kind == "sync":
            if call.terminal and worker.phase == "sync":
                worker.phase = "terminating"
            if worker.phase == "terminating":
                worker.pending = True
            elif (delay := self._next_wake(pod, call)) is not None:
                self.wake(pod, delay, periodic=self._only_repeats(pod, call))
            elif not self._at_peace(pod):
                self.wake(pod, self._jittered(pod, RESYNC), what="resync", periodic=True)
        elif not call.error:
            worker.phase = "terminated" if call.kind == "terminating" else "finished"
            worker.pending = worker.phase == "terminated"
            if worker.phase == "terminated":
                self.kubelet.pod_terminated(pod)
        else:
            self.wake(pod, self._jittered(pod, BACK_OFF))
        if worker.phase == "finished":
            self.kubelet.pod_finished(pod)
        elif worker.pending:
            worker.pending = False
            worker.cause = self.kernel.cause
            self._begin(pod)

    def _next_wake(self, pod: PodState, call: Call) -> Micros | None:
        """Return after how long a call that came to something has to be repeated."""
        ends = [failure.until for failure in call.failures if failure.until]
        if call.network_error:
            return self._jittered(pod, BACK_OFF_ON_TRANSIENT_ERROR)
        if ends:
            return self._jittered(pod, max(0, min(min(ends) - self.kernel.now, LONGEST_WAIT_FOR_BACK_OFF)))
        if call.error or call.failures:
            return self._jittered(pod, BACK_OFF)
        return None

    def _only_repeats(self, pod: PodState, call: Call) -> bool:
        """Say whether what the next call brings is known: its back-off grows no more, or the same is wrong as before."""
        if call.network_error:
            return True
        return (not call.error or call.repeats_error) and all(self._is_known(pod, call, failure) for failure in call.failures)

    def _is_known(self, pod: PodState, call: Call, failure: Failure) -> bool:
        container = self.kubelet.container(pod, failure.container)
        if container is None:
            return True
        held = pod.restarts.get(backoff_key(container)) if failure.until else pod.pulls.get(container.image)
        return call.repeats if held is None else held.wait == backoff.LONGEST

    def _jittered(self, pod: PodState, delay: Micros) -> Micros:
        pod.worker.draws += 1
        return round(delay * self.kernel.seeds.between(1, 1 + JITTER, "pod worker", pod.uid, pod.worker.draws))

    def wake(self, pod: PodState, delay: Micros | None, periodic: bool = False, what: str = "wake") -> None:
        """Write the Pod's one place in the work queue, which is looked at once a second."""
        self.kernel.cancel(pod.worker.wake)
        pod.worker.wake = None
        if delay is not None:
            at = self.kubelet.next_tick(pod, self.kernel.now + delay)
            pod.worker.wake = self.kernel.at(at, "kubelet", what, pod.uid, periodic=periodic)
