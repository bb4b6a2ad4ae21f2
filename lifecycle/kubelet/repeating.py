"""Attempts of probes that come to the same again and again: counted when somebody asks, and not played one by one.

A worker whose last answer holds until its sandbox's programs change is parked. Of the attempts that follow, only those are
played (without asking again) of which more comes than a count: a threshold that is reached, an Event that the spam filter lets
through, a tick that a status has moved. Whatever could make a difference first has the others counted (`settle`), and then
lets the worker go on attempt by attempt (`wake`). Kubernetes: pkg/kubelet/prober/worker.go, client-go/tools/record
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import Micros
from lifecycle.core_v1.types import Probe
from lifecycle.kernel import Reply
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.probe import cannot_exec
from lifecycle.kubelet.state import Outcome, PodState, ProbeWorker
from lifecycle.programs import Attempts
from lifecycle.recorder import AGGREGATION_MESSAGES, Repeated, repeated

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet


class Repeating:
    """The parked probe workers of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self._alike: dict[str, dict[tuple[str, str], Repeated]] = {}
        self._earlier = False

    def park(self, pod: PodState, worker: ProbeWorker, probe: Probe, outcome: Outcome) -> bool:
        """Park a worker whose attempts come to the same from now on; say whether it is one."""
        record = pod.runtime.by_id(worker.container_id)
        programs = self.kubelet.programs
        if not outcome.steady or record is None or programs.version(record.sandbox) != worker.version:
            return False
        if any(programs.version(name) != version for name, version in outcome.looked.items()):
            return False
        if not self._alone(pod, worker, outcome):
            return False
        said = "" if outcome.result == "success" else outcome.output
        worker.repeats = msgspec.structs.replace(outcome, output=said)
        worker.takes = self.kernel.now - worker.began
        worker.made = worker.began
        self.plan(pod, worker, probe)
        self._take_numbers(pod, worker)
        if not worker.watching:
            worker.watching = True
            reply = Reply("kubelet", "probe_wake", (pod.uid, _key(worker)))
            programs.when_changed(record.sandbox, reply)
        for name in outcome.looked:
            if name != record.sandbox and name not in worker.elsewhere:
                worker.elsewhere = [*worker.elsewhere, name]
                programs.when_changed(name, Reply("kubelet", "probe_wake_elsewhere", (pod.uid, _key(worker), name)))
        return True

    def _alone(self, pod: PodState, worker: ProbeWorker, outcome: Outcome) -> bool:
        """Say whether no other worker's words push these out of what is combined; let those go on whose words would.

        Where attempts say the same each time, and others beside them something new each time, the order of all counts.
        """
        others = [w for w in pod.probes.values() if w is not worker and w.repeats and w.repeats.result in ("failure", "error")]
        if outcome.unstarted:
            return all(other.repeats and other.repeats.unstarted for other in others)
        if outcome.result in ("failure", "error"):
            for other in others:
                if other.repeats and other.repeats.unstarted:
                    self.kubelet.prober.wake(pod, other)
        return True

    def plan(self, pod: PodState, worker: ProbeWorker, probe: Probe) -> None:
        """Plan the end of the next attempt of which more comes than a count, if there is one."""
        outcome, last = worker.repeats, _number(worker)
        assert outcome
        ahead: list[int] = []
        if (missing := missing_to_threshold(probe, worker)) > 0 and outcome.result != "error":
            ahead.append(last + missing)
        if alike := self._says(pod, worker, outcome):
            message = None if outcome.unstarted else unhealthy(worker, outcome)
            written_from = self.kernel.rooms["recorder"].written_from(alike, message)
            ahead.append(max(last + 1, -(-(written_from - worker.takes - worker.origin) // worker.period)))
        self.kernel.cancel(worker.timer)
        worker.timer = None
        if ahead:
            known = outcome.result == "error" or (worker.known and worker.result == worker.last)
            self._end_at(pod, worker, worker.origin + min(ahead) * worker.period, periodic=known)

    def _end_at(self, pod: PodState, worker: ProbeWorker, began: Micros, periodic: bool = False) -> None:
        """Have an attempt end that begins at a moment."""
        self.kernel.cancel(worker.timer)
        at = began + worker.takes
        worker.timer = self.kernel.at(at, "kubelet", "probe_repeat", pod.uid, _key(worker), periodic=periodic)

    def settle(self, pod: PodState) -> None:
        """Count what has been before something else is told of the Pod."""
        for worker in pod.probes.values():
            self.count(pod, worker, self.kernel.now + 1)

    def told(self, pod: PodState) -> None:
        """Plan anew where something else that was told of the Pod has changed how Events are combined."""
        for worker in pod.probes.values():
            outcome = worker.repeats
            alike = self._says(pod, worker, outcome) if outcome and not worker.busy else None
            if outcome and alike and worker.origin <= self.kernel.now:
                message = None if outcome.unstarted else unhealthy(worker, outcome)
                if self.kernel.rooms["recorder"].written_from(alike, message) <= self.kernel.now:
                    self.plan(pod, worker, self.kubelet.prober.workers.probe(pod, worker))

    def count(self, pod: PodState, worker: ProbeWorker, before: Micros) -> None:
        """Count the attempts that have ended before a moment and after the last that was counted."""
        outcome = worker.repeats
        if outcome is None or worker.busy:
            return
        first = _number(worker)
        last = (before - 1 - worker.takes - worker.origin) // worker.period
        if last <= first:
            return
        worker.began = worker.origin + last * worker.period
        if outcome.result != "error":
            worker.run += last - first
        if alike := self._says(pod, worker, outcome):
            messages = [
                unhealthy(worker, self._at(worker, outcome, worker.began - back * worker.period))
                for back in reversed(range(min(last - first, AGGREGATION_MESSAGES) if outcome.unstarted else 1))
            ]
            self.kernel.rooms["recorder"].count(alike, messages, last - first, worker.began + worker.takes)

    def now(self, pod: PodState, worker: ProbeWorker) -> Outcome | None:
        """Begin, and end, the attempt that ends now; return what it comes to, or None where it was counted already."""
        outcome, began = worker.repeats, self.kernel.now - worker.takes
        self.count(pod, worker, self.kernel.now)
        if outcome and outcome.outlived:
            self._run(pod, worker)
        if outcome is None or worker.began == began:
            return None
        worker.began = began
        self.end(worker)
        return self._at(worker, outcome, began)

    def trigger(self, pod: PodState, worker: ProbeWorker) -> None:
        """Try at once, from where ticks go on."""
        self.rouse(pod)
        self.count(pod, worker, self.kernel.now + 1)
        if worker.busy or self._under_way(worker):
            self.wake(pod, worker)
            worker.triggered = True
        else:
            worker.origin = delays.slotted(self.kernel.now + delays.TRIGGER, worker.slot)
            self._end_at(pod, worker, worker.origin)
            self._take_numbers(pod, worker)

    def wake(self, pod: PodState, worker: ProbeWorker) -> None:
        """Let a worker go on attempt by attempt; one that is under way ends as those before."""
        self.rouse(pod)
        if worker.repeats is None:
            return
        self.count(pod, worker, self.kernel.now + 1)
        self.kernel.cancel(worker.timer)
        worker.timer = None
        if self._under_way(worker):
            worker.began = worker.origin + (self.kernel.now - worker.origin) // worker.period * worker.period
            worker.busy, worker.triggered, worker.attempt = True, False, worker.attempt + 1
            end = worker.began + worker.takes
            self.kernel.at(end, "kubelet", "probe_ended", pod.uid, _key(worker), worker.attempt)
        else:
            self.end(worker)

    def rouse(self, pod: PodState) -> None:
        """Have commands that are under way be run after all, from their beginning: what happens next may matter to them.

        Other attempts need not be: what a server answers is known when it is asked.
        """
        for worker in pod.probes.values():
            commands = bool(worker.repeats and worker.repeats.pids and not worker.busy and not self._earlier)
            if commands and self.kubelet.programs.runs(worker.container_id):
                self.count(pod, worker, self.kernel.now + 1)
                self._run(pod, worker)

    def _run(self, pod: PodState, worker: ProbeWorker) -> None:
        """Run the commands whose processes would be there."""
        attempts = None if self._earlier else self._attempts(pod, worker)
        alive = attempts.alive(self.kernel.now) if attempts else []
        if not attempts or not alive:
            return
        under_way = alive[-1] + worker.takes > self.kernel.now
        if under_way:
            self.kernel.cancel(worker.timer)
            worker.timer = None
            self.end(worker)
        else:
            worker.made = alive[-1]
            self._take_numbers(pod, worker)
        self._earlier = True
        self.kernel.earlier(alive[0], "kubelet", "probe_begun", pod.uid, _key(worker), len(alive), under_way)
        self._earlier = False

    def end(self, worker: ProbeWorker) -> None:
        """Let a worker's attempts be played again."""
        if worker.repeats and worker.repeats.pids:
            self.kubelet.programs.repeat(worker.container_id, worker.type, None)
        worker.repeats = None

    def _take_numbers(self, pod: PodState, worker: ProbeWorker) -> None:
        """Have the commands of attempts that are not played take numbers of processes."""
        if attempts := self._attempts(pod, worker):
            self.kubelet.programs.repeat(worker.container_id, worker.type, attempts)

    def _attempts(self, pod: PodState, worker: ProbeWorker) -> Attempts | None:
        """Return what programs are told of a command's attempts after those that were made."""
        if not worker.repeats or not worker.repeats.pids:
            return None
        pids, reply = worker.repeats.pids * worker.tries, Reply("kubelet", "probe_rouse", (pod.uid,))
        lives = worker.takes + worker.repeats.outlived
        return Attempts(worker.made, worker.origin, worker.period, pids, lives, reply)

    def forget(self, uid: str) -> None:
        """A Pod is gone."""
        self._alike.pop(uid, None)

    def _under_way(self, worker: ProbeWorker) -> bool:
        """Say whether an attempt has begun after those that were counted."""
        return (self.kernel.now - worker.origin) // worker.period > _number(worker)

    def _says(self, pod: PodState, worker: ProbeWorker, outcome: Outcome) -> Repeated | None:
        """Return what the Events have in common that a worker's attempts tell of, or None where they tell nothing."""
        if outcome.result == "success":
            return None
        reason = reasons.PROBE_WARNING if outcome.result == "warning" else reasons.UNHEALTHY
        known = self._alike.setdefault(pod.uid, {})
        alike = known.get((worker.container, reason))
        if alike is None:
            path = self.kubelet.field_path(pod, worker.container)
            alike = repeated("kubelet", self.kubelet.object(pod), "Warning", reason, path, pod.node)
            known[worker.container, reason] = alike
        return alike

    def _at(self, worker: ProbeWorker, outcome: Outcome, began: Micros) -> Outcome:
        """Return what an attempt that begins at a moment comes to."""
        if not outcome.unstarted:
            return outcome
        output = cannot_exec(self.kernel, worker.container_id, outcome.unstarted, began)
        return msgspec.structs.replace(outcome, output=output)


def _key(worker: ProbeWorker) -> str:
    return f"{worker.container}/{worker.type}"


def _number(worker: ProbeWorker) -> int:
    """Return the tick of the last attempt that was counted; -1 where ticks begin anew."""
    return max(-1, (worker.began - worker.origin) // worker.period)


def missing_to_threshold(probe: Probe, worker: ProbeWorker) -> int:
    """Return how many more results like the last one it takes until that is published; 0 or less: it was."""
    threshold = probe.failure_threshold if worker.last == "failure" else probe.success_threshold
    return threshold - worker.run


def unhealthy(worker: ProbeWorker, outcome: Outcome) -> str:
    """Return what an Event says of an attempt that was no success. Kubernetes: pkg/kubelet/prober/prober.go (probe)"""
    said = {"failure": "failed", "error": "errored and resulted in unknown state", "warning": "warning"}[outcome.result]
    return f"{worker.type.capitalize()} probe {said}: {outcome.output}"
