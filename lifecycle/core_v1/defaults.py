"""What the API server fills in where a manifest is silent.

The functions alter the object they are given, which `decode` has just made.
Kubernetes: pkg/apis/core/v1/defaults.go, pkg/apis/discovery/v1/defaults.go, pkg/apis/scheduling/v1/defaults.go,
pkg/apis/storage/v1/defaults.go
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import quantity, service_strategy
from lifecycle.core_v1.quantity import Quantity
from lifecycle.core_v1.resources import container_requests, is_pod_level
from lifecycle.core_v1.schema import Kind

Object = dict[str, Any]

MILLI = 10**6
"""Nanos in a thousandth: what a Pod asks for is not finer."""

RBAC = "rbac.authorization.k8s.io"

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")

PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}

VOLUMES: dict[str, Object] = {
    "secret": {"defaultMode": 0o644},
    "configMap": {"defaultMode": 0o644},
    "downwardAPI": {"defaultMode": 0o644},
    "projected": {"defaultMode": 0o644},
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
"""What the sources of volumes have where they say nothing."""


def set_defaults(kind: Kind, obj: Object) -> None:
    """Fill in the defaults of an object of a kind that is served."""
    setter = _SETTERS.get(kind.kind)
    if setter:
        setter(obj)


def pod(obj: Object) -> None:
    spec = obj["spec"]
    _service_account(spec)
    fill(spec, restartPolicy="Always", dnsPolicy="ClusterFirst", schedulerName="default-scheduler", securityContext={})
    fill(spec, terminationGracePeriodSeconds=30, enableServiceLinks=True)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for container in all_containers(spec):
        _container(container, bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _volume(volume)
    _pod_resources(spec)
    if "overhead" in spec:
        _round_up(spec["overhead"])


def all_containers(spec: Object) -> Iterator[Object]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(field) or ()


def pull_policy(image: str) -> str:
    """Return Always for an image without a tag, or tagged `latest`; a digest alone is no tag."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _service_account(spec: Object) -> None:
    """Keep the deprecated field and the new one alike. Kubernetes: pkg/apis/core/v1/conversion.go"""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _container(container: Object, host_network: bool) -> None:
    fill(container, imagePullPolicy=pull_policy(container.get("image", "")))
    fill(container, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")
    for port in container.get("ports") or ():
        fill(port, protocol="TCP")
        if host_network:
            fill(port, hostPort=port["containerPort"])
    for env in container.get("env") or ():
        _field_ref(env.get("valueFrom") or {})
    for name in PROBES:
        if name in container:
            _probe(container[name])
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict):
            _http_get(handler)
    _resources(container["resources"])


def _probe(probe: Object) -> None:
    fill(probe, **PROBE)
    _http_get(probe)
    if "grpc" in probe and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def _http_get(handler: Object) -> None:
    if "httpGet" in handler:
        fill(handler["httpGet"], path="/", scheme="HTTP")


def _field_ref(source: Object) -> None:
    if "fieldRef" in source:
        fill(source["fieldRef"], apiVersion="v1")


def _resources(resources: Object) -> None:
    """Round amounts up to a thousandth; where a limit stands alone, request as much."""
    for amounts in (resources.get("limits"), resources.get("requests")):
        _round_up(amounts or {})
    for name, limit in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, limit)


def _round_up(amounts: dict[str, str]) -> None:
    for name, text in amounts.items():
        amount = quantity.parse(text)
        if amount.nanos % MILLI:
            amounts[name] = str(Quantity(-(-amount.nanos // MILLI) * MILLI, amount.format))


def _volume(volume: Object) -> None:
    if len(volume) == 1:
        volume["emptyDir"] = {}
    for source, defaults in VOLUMES.items():
        if source in volume:
            fill(volume[source], **defaults)
    for item in (volume.get("downwardAPI") or {}).get("items") or ():
        _field_ref(item)
    for source in (volume.get("projected") or {}).get("sources") or ():
        fill(source.get("serviceAccountToken"), expirationSeconds=3600)
        for item in (source.get("downwardAPI") or {}).get("items") or ():
            _field_ref(item)
    if "image" in volume:
        fill(volume["image"], pullPolicy=pull_policy(volume["image"].get("reference", "")))
    claim = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if claim:
        fill(claim["spec"], volumeMode="Filesystem")


def _pod_resources(spec: Object) -> None:
    """Where a Pod has limits of its own: request what its containers do, or what it is limited to."""
    resources = spec.get("resources")
    if not resources:
        return
    for amounts in (resources.get("limits"), resources.get("requests")):
        _round_up(amounts or {})
    if not resources.get("limits"):
        return
    asked = container_requests(spec)
    for name, limit in resources["limits"].items():
        if is_pod_level(name):
            amount = asked.get(name)
            resources.setdefault("requests", {}).setdefault(name, str(amount) if amount else limit)


def service(obj: Object) -> None:
    spec = obj["spec"]
    fill(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "ClientIP":
        fill(spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {}), timeoutSeconds=10800)
    elif spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    for port in spec.get("ports") or ():
        fill(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port["port"]
    if service_strategy.is_external(spec):
        fill(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)
    if spec["type"] in ("ClusterIP", *service_strategy.WITH_NODE_PORTS):
        fill(spec, internalTrafficPolicy="Cluster")
    for ingress in (obj["status"].get("loadBalancer") or {}).get("ingress") or () if spec["type"] == "LoadBalancer" else ():
        if ingress.get("ip"):
            fill(ingress, ipMode="VIP")


def secret(obj: Object) -> None:
    fill(obj, type="Opaque")
    for name, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[name] = base64.b64encode(text.encode()).decode()


def namespace(obj: Object) -> None:
    name = obj["metadata"].get("name")
    if name:
        obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name


def node(obj: Object) -> None:
    status = obj["status"]
    if "allocatable" not in status and "capacity" in status:
        status["allocatable"] = dict(status["capacity"])


def endpoints(obj: Object) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            fill(port, protocol="TCP")


def endpoint_slice(obj: Object) -> None:
    for port in obj.get("ports") or ():
        fill(port, protocol="TCP")
        port.setdefault("name", "")


def persistent_volume(obj: Object) -> None:
    fill(obj["spec"], persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    fill(obj["status"], phase="Pending")


def persistent_volume_claim(obj: Object) -> None:
    fill(obj["spec"], volumeMode="Filesystem")
    fill(obj["status"], phase="Pending")


def limit_range(obj: Object) -> None:
    """Take what is not said of a container's defaults from what is: limits from the maximum, requests from limit or minimum."""
    for item in obj["spec"].get("limits") or ():
        if item["type"] == "Container":
            default = item.get("max", {}) | item.get("default", {})
            fill(item, default={}, defaultRequest={})
            item["default"] = default
            item["defaultRequest"] = item.get("min", {}) | default | item["defaultRequest"]
            for name in ("default", "defaultRequest"):
                if not item[name]:
                    del item[name]


def priority_class(obj: Object) -> None:
    fill(obj, preemptionPolicy="PreemptLowerPriority")


def storage_class(obj: Object) -> None:
    fill(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def role_binding(obj: Object) -> None:
    """Kubernetes: pkg/apis/rbac/v1/defaults.go"""
    obj["roleRef"]["apiGroup"] = obj["roleRef"].get("apiGroup") or RBAC
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            fill(subject, apiGroup=RBAC)


def fill(target: Object | None, **defaults: Any) -> None:
    """Set the fields that are absent; `decode` has left out those that hold nothing and are no pointers."""
    if target is not None:
        for name, value in defaults.items():
            target.setdefault(name, value)


_SETTERS = {
    "Pod": pod,
    "Service": service,
    "Secret": secret,
    "LimitRange": limit_range,
    "Namespace": namespace,
    "Node": node,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "PersistentVolume": persistent_volume,
    "PersistentVolumeClaim": persistent_volume_claim,
    "PriorityClass": priority_class,
    "ClusterRoleBinding": role_binding,
    "RoleBinding": role_binding,
    "StorageClass": storage_class,
}
