"""What a kubelet says of its node: conditions of pressure, whether it is ready, and what of its capacity Pods may have.

Heartbeats are not played: a status is posted in its time if a condition has changed.
Kubernetes: pkg/kubelet/kubelet_node_status.go, pkg/kubelet/nodestatus/setters.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import SECOND, Micros, rfc3339
from lifecycle.core_v1.validation.amounts import is_extended
from lifecycle.kubelet import reasons
from lifecycle.kubelet.state import NodeState, PodState
from lifecycle.runtime import texts
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

UPDATE_FREQUENCY: Micros = 10 * SECOND
RESYNC: Micros = 90 * SECOND
"""Within that time every Pod is synced once more."""


class Verdict(msgspec.Struct, frozen=True):
    """What a condition says, and the Event that tells of it."""

    status: str
    reason: str
    message: str
    event: str


WELL, ILL = True, False
CONDITIONS = {
    "MemoryPressure": {
        WELL: Verdict(
            "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", "NodeHasSufficientMemory"
        ),
        ILL: Verdict(
            "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available", "NodeHasInsufficientMemory"
        ),
    },
    "DiskPressure": {
        WELL: Verdict("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"),
        ILL: Verdict("True", "KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"),
    },
    "Ready": {
        WELL: Verdict("True", "KubeletReady", "kubelet is posting ready status", "NodeReady"),
        ILL: Verdict("False", "KubeletNotReady", texts.NETWORK_NOT_READY, "NodeNotReady"),
    },
}


class NodeStatus:
    """The statuses of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def look(self, node: NodeState) -> None:
        """Have the node's status posted in its time, if it has changed."""
        obj = self.kubelet.api.get("nodes", "", node.name)
        if node.status is None and not node.down and obj is not None and (self._changed(node, obj) or _new_resources(obj)):
            phase = self.kernel.seeds.number(UPDATE_FREQUENCY, "node status", node.name)
            at = phase + -(-(self.kernel.now - phase) // UPDATE_FREQUENCY) * UPDATE_FREQUENCY
            node.status = self.kernel.at(at, "kubelet", "node_status", node.name)

    def stopped(self, node: NodeState) -> None:
        self.kernel.cancel(node.status)
        node.status = None

    def on_node_status(self, name: str) -> None:
        """Post the node's status."""
        node = self.kubelet.state.nodes[name]
        node.status = None
        obj = self.kubelet.api.get("nodes", "", name)
        if obj is None or node.down:
            return
        now, changed = rfc3339(self.kernel.now), self._changed(node, obj)
        conditions = []
        for condition in obj["status"].get("conditions") or ():
            condition = {**condition, "lastHeartbeatTime": now}
            if verdict := changed.get(condition["type"]):
                said = {"status": verdict.status, "reason": verdict.reason, "message": verdict.message}
                condition |= {**said, "lastTransitionTime": now}
            conditions.append(condition)
        resources = _new_resources(obj)
        if changed or resources:
            allocatable = {**(obj["status"].get("allocatable") or {}), **resources}
            status = {**obj["status"], "conditions": conditions, "allocatable": allocatable}
            self.kubelet.api.update("nodes", {**obj, "status": status})
        for verdict in changed.values():
            self.kubelet.node_event(node, "Normal", verdict.event, f"Node {name} status is now: {verdict.event}")

    def _changed(self, node: NodeState, obj: Object) -> dict[str, Verdict]:
        """Return the conditions of which the Node says something else than its kubelet."""
        ill = [*self.kubelet.eviction.pressure(node), *(["Ready"] if node.network_faults else [])]
        said = {c["type"]: c["status"] for c in obj["status"].get("conditions") or ()}
        verdicts = {type: both[type not in ill] for type, both in CONDITIONS.items()}
        return {type: verdict for type, verdict in verdicts.items() if said.get(type, verdict.status) != verdict.status}

    # The network

    def network_lost(self, name: str, key: str) -> None:
        """Let the node's network plugin be not ready until `network_found`; Pods notice that with their next sync."""
        node = self.kubelet.state.nodes.get(name)
        if node is None:
            return
        node.network_faults.append(key)
        self.look(node)
        for uid in self.kubelet.node_info(name).pods:
            pod = self.kubelet.state.pods.get(uid)
            if pod and pod.worker.phase == "sync" and not pod.worker.wake:
                pod.worker.dirty = True
                after = self.kernel.seeds.number(RESYNC, "network lost", uid, self.kernel.now)
                self.kubelet.workers.wake(pod, after)

    def network_found(self, name: str, key: str) -> None:
        node = self.kubelet.state.nodes.get(name)
        if node and key in node.network_faults:
            node.network_faults.remove(key)
            self.look(node)

    def network_is_ready(self, pod: PodState) -> bool:
        """Say whether a Pod can have its network; it is told where not."""
        if not self.kubelet.node(pod).network_faults or self.kubelet.spec(pod).host_network:
            return True
        self.kubelet.event(pod, "Warning", reasons.NETWORK_NOT_READY, f"network is not ready: {texts.NETWORK_NOT_READY}")
        return False


def _new_resources(node: Object) -> dict[str, str]:
    """Return the extended resources of which somebody has given a Node other amounts than Pods may have: they may have all.

    Kubernetes: pkg/kubelet/nodestatus/setters.go (MachineInfo)
    """
    status = node["status"]
    capacity, allocatable = status.get("capacity") or {}, status.get("allocatable") or {}
    return {name: amount for name, amount in capacity.items() if is_extended(name) and allocatable.get(name) != amount}
