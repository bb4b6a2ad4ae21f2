"""What a cluster holds from its first moment. Kubernetes: pkg/controlplane, what kubeadm leaves behind"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from lifecycle.clock import rfc3339
from lifecycle.core_v1.admission import SYSTEM_PRIORITIES
from lifecycle.kernel import Kernel
from lifecycle.programs.network import CONTROL_PLANE
from lifecycle.wire import Object

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
KUBERNETES_IP = "10.96.0.1"
"""The first address of the Services' range; the API server's own."""

_HEALTHY = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def begin(kernel: Kernel) -> None:
    """Create the namespaces, the priority classes, the Service `kubernetes` and the nodes of a new cluster."""
    api, config = kernel.rooms["apiserver"], kernel.config
    for name, value in SYSTEM_PRIORITIES.items():
        api.create("priorityclasses", _priority_class(name, value))
    for name in dict.fromkeys((*NAMESPACES, *config.namespaces)):
        api.create("namespaces", namespace(name))
    for resource, obj in control_plane():
        api.create(resource, obj)
    for number, node in enumerate(config.nodes or (default_node(),)):
        api.create("nodes", whole_node(node, number, rfc3339(config.start)))


@cache
def control_plane() -> tuple[tuple[str, Object], ...]:
    """Return the Service `kubernetes` and what stands behind it, each with its resource."""
    return (
        ("services", _kubernetes_service()),
        ("endpoints", _kubernetes_endpoints()),
        ("endpointslices", _kubernetes_slice()),
    )


def namespace(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _priority_class(name: str, value: int) -> Object:
    """Return one of the classes that every cluster has. Kubernetes: pkg/registry/scheduling/rest"""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "description": _PRIORITIES_FOR[name],
        "preemptionPolicy": "PreemptLowerPriority",
    }


_PRIORITIES_FOR = {
    "system-cluster-critical": (
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
    ),
    "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
}


_RESOURCES = {"ephemeral-storage": "264212084Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": "110"}
_CAPACITY = {"cpu": "2", "memory": "24684084Ki", **_RESOURCES}
_ALLOCATABLE = {"cpu": "2", "memory": "24581684Ki", **_RESOURCES, "ephemeral-storage": "267847642337"}


def default_node(name: str = "node1") -> Object:
    """Return the Node that a cluster has which nobody gave any."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"capacity": dict(_CAPACITY), "allocatable": dict(_ALLOCATABLE)},
    }


def whole_node(node: Object, number: int, now: str) -> Object:
    """Return a Node with all that a kubelet reports of itself where the given one says nothing; `number` is its place.

    Pod addresses are those of 10.244.`number`.0/24; from the 256th node on those of 10.245.0.0/16 and what follows.
    """
    metadata, name = node["metadata"], node["metadata"]["name"]
    subnet = f"10.{244 + number // 256}.{number % 256}.0/24"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            **{key: value for key, value in metadata.items() if key not in ("uid", "resourceVersion", "creationTimestamp")},
            "labels": {**_labels(name), **(metadata.get("labels") or {})},
            "annotations": {**_ANNOTATIONS, **(metadata.get("annotations") or {})},
        },
        "spec": {"podCIDR": subnet, "podCIDRs": [subnet], **(node.get("spec") or {})},
        "status": _node_status(name, number, node.get("status") or {}, now),
    }


def next_number(nodes: Iterable[Object]) -> int:
    """Return the first place that none of these nodes has."""
    taken = {(node.get("spec") or {}).get("podCIDR") for node in nodes}
    number = 0
    while f"10.{244 + number // 256}.{number % 256}.0/24" in taken:
        number += 1
    return number


def _labels(name: str) -> dict[str, str]:
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }


_ANNOTATIONS = {
    "node.alpha.kubernetes.io/ttl": "0",
    "volumes.kubernetes.io/controller-managed-attach-detach": "true",
}


def _node_status(name: str, number: int, given: dict[str, Any], now: str) -> dict[str, Any]:
    """Return what a kubelet reports; what of its resources is not given is that of the default node."""
    capacity = given.get("capacity") or {}
    return {
        "addresses": _addresses(name, number),
        "conditions": conditions(now),
        **{name: value for name, value in given.items() if value and name not in ("daemonEndpoints", "nodeInfo")},
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {**_NODE_INFO, **{name: value for name, value in (given.get("nodeInfo") or {}).items() if value}},
        "capacity": {**_CAPACITY, **capacity},
        "allocatable": {**_ALLOCATABLE, **capacity, **(given.get("allocatable") or {})},
    }


def conditions(now: str) -> list[dict[str, Any]]:
    """Return the conditions of a node that is well."""
    return [
        {
            "type": type,
            "status": status,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }
        for type, status, reason, message in _HEALTHY
    ]


def _addresses(name: str, number: int) -> list[dict[str, str]]:
    return [
        {"type": "InternalIP", "address": f"172.30.{number // 200}.{10 + number % 200}"},
        {"type": "Hostname", "address": name},
    ]


_NODE_INFO = {
    "architecture": "amd64",
    "bootID": "",
    "containerRuntimeVersion": "containerd://1.6.20",
    "kernelVersion": "6.1.0",
    "kubeProxyVersion": "",
    "kubeletVersion": "v1.36.2",
    "machineID": "",
    "operatingSystem": "linux",
    "osImage": "Debian GNU/Linux 12 (bookworm)",
    "systemUUID": "",
}


def _kubernetes_service() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": KUBERNETES_IP,
            "clusterIPs": [KUBERNETES_IP],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": CONTROL_PLANE.port}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    }


def _kubernetes_endpoints() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": _MIRRORED},
        "subsets": [
            {
                "addresses": [{"ip": CONTROL_PLANE.ip}],
                "ports": [{"name": "https", "port": CONTROL_PLANE.port, "protocol": "TCP"}],
            }
        ],
    }


def _kubernetes_slice() -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [CONTROL_PLANE.ip], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": CONTROL_PLANE.port, "protocol": "TCP"}],
    }


_MIRRORED = {"endpointslice.kubernetes.io/skip-mirror": "true"}
