"""What the scheduler knows of each node: the object, and what the Pods on it have taken.

Kubernetes: pkg/scheduler/framework/types.go (NodeInfo, HostPortInfo)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lifecycle.core_v1 import resources
from lifecycle.scheduler import requests
from lifecycle.scheduler.requests import Amounts
from lifecycle.wire import Object

HostPort = tuple[str, str, int]
"""Address (0.0.0.0: all), protocol and port."""


class Taken(NamedTuple):
    """What one Pod takes of its node. The comparison counts something for containers that ask for nothing."""

    namespace: str
    name: str
    requested: Amounts
    cpu: int
    memory: int
    ports: tuple[HostPort, ...]


class NodeInfo:
    """One node with its Pods, by uid."""

    def __init__(self, node: Object) -> None:
        self.pods: dict[str, Taken] = {}
        self.requested: Amounts = {}
        self.cpu = self.memory = 0
        self.ports: dict[HostPort, int] = {}
        self.set(node)

    def set(self, node: Object) -> None:
        """Take over what the Node object says."""
        self.name: str = node["metadata"]["name"]
        self.labels: dict[str, str] = node["metadata"].get("labels") or {}
        spec = node.get("spec") or {}
        self.unschedulable: bool = spec.get("unschedulable", False)
        self.taints: list[dict[str, Any]] = spec.get("taints") or []
        self.allocatable: Amounts = requests.whole(resources.amounts(node["status"].get("allocatable")))

    def add(self, uid: str, taken: Taken) -> None:
        if uid not in self.pods:
            self.pods[uid] = taken
            self._count(taken, 1)

    def remove(self, uid: str) -> None:
        taken = self.pods.pop(uid, None)
        if taken:
            self._count(taken, -1)

    def _count(self, taken: Taken, sign: int) -> None:
        for name, value in taken.requested.items():
            self.requested[name] = self.requested.get(name, 0) + sign * value
        self.cpu += sign * taken.cpu
        self.memory += sign * taken.memory
        for port in taken.ports:
            self.ports[port] = self.ports.get(port, 0) + sign
            if not self.ports[port]:
                del self.ports[port]


def taken_by(pod: Object) -> Taken:
    requested = requests.of_pod(pod)
    metadata = pod["metadata"]
    cpu, memory = requests.for_comparison(pod, requested)
    return Taken(metadata["namespace"], metadata["name"], requested, cpu, memory, host_ports(pod))


def host_ports(pod: Object) -> tuple[HostPort, ...]:
    """Return the ports that a Pod wants of its node itself."""
    spec = pod["spec"]
    return tuple(
        (port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), port["hostPort"])
        for group in ("initContainers", "containers")
        for container in spec.get(group) or ()
        if group == "containers" or container.get("restartPolicy") == "Always"
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )
