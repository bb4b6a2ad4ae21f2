"""What a Service gets beyond its defaults: an address, and ports on the nodes.

Kubernetes: pkg/registry/core/service/storage/alloc.go
"""

from __future__ import annotations

from typing import Any

from lifecycle.kernel import Kernel
from lifecycle.wire import Object

NODE_PORTS = (30000, 32768)


def allocate(kernel: Kernel, service: Object) -> None:
    """Complete a new Service in place."""
    spec = service["spec"]
    service["status"] = {"loadBalancer": {}}
    if spec["type"] == "ExternalName":
        return
    if not spec.get("clusterIP"):
        spec["clusterIP"] = _address(kernel, service["metadata"])
    spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _node_ports(kernel, service["metadata"], spec["ports"])


def _address(kernel: Kernel, metadata: dict[str, Any]) -> str:
    """Return an address from 10.96.1.0 up to 10.96.255.255 that no Service has."""
    taken = {service["spec"].get("clusterIP") for service in kernel.rooms["apiserver"].list("services")}
    for nth in range(10_000):
        number = 256 + kernel.seeds.number(65_000, "address", metadata["namespace"], metadata.get("name", ""), nth)
        address = f"10.96.{number // 256}.{number % 256}"
        if address not in taken:
            return address
    raise RuntimeError("no free address for a Service")


def _node_ports(kernel: Kernel, metadata: dict[str, Any], ports: list[dict[str, Any]]) -> None:
    taken = {
        port.get("nodePort")
        for service in kernel.rooms["apiserver"].list("services")
        for port in service["spec"].get("ports") or ()
    }
    first, end = NODE_PORTS
    for place, port in enumerate(ports):
        nth = 0
        while not port.get("nodePort") or port["nodePort"] in taken:
            key = ("node-port", metadata["namespace"], metadata.get("name", ""), place, nth)
            port["nodePort"], nth = first + kernel.seeds.number(end - first, *key), nth + 1
        taken.add(port["nodePort"])
