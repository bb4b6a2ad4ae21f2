"""Filters: why a Pod may not go to a node. The first that fails gives the node's reasons.

Kubernetes: pkg/scheduler/framework/plugins
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from lifecycle.scheduler import selectors, taints
from lifecycle.scheduler.affinity_terms import NamespaceLabels
from lifecycle.scheduler.nodes import HostPort, NodeInfo, PodInfo
from lifecycle.scheduler.pod_affinity import PodAffinity, pod_affinity
from lifecycle.scheduler.topology_spread import TopologySpread, topology_spread
from lifecycle.wire import Object

UNSCHEDULABLE_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class Candidate(NamedTuple):
    """A Pod that looks for a node, with what it takes a look at all nodes to know. Kubernetes: CycleState"""

    pod: Object
    wants: PodInfo
    nodes: Collection[NodeInfo] = ()
    namespace_labels: NamespaceLabels = lambda name: {}
    spread: TopologySpread | None = None
    affinity: PodAffinity | None = None

    @classmethod
    def of(cls, pod: Object) -> Candidate:
        """Return a Pod for filters that look at one node alone."""
        return cls(pod, PodInfo.of(pod))

    @classmethod
    def among(cls, pod: Object, nodes: Collection[NodeInfo], namespace_labels: NamespaceLabels) -> Candidate:
        """Return a Pod for all filters."""
        spread, affinity = topology_spread(pod, nodes), pod_affinity(pod, nodes, namespace_labels)
        return cls(pod, PodInfo.of(pod), nodes, namespace_labels, spread, affinity)


class Rejection(NamedTuple):
    """Why one node will not do: the plugin that says so, its reasons, and whether fewer Pods there could help."""

    plugin: str
    reasons: tuple[str, ...]
    preemption_helps: bool = False


def node_unschedulable(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if not node.unschedulable or not taints.untolerated([UNSCHEDULABLE_TAINT], _tolerations(candidate), ["NoSchedule"]):
        return None
    return Rejection("NodeUnschedulable", ("node(s) were unschedulable",))


def taint_toleration(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if not node.taints or not taints.untolerated(node.taints, _tolerations(candidate), ["NoSchedule", "NoExecute"]):
        return None
    return Rejection("TaintToleration", ("node(s) had untolerated taint(s)",))


def node_affinity(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if selectors.matches(candidate.pod, node.name, node.labels):
        return None
    return Rejection("NodeAffinity", ("node(s) didn't match Pod's node affinity/selector",))


def node_ports(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if not any(ports_clash(wanted, taken) for wanted in candidate.wants.ports for taken in node.ports):
        return None
    return Rejection("NodePorts", ("node(s) didn't have free ports for the requested pod ports",), preemption_helps=True)


def node_resources_fit(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """All resources that do not fit are named; where one asks for more than the node has at all, nothing can help."""
    short, hopeless = [], False
    if len(node.pods) + 1 > node.allocatable.get("pods", 0):
        short.append("Too many pods")
    for name, wanted in candidate.wants.requested.items():
        allocatable = node.allocatable.get(name, 0)
        if wanted and wanted > allocatable - node.requested.get(name, 0):
            short.append(f"Insufficient {name}")
            hopeless = hopeless or wanted > allocatable
    return Rejection("NodeResourcesFit", tuple(short), preemption_helps=not hopeless) if short else None


def pod_topology_spread(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    found = candidate.spread.reason(node) if candidate.spread else None
    return Rejection("PodTopologySpread", (found[0],), preemption_helps=found[1]) if found else None


def inter_pod_affinity(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    found = candidate.affinity.reason(node) if candidate.affinity else None
    return Rejection("InterPodAffinity", (found[0],), preemption_helps=found[1]) if found else None


def ports_clash(one: HostPort, other: HostPort) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or "0.0.0.0" in (one[0], other[0]))


def _tolerations(candidate: Candidate) -> list[taints.Toleration]:
    return candidate.pod["spec"].get("tolerations") or []


Filter = Callable[[Candidate, NodeInfo], Rejection | None]

FILTERS: dict[str, Filter] = {
    "NodeUnschedulable": node_unschedulable,
    "TaintToleration": taint_toleration,
    "NodeAffinity": node_affinity,
    "NodePorts": node_ports,
    "NodeResourcesFit": node_resources_fit,
    "PodTopologySpread": pod_topology_spread,
    "InterPodAffinity": inter_pod_affinity,
}
"""By the name of the plugin, in the order in which they are asked."""


def reject(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """Return why a node will not do, or None where it will."""
    for check in FILTERS.values():
        rejection = check(candidate, node)
        if rejection:
            return rejection
    return None


def helps(candidate: Candidate, node: NodeInfo, plugins: tuple[str, ...]) -> bool:
    """Say whether a node that is new or has changed is worth a try to a Pod that these plugins rejected."""
    return not plugins or any(FILTERS[plugin](candidate, node) is None for plugin in plugins if plugin in FILTERS)
