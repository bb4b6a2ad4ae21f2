"""A kubelet that stops and starts again: its containers run on, what it had in memory is lost.

Kubernetes: pkg/kubelet/kubelet.go (HandlePodAdditions of pods that run already), pkg/kubelet/config/apiserver.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import MILLISECOND, SECOND, Micros, parse_rfc3339
from lifecycle.kubelet.state import NodeState, PodState, Worker
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

START_TAKES: Micros = 430 * MILLISECOND
FIRST_RELIST: Micros = 50 * MILLISECOND
POD_SOURCE_WAITS: Micros = SECOND
"""From the start until it lists its Pods: its node's object has to come first, and is asked for once a second."""
HOUSEKEEPING: Micros = 2 * SECOND
"""From the start until it first looks for Pods that run and that nobody wants."""
ORPHANS_GRACE = 1
"""Seconds that their containers have."""
BOOT_TAKES: Micros = 20 * SECOND
"""From the power to the start of the kubelet."""


class Restarting:
    """The stops and starts of all kubelets."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def stop(self, name: str, key: str = "") -> None:
        """Have a node's kubelet do nothing more until `start` with the same key."""
        node = self.kubelet.state.nodes.get(name)
        if node is None:
            return
        node.held[key] = "kubelet"
        if not node.down:
            self._stop(node)

    def _stop(self, node: NodeState) -> None:
        for pod in self._pods(node.name):
            if pod.worker.phase == "finished" and pod.patch is not None:
                self.kernel.cancel(pod.patch)
                self.kubelet.status_manager.on_patch(pod.uid)  # it is on its way already
        for pod in self._pods(node.name):
            self.kubelet.prober.repeating.rouse(pod)
        node.down = True
        for timer in (node.relist, node.listing):
            self.kernel.cancel(timer)
        self.kernel.rooms["recorder"].forget("kubelet", node.name)
        node.relist, node.listing, node.changed, node.waiting = None, None, {}, {}
        self.kubelet.eviction.stopped(node)
        self.kubelet.node_status.stopped(node)
        self.kubelet.node_images.stopped(node)
        node.preempting = {}
        for pod in self._pods(node.name):
            self._forget(pod)

    def start(self, name: str, key: str = "") -> None:
        """Have a node's kubelet begin again, if nothing else keeps it down; it takes a moment."""
        node = self.kubelet.state.nodes.get(name)
        if node and node.held.pop(key, None) and not node.held and not node.off:
            self.kernel.after(START_TAKES, "kubelet", "kubelet_up", name)

    def power_off(self, name: str, key: str = "") -> None:
        """Take a whole node down: its kubelet, and all that runs in its Pods, until `power_on` with the same key."""
        self.stop(name, key)
        if node := self.kubelet.state.nodes.get(name):
            node.held[key], node.off = "node", True
        for pod in self._pods(name):
            for record in pod.runtime.running():
                self.kubelet.programs.lose(record.id)

    def power_on(self, name: str, key: str = "") -> None:
        """Have a node boot, if nothing else keeps it off."""
        node = self.kubelet.state.nodes.get(name)
        if node and node.held.pop(key, None) and "node" not in node.held.values():
            self.kernel.after(BOOT_TAKES, "kubelet", "booted", name)

    def on_booted(self, name: str) -> None:
        """The node is there again; of its Pods the runtime knows only that they were running."""
        node = self.kubelet.state.nodes[name]
        if not node.off or "node" in node.held.values():
            return
        node.off = False
        for pod in self._pods(name):
            self.kubelet.runtime.lost(pod)
            self.kubelet.volumes.lost(pod)
        obj = self.kubelet.api.get("nodes", "", name)
        if obj is not None:
            boot_id = self.kernel.seeds.uid("boot", name, self.kernel.now)
            info = {**(obj["status"].get("nodeInfo") or {}), "bootID": boot_id}
            self.kubelet.api.update("nodes", {**obj, "status": {**obj["status"], "nodeInfo": info}})
            self.kubelet.node_event(node, "Warning", "Rebooted", f"Node {name} has been rebooted, boot id: {boot_id}")
        if not node.held:
            self.kernel.after(START_TAKES, "kubelet", "kubelet_up", name)

    def on_kubelet_up(self, name: str) -> None:
        node = self.kubelet.state.nodes[name]
        if not node.down or node.held:
            return
        node.down = False
        self.kubelet.node_images.look(node)
        node.pulling, node.pulls_until = {}, 0
        node.pull_free_at, node.relist_origin = self.kernel.now, self.kernel.now + FIRST_RELIST
        self._tell(node)
        self.kernel.rooms["nodelifecycle"].kubelet_started(name)
        node.listing = self.kernel.after(POD_SOURCE_WAITS, "kubelet", "pods_listed", name, self.kernel.now)

    def on_pods_listed(self, name: str, started: Micros) -> None:
        """Take up the Pods of a kubelet that started at a moment."""
        node = self.kubelet.state.nodes[name]
        node.listing = None
        self.kubelet.eviction.started(node)
        for pod in self._pods(name):
            self._resume(pod, started)

    def _tell(self, node: NodeState) -> None:
        """Say what a kubelet says when it starts. Kubernetes: BirthCry, tryRegisterWithAPIServer"""
        self.kubelet.node_event(node, "Normal", "Starting", "Starting kubelet.")
        self.kubelet.node_event(node, "Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods")
        for event in ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"):
            self.kubelet.node_event(node, "Normal", event, f"Node {node.name} status is now: {event}")

    def _pods(self, name: str) -> list[PodState]:
        return [pod for pod in self.kubelet.state.pods.values() if pod.node == name]

    def _forget(self, pod: PodState) -> None:
        """Lose what the kubelet knows only by itself; a Pod that is over stays so."""
        timers = [pod.worker.wake, pod.patch, pod.deadline, pod.remount, pod.worker.call.timer if pod.worker.call else None]
        timers += [worker.timer for worker in pod.probes.values()] + [kill.timer for kill in pod.kills.values()]
        for timer in timers:
            self.kernel.cancel(timer)
        for worker in pod.probes.values():
            self.kubelet.prober.repeating.end(worker)
        phase = pod.worker.phase if pod.worker.phase == "finished" else "sync"
        pod.worker = Worker(phase, number=pod.worker.number + 1, draws=pod.worker.draws)
        pod.reasons, pod.restarts, pod.pulls, pod.pull_errors = {}, {}, {}, {}
        pod.probes, pod.kills, pod.hooks, pod.mounting = {}, {}, {}, {}
        pod.failed = pod.disruption = None
        pod.status, pod.patch, pod.deadline, pod.remount, pod.start_time = None, None, None, None, None

    def _resume(self, pod: PodState, started: Micros) -> None:
        """Take up a Pod again as the API server and the runtime have it: one relist has been made already."""
        pod.cache, pod.cache_at, pod.resumed_at = pod.runtime, -1, started
        if pod.removed is not None:
            self.orphan(pod, pod.removed)
            return
        start_time = self.kubelet.object(pod)["status"].get("startTime")
        if start_time:
            pod.start_time = parse_rfc3339(start_time)
        if pod.worker.phase != "finished":
            if pod.runtime.containers:
                self.kubelet.prober.resume(pod)
            self.kubelet.volumes.resume(pod)
            self.kubelet.node_info(pod.node).remove(pod.uid)
            self.kubelet.on_added(pod.uid)

    def orphan(self, pod: PodState, last: Object) -> None:
        """Keep of a Pod that a kubelet finds running, and is not to run, what its containers tell; housekeeping ends them.

        Kubernetes: pkg/kubelet/container (Pod.ToAPIPod), pkg/kubelet/kubelet.go (SyncTerminatingRuntimePod)
        """
        groups = ("initContainers", "containers", "ephemeralContainers")
        containers = [
            {field: container[field] for field in ("name", "image", "volumeMounts") if field in container}
            for group in groups
            for container in last["spec"].get(group) or ()
        ]
        spec = {"containers": containers, "volumes": last["spec"].get("volumes") or []}
        metadata = {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid}
        pod.removed = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}
        self.kubelet.forget_spec(pod.uid)
        assert pod.resumed_at is not None
        self.kernel.at(pod.resumed_at + HOUSEKEEPING, "kubelet", "orphaned", pod.uid)

    def on_orphaned(self, uid: str) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if pod and not self.kubelet.node(pod).deaf:
            if pod.worker.phase == "finished":
                self.kubelet.on_removed(uid)
            else:
                self.kubelet.workers.terminate(pod, ORPHANS_GRACE)
