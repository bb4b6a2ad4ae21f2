"""What the scheduler knows of each node: the object, and what the Pods on it have taken.

Kubernetes: pkg/scheduler/framework/types.go (NodeInfo, PodInfo, HostPortInfo)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lifecycle.core_v1 import resources
from lifecycle.scheduler import requests
from lifecycle.scheduler.affinity_terms import Labels, Term, Weighted, attractions, terms
from lifecycle.scheduler.requests import Amounts
from lifecycle.wire import Object

HostPort = tuple[str, str, int]
"""Address (0.0.0.0: all), protocol and port."""

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


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
    attractions: tuple[Weighted, ...]
    priority: int
    claims: tuple[str, ...]
    """The PersistentVolumeClaims that it uses."""
    terminating: bool
    preempted: bool
    """It is terminating because the scheduler wants its place."""

    @classmethod
    def of(cls, pod: Object) -> PodInfo:
        requested = requests.of_pod(pod)
        metadata, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
        cpu, memory = requests.for_comparison(pod, requested)
        terminating = "deletionTimestamp" in metadata
        affine = bool(spec.get("affinity"))
        return cls(
            metadata.get("uid", ""),
            metadata["namespace"],
            metadata["name"],
            requested,
            cpu,
            memory,
            host_ports(pod),
            metadata.get("labels") or {},
            terms(pod, "podAntiAffinity") if affine else (),
            attractions(pod) if affine else (),
            spec.get("priority") or 0,
            claim_names(pod),
            terminating,
            terminating and any(c.get("reason") == "PreemptionByScheduler" for c in status.get("conditions") or ()),
        )


class NodeInfo:
    """One node with its Pods, by uid."""

    def __init__(self, node: Object) -> None:
        self.pods: dict[str, PodInfo] = {}
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
        self.images: dict[str, int] = {
            name: image.get("sizeBytes", 0) for image in node["status"].get("images") or () for name in image.get("names") or ()
        }

    @property
    def zone(self) -> str:
        """The region and zone together; empty where the node names neither. Kubernetes: component-helpers (GetZoneKey)"""
        region, zone = self.labels.get(REGION, ""), self.labels.get(ZONE, "")
        return f"{region}:\0:{zone}" if region or zone else ""

    def add(self, pod: PodInfo) -> None:
        """Count a Pod; one that is there already is counted as it is now."""
        self.remove(pod.uid)
        self.pods[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, uid: str) -> None:
        pod = self.pods.pop(uid, None)
        if pod:
            self._count(pod, -1)

    def copy(self) -> NodeInfo:
        """Return a node on which can be tried what would be if other Pods were there."""
        other = NodeInfo.__new__(NodeInfo)
        other.__dict__.update(self.__dict__)
        other.pods, other.requested, other.ports = dict(self.pods), dict(self.requested), dict(self.ports)
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


def claim_names(pod: Object) -> tuple[str, ...]:
    """Return the names of the PersistentVolumeClaims that a Pod's volumes are, those made for it alone included."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            found.append(volume["persistentVolumeClaim"]["claimName"])
        elif "ephemeral" in volume:
            found.append(f"{pod['metadata']['name']}-{volume['name']}")
    return tuple(found)
