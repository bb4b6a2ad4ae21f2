"""Statuses of Pods, made from what the kubelet, the runtime and the probes know.

Kubernetes: pkg/kubelet/kubelet_pods.go, pkg/kubelet/active_deadline.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND
from lifecycle.core_v1.types import PodSpec
from lifecycle.kubelet import reasons
from lifecycle.kubelet.conditions import KUBELETS_OWN, TRUE, condition, containers_ready_condition, ready_condition
from lifecycle.kubelet.state import PodState, Reason
from lifecycle.kubelet.status import ENDED, Verdict, finalized, generate
from lifecycle.kubelet.view import View
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"


class PodStatuses:
    """The statuses of all Pods, on their way to the status manager."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def generate(self, pod: PodState, *, stopped: bool = False) -> Object:
        """Make the Pod's status anew; ask for readiness probes where it finds containers that are not ready."""
        spec, obj = self.kubelet.spec(pod), self.kubelet.object(pod)
        view = self._view(pod, stopped)
        if pod.restarting_all and not pod.cache.containers:
            view.restarted_all, pod.restarting_all = True, False
        deadline = self._deadline(pod, spec)
        verdict = Verdict(deadline, self.kubelet.resize.conditions(pod, view.generation), pod.restarting_all)
        generated = generate(view, verdict, self.kubelet.node(pod).ip, spec.host_network)
        if obj["status"].get("qosClass"):
            generated.status["qosClass"] = obj["status"]["qosClass"]
        for name in generated.unready:
            self.kubelet.prober.trigger(pod, name)
        return generated.status

    def probe_unready(self, pod: PodState) -> None:
        """Ask for the readiness probes that a status asks for which is as the last one was."""
        status = pod.status or {}
        ordered = {s["name"]: s for group in ("initContainerStatuses", "containerStatuses") for s in status.get(group) or ()}
        for _, container in self.kubelet.spec(pod).all_containers():
            found = ordered.get(container.name)
            if found and found["started"] and not found["ready"] and "running" in found["state"]:
                self.kubelet.prober.trigger(pod, container.name)

    def _view(self, pod: PodState, stopped: bool = False) -> View:
        obj = self.kubelet.object(pod)
        metadata = obj["metadata"]
        foreign = tuple([c for c in obj["status"].get("conditions") or () if c["type"] not in KUBELETS_OWN])
        return View(
            spec=self.kubelet.spec(pod),
            snapshot=pod.cache,
            old=pod.status or obj["status"],
            reasons=pod.reasons,
            probes=pod.probes,
            now=self.kernel.now,
            generation=metadata.get("generation", 1),
            foreign=foreign,
            deleting=bool(metadata.get("deletionTimestamp")) or pod.removed is not None,
            stopped=stopped,
        )

    def with_readiness(self, pod: PodState, status: Object) -> Object:
        """Return a status whose Ready and ContainersReady follow its containers."""
        view, spec = self._view(pod), self.kubelet.spec(pod)
        regular = {s["name"]: s for s in status["containerStatuses"]}
        ordered = [regular[c.name] for c in spec.containers if c.name in regular]
        ready = containers_ready_condition(spec, status.get("initContainerStatuses") or [], ordered, status["phase"])
        verdicts = {"ContainersReady": ready, "Ready": ready_condition(view, ready)}
        conditions = [
            condition(view, c["type"], verdicts[c["type"]]) if c["type"] in verdicts else c for c in status["conditions"]
        ]
        return {**status, "conditions": conditions}

    def sandbox_ready(self, pod: PodState) -> None:
        """Say at once that containers can be started. Kubernetes: onPodSandboxReady"""
        if pod.status is None:
            return
        view = self._view(pod)
        ready = condition(view, "PodReadyToStartContainers", TRUE)
        conditions = [ready if c["type"] == ready["type"] else c for c in pod.status["conditions"]]
        self.kubelet.status_manager.set(pod, {**pod.status, "conditions": conditions})

    def finalize(self, pod: PodState) -> None:
        """Write the status of a Pod of which nothing is left on the node. Kubernetes: TerminatePod"""
        status = pod.status or self.generate(pod, stopped=True)
        self.kubelet.status_manager.set(pod, finalized(status, pod.worker.initialized), force=True)

    def _deadline(self, pod: PodState, spec: PodSpec) -> Reason | None:
        """Return that the Pod has been active for too long, and tell, or None."""
        if spec.active_deadline_seconds is None or pod.start_time is None or _ended_otherwise(pod.status):
            return None
        started = pod.start_time // SECOND * SECOND
        if self.kernel.now - started < spec.active_deadline_seconds * SECOND:
            if pod.deadline is None:
                self.plan_deadline(pod)
            return None
        self.kubelet.event(pod, "Normal", reasons.DEADLINE_EXCEEDED, DEADLINE_MESSAGE)
        return Reason(reasons.DEADLINE_EXCEEDED, DEADLINE_MESSAGE)

    def plan_deadline(self, pod: PodState) -> None:
        seconds = self.kubelet.spec(pod).active_deadline_seconds
        self.kernel.cancel(pod.deadline)
        pod.deadline = None
        if seconds is not None and pod.start_time is not None and pod.worker.phase == "sync":
            at = pod.start_time // SECOND * SECOND + seconds * SECOND
            pod.deadline = self.kernel.at(self.kubelet.next_tick(pod, at), "kubelet", "deadline", pod.uid)


def _ended_otherwise(status: Object | None) -> bool:
    """Say whether a Pod had ended before its deadline passed: a last phase is never left."""
    return status is not None and status["phase"] in ENDED and status.get("reason") != reasons.DEADLINE_EXCEEDED
