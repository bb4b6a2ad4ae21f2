"""What the scheduler knows of each node: the object, and what the Pods on it have taken.

Kubernetes: pkg/scheduler/framework/types.go (NodeInfo, PodInfo, HostPortInfo)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from lifecycle.core_v1 import resources
from lifecycle.scheduler import requests
from lifecycle.scheduler.affinity_terms import Labels, Term, attractions, terms
from lifecycle.scheduler.requests import Amounts
from lifecycle.wire import Object

HostPort = tuple[str, str, int]
"""Address (0.0.0.0: all), protocol and port."""


class PodInfo(NamedTuple):
    """What of one Pod matters to others. `cpu` and `memory` count something for containers that ask for nothing."""

    uid: str
    namespace: str
    name: str
    requested: Amounts
    cpu: int
    memory: int
    ports: tuple[HostPort, ...]
    labels: Labels
    anti_affinity: tuple[Term, ...]
    attractions: tuple[tuple[int, Term], ...]
    priority: int
    started: str
    terminating: bool
    preempted: bool
    """It is terminating because the scheduler wants its place."""

    @classmethod
    def of(cls, pod: Object) -> PodInfo:
        requested = requests.of_pod(pod)
        metadata, status = pod["metadata"], pod.get("status") or {}
        cpu, memory = requests.for_comparison(pod, requested)
        terminating = "deletionTimestamp" in metadata
        return cls(
            metadata.get("uid", ""),
            metadata["namespace"],
            metadata["name"],
            requested,
            cpu,
            memory,
            host_ports(pod),
            metadata.get("labels") or {},
            terms(pod, "podAntiAffinity"),
            attractions(pod),
            pod["spec"].get("priority") or 0,
            status.get("startTime", ""),
            terminating,
            terminating and any(c.get("reason") == "PreemptionByScheduler" for c in status.get("conditions") or ()),
        )


class NodeInfo:
    """One node with its Pods, by uid; those of them that mind which others are near, once more."""

    def __init__(self, node: Object) -> None:
        self.pods: dict[str, PodInfo] = {}
        self.anti_affine: dict[str, PodInfo] = {}
        self.attracting: dict[str, PodInfo] = {}
        self.requested: Amounts = {}
        self.cpu = self.memory = 0
        self.ports: dict[HostPort, int] = {}
        self.set(node)

    def set(self, node: Object) -> None:
        """Take over what the Node object says."""
        self.node = node
        self.name: str = node["metadata"]["name"]
        self.labels: dict[str, str] = node["metadata"].get("labels") or {}
        spec = node.get("spec") or {}
        self.unschedulable: bool = spec.get("unschedulable", False)
        self.taints: list[dict[str, Any]] = spec.get("taints") or []
        self.allocatable: Amounts = requests.whole(resources.amounts(node["status"].get("allocatable")))

    def add(self, pod: PodInfo) -> None:
        """Count a Pod; one that is there already is counted as it is now."""
        self.remove(pod.uid)
        self.pods[pod.uid] = pod
        if pod.anti_affinity:
            self.anti_affine[pod.uid] = pod
        if pod.attractions:
            self.attracting[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, uid: str) -> None:
        pod = self.pods.pop(uid, None)
        if pod:
            self.anti_affine.pop(uid, None)
            self.attracting.pop(uid, None)
            self._count(pod, -1)

    def without(self, uids: Iterable[str]) -> NodeInfo:
        """Return this node as it would be without some of its Pods."""
        gone = set(uids)
        return self._with(pod for uid, pod in self.pods.items() if uid not in gone)

    def with_more(self, pods: Iterable[PodInfo]) -> NodeInfo:
        """Return this node as it would be with further Pods."""
        return self._with([*self.pods.values(), *pods])

    def _with(self, pods: Iterable[PodInfo]) -> NodeInfo:
        other = NodeInfo(self.node)
        for pod in pods:
            other.add(pod)
        return other

    def _count(self, pod: PodInfo, sign: int) -> None:
        for name, value in pod.requested.items():
            self.requested[name] = self.requested.get(name, 0) + sign * value
        self.cpu += sign * pod.cpu
        self.memory += sign * pod.memory
        for port in pod.ports:
            self.ports[port] = self.ports.get(port, 0) + sign
            if not self.ports[port]:
                del self.ports[port]


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
