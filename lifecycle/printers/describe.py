"""`kubectl describe` of any object, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.configuration import (
    describe_config_map,
    describe_namespace,
    describe_secret,
    describe_service_account,
)
from lifecycle.printers.fields import typed
from lifecycle.printers.generic import describe_generic
from lifecycle.printers.metadata import Object
from lifecycle.printers.node import describe_node
from lifecycle.printers.pod import describe_pod
from lifecycle.printers.policy import (
    describe_limit_range,
    describe_pod_disruption_budget,
    describe_priority_class,
    describe_resource_quota,
)
from lifecycle.printers.rbac import describe_role, describe_role_binding
from lifecycle.printers.service import describe_endpoint_slice, describe_endpoints, describe_service
from lifecycle.printers.storage import describe_claim, describe_storage_class, describe_volume

Related = Mapping[str, Sequence[Object]]

Describer = Callable[[Object, Sequence[Object] | None, Micros], str]

RELATED: Mapping[str, tuple[str, ...]] = {
    "Namespace": ("resourcequotas", "limitranges"),
    "Node": ("pods", "leases"),
    "PersistentVolumeClaim": ("pods",),
    "Service": ("endpointslices",),
}
"""The other resources that a kind's description tells of; whoever describes one gives all objects of these."""

_WITH_RELATED: Mapping[str, Callable[..., str]] = {
    "Namespace": lambda obj, events, now, *others: describe_namespace(obj, *others),
    "Node": describe_node,
    "PersistentVolumeClaim": describe_claim,
    "Service": describe_service,
}

_ALONE: Mapping[str, Describer] = {
    "ConfigMap": describe_config_map,
    "Endpoints": describe_endpoints,
    "EndpointSlice": describe_endpoint_slice,
    "LimitRange": lambda obj, events, now: describe_limit_range(obj),
    "PersistentVolume": describe_volume,
    "PodDisruptionBudget": describe_pod_disruption_budget,
    "PriorityClass": describe_priority_class,
    "ClusterRole": lambda obj, events, now: describe_role(obj),
    "ClusterRoleBinding": lambda obj, events, now: describe_role_binding(obj),
    "Role": lambda obj, events, now: describe_role(obj),
    "RoleBinding": lambda obj, events, now: describe_role_binding(obj),
    "ResourceQuota": lambda obj, events, now: describe_resource_quota(obj),
    "Secret": lambda obj, events, now: describe_secret(obj),
    "ServiceAccount": describe_service_account,
    "StorageClass": describe_storage_class,
}


def describe(obj: Object, events: Sequence[Object] | None, now: Micros, related: Related) -> str:
    """Return the description of an object as of a moment; without `events` (None) it has no such section."""
    kind = obj["kind"]
    if kind == "Pod":
        return describe_pod(obj, events, now)
    if kind in _ALONE:
        return _ALONE[kind](typed(obj), events, now)
    if kind not in RELATED:
        return describe_generic(obj, events, now)
    others = [[typed(other) for other in related.get(resource, ())] for resource in RELATED[kind]]
    return _WITH_RELATED[kind](typed(obj), events, now, *others)
