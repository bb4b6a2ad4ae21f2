"""What a Service's Pods are to it: endpoints with addresses, ports and conditions. Pure functions.

Kubernetes: staging/src/k8s.io/endpointslice (utils.go, topologycache), pkg/controller/endpoint/endpoints_controller.go
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lifecycle.apiserver.conditions import condition
from lifecycle.wire import Object

Endpoint = dict[str, Any]
Port = tuple[str, str, int, str]
"""Name, protocol, number and application protocol."""
Ports = tuple[Port, ...]

MOST_ADDRESSES = 1000
"""So many addresses a legacy Endpoints object holds at most."""
HEADLESS = "service.kubernetes.io/headless"
ZONE = "topology.kubernetes.io/zone"


def node_ports(spec: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the node ports of a Service's ports, 0 for those that have none."""
    return tuple([int(port.get("nodePort") or 0) for port in spec.get("ports") or ()])


def selects(service: Object, labels: Mapping[str, str]) -> bool:
    """Say whether a Service's selector matches; one without a selector keeps its endpoints itself."""
    selector = service["spec"].get("selector")
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def endpoint(service: Object, pod: Object, node: Object | None) -> Endpoint | None:
    """Return a Pod as an endpoint of a Service, or None where it is not one: no address, or ended."""
    spec, status, metadata = pod["spec"], pod["status"], pod["metadata"]
    if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
        return None
    serving = (condition(status, "Ready") or {}).get("status") == "True"
    terminating = bool(metadata.get("deletionTimestamp"))
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    found: Endpoint = {
        "addresses": [status["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
        "nodeName": spec["nodeName"],
    }
    zone = ((node or {"metadata": {}})["metadata"].get("labels") or {}).get(ZONE)
    if zone:
        found["zone"] = zone
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        found["hostname"] = spec["hostname"]
    return found | _hints(service, found)


def _hints(service: Object, found: Endpoint) -> dict[str, Any]:
    """Return for which zone, or which node, an endpoint is the one to prefer, where the Service wants that said."""
    wanted = service["spec"].get("trafficDistribution")
    if not found["conditions"]["ready"] or not found.get("zone") or wanted is None:
        return {}
    zones = [{"name": found["zone"]}]
    if wanted == "PreferSameNode":
        return {"hints": {"forNodes": [{"name": found["nodeName"]}], "forZones": zones}}
    return {"hints": {"forZones": zones}} if wanted in ("PreferClose", "PreferSameZone") else {}


def ports(service: Object, pod: Object) -> Ports:
    """Return the ports that a Service's ports mean in a Pod; one whose name the Pod does not know is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number:
            found.append((port.get("name", ""), port.get("protocol", "TCP"), number, port.get("appProtocol", "")))
    return tuple(found)


def _target(port: dict[str, Any], pod: Object) -> int:
    """Return the number of the Pod's port that a Service's port leads to; 0 where there is none. Kubernetes: FindPort"""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target or int(port["port"])
    protocol, spec = port.get("protocol", "TCP"), pod["spec"]
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    for container in (*(spec.get("containers") or ()), *sidecars):
        for own in container.get("ports") or ():
            if own.get("name") == target and own.get("protocol", "TCP") == protocol:
                return int(own["containerPort"])
    return 0


def may_receive(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the endpoints that traffic goes to: ready ones, or where there is none those that serve while they end."""
    endpoints = list(endpoints)
    ready = [one for one in endpoints if one["conditions"]["ready"]]
    return ready or [one for one in endpoints if one["conditions"]["serving"]]


def subsets(members: Iterable[tuple[Endpoint, Ports]], publish_not_ready: bool) -> tuple[list[dict[str, Any]], bool]:
    """Return the subsets of a legacy Endpoints object, of which ending Pods are none, and whether they had to be cut."""
    groups: dict[Ports, tuple[list[Any], list[Any]]] = {}
    for one, numbers in members:
        if one["conditions"]["terminating"] and not publish_not_ready:
            continue
        address = {"ip": one["addresses"][0], "nodeName": one["nodeName"], "targetRef": one["targetRef"]}
        if "hostname" in one:
            address["hostname"] = one["hostname"]
        ready, not_ready = groups.setdefault(numbers, ([], []))
        (ready if one["conditions"]["ready"] else not_ready).append(address)
    for lists in groups.values():
        for addresses in lists:
            addresses.sort(key=lambda address: str(address["ip"]))
    ordered = [(numbers, *groups[numbers]) for numbers in sorted(groups)]
    cut = _cut(ordered)
    return [_subset(*one) for one in cut or ordered], cut is not None


Group = tuple[Ports, list[Any], list[Any]]


def _cut(groups: list[Group]) -> list[Group] | None:
    """Return fewer addresses where there are too many, the ready ones before the others, each group its part."""
    ready, others = sum(len(group[1]) for group in groups), sum(len(group[2]) for group in groups)
    if ready + others <= MOST_ADDRESSES:
        return None
    left = room = MOST_ADDRESSES if ready > MOST_ADDRESSES else MOST_ADDRESSES - ready
    total = ready if ready > MOST_ADDRESSES else others
    found: list[Group] = []
    for numbers, first, second in groups:
        size = len(first) if ready > MOST_ADDRESSES else len(second)
        kept = min(int(size / total * room + 0.5), left)
        left -= kept
        found.append((numbers, first[:kept], []) if ready > MOST_ADDRESSES else (numbers, first, second[:kept]))
    return [group for group in found if group[1] or group[2]]


def _subset(numbers: Ports, ready: list[Any], not_ready: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if ready:
        found["addresses"] = ready
    if not_ready:
        found["notReadyAddresses"] = not_ready
    if numbers:
        found["ports"] = [_legacy_port(*port) for port in numbers]
    return found


def _legacy_port(name: str, protocol: str, number: int, app_protocol: str) -> dict[str, Any]:
    found: dict[str, Any] = {"port": number, "protocol": protocol}
    if name:
        found["name"] = name
    if app_protocol:
        found["appProtocol"] = app_protocol
    return found


def slice_content(inside: list[Endpoint], numbers: Ports) -> dict[str, Any]:
    """Return what a slice holds; one that is empty says null, as Go writes an empty list that was never made."""
    return {"endpoints": inside or None, "ports": [_slice_port(*port) for port in numbers] or None}


def _slice_port(name: str, protocol: str, number: int, app_protocol: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "protocol": protocol, "port": number}
    return {**found, "appProtocol": app_protocol} if app_protocol else found


def own_labels(service: Object, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of what belongs to a Service: the Service's own, `labels`, and whether it is headless."""
    given = {key: value for key, value in (service["metadata"].get("labels") or {}).items() if key not in _RESERVED}
    headless = {HEADLESS: ""} if service["spec"].get("clusterIP") == "None" else {}
    return {**given, **labels, **headless}


_RESERVED = {
    "endpointslice.kubernetes.io/managed-by",
    "kubernetes.io/service-name",
    "endpoints.kubernetes.io/managed-by",
    HEADLESS,
}
