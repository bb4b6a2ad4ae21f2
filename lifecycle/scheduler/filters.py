"""Filters: why a Pod may not go to a node. The first that fails gives the node's reasons.

Kubernetes: pkg/scheduler/framework/plugins, in the order of pkg/scheduler/apis/config/v1/default_plugins.go. What a node's
storage drivers can attach at most (NodeVolumeLimits) no object here says, so that plugin rejects nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lifecycle.scheduler import selectors, taints, volumes
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.nodes import HostPort, NodeInfo

UNSCHEDULABLE_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class Rejection(NamedTuple):
    """Why one node will not do: the plugin that says so, its reasons, and whether fewer Pods there could help."""

    plugin: str
    reasons: tuple[str, ...]
    preemption_helps: bool = False


def node_unschedulable(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if not node.unschedulable or not taints.untolerated([UNSCHEDULABLE_TAINT], candidate.tolerations, ["NoSchedule"]):
        return None
    return Rejection("NodeUnschedulable", ("node(s) were unschedulable",))


def taint_toleration(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if not node.taints or not taints.untolerated(node.taints, candidate.tolerations, ["NoSchedule", "NoExecute"]):
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


def volume_restrictions(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """A claim that one Pod alone may use is used by another, wherever that is."""
    return Rejection("VolumeRestrictions", (volumes.IN_USE,), preemption_helps=True) if candidate.busy else None


def volume_binding(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if candidate.claims is None or candidate.objects is None:
        return None
    found = volumes.conflicts(candidate.claims, node, candidate.objects)
    return Rejection("VolumeBinding", found) if found else None


def volume_zone(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    if candidate.claims is None or not volumes.zone_conflict(candidate.claims, node):
        return None
    return Rejection("VolumeZone", (volumes.ZONE_CONFLICT,))


def pod_topology_spread(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    found = candidate.spread.reason(node) if candidate.spread else None
    return Rejection("PodTopologySpread", (found[0],), preemption_helps=found[1]) if found else None


def inter_pod_affinity(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    found = candidate.affinity.reason(node) if candidate.affinity else None
    return Rejection("InterPodAffinity", (found[0],), preemption_helps=found[1]) if found else None


def ports_clash(one: HostPort, other: HostPort) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or "0.0.0.0" in (one[0], other[0]))


Filter = Callable[[Candidate, NodeInfo], Rejection | None]

NODE_FILTERS: tuple[Filter, ...] = (node_unschedulable, taint_toleration, node_affinity, node_ports, node_resources_fit)
"""Those that need to know of the node alone."""

OTHER_FILTERS: tuple[Filter, ...] = (
    volume_restrictions,
    volume_binding,
    volume_zone,
    pod_topology_spread,
    inter_pod_affinity,
)


def reject_alone(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """Return what the node itself has against a Pod. Two Pods of the same shape get the same."""
    for check in NODE_FILTERS:
        rejection = check(candidate, node)
        if rejection:
            return rejection
    return None


def reject_among(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """Return what other nodes and objects have against a Pod's going to a node."""
    for check in OTHER_FILTERS:
        rejection = check(candidate, node)
        if rejection:
            return rejection
    return None


def reject(candidate: Candidate, node: NodeInfo) -> Rejection | None:
    """Return why a node will not do, or None where it will."""
    return reject_alone(candidate, node) or reject_among(candidate, node)
