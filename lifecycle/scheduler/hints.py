"""What helps whom: whether a change may let a Pod fit that a plugin rejected.

Kubernetes: the plugins' EventsToRegister (QueueingHintFn), pkg/scheduler/framework/events.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lifecycle.core_v1.label_selector import selects
from lifecycle.scheduler import requests, selectors, taints
from lifecycle.scheduler.affinity_terms import NamespaceLabels, terms
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import node_resources_fit, ports_clash
from lifecycle.scheduler.nodes import NodeInfo, PodInfo, claim_names, host_ports
from lifecycle.scheduler.topology_spread import selector_of
from lifecycle.wire import Object


class NodeChange(NamedTuple):
    """A node came (no `old`), changed or went (no `new`)."""

    old: Object | None
    new: Object | None


class PodChange(NamedTuple):
    """A Pod came to a node (no `old`), changed there, or went (no `new`)."""

    old: PodInfo | None
    new: PodInfo | None


class OwnChange(NamedTuple):
    """The Pod that waits has changed itself."""

    old: Object
    new: Object


class StorageChange(NamedTuple):
    """A claim, volume or class (by its resource) came or changed."""

    resource: str
    old: Object | None
    new: Object


Change = NodeChange | PodChange | OwnChange | StorageChange


class Waiter(NamedTuple):
    """The Pod that waits, and what has to be asked about others."""

    pod: Object
    namespace_labels: NamespaceLabels

    @property
    def spec(self) -> dict[str, Any]:
        return self.pod["spec"]  # type: ignore[no-any-return]

    @property
    def namespace(self) -> str:
        return str(self.pod["metadata"]["namespace"])


def helps(waiter: Waiter, plugins: tuple[str, ...], change: Change) -> bool:
    """Say whether a change is worth a try to a Pod that these plugins rejected; with none of them every change is."""
    hints = _HINTS[type(change)]
    return not plugins or any(plugin in hints and hints[plugin](waiter, change) for plugin in plugins)


def concerned(change: Change) -> tuple[str, ...]:
    """Return the plugins to whose Pods a change may matter."""
    return tuple(_HINTS[type(change)])


# Nodes


def _schedulable_again(waiter: Waiter, change: NodeChange) -> bool:
    def shut(node: Object) -> bool:
        return bool((node.get("spec") or {}).get("unschedulable"))

    return change.new is not None and not shut(change.new) and (change.old is None or shut(change.old))


def _tolerated_now(waiter: Waiter, change: NodeChange) -> bool:
    def bad(node: Object) -> bool:
        given = (node.get("spec") or {}).get("taints") or ()
        return taints.untolerated(given, waiter.spec.get("tolerations") or [], ["NoSchedule", "NoExecute"]) is not None

    return change.new is not None and not bad(change.new) and (change.old is None or bad(change.old))


def _selected_now(waiter: Waiter, change: NodeChange) -> bool:
    def good(node: Object) -> bool:
        metadata = node["metadata"]
        return selectors.matches(waiter.pod, metadata["name"], metadata.get("labels") or {})

    return change.new is not None and good(change.new) and (change.old is None or not good(change.old))


def _has_room_now(waiter: Waiter, change: NodeChange) -> bool:
    """A node that is large enough by itself, new or with more of something that the Pod asks for."""
    if change.new is None:
        return False
    candidate, node = Candidate.of(waiter.pod), NodeInfo(change.new)
    if node_resources_fit(candidate, node):
        return False
    before = NodeInfo(change.old).allocatable if change.old is not None else {}
    asked = [*(name for name, amount in candidate.wants.requested.items() if amount), "pods"]
    return any(node.allocatable.get(name, 0) > before.get(name, 0) for name in asked)


def _is_new(waiter: Waiter, change: NodeChange) -> bool:
    return change.old is None


def _labels_differ(waiter: Waiter, change: NodeChange) -> bool:
    return change.new is not None and (change.old is None or _labels(change.old) != _labels(change.new))


def _domains_differ(waiter: Waiter, change: NodeChange) -> bool:
    """A node came to a domain that a constraint is about, or went from it."""
    keys = [c["topologyKey"] for c in waiter.spec.get("topologySpreadConstraints") or ()]

    def domains(node: Object | None) -> list[str | None] | None:
        labels = _labels(node) if node is not None else {}
        return [labels[key] for key in keys] if all(key in labels for key in keys) else None

    return domains(change.old) != domains(change.new)


def _neighbourhood_differs(waiter: Waiter, change: NodeChange) -> bool:
    if change.new is None:
        return False
    if change.old is None:
        return True
    keys = [term.topology_key for kind in ("podAffinity", "podAntiAffinity") for term in terms(waiter.pod, kind)]
    old, new = _labels(change.old), _labels(change.new)
    return any(old.get(key) != new.get(key) for key in keys) or not keys


# Pods on nodes


def _frees_ports(waiter: Waiter, change: PodChange) -> bool:
    if change.new is not None or change.old is None:
        return False
    return any(ports_clash(wanted, freed) for wanted in host_ports(waiter.pod) for freed in change.old.ports)


def _frees_resources(waiter: Waiter, change: PodChange) -> bool:
    if change.old is None:
        return False
    if change.new is None:
        return True
    wanted, left = requests.of_pod(waiter.pod), change.new.requested
    return any(wanted.get(name) and amount > left.get(name, 0) for name, amount in change.old.requested.items())


def _frees_claims(waiter: Waiter, change: PodChange) -> bool:
    old = change.old
    gone = old if change.new is None and old is not None and old.namespace == waiter.namespace else None
    return gone is not None and not set(gone.claims).isdisjoint(claim_names(waiter.pod))


def _counts_differ(waiter: Waiter, change: PodChange) -> bool:
    """A Pod that one of the constraints is about came, went, or is or is no longer one of them."""
    given = [c for c in waiter.spec.get("topologySpreadConstraints") or () if c["whenUnsatisfiable"] == "DoNotSchedule"]

    def counts(pod: PodInfo | None) -> list[bool]:
        there = pod is not None and pod.namespace == waiter.namespace and not pod.terminating
        return [there and pod is not None and selects(selector_of(waiter.pod, one), pod.labels) for one in given]

    return counts(change.old) != counts(change.new)


def _neighbours_differ(waiter: Waiter, change: PodChange) -> bool:
    """A Pod came that it wants to be near, or went that it does not, or that did not want it."""
    metadata = waiter.pod["metadata"]
    labels = metadata.get("labels") or {}

    def near(pod: PodInfo | None) -> bool:
        affinity = terms(waiter.pod, "podAffinity")
        if pod is None or not affinity:
            return False
        return all(term.matches(pod.namespace, pod.labels, waiter.namespace_labels) for term in affinity)

    def apart(pod: PodInfo | None) -> bool:
        if pod is None:
            return False
        own = terms(waiter.pod, "podAntiAffinity")
        return any(term.matches(pod.namespace, pod.labels, waiter.namespace_labels) for term in own) or any(
            term.matches(waiter.namespace, labels, waiter.namespace_labels) for term in pod.anti_affinity
        )

    return (near(change.new) and not near(change.old)) or (apart(change.old) and not apart(change.new))


# The Pod itself


def _tolerates_more(waiter: Waiter, change: OwnChange) -> bool:
    return bool(change.old["spec"].get("tolerations") != change.new["spec"].get("tolerations"))


def _labelled_anew(waiter: Waiter, change: OwnChange) -> bool:
    return _labels(change.old) != _labels(change.new)


def _asks_for_less(waiter: Waiter, change: OwnChange) -> bool:
    old, new = requests.of_pod(change.old), requests.of_pod(change.new)
    return any(new.get(name, 0) < amount for name, amount in old.items())


# Storage


def _own_claim_or_volume(waiter: Waiter, change: StorageChange) -> bool:
    """Any volume, any class that is new or may make volumes elsewhere, and the Pod's own claims."""
    if change.resource == "persistentvolumes":
        return True
    if change.resource == "storageclasses":
        return change.old is None or change.old.get("allowedTopologies") != change.new.get("allowedTopologies")
    return _own_claim(waiter, change)


