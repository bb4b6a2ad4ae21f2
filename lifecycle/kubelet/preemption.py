"""Room for critical Pods: a node's kubelet ends others rather than refuse one for want of resources.

Kubernetes: pkg/kubelet/preemption/preemption.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.kubelet import reasons
from lifecycle.kubelet.admission import Shortage, critical
from lifecycle.kubelet.state import NodeState, PodState
from lifecycle.scheduler.requests import Amounts, of_pod

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MESSAGE = "Preempted in order to admit critical pod"
CONDITION_MESSAGE = "Pod was preempted by Kubelet to accommodate a critical pod."
QOS_CLASSES = ("BestEffort", "Burstable", "Guaranteed")

Requirements = dict[str, int]
"""What has still to become free: resource name to amount."""


class NoVictims(ValueError):
    """No set of Pods would free what is missing; the text is the kubelet's."""


class Preemption:
    """The preemptions of all nodes: `NodeState.preempting` are critical Pods that wait, with the victims still to be ended."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet

    def begin(self, pod: PodState, shortages: tuple[Shortage, ...]) -> None:
        """End Pods of lower priority, one after the other; then the Pod is taken. Raises: NoVictims"""
        node = self.kubelet.node(pod)
        requirements = {shortage.name: shortage.missing for shortage in shortages}
        node.preempting[pod.uid] = [victim.uid for victim in self._victims(node, pod, requirements)]
        self._go_on(node, pod.uid)

    def ended(self, node: NodeState, victim: str) -> None:
        """Go on where somebody has waited for this Pod to end."""
        for uid, victims in list(node.preempting.items()):
            if victims and victims[0] == victim:
                victims.pop(0)
                self._go_on(node, uid)

    def _go_on(self, node: NodeState, uid: str) -> None:
        victims = node.preempting[uid]
        while victims:
            victim = self.kubelet.state.pods.get(victims[0])
            if victim and victim.worker.phase in ("sync", "terminating"):
                self._preempt(victim)
                return
            victims.pop(0)
        del node.preempting[uid]
        self.kubelet.admitted(uid)

    def _preempt(self, victim: PodState) -> None:
        victim.disruption = self.kubelet.eviction.disruption(victim, CONDITION_MESSAGE)
        self.kubelet.eviction.evict(victim, reasons.PREEMPTING, MESSAGE, grace=None)

    def _victims(self, node: NodeState, preemptor: PodState, requirements: Requirements) -> list[PodState]:
        """Return the fewest and least important Pods that free enough: rather BestEffort than Burstable than Guaranteed."""
        by_class: dict[str, list[PodState]] = {name: [] for name in QOS_CLASSES}
        asked: dict[str, Amounts] = {}
        for uid in self.kubelet.node_info(node.name).pods:
            pod = self.kubelet.state.pods[uid]
            obj = self.kubelet.object(pod)
            if _preemptable(self.kubelet.object(preemptor), obj):
                by_class[obj["status"].get("qosClass", "BestEffort")].append(pod)
                asked[uid] = {**of_pod(obj), "pods": 1}
        best_effort, burstable, guaranteed = by_class.values()
        if missing := _less(requirements, [*best_effort, *burstable, *guaranteed], asked):
            raise _none(missing)
        from_guaranteed = _nearest(guaranteed, _less(requirements, [*best_effort, *burstable], asked), asked)
        from_burstable = _nearest(burstable, _less(requirements, [*best_effort, *from_guaranteed], asked), asked)
        from_best_effort = _nearest(best_effort, _less(requirements, [*from_burstable, *from_guaranteed], asked), asked)
        return [*from_best_effort, *from_burstable, *from_guaranteed]


def _preemptable(preemptor: dict[str, object], pod: dict[str, object]) -> bool:
    if critical(preemptor) and not critical(pod):
        return True
    return _priority(preemptor) > _priority(pod)


def _priority(pod: dict[str, object]) -> int:
    spec = pod["spec"]
    assert isinstance(spec, dict)
    return int(spec.get("priority") or 0)


def _less(requirements: Requirements, pods: list[PodState], asked: dict[str, Amounts]) -> Requirements:
    """Return what would be missing were these Pods gone."""
    left = {name: amount - sum(asked[pod.uid].get(name, 0) for pod in pods) for name, amount in requirements.items()}
    return {name: amount for name, amount in left.items() if amount > 0}


def _nearest(pods: list[PodState], requirements: Requirements, asked: dict[str, Amounts]) -> list[PodState]:
    """Return Pods that free what is required, each the one that leaves least to be freed; the smaller one of two alike."""
    pods, chosen = list(pods), []
    while requirements:
        if not pods:
            raise _none(requirements)
        best = pods[0]
        for pod in pods:
            far, farthest = _distance(asked[pod.uid], requirements), _distance(asked[best.uid], requirements)
            if far < farthest or (far == farthest and _size(asked[pod.uid]) <= _size(asked[best.uid])):
                best = pod
        requirements = _less(requirements, [best], asked)
        chosen.append(best)
        pods.remove(best)
    return chosen


def _distance(asked: Amounts, requirements: Requirements) -> float:
    """Return how much would be left to free, each resource as a part of what is required of it."""
    left = ((max(amount - asked.get(name, 0), 0) / amount) ** 2 for name, amount in requirements.items())
    return sum(left)


def _size(asked: Amounts) -> tuple[int, int]:
    return asked.get("memory", 0), asked.get("cpu", 0)


def _none(missing: Requirements) -> NoVictims:
    listed = "".join(f"(res: {name}, q: {amount}), " for name, amount in missing.items())
    return NoVictims(
        f"preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [{listed}]"
    )
