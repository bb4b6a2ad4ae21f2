"""What kubelets tell again and again: leases that are renewed, node statuses in which nothing has changed.

A log holds only where that begins and ends; what comes between is put in by whoever shows an object.
Kubernetes: component-helpers/apimachinery/lease, pkg/kubelet/kubelet_node_status.go (tryUpdateNodeStatus)
"""

from __future__ import annotations

from typing import Any

from lifecycle.clock import MINUTE, SECOND, Micros, parse_rfc3339, rfc3339, rfc3339_micro
from lifecycle.wire import Object

LEASES = "kube-node-lease"
"""The namespace of the nodes' leases."""
LEASE_EVERY: Micros = 10 * SECOND
LEASE_PHASE: Micros = 4 * SECOND
"""Kubelets renew their leases so long after each full interval from the start of the cluster."""
REPORT_EVERY: Micros = 5 * MINUTE
"""A kubelet posts its node's status after so long, if nothing has changed before."""

RESOURCES = ("leases", "nodes")
REPORTED = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
"""The conditions that kubelets tell of."""
STOPPED = "NodeStatusUnknown"
"""The reason of a condition of which nothing has been heard for too long."""


def shown(resource: str, obj: Object, start: Micros, now: Micros) -> Object:
    """Return a Lease or a Node as it is at a moment of a cluster that began at `start`."""
    return renewed(obj, start, now) if resource == "leases" else reported(obj, now)


def last_lease(start: Micros, now: Micros, every: Micros = LEASE_EVERY) -> Micros:
    """Return when kubelets renewed their leases last; with a longer interval, the last of every so many times."""
    first = start - every + LEASE_PHASE
    return first + (now - first) // every * every


def renewed(lease: Object, start: Micros, now: Micros) -> Object:
    """Return a Lease with the moment at which it was renewed last: a node's that has none of its own is renewed."""
    spec = lease.get("spec") or {}
    if lease["metadata"].get("namespace") != LEASES or "renewTime" in spec or not spec.get("holderIdentity"):
        return lease
    return {**lease, "spec": {**spec, "renewTime": rfc3339_micro(max(start, last_lease(start, now)))}}


def reported(node: Object, now: Micros) -> Object:
    """Return a Node with the moment at which its kubelet posted its status last."""
    status = node.get("status") or {}
    conditions = status.get("conditions") or []
    seen = [_reported(condition, now) for condition in conditions]
    return node if seen == conditions else {**node, "status": {**status, "conditions": seen}}


def _reported(condition: dict[str, Any], now: Micros) -> dict[str, Any]:
    told = condition.get("lastHeartbeatTime")
    if condition.get("type") not in REPORTED or condition.get("reason") == STOPPED or not told:
        return condition
    at = parse_rfc3339(told)
    return {**condition, "lastHeartbeatTime": rfc3339(at + max(now - at, 0) // REPORT_EVERY * REPORT_EVERY)}
