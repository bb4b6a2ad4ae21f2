"""What a Service gets beyond its defaults: an address, and ports on the nodes.

Kubernetes: pkg/registry/core/service/storage/alloc.go
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.service_strategy import WITH_NODE_PORTS, needs_health_check, node_ports
from lifecycle.core_v1.validation.services import NODE_PORTS
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

NEW = {"spec": {"type": "ExternalName"}}
"""What a new Service replaces: one that has been given nothing."""

PORT_TAKEN = "provided port is already allocated"


def allocate(kernel: Kernel, service: Object, old: Object | None = None) -> None:
    """Complete a Service in place; `old` is what it replaces. Raises: Refused where it asks for what another has."""
    if old is None:
        service["status"] = {"loadBalancer": {}}
    allocation = _Allocation(kernel, service, old)
    allocation.address()
    allocation.ports()
    allocation.health_check()


class _Allocation:
    """What one Service is given."""

    def __init__(self, kernel: Kernel, service: Object, old: Object | None) -> None:
        self.kernel, self.is_new = kernel, old is None
        self.metadata, self.spec = service["metadata"], service["spec"]
        self.before: dict[str, Any] = (old or NEW)["spec"]
        own = old["metadata"]["uid"] if old else ""
        others = [s["spec"] for s in kernel.rooms["apiserver"].list("services") if s["metadata"]["uid"] != own]
        self.addresses = {spec.get("clusterIP") for spec in others}
        self.taken = {port for spec in others for port in (*node_ports(spec), spec.get("healthCheckNodePort"))}

    def address(self) -> None:
        spec, asked = self.spec, self.spec.get("clusterIP")
        if spec["type"] == "ExternalName" or asked == "None" or (asked and asked == self.before.get("clusterIP")):
            return
        if asked and asked in self.addresses:
            why = f"failed to allocate IP {asked}: provided IP is already allocated"
            raise self._invalid("spec.clusterIPs", spec["clusterIPs"], why)
        spec["clusterIP"] = asked or self._free_address()
        spec["clusterIPs"] = [spec["clusterIP"]]

    def ports(self) -> None:
        """Give each port one on the nodes; ports of one number that differ in their protocol alone share theirs."""
        spec = self.spec
        if spec["type"] not in WITH_NODE_PORTS:
            return
        kept, shared = node_ports(self.before), dict[int, int]()
        for i, port in enumerate(spec.get("ports") or ()):
            asked = port.get("nodePort") or (shared.get(port["port"]) or self._asked(port["port"]) if self.is_new else 0)
            if not asked and spec["type"] == "LoadBalancer" and not spec.get("allocateLoadBalancerNodePorts"):
                continue
            if asked in self.taken and asked not in kept and asked != shared.get(port["port"]):
                raise self._invalid(f"spec.ports[{i}].nodePort", asked, PORT_TAKEN)
            port["nodePort"] = shared[port["port"]] = asked or self._free_port("node-port", i)
            self.taken.add(port["nodePort"])

    def health_check(self) -> None:
        spec = self.spec
        if not needs_health_check(spec) or needs_health_check(self.before):
            return
        asked = spec.get("healthCheckNodePort")
        if asked and asked in self.taken:
            raise Refused(status.internal_error(f"failed to allocate requested HealthCheck NodePort {asked}: {PORT_TAKEN}"))
        spec["healthCheckNodePort"] = asked or self._free_port("health-check-port", 0)

    def _asked(self, number: int) -> int:
        """Return what a port of that number asks for, whichever it is."""
        asked = (port.get("nodePort", 0) for port in self.spec["ports"] if port["port"] == number)
        return next(filter(None, asked), 0)

    def _free_address(self) -> str:
        """Return an address from 10.96.1.0 up to 10.96.255.255 that no Service has."""
        for nth in range(10_000):
            number = 256 + self.kernel.seeds.number(65_000, "address", *self._name, nth)
            address = f"10.96.{number // 256}.{number % 256}"
            if address not in self.addresses:
                return address
        raise RuntimeError("no free address for a Service")

    def _free_port(self, what: str, place: int) -> int:
        """Return a port that no Service has."""
        for nth in range(NODE_PORTS.stop):
            port = NODE_PORTS.start + self.kernel.seeds.number(len(NODE_PORTS), what, *self._name, place, nth)
            if port not in self.taken:
                return port
        raise RuntimeError("no free port on the nodes for a Service")

    @property
    def _name(self) -> tuple[str, str]:
        return self.metadata["namespace"], self.metadata.get("name", "")

    def _invalid(self, path: str, value: Any, why: str) -> Refused:
        error = field.invalid(path, value, why)
        return Refused(status.invalid(BY_PLURAL["v1", "services"], self.metadata.get("name", ""), [error]))
