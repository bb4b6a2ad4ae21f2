"""The room `endpointslicemirroring`: what somebody writes into Endpoints for a Service without a selector, slices say too.

Kubernetes: pkg/controller/endpointslicemirroring
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.controllers.endpoints import node_ports
from lifecycle.controllers.endpointslices import SERVICE_NAME
from lifecycle.kernel import Kernel
from lifecycle.programs import network
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
OWN = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
LEFT_OUT = "kubectl.kubernetes.io/last-applied-configuration"
"""An annotation that is not mirrored."""


class EndpointSliceMirroringState(msgspec.Struct):
    """What is about to be looked at, as work, namespace and name."""

    queued: dict[str, bool] = {}


class EndpointSliceMirroring:
    def __init__(self, kernel: Kernel, state: EndpointSliceMirroringState | None = None) -> None:
        self.kernel = kernel
        self.state = state or EndpointSliceMirroringState()
        self._api = kernel.rooms["apiserver"]
        self._api.inform(self.observe, "services", "endpoints", "endpointslices")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj is not None
        metadata = obj["metadata"]
        name = metadata["name"]
        if resource == "endpointslices":
            name = (metadata.get("labels") or {}).get(SERVICE_NAME)
        if not name:
            return
        service = self._api.get("services", metadata["namespace"], name)
        if service is not None and not service["spec"].get("selector"):
            if resource != "endpointslices":
                self._enqueue("mirror", metadata["namespace"], name)
            if resource != "endpoints":
                self._enqueue("route", metadata["namespace"], name)
        elif resource != "endpointslices" and new is None:
            self._enqueue("mirror", metadata["namespace"], name)

    def _enqueue(self, what: str, namespace: str, name: str) -> None:
        """Have something looked at after a while, unless that is to be done sooner: all that has changed is seen then."""
        key = f"{what}/{namespace}/{name}"
        if key not in self.state.queued:
            self.state.queued[key] = True
            self.kernel.after(LATENCY, "endpointslicemirroring", what, namespace, name)

    def on_mirror(self, namespace: str, name: str) -> None:
        """Bring the slices of one Endpoints object up to date; there are none where it is not to be mirrored."""
        self.state.queued.pop(f"mirror/{namespace}/{name}", None)
        endpoints = self._api.get("endpoints", namespace, name)
        service = self._api.get("services", namespace, name)
        wanted = list(_slices(endpoints)) if endpoints is not None and _is_mirrored(endpoints, service) else []
        have = [slice for slice in self._slices_of(namespace, name) if slice["metadata"]["labels"].get(MANAGED_BY) == OWN]
        for slice in have:
            content = next((one for one in wanted if _kind(one) == _kind(slice)), None)
            if content is None:
                self._api.delete("endpointslices", namespace, slice["metadata"]["name"])
                continue
            wanted.remove(content)
            if {**slice, **content} != slice:
                metadata = {**slice["metadata"], "generation": slice["metadata"]["generation"] + 1}
                self._api.update("endpointslices", {**slice, **content, "metadata": metadata})
        for content in wanted:
            self._api.create("endpointslices", {**_new_slice(endpoints), **content})

    def on_route(self, namespace: str, name: str) -> None:
        """Tell the network where a Service leads whose endpoints somebody else writes down."""
        self.state.queued.pop(f"route/{namespace}/{name}", None)
        service = self._api.get("services", namespace, name)
        if service is None or service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
            return
        spec = service["spec"]
        ports = tuple((port.get("name", ""), int(port["port"])) for port in spec.get("ports") or ())
        found = tuple(one for slice in self._slices_of(namespace, name) for one in _receivers(slice, ports))
        table = self.kernel.rooms["programs"].network
        at_nodes, local = node_ports(spec), spec.get("externalTrafficPolicy") == "Local"
        table.set_service(network.Service(namespace, name, spec.get("clusterIP", ""), ports, found, "", at_nodes, local))

    def _slices_of(self, namespace: str, service: str) -> list[Object]:
        slices = self._api.list("endpointslices", namespace)
        return [slice for slice in slices if (slice["metadata"].get("labels") or {}).get(SERVICE_NAME) == service]


def _is_mirrored(endpoints: Object, service: Object | None) -> bool:
    metadata = endpoints["metadata"]
    if (metadata.get("labels") or {}).get(SKIP) == "true" or LEADER in (metadata.get("annotations") or {}):
        return False
    return service is not None and not service["spec"].get("selector")


def _new_slice(endpoints: Object) -> Object:
    metadata = endpoints["metadata"]
    owner = {"apiVersion": "v1", "kind": "Endpoints", "name": metadata["name"], "uid": metadata["uid"]}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LEFT_OUT}
    made = {
        "generateName": f"{metadata['name']}-",
        "namespace": metadata["namespace"],
        "labels": {**(metadata.get("labels") or {}), SERVICE_NAME: metadata["name"], MANAGED_BY: OWN},
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    if annotations:
        made["annotations"] = annotations
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": made}


def _slices(endpoints: Object) -> Iterator[Object]:
    """Give what slices are to hold: for each subset one, and another one for addresses of the other family."""
    for subset in endpoints.get("subsets") or ():
        addresses = [(one, True) for one in subset.get("addresses") or ()]
        addresses += [(one, False) for one in subset.get("notReadyAddresses") or ()]
        for family, sign in (("IPv4", "."), ("IPv6", ":")):
            inside = [_endpoint(one, ready) for one, ready in addresses if sign in one["ip"]]
            if inside:
                yield {"addressType": family, "endpoints": inside, "ports": _ports(subset)}


def _kind(slice: Object) -> object:
    """Return what a slice keeps as long as it lasts."""
    return slice["addressType"], slice["ports"]


def _endpoint(address: Object, ready: bool) -> Object:
    found: Object = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for name in ("hostname", "targetRef", "nodeName"):
        if address.get(name):
            found[name] = address[name]
    return found


def _ports(subset: Object) -> list[Object] | None:
    ports = subset.get("ports") or ()
    return [{"name": port.get("name", ""), **{k: v for k, v in port.items() if k != "name"}} for port in ports] or None


def _receivers(slice: Object, ports: tuple[tuple[str, int], ...]) -> Iterator[network.Endpoint]:
    """Give the endpoints of a slice that traffic may go to, with the number that each of the Service's ports means there."""
    numbers = {port.get("name") or "": port.get("port") or 0 for port in slice["ports"] or ()}
    targets = tuple(numbers.get(name, 0) for name, _ in ports)
    for one in slice["endpoints"] or ():
        if (one.get("conditions") or {}).get("ready", True):
            for address in one["addresses"]:
                yield network.Endpoint(address, targets, one.get("hostname") or "")
