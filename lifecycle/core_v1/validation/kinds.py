"""The other kinds: configuration, nodes, namespaces, classes.

Kubernetes: pkg/apis/{core,scheduling,coordination,node}/validation
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field, go_json, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import (
    amounts,
    disruption,
    endpoints,
    events,
    formats,
    persistent_volumes,
    quotas,
    rbac,
    scheduling,
    storage,
)
from lifecycle.core_v1.validation.metadata import immutable, labels, metadata, metadata_update, standard_finalizer, wrong
from lifecycle.core_v1.validation.spec_diff import shown

Object = dict[str, Any]

LARGEST_DATA = 1024 * 1024
"""Bytes that a ConfigMap or Secret holds at most."""

HIGHEST_PRIORITY = 1_000_000_000
FIXED_WHEN_IMMUTABLE = "field is immutable when `immutable` is set"

SECRET_KEYS: dict[str, tuple[str, ...]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Keys that a Secret of a type must have."""


def config_map(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in data:
        yield from wrong(field.key("data", key), key, formats.config_key(key))
        if key in binary:
            yield field.invalid(field.key("data", key), key, "duplicate of key present in binaryData")
    for key in binary:
        yield from wrong(field.key("binaryData", key), key, formats.config_key(key))
    size = sum(len(text.encode()) for text in data.values()) + sum(len(base64.b64decode(text)) for text in binary.values())
    if size > LARGEST_DATA:
        yield field.too_long("[]", LARGEST_DATA)


def config_map_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _immutable_data(new, old, ("data", "binaryData"))
    yield from config_map(new)


def secret(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    data = obj.get("data") or {}
    for key in data:
        yield from wrong(field.key("data", key), key, formats.config_key(key))
    if sum(len(base64.b64decode(text)) for text in data.values()) > LARGEST_DATA:
        yield field.too_long("data", LARGEST_DATA)
    type = obj.get("type", "")
    for key in SECRET_KEYS.get(type, ()):
        if key not in data or (type == "kubernetes.io/ssh-auth" and not data[key]):
            yield field.required(field.key("data", key))
        elif type.startswith("kubernetes.io/docker"):
            yield from _json(data[key], field.key("data", key))
    if type == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        yield field.required(field.key("data", "username"))
        yield field.required(field.key("data", "password"))
    account = "kubernetes.io/service-account.name"
    if type == "kubernetes.io/service-account-token" and not (obj["metadata"].get("annotations") or {}).get(account):
        yield field.required(field.key("metadata.annotations", account))


def secret_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new.get("type"), old.get("type"), "type")
    yield from _immutable_data(new, old, ("data",))
    yield from secret(new)


def _json(text: str, path: str) -> Iterator[Error]:
    complaint = go_json.not_an_object(base64.b64decode(text))
    if complaint:
        yield field.invalid(path, "<secret contents redacted>", complaint)


def _immutable_data(new: Object, old: Object, names: tuple[str, ...]) -> Iterator[Error]:
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield field.forbidden("immutable", FIXED_WHEN_IMMUTABLE)
    for name in names:
        if (new.get(name) or {}) != (old.get(name) or {}):
            yield field.forbidden(name, FIXED_WHEN_IMMUTABLE)


def namespace(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_label)
    for finalizer in obj["spec"].get("finalizers") or []:
        yield from _finalizer(finalizer, "spec.finalizers")


def namespace_finalize(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    for i, finalizer in enumerate(new["spec"].get("finalizers") or []):
        yield from _finalizer(finalizer, f"spec.finalizers[{i}]")


def namespace_status(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    ending = bool(new["metadata"].get("deletionTimestamp"))
    phase, wanted = new["status"].get("phase", ""), "Terminating" if ending else "Active"
    if phase != wanted:
        text = f"may only be '{wanted}' if `deletionTimestamp` is {'not ' if ending else ''}empty"
        yield field.invalid("status.Phase", phase, text)


def _finalizer(name: str, path: str) -> Iterator[Error]:
    yield from wrong(path, name, formats.label_key(name))
    yield from standard_finalizer(name, path)


def metadata_alone(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])


def node(obj: Object) -> Iterator[Error]:
    """Test a Node; Kubernetes looks for the taints in the metadata, where they once were."""
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    yield from scheduling.taints(obj["spec"].get("taints") or [], "metadata.taints")
    yield from _node_resources(obj["status"])
    first = obj["spec"].get("podCIDR")
    ranges = obj["spec"].get("podCIDRs") or ([first] if first else [])
    for i, text in enumerate(ranges):
        yield from wrong(f"spec.podCIDRs[{i}]", text, formats.cidr(text))
    if len(ranges) > 2 or len({":" in text for text in ranges}) < len(ranges):
        yield field.invalid("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family")


def _node_resources(status: Object) -> Iterator[Error]:
    for name in ("capacity", "allocatable"):
        for resource, text in (status.get(name) or {}).items():
            yield from amounts.amount(resource, quantity.parse(text), f"status.{name}.{resource}")


def node_update(new: Object, old: Object) -> Iterator[Error]:
    yield from node(new)
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _node_resources(new["status"])
    addresses = new["status"].get("addresses") or []
    for i, address in enumerate(addresses):
        if address in addresses[:i]:
            yield field.duplicate(f"status.addresses[{i}]", shown(address, "NodeAddress"))
    before, after = old["spec"], new["spec"]
    for name, called in (("podCIDRs", "podCIDR"), ("providerID", "providerID")):
        if before.get(name) and after.get(name) != before[name]:
            yield field.forbidden(f"spec.{name}", f'node updates may not change {called} except from "" to valid')
    yield from scheduling.taints(after.get("taints") or [], "metadata.taints")


def priority_class(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    name = obj["metadata"].get("name", "")
    if name.startswith("system-"):
        text = "priority class names with 'system-' prefix are reserved for system use only. error:"
        yield field.forbidden("metadata.name", f"{text} {name} is not a known system priority class")
    elif obj["value"] > HIGHEST_PRIORITY:
        yield field.forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}")
    policies = ("PreemptLowerPriority", "Never")
    if obj.get("preemptionPolicy", "Never") not in policies:
        yield field.not_supported("preemptionPolicy", obj["preemptionPolicy"], policies)


def priority_class_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if new["value"] != old["value"]:
        yield field.forbidden("value", "may not be changed in an update.")
    yield from immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), "preemptionPolicy")