def _own_claim(waiter: Waiter, change: StorageChange) -> bool:
    metadata = change.new["metadata"]
    if change.resource != "persistentvolumeclaims" or metadata["namespace"] != waiter.namespace:
        return False
    return metadata["name"] in claim_names(waiter.pod)


def _labels(obj: Object) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


Hint = Callable[[Waiter, Any], bool]

_HINTS: dict[type, dict[str, Hint]] = {
    NodeChange: {
        "NodeUnschedulable": _schedulable_again,
        "TaintToleration": _tolerated_now,
        "NodeAffinity": _selected_now,
        "NodePorts": _is_new,
        "NodeResourcesFit": _has_room_now,
        "VolumeRestrictions": _is_new,
        "VolumeBinding": _labels_differ,
        "VolumeZone": _labels_differ,
        "PodTopologySpread": _domains_differ,
        "InterPodAffinity": _neighbourhood_differs,
    },
    PodChange: {
        "NodePorts": _frees_ports,
        "NodeResourcesFit": _frees_resources,
        "VolumeRestrictions": _frees_claims,
        "PodTopologySpread": _counts_differ,
        "InterPodAffinity": _neighbours_differ,
    },
    OwnChange: {
        "NodeUnschedulable": _tolerates_more,
        "TaintToleration": _tolerates_more,
        "NodeResourcesFit": _asks_for_less,
        "PodTopologySpread": _labelled_anew,
        "InterPodAffinity": _labelled_anew,
    },
    StorageChange: {
        "VolumeRestrictions": _own_claim,
        "VolumeBinding": _own_claim_or_volume,
        "VolumeZone": _own_claim_or_volume,
    },
}
"""By the kind of change and the plugin."""
