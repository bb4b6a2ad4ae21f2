"""The room `nodelifecycle`: whether nodes are heard of, and the taints that follow from what they are.

Heartbeats are not played one by one: when a kubelet falls silent, the pass of the monitor that will notice is computed. A Lease
that is renewed has no renewTime (`heartbeats`).
Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from lifecycle.apiserver.conditions import condition, with_condition
from lifecycle.clock import MILLISECOND, SECOND, Micros, rfc3339, rfc3339_micro
from lifecycle.controllers.bootstrap import conditions as healthy
from lifecycle.controllers.heartbeats import LEASE_EVERY, LEASES, STOPPED, last_lease, reported
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

COMPONENT = "node-controller"
LEASE_SECONDS = 40
MONITOR_EVERY: Micros = 5 * SECOND
MONITOR_PHASE: Micros = 3200 * MILLISECOND
GRACE: Micros = 50 * SECOND
"""How long a node counts as well after the last that was heard of it."""
BETWEEN_NODES: Micros = 10 * SECOND
RARELY: Micros = 100 * SECOND
"""From one node's taint NoExecute to that of the next in the same zone, also where much of a large zone is not well."""
UNHEALTHY_ZONE = 0.55
LARGE_ZONE = 50
TAINT_LATENCY: Micros = 8 * MILLISECOND
"""From a node's change to the taint that follows from it."""
EVICTION_LATENCY: Micros = 65 * MILLISECOND
"""From the pass that finds a node unreachable to its taint NoExecute."""

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"

_TAINT_OF_CONDITION = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
}
_OURS = {UNSCHEDULABLE, *_TAINT_OF_CONDITION.values()}


class NodeLifecycleState(msgspec.Struct):
    """When the kubelets that are silent were last heard of, by node; when each zone may lose another node."""

    silent: dict[str, Micros] = {}
    turns: dict[str, Micros] = {}


