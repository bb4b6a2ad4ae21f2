"""The other kinds: configuration, nodes, namespaces, endpoints, classes.

Kubernetes: pkg/apis/{core,discovery,scheduling,coordination}/validation
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import disruption, formats, persistent_volumes, quotas, scheduling, storage
from lifecycle.core_v1.validation.containers import PROTOCOLS
from lifecycle.core_v1.validation.metadata import immutable, metadata, metadata_update, wrong

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
        if key not in data:
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
    try:
        found = json.loads(base64.b64decode(text))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        yield field.invalid(path, "<secret contents redacted>", "must be a JSON object")


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
    for i, finalizer in enumerate(obj["spec"].get("finalizers") or []):
        yield from wrong(f"spec.finalizers[{i}]", finalizer, formats.label_key(finalizer))


def node(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.dns_subdomain)
    yield from scheduling.taints(obj["spec"].get("taints") or [], "spec.taints")
    for name in ("capacity", "allocatable"):
        for resource, text in (obj["status"].get(name) or {}).items():
            if quantity.parse(text).nanos < 0:
                at = field.key(f"status.{name}", resource)
                yield field.invalid(at, text, "must be greater than or equal to 0")


def node_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from node(new)
    for name in ("podCIDR", "podCIDRs", "providerID"):
        before, after = old["spec"].get(name), new["spec"].get(name)
        if before and after != before:
            yield field.forbidden(f"spec.{name}", f'node updates may not change {name} except from "" to valid')


def event(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    if about.get("namespace", "") not in ("", obj["metadata"].get("namespace", "")):
        name = "involvedObject" if "involvedObject" in obj else "regarding"
        yield field.invalid(f"{name}.namespace", about["namespace"], "does not match event.namespace")


def endpoints(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    for i, subset in enumerate(obj.get("subsets") or []):
        at = f"subsets[{i}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield field.required(at, "must specify `addresses` or `notReadyAddresses`")
        for name in ("addresses", "notReadyAddresses"):
            for n, address in enumerate(subset.get(name) or []):
                yield from wrong(f"{at}.{name}[{n}].ip", address["ip"], formats.ip(address["ip"]))
        ports = subset.get("ports") or []
        for n, port in enumerate(ports):
            yield from _endpoint_port(port, len(ports) > 1, f"{at}.ports[{n}]")


def _endpoint_port(port: Object, needs_name: bool, path: str) -> Iterator[Error]:
    if port.get("name"):
        yield from wrong(f"{path}.name", port["name"], formats.dns_label(port["name"]))
    elif needs_name:
        yield field.required(f"{path}.name")
    yield from wrong(f"{path}.port", port["port"], formats.port_number(port["port"]))
    if port.get("protocol") not in PROTOCOLS:
        yield field.not_supported(f"{path}.protocol", port.get("protocol"), PROTOCOLS)


ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
MOST_ENDPOINTS = 1000
MOST_ADDRESSES = 100


def endpoint_slice(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    type = obj["addressType"]
    if not type:
        yield field.required("addressType")
    elif type not in ADDRESS_TYPES:
        yield field.not_supported("addressType", type, ADDRESS_TYPES)
    given = obj.get("endpoints") or []
    if len(given) > MOST_ENDPOINTS:
        yield field.too_many("endpoints", len(given), MOST_ENDPOINTS)
    for i, endpoint in enumerate(given):
        yield from _endpoint(endpoint, type, f"endpoints[{i}]")
    names: set[str] = set()
    for i, port in enumerate(obj.get("ports") or []):
        at, name = f"ports[{i}]", port.get("name") or ""
        if name in names:
            yield field.duplicate(f"{at}.name", name)
        names.add(name)
        if name:
            yield from wrong(f"{at}.name", name, formats.dns_label(name))
        if port.get("protocol") not in PROTOCOLS:
            yield field.not_supported(f"{at}.protocol", port.get("protocol"), PROTOCOLS)


def _endpoint(endpoint: Object, type: str, path: str) -> Iterator[Error]:
    addresses = endpoint.get("addresses") or []
    if not addresses:
        yield field.required(f"{path}.addresses", "must contain at least 1 address")
    if len(addresses) > MOST_ADDRESSES:
        yield field.too_many(f"{path}.addresses", len(addresses), MOST_ADDRESSES)
    test = formats.dns_subdomain if type == "FQDN" else formats.ip
    for i, address in enumerate(addresses):
        yield from wrong(f"{path}.addresses[{i}]", address, test(address))


def endpoint_slice_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from endpoint_slice(new)
    yield from immutable(new["addressType"], old["addressType"], "addressType")


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
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "Event": event,
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
    "Secret": secret,
    "StorageClass": storage.storage_class,
}

UPDATE: dict[str, Callable[[Object, Object], Iterator[Error]]] = {
    "ConfigMap": config_map_update,
    "EndpointSlice": endpoint_slice_update,
    "Node": node_update,
    "PersistentVolume": persistent_volumes.update,
    "PersistentVolumeClaim": storage.persistent_volume_claim_update,
    "PriorityClass": priority_class_update,
    "ResourceQuota": quotas.resource_quota_update,
    "RuntimeClass": runtime_class_update,
    "Secret": secret_update,
    "StorageClass": storage.storage_class_update,
}
