"""What the components of Kubernetes manage: objects that no request has made, and the fields of others that they set.

Nothing of it is stored but who has made an object: what they manage is seen in the object itself.
Kubernetes: the user agents of kube-apiserver, kube-controller-manager, kube-scheduler and kubelet name their managers
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from lifecycle.core_v1.field_paths import UNMANAGED_METADATA, Path, paths, tree, whole
from lifecycle.core_v1.schema import KINDS, Kind, struct, type_of

Object = dict[str, Any]
Names = tuple[str, ...]

API_SERVER, CONTROLLER_MANAGER, KUBELET, SCHEDULER = "kube-apiserver", "kube-controller-manager", "kubelet", "kube-scheduler"

_MAKERS = {"Namespace": API_SERVER, "PriorityClass": API_SERVER, "Service": API_SERVER, "Lease": KUBELET, "Node": KUBELET}
"""Who makes the objects of a kind that no request makes, where that is not the controller manager."""
API_SERVERS = ("default", "kubernetes")
"""What stands behind the API server's own Service, by namespace and name."""

_OF_PLURAL = {kind.plural: kind for kind in KINDS.values() if kind.group_version != "events.k8s.io/v1"}


class Fields(NamedTuple):
    """What a component manages of an object, since when."""

    manager: str
    tree: Object
    time: str
    subresource: str = ""


def maker(resource: str, metadata: Object) -> Object:
    """Return the entry, as it is stored, of the component that makes an object."""
    own = metadata["name"] == API_SERVERS[1] and metadata.get("namespace") == API_SERVERS[0]
    return {**_made(resource, own), "time": metadata["creationTimestamp"]}


@lru_cache(256)
def _made(resource: str, own: bool) -> Object:
    """Return the entry of what is made in a resource at a time yet to be said; `own`: it is the API server's own."""
    kind = _OF_PLURAL[resource]
    return entry(kind, Fields(API_SERVER if own else _MAKERS.get(kind.kind, CONTROLLER_MANAGER), {}, ""))


def entry(kind: Kind, fields: Fields) -> Object:
    """Return an entry of managedFields; what is stored has no fields."""
    said: Object = {"manager": fields.manager, "operation": "Update", "apiVersion": kind.group_version, "time": fields.time}
    if fields.tree:
        said |= {"fieldsType": "FieldsV1", "fieldsV1": fields.tree}
    return said | ({"subresource": fields.subresource} if fields.subresource else {})


def entries(kind: Kind, obj: Object, held: frozenset[Path] = frozenset()) -> list[Object]:
    """Return what components manage of an object beside its maker, apart from what others hold."""
    found = []
    for fields in _components(kind, obj):
        left = fields.tree
        if held:
            left = tree(frozenset(paths(left, ())) - held)
        if left:
            found.append(entry(kind, fields._replace(tree=left)))
    return found


def of_event(kind: Kind, event: Object) -> list[Object]:
    """Return the managedFields of an Event that a component has recorded, in the group and version in which it did."""
    source, metadata = event.get("source") or event.get("deprecatedSource") or {}, event["metadata"]
    component = source.get("component") or event.get("reportingController")
    manager = {"kubelet": KUBELET, "default-scheduler": SCHEDULER}.get(component or "", CONTROLLER_MANAGER)
    parts = (metadata.get("labels"), metadata.get("annotations"), source, event.get("series"))
    shape = (tuple(name for name in event if event[name]), *(tuple(part or ()) for part in parts))
    return [entry(kind, Fields(manager, _event_tree(kind, *shape), metadata["creationTimestamp"]))]


@lru_cache(256)
def _event_tree(kind: Kind, names: Names, labels: Names, annotations: Names, source: Names, series: Names) -> Object:
    """Return the tree of an Event that has these fields: there are thousands of Events, and few that differ in that."""
    inner = {"source": source, "deprecatedSource": source, "series": series}
    event: Object = {name: dict.fromkeys(inner[name], "") if name in inner else "" for name in names}
    metadata = {"labels": dict.fromkeys(labels, ""), "annotations": dict.fromkeys(annotations, "")}
    found = without_unmanaged(kind, {**event, "metadata": {name: held for name, held in metadata.items() if held}})
    for name in ("f:source", "f:deprecatedSource"):
        found.get(name, {}).pop(".", None)
    return found