class NodeLifecycle:
    def __init__(self, kernel: Kernel, state: NodeLifecycleState | None = None) -> None:
        self.kernel = kernel
        self.state = state or NodeLifecycleState()
        kernel.rooms["apiserver"].inform(self.observe, "nodes", "leases")
        kernel.rooms["apiserver"].inform(self.observe, "pods", progress=False)

    def kubelet_stopped(self, node: str) -> None:
        """Note that a kubelet is heard of no more."""
        if node in self.state.silent:
            return
        self.state.silent[node] = heard = last_lease(self.kernel.config.start, self.kernel.now)
        self._write_lease(node, {"renewTime": rfc3339_micro(max(self.kernel.config.start, heard))})
        noticed = _next(heard + GRACE + 1, self.kernel.config.start + MONITOR_PHASE, MONITOR_EVERY)
        self.kernel.at(noticed, "nodelifecycle", "monitor", node, heard)

    def kubelet_started(self, name: str) -> None:
        """Take the first status that a kubelet posts after it was silent."""
        self.state.silent.pop(name, None)
        self._write_lease(name, {})
        api = self.kernel.rooms["apiserver"]
        node = api.get("nodes", "", name)
        if node is None or _is_ready(node):
            return
        status = node["status"]
        for one in healthy(rfc3339(self.kernel.now)):
            status = with_condition(status, one, self.kernel.now)
        node = api.update("nodes", {**node, "status": status})
        self._event(node, "kubelet", "NodeReady", host=name)

    def on_monitor(self, name: str, heard: Micros) -> None:
        """Find that nothing was heard of a node for too long: its conditions become Unknown, its Pods not ready."""
        api = self.kernel.rooms["apiserver"]
        node = api.get("nodes", "", name)
        if node is None or self.state.silent.get(name) != heard:
            return
        was_ready = _is_ready(node)
        status = reported(node, heard)["status"]
        for one in status["conditions"]:
            status = with_condition(status, {**one, **_UNKNOWN}, self.kernel.now)
        node = api.update("nodes", {**node, "status": status})
        if was_ready:
            self._event(node, COMPONENT, "NodeNotReady")
            for pod in [pod for pod in api.list("pods") if pod["spec"].get("nodeName") == name]:
                self._mark_not_ready(pod)
        self.kernel.after(EVICTION_LATENCY, "nodelifecycle", "evict", name)

    def on_taint(self, name: str) -> None:
        """Set the taints NoSchedule that follow from a node's spec and conditions."""
        node = self.kernel.rooms["apiserver"].get("nodes", "", name)
        if node is not None:
            kept = [taint for taint in _taints(node) if taint["effect"] != "NoSchedule" or taint["key"] not in _OURS]
            before = {taint["key"]: taint for taint in _taints(node) if taint["effect"] == "NoSchedule"}
            wanted = [before.get(key) or self._taint(key, "NoSchedule") for key in _wanted(node)]
            self._set_taints(node, [*kept, *wanted])

    def on_evict(self, name: str) -> None:
        """Set or lift the taint NoExecute by which Pods leave an unreachable node, not too many nodes at once.

        Where no node at all is well, the fault is taken to be the controller's own, and nothing is evicted.
        """
        node = self.kernel.rooms["apiserver"].get("nodes", "", name)
        if node is None:
            return
        taints = [
            taint for taint in _taints(node) if taint["effect"] == "NoExecute" and taint["key"] in (NOT_READY, UNREACHABLE)
        ]
        ready = condition(node["status"], "Ready") or {}
        key = _TAINT_OF_CONDITION.get(("Ready", str(ready.get("status"))))
        wanted: list[dict[str, Any]] = []
        if key and any(_is_ready(other) for other in self.kernel.rooms["apiserver"].list("nodes")):
            wanted = [taint for taint in taints if taint["key"] == key] or [self._taint(key, "NoExecute")]
            if not taints and not self._may_taint(node):
                return
        self._set_taints(node, [*(taint for taint in _taints(node) if taint not in taints), *wanted])

    def _may_taint(self, node: Object) -> bool:
        """Say whether it is a zone's turn to lose another node; come back when it will be.

        Kubernetes: handleDisruption, ComputeZoneState, the rate limiters of zoneNoExecuteTainter
        """
        zone, name = _zone(node), node["metadata"]["name"]
        wait = _wait_between(self.kernel.rooms["apiserver"].list("nodes"), zone)
        if wait is None:
            return False
        turn = self.state.turns.get(zone, 0)
        if self.kernel.now < turn:
            self.kernel.at(turn, "nodelifecycle", "evict", name)
            return False
        self.state.turns[zone] = self.kernel.now + wait
        return True

    def on_unready(self, name: str) -> None:
        """Find that a kubelet itself says that its node is not ready: so are the Pods there."""
        api = self.kernel.rooms["apiserver"]
        node = api.get("nodes", "", name)
        if node is None or _is_ready(node) or name in self.state.silent:
            return
        self._event(node, COMPONENT, "NodeNotReady")
        for pod in [pod for pod in api.list("pods") if pod["spec"].get("nodeName") == name]:
            self._mark_not_ready(pod)
        self.kernel.after(EVICTION_LATENCY, "nodelifecycle", "evict", name)

    def on_known(self, name: str, uid: str, coming: bool) -> None:
        """Say that a node has come, or has gone."""
        done, what = ("Registered", f"Registered Node {name} in") if coming else ("Removing", f"Removing Node {name} from")
        node = {"kind": "Node", "apiVersion": "v1", "name": name, "uid": uid}
        message = f"Node {name} event: {what} Controller"
        self.kernel.rooms["recorder"].event(COMPONENT, node, "Normal", f"{done}Node", message)

    def on_renew(self, name: str) -> None:
        """Have a kubelet renew its lease, whatever has become of it."""
        api = self.kernel.rooms["apiserver"]
        node = api.get("nodes", "", name)
        if node is None or name in self.state.silent:
            return
        if api.get("leases", LEASES, name) is None:
            api.create("leases", _lease(node))
        else:
            self._write_lease(name, {})

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "leases":
            self._observe_lease(new or old or {}, new is None)
        elif new is None:
            if resource == "nodes" and old is not None:
                self._known(old, coming=False)
                self.state.silent.pop(old["metadata"]["name"], None)
                self.kernel.rooms["apiserver"].remove("leases", LEASES, old["metadata"]["name"])
        elif resource == "nodes":
            self._observe_node(old, new)
        elif new["spec"].get("nodeName") in self.state.silent and (old is None or not old["spec"].get("nodeName")):
            node = self.kernel.rooms["apiserver"].get("nodes", "", new["spec"]["nodeName"])
            if node is not None and not _is_ready(node):
                self._mark_not_ready(new)

    def _observe_node(self, old: Object | None, new: Object) -> None:
        name = new["metadata"]["name"]
        if old is None and self.kernel.rooms["apiserver"].get("leases", LEASES, name) is None:
            self.kernel.rooms["apiserver"].create("leases", _lease(new))
        if old is None and self.kernel.now > self.kernel.config.start:
            self._known(new, coming=True)
        ours = [taint["key"] for taint in _taints(new) if taint["effect"] == "NoSchedule" and taint["key"] in _OURS]
        if sorted(ours) != sorted(_wanted(new)):
            self.kernel.after(TAINT_LATENCY, "nodelifecycle", "taint", name)
        at = _next(self.kernel.now + 1, self.kernel.config.start + MONITOR_PHASE, MONITOR_EVERY)
        if old is not None and _is_ready(old) and not _is_ready(new) and name not in self.state.silent:
            self.kernel.at(at, "nodelifecycle", "unready", name)
        if old is not None and _is_ready(new) and not _is_ready(old):
            for other in self.kernel.rooms["apiserver"].list("nodes"):
                if other["metadata"]["name"] == name or not _is_ready(other):
                    self.kernel.at(at, "nodelifecycle", "evict", other["metadata"]["name"])

    def _observe_lease(self, lease: Object, gone: bool) -> None:
        """Find that somebody else has written or deleted the lease of a kubelet that renews it."""
        name, start = lease["metadata"]["name"], self.kernel.config.start
        if lease["metadata"].get("namespace") != LEASES or name in self.state.silent:
            return
        if (gone or lease.get("spec") != _lease_spec(name)) and self.kernel.rooms["apiserver"].get("nodes", "", name):
            self.kernel.at(last_lease(start, self.kernel.now) + LEASE_EVERY, "nodelifecycle", "renew", name)

    def _known(self, node: Object, coming: bool) -> None:
        """Notice with the next pass that a node has come or gone."""
        at = _next(self.kernel.now + 1, self.kernel.config.start + MONITOR_PHASE, MONITOR_EVERY)
        metadata = node["metadata"]
        self.kernel.at(at, "nodelifecycle", "known", metadata["name"], metadata["uid"], coming)

    def _mark_not_ready(self, pod: Object) -> None:
        """Say of a Pod that was ready that it is not, keeping the condition's reason and message."""
        ready = condition(pod["status"], "Ready")
        if ready is None or ready["status"] != "True":
            return
        status = with_condition(pod["status"], {**ready, "status": "False"}, self.kernel.now)
        pod = self.kernel.rooms["apiserver"].update("pods", {**pod, "status": status})
        self.kernel.rooms["recorder"].event(COMPONENT, pod, "Warning", "NodeNotReady", "Node is not ready")

    def _event(self, node: Object, component: str, reason: str, host: str = "") -> None:
        message = f"Node {node['metadata']['name']} status is now: {reason}"
        self.kernel.rooms["recorder"].event(component, node, "Normal", reason, message, host=host)

    def _write_lease(self, node: str, renewed: dict[str, str]) -> None:
        """Write down when a lease was renewed last, or that it is renewed."""
        api = self.kernel.rooms["apiserver"]
        lease = api.get("leases", LEASES, node)
        if lease is not None:
            api.update("leases", {**lease, "spec": {**_lease_spec(node), **renewed}})

    def _taint(self, key: str, effect: str) -> dict[str, Any]:
        return {"key": key, "effect": effect, "timeAdded": rfc3339(self.kernel.now)}

    def _set_taints(self, node: Object, taints: list[dict[str, Any]]) -> None:
        if taints != _taints(node):
            spec = {key: value for key, value in node["spec"].items() if key != "taints"}
            self.kernel.rooms["apiserver"].update("nodes", {**node, "spec": {**spec, **({"taints": taints} if taints else {})}})


