"""What `<life-timeline>` draws of a node: itself, its conditions, the Pods on it. Functions of the objects alone."""

from __future__ import annotations

from collections.abc import Iterable

from lifecycle.printers.pod_row import pod_status
from lifecycle.printers.rows import node_status
from lifecycle.wire import Object
from podhub.web.timeline import Bar, Lane, Looks, pod_bar

CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""Conditions that a kubelet tells of; others follow them in the order of the status."""

READY = "Ready"
"""The one condition of a node that is good news when it is True."""


def lanes(node: Object | None, pods: Iterable[tuple[str, str]]) -> list[Lane]:
    """Return the rows for a node (None: the log holds no such object) and for Pods (namespace, name) that are or were on it."""
    own = _own_lanes(node) if node else []
    residents = [Lane(f"resident/{namespace}/{name}", "pods", name, namespace) for namespace, name in pods]
    return [*own, *residents, Lane("events", "events", "Events")]


def _own_lanes(node: Object) -> list[Lane]:
    present = [condition["type"] for condition in (node.get("status") or {}).get("conditions") or []]
    types = dict.fromkeys((*CONDITIONS, *present))
    return [Lane("node", "node", "Node"), *(Lane(f"condition/{type}", "conditions", type) for type in types)]


def bars(node: Object) -> Looks:
    """Return what each of the node's own lanes looks like in this version of it."""
    looks: Looks = {"node": (Bar(node_look(node), node_status(node), _taints(node)), str(node["metadata"].get("uid", "")))}
    for condition in (node.get("status") or {}).get("conditions") or []:
        looks[f"condition/{condition['type']}"] = (condition_bar(condition), "")
    return looks


def _taints(node: Object) -> str:
    taints = (node.get("spec") or {}).get("taints") or ()
    return ", ".join(f"{taint.get('key', '')}:{taint.get('effect', '')}" for taint in taints)


def node_look(node: Object) -> str:
    """Return the look of a node by its word under STATUS: ready, cordoned, not ready, or not heard of."""
    conditions = (node.get("status") or {}).get("conditions") or []
    ready = next((condition_look(one) for one in conditions if one["type"] == READY), "unknown")
    return "unready" if ready == "ready" and (node.get("spec") or {}).get("unschedulable") else ready


def condition_bar(condition: Object) -> Bar:
    status, reason = condition.get("status", "Unknown"), condition.get("reason", "")
    return Bar(condition_look(condition), f"{status} · {reason}" if reason else status, condition.get("message", ""))


def condition_look(condition: Object) -> str:
    """Return the look of a node's condition: by whether it is good news. All but Ready are when they are False.

    A node of which nothing is heard is not ready, whatever it may be in truth.
    """
    status, is_ready = condition.get("status"), condition["type"] == READY
    if status not in ("True", "False"):
        return "failed" if is_ready else "unknown"
    if (status == "True") == is_ready:
        return "ready"
    return "failed" if is_ready else "backoff"


def resident_bars(pod: Object, node: str) -> Looks:
    """Return what a Pod's lane on a node's timeline looks like: nothing as long as it is not there."""
    metadata = pod["metadata"]
    if (pod.get("spec") or {}).get("nodeName") != node:
        return {}
    lane = f"resident/{metadata.get('namespace', '')}/{metadata['name']}"
    return {lane: (pod_bar(pod, pod_status(pod)), str(metadata.get("uid", "")))}
