"""What a kubelet does not take, though it was bound to its node. The scheduler's own filters are asked again.

Kubernetes: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/sysctl
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lifecycle.core_v1.validation.amounts import is_extended
from lifecycle.scheduler import filters, taints
from lifecycle.scheduler.candidate import Candidate
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
FIRST = ("cpu", "memory", "ephemeral-storage")
"""The resources that are compared first, in this order."""


class Shortage(msgspec.Struct, frozen=True):
    """A resource of which a Pod wants more than a node has left; whole numbers, millicores of cpu."""

    name: str
    requested: int
    used: int
    capacity: int

    @property
    def missing(self) -> int:
        return self.requested - (self.capacity - self.used)


class Rejection(msgspec.Struct, frozen=True):
    """Why a Pod is not taken: the Event's reason and message; `shortages` where resources are all that stands against it."""

    reason: str
    message: str
    shortages: tuple[Shortage, ...] = ()


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
    return _other_system(pod, node) or _general(candidate, node)


def _other_system(pod: Object, node: NodeInfo) -> Rejection | None:
    """Say whether a Pod is made for another operating system than the node's."""
    system = node.labels.get("kubernetes.io/os", "linux")
    if (pod["spec"].get("nodeSelector") or {}).get("kubernetes.io/os", system) != system:
        text = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
        return Rejection("PodOSSelectorNodeLabelDoesNotMatch", text)
    if (pod["spec"].get("os") or {}).get("name", system) != system:
        return Rejection("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
    return None


def _general(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """Ask the scheduler's filters; of all reasons the first is told. A critical Pod is never short of resources alone."""
    shortages, others = tuple(_shortages(candidate, node)), []
    for check in (filters.node_affinity, filters.node_ports):
        if rejection := check(candidate, node):
            others.append(_predicate(rejection.plugin, rejection.reasons[0]))
    if taints.untolerated(node.taints, candidate.pod["spec"].get("tolerations") or [], ["NoExecute"]):
        others.append(_predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate"))
    if shortages and not (others and critical(candidate.pod)):
        return _out_of(shortages, alone=not others)
    return others[0] if others else None


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
    names = (s["name"].replace("/", ".") for s in asked)
    return next((name for name in names if name not in SAFE_SYSCTLS), None)


def _shortages(candidate: Candidate, node: NodeInfo) -> Iterator[Shortage]:
    """Yield what a node has too little of. Extended resources that it does not know at all are left out."""
    if len(node.pods) + 1 > node.allocatable.get("pods", 0):
        yield Shortage("pods", 1, len(node.pods), node.allocatable.get("pods", 0))
    wanted = candidate.wants.requested
    for name in sorted(wanted, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)):
        used, capacity = node.requested.get(name, 0), node.allocatable.get(name, 0)
        if wanted[name] > capacity - used and wanted[name] and (name in node.allocatable or not is_extended(name)):
            yield Shortage(name, wanted[name], used, capacity)


def _out_of(shortages: tuple[Shortage, ...], alone: bool) -> Rejection:
    first = shortages[0]
    text = (
        f"Node didn't have enough resource: {first.name}, requested: {first.requested}, "
        f"used: {first.used}, capacity: {first.capacity}"
    )
    return Rejection(f"OutOf{first.name}", text, shortages if alone else ())


def _predicate(name: str, why: str) -> Rejection:
    return Rejection(name, f"Predicate {name} failed: {why}")