def lease(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    seconds = obj["spec"].get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield field.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    transitions = obj["spec"].get("leaseTransitions", 0)
    if transitions < 0:
        yield field.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")


def runtime_class(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    yield from wrong("handler", obj["handler"], formats.dns_label(obj["handler"]))
    if "overhead" in obj:
        limits = {"limits": obj["overhead"].get("podFixed")}
        yield from amounts.requirements(limits, "overhead", amounts.container_resource_name, set())
    if "scheduling" in obj:
        yield from labels(obj["scheduling"].get("nodeSelector") or {}, "scheduling.nodeSelector")
        yield from _unique_tolerations(obj["scheduling"].get("tolerations") or [], "scheduling.tolerations")


def _unique_tolerations(tolerations: list[Object], path: str) -> Iterator[Error]:
    yield from scheduling.tolerations(tolerations, path)
    seen: list[Object] = []
    for i, toleration in enumerate(tolerations):
        key = {name: value for name, value in toleration.items() if name != "tolerationSeconds"}
        if key in seen:
            yield field.duplicate(f"{path}[{i}]", shown(toleration, "Toleration"))
        seen.append(key)


def runtime_class_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new["handler"], old["handler"], "handler")


def binding(obj: Object) -> Iterator[Error]:
    if obj["target"].get("kind", "") not in ("", "Node"):
        yield field.not_supported("target.kind", obj["target"]["kind"], ("Node", "<empty>"))
    if not obj["target"].get("name"):
        yield field.required("target.name")


def named(obj: Object) -> Iterator[Error]:
    """Test a namespaced kind of which only the metadata is looked at here."""
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)


CREATE: dict[str, Callable[[Object], Iterator[Error]]] = {
    "Binding": binding,
    "ConfigMap": config_map,
    "Endpoints": endpoints.create,
    "EndpointSlice": endpoints.slice_create,
    "Event": events.create,
    "Lease": lease,
    "LimitRange": quotas.limit_range,
    "Namespace": namespace,
    "Node": node,
    "PersistentVolume": persistent_volumes.create,
    "PersistentVolumeClaim": storage.persistent_volume_claim,
    "PodDisruptionBudget": disruption.pod_disruption_budget,
    "PriorityClass": priority_class,
    "ResourceQuota": quotas.resource_quota,
    "RuntimeClass": runtime_class,
    "ClusterRole": rbac.cluster_role,
    "ClusterRoleBinding": rbac.cluster_role_binding,
    "Role": rbac.role,
    "RoleBinding": rbac.role_binding,
    "Secret": secret,
    "StorageClass": storage.storage_class,
}

UPDATE: dict[str, Callable[[Object, Object], Iterator[Error]]] = {
    "ConfigMap": config_map_update,
    "Endpoints": endpoints.update,
    "EndpointSlice": endpoints.slice_update,
    "Event": events.update,
    "Namespace": metadata_alone,
    "Node": node_update,
    "PersistentVolume": persistent_volumes.update,
    "PersistentVolumeClaim": storage.persistent_volume_claim_update,
    "PriorityClass": priority_class_update,
    "ResourceQuota": quotas.resource_quota_update,
    "RuntimeClass": runtime_class_update,
    "ClusterRoleBinding": rbac.cluster_role_binding_update,
    "RoleBinding": rbac.role_binding_update,
    "Secret": secret_update,
    "StorageClass": storage.storage_class_update,
}

SUBRESOURCES: dict[tuple[str, str], Callable[[Object, Object], Iterator[Error]]] = {
    ("Namespace", "finalize"): namespace_finalize,
    ("Namespace", "status"): namespace_status,
}
"""What is tested of a subresource beyond the metadata."""