_UNKNOWN = {
    "status": "Unknown",
    "reason": STOPPED,
    "message": "Kubelet stopped posting node status.",
}


def _lease(node: Object) -> Object:
    """Return the Lease that a kubelet makes for its node. Kubernetes: component-helpers/apimachinery/lease"""
    name = node["metadata"]["name"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASES, "ownerReferences": [owner]},
        "spec": _lease_spec(name),
    }


def _lease_spec(node: str) -> dict[str, Any]:
    return {"holderIdentity": node, "leaseDurationSeconds": LEASE_SECONDS}


def _zone(node: Object) -> str:
    labels = node["metadata"].get("labels") or {}
    return f"{labels.get('topology.kubernetes.io/region', '')}/{labels.get('topology.kubernetes.io/zone', '')}"


def _wait_between(nodes: Iterable[Object], zone: str) -> Micros | None:
    """Return how long Pods of one more node of a zone are left alone after those of another; None: until that is better."""
    well = [_is_ready(node) for node in nodes if _zone(node) == zone]
    bad = well.count(False)
    if any(well) and bad > 2 and bad / len(well) >= UNHEALTHY_ZONE:
        return RARELY if len(well) > LARGE_ZONE else None
    return BETWEEN_NODES


def _next(earliest: Micros, phase: Micros, every: Micros) -> Micros:
    """Return the first of the moments `phase`, `phase + every` ... that is not before `earliest`."""
    return phase + -(-(earliest - phase) // every) * every


def _taints(node: Object) -> list[dict[str, Any]]:
    return list((node.get("spec") or {}).get("taints") or ())


def _wanted(node: Object) -> list[str]:
    """Return the keys of the taints NoSchedule that a node is to have."""
    found = [UNSCHEDULABLE] if (node.get("spec") or {}).get("unschedulable") else []
    for one in node["status"].get("conditions") or ():
        key = _TAINT_OF_CONDITION.get((one["type"], one["status"]))
        if key:
            found.append(key)
    return found


def _is_ready(node: Object) -> bool:
    return (condition(node["status"], "Ready") or {}).get("status") == "True"
