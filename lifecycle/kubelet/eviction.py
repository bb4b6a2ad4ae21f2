"""Evictions: a node that runs out of memory or disk says so, takes back what nobody uses, and ends Pods, one a round.

A round that could find nothing is not played: the node's programs say when they hold so much more that one could.
Kubernetes: pkg/kubelet/eviction
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle import programs
from lifecycle.clock import SECOND, Micros, rfc3339
from lifecycle.core_v1.quantity import NANO, Quantity
from lifecycle.kernel import Reply
from lifecycle.kubelet import image_gc, reasons
from lifecycle.kubelet.admission import critical
from lifecycle.kubelet.eviction_ranking import event_annotations, message, ranked
from lifecycle.kubelet.local_storage import limited
from lifecycle.kubelet.node_resources import MEMORY, STORAGE, capacity
from lifecycle.kubelet.state import NodeState, PodState, Reason
from lifecycle.kubelet.stats import Observation

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MONITORING_PERIOD: Micros = 10 * SECOND
TRANSITION_PERIOD: Micros = 300 * SECOND
"""How long a condition stays after the last round that found it."""
CLEANUP_POLL: Micros = SECOND
CLEANUP_TIMEOUT: Micros = 30 * SECOND
GRACE = 1
"""Seconds that an evicted Pod's containers have."""


class Threshold(msgspec.Struct, frozen=True):
    """A hard threshold: less than so many bytes, or so much of a hundred, is too little."""

    signal: str
    resource: str
    condition: str
    amount: int = 0
    percentage: float = 0.0

    def quantity(self, observation: Observation) -> int:
        return self.amount or int(observation.capacity * self.percentage)

    def is_met(self, observed: dict[str, Observation]) -> bool:
        observation = observed[self.signal]
        return observation.capacity > 0 and observation.available < self.quantity(observation)


THRESHOLDS = (
    Threshold("memory.available", MEMORY, "MemoryPressure", amount=100 << 20),
    Threshold("allocatableMemory.available", MEMORY, "MemoryPressure", amount=100 << 20),
    Threshold("nodefs.available", STORAGE, "DiskPressure", percentage=0.10000000149011612),
    Threshold("imagefs.available", STORAGE, "DiskPressure", percentage=0.15000000596046448),
)
"""A kubelet's own, in the order in which they are seen to; percentages are float32."""

CONDITIONS = ("MemoryPressure", "DiskPressure")


