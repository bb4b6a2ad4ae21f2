"""What a kubelet does not take, though it was bound to its node. The scheduler's own filters are asked again.

Kubernetes: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl
"""

from __future__ import annotations

import msgspec

from lifecycle.scheduler import filters, taints
from lifecycle.scheduler.filters import Candidate
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.wire import Object

SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
"""What a Pod may set without the kubelet's being told to allow it."""


PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure")
MEMORY_TAINT = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
CRITICAL_PRIORITY = 2_000_000_000


class Rejection(msgspec.Struct, frozen=True):
    """Why a Pod is not taken: the Event's reason and message."""

    reason: str
    message: str


def critical(pod: Object) -> bool:
    """Say whether a node cannot do without a Pod. Kubernetes: pkg/kubelet/types (IsCriticalPod)"""
    return (pod["spec"].get("priority") or 0) >= CRITICAL_PRIORITY


def admit(pod: Object, node: NodeInfo, pressure: list[str]) -> Rejection | None:
    """Return why a node's kubelet does not take a Pod beside those that it has, or None.

    `pressure` are the conditions of PRESSURE that the node has.
    """
    candidate = Candidate.of(pod)
    if pressure and not _bears(pod, pressure):
        return Rejection("Evicted", f"The node had condition: [{' '.join(pressure)}]. ")
    if forbidden := _forbidden_sysctl(pod):
        return Rejection("SysctlForbidden", f'forbidden sysctl: "{forbidden}" not allowlisted')
    if short := _resources(candidate, node):
        return short
    for check in (filters.node_affinity, filters.node_ports):
        if rejection := check(candidate, node):
            return _predicate(rejection.plugin, rejection.reasons[0])
    tolerations = pod["spec"].get("tolerations") or []
    if taints.untolerated(node.taints, tolerations, ["NoExecute"]):
        return _predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    return None


def _bears(pod: Object, pressure: list[str]) -> bool:
    """Say whether a Pod is taken under pressure. Kubernetes: pkg/kubelet/eviction/eviction_manager.go (Admit)"""
    spec = pod["spec"]
    if critical(pod):
        return True
    if pressure != ["MemoryPressure"]:
        return False
    if pod["status"].get("qosClass") != "BestEffort":
        return True
    return taints.untolerated([MEMORY_TAINT], spec.get("tolerations") or [], ["NoSchedule"]) is None


def _forbidden_sysctl(pod: Object) -> str | None:
    asked = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    return next((s["name"] for s in asked if s["name"].replace("/", ".") not in SAFE_SYSCTLS), None)


def _resources(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if len(node.pods) + 1 > node.allocatable.get("pods", 0):
        return _out_of("pods", 1, len(node.pods), node.allocatable.get("pods", 0))
    for name, wanted in candidate.wants.requested.items():
        used, capacity = node.requested.get(name, 0), node.allocatable.get(name, 0)
        if wanted and wanted > capacity - used:
            return _out_of(name, wanted, used, capacity)
    return None


def _out_of(name: str, requested: int, used: int, capacity: int) -> Rejection:
    text = f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
    return Rejection(f"OutOf{name}", text)


def _predicate(name: str, why: str) -> Rejection:
    return Rejection(name, f"Predicate {name} failed: {why}")