def without_unmanaged(kind: Kind, obj: Object) -> Object:
    """Return the tree of an object's fields but its status and those that nobody manages."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in UNMANAGED_METADATA}
    found = whole(type_of(kind), {**obj, "metadata": metadata})
    for name in ("f:apiVersion", "f:kind", "f:status"):
        found.pop(name, None)
    for name in ("f:metadata", "f:spec"):
        found.get(name, {}).pop(".", None)
        if not found.get(name, True):
            del found[name]
    return found


def _components(kind: Kind, obj: Object) -> Iterator[Fields]:
    status, since = obj.get("status") or {}, obj["metadata"].get("creationTimestamp", "")
    if controlled := controllers_fields(kind, obj):
        yield Fields(CONTROLLER_MANAGER, controlled, since)
    match kind.kind:
        case "Pod":
            yield from _of_pod(status)
        case "Node":
            said = {"f:conditions": dict(_of_conditions(status, since)), **({"f:images": {}} if status.get("images") else {})}
            yield Fields(KUBELET, {"f:status": said}, _last(status), "status")
        case "PersistentVolume" | "PodDisruptionBudget" | "ResourceQuota":
            yield from _of_status(kind, status, since)
        case "PersistentVolumeClaim" if status.get("phase") != "Pending":
            yield from _of_status(kind, status, since)


def controllers_fields(kind: Kind, obj: Object) -> Object:
    """Return the tree of what controllers have written into an object that is somebody else's."""
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    bound = "pv.kubernetes.io/bound-by-controller" in annotations
    ours: Names
    fields: Names
    match kind.kind:
        case "Node":
            ours, fields = ("node.alpha.kubernetes.io/ttl",), ("podCIDR", "podCIDRs", "taints")
        case "PersistentVolume" if bound:
            ours, fields = ("pv.kubernetes.io/bound-by-controller",), ("claimRef",)
        case "PersistentVolumeClaim" if "pv.kubernetes.io/bind-completed" in annotations:
            ours = ("pv.kubernetes.io/bind-completed", *(["pv.kubernetes.io/bound-by-controller"] if bound else ()))
            fields = ("volumeName",) if bound else ()
        case _:
            return {}
    found: Object = {}
    if given := [name for name in ours if name in annotations]:
        found["f:metadata"] = {"f:annotations": {f"f:{name}": {} for name in given}}
    if held := {name: spec[name] for name in fields if name in spec}:
        found["f:spec"] = whole(struct(f"{kind.kind}Spec"), held)
    return found


def _of_status(kind: Kind, status: Object, since: str) -> Iterator[Fields]:
    if found := whole(struct(f"{kind.kind}Status"), status):
        time = max((status.get("lastPhaseTransitionTime") or "", since, _last(status)))
        yield Fields(CONTROLLER_MANAGER, {"f:status": found}, time, "status")


def _of_conditions(status: Object, since: str) -> Iterator[tuple[str, Object]]:
    """Yield what a kubelet has changed of a node's conditions since it registered: heartbeats, and those that turned."""
    for condition in status.get("conditions") or ():
        turned = condition.get("type") == "Ready" or condition.get("lastTransitionTime") != since
        names = ("lastHeartbeatTime", "lastTransitionTime", "message", "reason", "status") if turned else ("lastHeartbeatTime",)
        yield f'k:{{"type":"{condition.get("type")}"}}', {f"f:{name}": {} for name in names if name in condition}


def _last(status: Object) -> str:
    """Return when a condition has turned, or was looked at, last."""
    conditions = status.get("conditions") or ()
    times = (c.get(name) or "" for c in conditions for name in ("lastHeartbeatTime", "lastTransitionTime"))
    return max(times, default="")


_SCHEDULED = 'k:{"type":"PodScheduled"}'


def _of_pod(status: Object) -> Iterator[Fields]:
    """Yield what kubelet or scheduler manage of a Pod: what its status tells beside what it began with."""
    found = whole(struct("PodStatus"), status)
    found.pop("f:qosClass", None)
    if status.get("phase") == "Pending":
        found.pop("f:phase", None)
    if status.get("startTime"):
        conditions = found.get("f:conditions", {})
        conditions.pop(".", None)
        scheduled = conditions.pop(_SCHEDULED, {})
        if "f:observedGeneration" in scheduled:
            conditions[_SCHEDULED] = {"f:observedGeneration": {}}
        yield Fields(KUBELET, {"f:status": found}, max(_times(status), default=""), "status")
    elif any(condition.get("reason") == "Unschedulable" for condition in status.get("conditions") or ()):
        yield Fields(SCHEDULER, {"f:status": found}, max(_times(status), default=""), "status")


def _times(status: Object) -> Iterator[str]:
    """Yield the moments at which a Pod's status has changed, as far as it names them."""
    yield status.get("startTime") or ""
    for condition in status.get("conditions") or ():
        yield condition.get("lastTransitionTime") or ""
    for container in status.get("containerStatuses") or ():
        for state in (container.get("state") or {}).values():
            yield state.get("finishedAt") or state.get("startedAt") or ""
