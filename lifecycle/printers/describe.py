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
from lifecycle.printers.service import describe_endpoint_slice, describe_endpoints, describe_service

Related = Mapping[str, Sequence[Object]]

RELATED: Mapping[str, tuple[str, ...]] = {"Service": ("endpointslices",), "Node": ("pods", "leases")}
"""The other resources that a kind's description tells of; whoever describes one gives all objects of these."""

_BY_KIND: Mapping[str, Callable[[Object, Sequence[Object] | None, Micros], str]] = {
    "EndpointSlice": describe_endpoint_slice,
    "Endpoints": describe_endpoints,
    "Namespace": lambda obj, events, now: describe_namespace(obj),
    "ConfigMap": describe_config_map,
    "Secret": lambda obj, events, now: describe_secret(obj),
    "ServiceAccount": describe_service_account,
}


def describe(obj: Object, events: Sequence[Object] | None, now: Micros, related: Related) -> str:
    """Return the description of an object as of a moment; without `events` (None) it has no such section."""
    kind = obj["kind"]
    if kind == "Pod":
        return describe_pod(obj, events, now)
    if kind in _BY_KIND:
        return _BY_KIND[kind](typed(obj), events, now)
    if kind not in RELATED:
        return describe_generic(obj, events, now)
    others = [[typed(other) for other in related.get(resource, ())] for resource in RELATED[kind]]
    if kind == "Service":
        return describe_service(typed(obj), events, now, *others)
    return describe_node(typed(obj), events, now, *others)