class Eviction:
    """The eviction managers of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    # When there are rounds

    def started(self, node: NodeState) -> None:
        """Begin with a node's eviction manager, which remembers nothing."""
        eviction = node.eviction
        eviction.last, eviction.observed, eviction.evicting = node.tick_origin, {}, []
        self._watch(node, self.kubelet.stats.observe(node, self._active(node)))
        self.kubelet.node_status.look(node)
        if eviction.taken:
            self.look(node)

    def stopped(self, node: NodeState) -> None:
        """End a node's eviction manager with its kubelet."""
        eviction = node.eviction
        for timer in (eviction.round, eviction.collection):
            self.kernel.cancel(timer)
        eviction.round = eviction.collection = None

    def on_usage(self, name: str, version: int) -> None:
        """The node's programs hold so much more that there may be too little left."""
        if name in self.kubelet.state.nodes:
            self.look(self.kubelet.state.nodes[name])

    def look(self, node: NodeState) -> None:
        """Have a round in its time."""
        if node.eviction.round is None and not node.down:
            passed = (self.kernel.now - node.eviction.last) // MONITORING_PERIOD + 1
            self._plan(node, node.eviction.last + passed * MONITORING_PERIOD)

    def _plan(self, node: NodeState, at: Micros, periodic: bool = False) -> None:
        self.kernel.cancel(node.eviction.round)
        node.eviction.round = self.kernel.at(at, "kubelet", "eviction", node.name, periodic=periodic)

    def _watch(self, node: NodeState, observed: dict[str, Observation], always: bool = False) -> None:
        """Ask to be told when rounds could find something: half of what there is before that, for not all is counted."""
        memory, disk = (_left(observed, resource) // 2 for resource in (MEMORY, STORAGE))
        reply = Reply("kubelet", "usage", (node.name,))
        self.kubelet.programs.when_usage_grows(node.name, reply, memory, disk, always)

    # A round

    def on_eviction(self, name: str) -> None:
        """Look at what is left on a node, and do something where it is too little. Kubernetes: synchronize"""
        node = self.kubelet.state.nodes.get(name)
        if node is None or node.down:
            return
        eviction = node.eviction
        eviction.round = None
        if self._waits_for_cleanup(node):
            self._plan(node, self.kernel.now + CLEANUP_POLL)
            return
        eviction.last = self.kernel.now
        pods = self._active(node)
        observed = self.kubelet.stats.observe(node, pods)
        met = [threshold for threshold in THRESHOLDS if threshold.is_met(observed)]
        for threshold in met:
            eviction.observed[threshold.condition] = self.kernel.now
        if eviction.observed:
            self.kubelet.node_status.look(node)
        self.kubelet.image_gc.look(node, observed["imagefs.available"])
        with_limits = [pod for pod in pods if limited(self.kubelet.spec(pod))]
        evicted = self._evict_over_limit(with_limits) or self._reclaim(node, met, observed, pods)
        eviction.evicting, eviction.patience = evicted, self.kernel.now + CLEANUP_TIMEOUT
        self._plan_next(node, met)
        self._watch(node, observed, always=bool(with_limits))

    def _plan_next(self, node: NodeState, met: list[Threshold]) -> None:
        eviction, now = node.eviction, self.kernel.now
        if eviction.evicting:
            self._plan(node, now + CLEANUP_POLL)
        elif met:
            self._plan(node, now + MONITORING_PERIOD, periodic=True)
        elif self.pressure(node):
            over = min(at for at in eviction.observed.values() if now - at < TRANSITION_PERIOD) + TRANSITION_PERIOD
            self._plan(node, now + -(-(over - now) // MONITORING_PERIOD) * MONITORING_PERIOD)

    def _waits_for_cleanup(self, node: NodeState) -> bool:
        pods = (self.kubelet.state.pods.get(uid) for uid in node.eviction.evicting)
        return self.kernel.now < node.eviction.patience and any(pod and pod.worker.phase != "finished" for pod in pods)

    def _active(self, node: NodeState) -> list[PodState]:
        found = map(self.kubelet.state.pods.get, self.kubelet.node_info(node.name).pods)
        return [pod for pod in found if pod and pod.worker.phase != "finished"]

    def disk(self, node: NodeState) -> Observation:
        """Return how full the node's disk is."""
        return self.kubelet.stats.observe(node, self._active(node))["imagefs.available"]

    def _reclaim(
        self, node: NodeState, met: list[Threshold], observed: dict[str, Observation], pods: list[PodState]
    ) -> list[str]:
        """Free what is scarce first: images that nobody uses, else the worst Pod. Return the Pods that are to go."""
        if not met:
            return []
        first = met[0]
        text = f"Attempting to reclaim {first.resource}"
        index = self.kubelet.node_event(node, "Warning", "EvictionThresholdMet", text)
        with self.kernel.because(index):
            if first.resource == STORAGE and self._images_suffice(node, pods):
                return []
            threshold = next(t for t in met if t.resource == first.resource)
            seen = observed[threshold.signal]
            for usage in ranked(map(self.kubelet.stats.pod, pods), first.resource, self.kubelet.object):
                if critical(self.kubelet.object(usage.pod)) or usage.pod.worker.phase != "sync":
                    continue
                spec = self.kubelet.spec(usage.pod)
                text = message(first.resource, bytes_of(threshold.quantity(seen)), bytes_of(seen.available), spec, usage)
                usage.pod.disruption = self.disruption(usage.pod, text)
                self.evict(usage.pod, reasons.EVICTED, text, annotations=event_annotations(first.resource, spec, usage))
                return [usage.pod.uid]
        return []

    def _images_suffice(self, node: NodeState, pods: list[PodState]) -> bool:
        """Say whether there is enough of all once images that nobody uses are gone."""
        self.kubelet.image_gc.free(node, None)
        observed = self.kubelet.stats.observe(node, pods)
        return not any(threshold.is_met(observed) for threshold in THRESHOLDS)

    def _evict_over_limit(self, pods: list[PodState]) -> list[str]:
        """End the Pods that hold more on disk than they may."""
        evicted = []
        for pod in pods:
            if pod.worker.phase != "sync" or pod.removed is not None or critical(self.kubelet.object(pod)):
                continue
            if text := self.kubelet.local_storage.exceeded(pod):
                self.evict(pod, reasons.EVICTED, text)
                evicted.append(pod.uid)
        return evicted

    def evict(
        self,
        pod: PodState,
        reason: str,
        message: str,
        grace: int | None = GRACE,
        annotations: dict[str, str] | None = None,
    ) -> None:
        """End a Pod for the node's sake. Its object stays."""
        index = self.kubelet.event(pod, "Warning", reason, message, annotations=annotations)
        pod.failed = Reason(reason, message)
        with self.kernel.because(index):
            self.kubelet.workers.terminate(pod, grace)

    def disruption(self, pod: PodState, message: str) -> dict[str, object]:
        """Return the condition that tells that the kubelet ends a Pod."""
        return {
            "type": "DisruptionTarget",
            "observedGeneration": self.kubelet.object(pod)["metadata"].get("generation", 1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": rfc3339(self.kernel.now),
            "reason": reasons.TERMINATION_BY_KUBELET,
            "message": message,
        }

    # Conditions

    def pressure(self, node: NodeState) -> list[str]:
        """Return the conditions that hold: those that a round has found within the transition period."""
        observed, now = node.eviction.observed, self.kernel.now
        return [type for type in CONDITIONS if type in observed and now - observed[type] < TRANSITION_PERIOD]

    # Faults

    def take(self, name: str, key: str, resource: str, available: int) -> None:
        """Let something outside of all Pods hold so much of a node that only `available` bytes are left."""
        node = self.kubelet.state.nodes.get(name)
        if node is None:
            return
        observed = self.kubelet.stats.observe(node, self._active(node))
        left = observed["memory.available" if resource == MEMORY else "nodefs.available"].available
        node.eviction.taken[key] = (resource, max(0, left - available))
        self.tell_memory(node)
        self.look(node)

    def give_back(self, name: str, key: str) -> None:
        """End what `take` has begun."""
        node = self.kubelet.state.nodes.get(name)
        if node and node.eviction.taken.pop(key, None):
            self.tell_memory(node)

    def tell_memory(self, node: NodeState) -> None:
        """Tell the node's programs how much memory there is for them."""
        size = capacity((self.kubelet.api.get("nodes", "", node.name) or {}).get("status") or {}, MEMORY)
        system, reply = self.kubelet.stats.system(node, MEMORY, size), Reply("kubelet", "system_oom", (node.name,))
        self.kubelet.programs.set_node_memory(node.name, size, system, reply)

    def on_system_oom(self, name: str, oom: programs.SystemOOM) -> None:
        """Tell of a kill by the kernel. Kubernetes: pkg/kubelet/oom/oom_watcher_linux.go"""
        text = f"System OOM encountered, victim process: {oom.process}, pid: {oom.pid}"
        if (node := self.kubelet.state.nodes.get(name)) and not node.down:
            self.kubelet.node_event(node, "Warning", "SystemOOM", text)


def _left(observed: dict[str, Observation], resource: str) -> int:
    """Return how many bytes of a resource a node may take before a round finds something; less than none where one does."""
    looked_at = [(one, observed[one.signal]) for one in THRESHOLDS if one.resource == resource]
    left = [
        observation.available - threshold.quantity(observation) for threshold, observation in looked_at if observation.capacity
    ]
    if resource == STORAGE:
        left.append(image_gc.left(observed["imagefs.available"]))
    return min(left, default=0)


def bytes_of(number: int) -> str:
    """Return bytes as Kubernetes prints them."""
    return str(Quantity(number * NANO, "BinarySI"))
