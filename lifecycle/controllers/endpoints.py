"""What a Service's Pods are to it: endpoints with addresses, ports and conditions. Pure functions.

Kubernetes: staging/src/k8s.io/endpointslice/utils.go, pkg/controller/endpoint/endpoints_controller.go
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lifecycle.apiserver.conditions import condition
from lifecycle.wire import Object

Endpoint = dict[str, Any]
Ports = tuple[tuple[str, str, int], ...]
"""Name, protocol and number of each port."""


def selects(service: Object, labels: dict[str, str]) -> bool:
    """Say whether a Service's selector matches; one without a selector keeps its endpoints itself."""
    selector = service["spec"].get("selector")
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def endpoint(service: Object, pod: Object) -> Endpoint | None:
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
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        found["hostname"] = spec["hostname"]
    return found


def ports(service: Object, pod: Object) -> Ports:
    """Return the ports that a Service's ports mean in a Pod; one whose name the Pod does not know is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number:
            found.append((port.get("name", ""), port.get("protocol", "TCP"), number))
    return tuple(found)


def _target(port: dict[str, Any], pod: Object) -> int:
    """Return the number of the Pod's port that a Service's port leads to; 0 where there is none."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target or int(port["port"])
    protocol = port.get("protocol", "TCP")
    for container in pod["spec"].get("containers") or ():
        for own in container.get("ports") or ():
            if own.get("name") == target and own.get("protocol", "TCP") == protocol:
                return int(own["containerPort"])
    return 0


def may_receive(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the endpoints that traffic goes to: ready ones, or where there is none those that serve while they end."""
    endpoints = list(endpoints)
    ready = [one for one in endpoints if one["conditions"]["ready"]]
    return ready or [one for one in endpoints if one["conditions"]["serving"]]


def subsets(members: list[tuple[Endpoint, Ports]], publish_not_ready: bool) -> list[dict[str, Any]]:
    """Return the subsets of a legacy Endpoints object; ending Pods are none of it, 1000 addresses at most."""
    groups: dict[Ports, tuple[list[Any], list[Any]]] = {}
    for one, numbers in members[:1000]:
        if one["conditions"]["terminating"] and not publish_not_ready:
            continue
        address = {"ip": one["addresses"][0], "nodeName": one["nodeName"], "targetRef": one["targetRef"]}
        if "hostname" in one:
            address["hostname"] = one["hostname"]
        ready, not_ready = groups.setdefault(numbers, ([], []))
        (ready if one["conditions"]["ready"] else not_ready).append(address)
    return [_subset(numbers, *groups[numbers]) for numbers in sorted(groups)]


def _subset(numbers: Ports, ready: list[Any], not_ready: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if ready:
        found["addresses"] = sorted(ready, key=lambda address: str(address["ip"]))
    if not_ready:
        found["notReadyAddresses"] = sorted(not_ready, key=lambda address: str(address["ip"]))
    found["ports"] = [_legacy_port(*port) for port in numbers]
    return found


def _legacy_port(name: str, protocol: str, number: int) -> dict[str, Any]:
    port = {"port": number, "protocol": protocol}
    return {"name": name, **port} if name else port
