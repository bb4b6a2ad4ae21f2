"""Endpoints and EndpointSlices. Kubernetes: pkg/apis/core/validation (ValidateEndpoints), pkg/apis/discovery/validation"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.containers import PROTOCOLS
from lifecycle.core_v1.validation.metadata import immutable, labels, metadata, metadata_update, wrong

Object = dict[str, Any]

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
MOST_ENDPOINTS = 1000
MOST_ADDRESSES = 100
MOST_PORTS = 20000
MOST_TOPOLOGY_LABELS = 16
MOST_HINTS = 8


def create(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    for i, subset in enumerate(obj.get("subsets") or []):
        yield from _subset(subset, f"subsets[{i}]")


def update(new: Object, old: Object) -> Iterator[Error]:
    """Test Endpoints that take the place of others: what was there already is let pass."""
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from create({**new, "subsets": new.get("subsets") if new.get("subsets") != old.get("subsets") else []})


def _subset(subset: Object, path: str) -> Iterator[Error]:
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        yield field.required(path, "must specify `addresses` or `notReadyAddresses`")
    for name in ("addresses", "notReadyAddresses"):
        for i, address in enumerate(subset.get(name) or []):
            yield from _address(address, f"{path}.{name}[{i}]")
    ports = subset.get("ports") or []
    for i, port in enumerate(ports):
        yield from _port(port, len(ports) > 1, f"{path}.ports[{i}]")


def _address(address: Object, path: str) -> Iterator[Error]:
    yield from wrong(f"{path}.ip", address["ip"], formats.ip(address["ip"]))
    if address.get("hostname"):
        yield from wrong(f"{path}.hostname", address["hostname"], formats.dns_label(address["hostname"]))
    if "nodeName" in address:
        yield from wrong(f"{path}.nodeName", address["nodeName"], formats.dns_subdomain(address["nodeName"]))
    yield from wrong(f"{path}.ip", address["ip"], formats.endpoint_ip(address["ip"]))


def _port(port: Object, needs_name: bool, path: str) -> Iterator[Error]:
    if port.get("name"):
        yield from wrong(f"{path}.name", port["name"], formats.dns_label(port["name"]))
    elif needs_name:
        yield field.required(f"{path}.name")
    yield from wrong(f"{path}.port", port["port"], formats.port_number(port["port"]))
    yield from _protocols(port, path)


def _protocols(port: Object, path: str) -> Iterator[Error]:
    if port.get("protocol") not in PROTOCOLS:
        yield field.not_supported(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
    if "appProtocol" in port:
        yield from wrong(f"{path}.appProtocol", port["appProtocol"], formats.label_key(port["appProtocol"]))


def slice_create(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    type = obj["addressType"]
    if not type:
        yield field.required("addressType")
    elif type not in ADDRESS_TYPES:
        yield field.not_supported("addressType", type, ADDRESS_TYPES)
    yield from _slice_ports(obj.get("ports") or [], "ports")
    given = obj.get("endpoints") or []
    if len(given) > MOST_ENDPOINTS:
        yield field.too_many("endpoints", len(given), MOST_ENDPOINTS)
        return
    for i, endpoint in enumerate(given):
        yield from _endpoint(endpoint, type, f"endpoints[{i}]")


def slice_update(new: Object, old: Object) -> Iterator[Error]:
    yield from slice_create({**new, "endpoints": new.get("endpoints") if new.get("endpoints") != old.get("endpoints") else []})
    yield from immutable(new["addressType"], old["addressType"], "addressType")


def _slice_ports(ports: list[Object], path: str) -> Iterator[Error]:
    if len(ports) > MOST_PORTS:
        yield field.too_many(path, len(ports), MOST_PORTS)
        return
    names: set[str] = set()
    for i, port in enumerate(ports):
        at, name = f"{path}[{i}]", port.get("name") or ""
        if name:
            yield from wrong(f"{at}.name", name, formats.dns_label(name))
        if name in names:
            yield field.duplicate(f"{at}.name", name)
        names.add(name)
        yield from _protocols(port, at)


def _endpoint(endpoint: Object, type: str, path: str) -> Iterator[Error]:
    addresses = endpoint.get("addresses") or []
    if not addresses:
        yield field.required(f"{path}.addresses", "must contain at least 1 address")
    if len(addresses) > MOST_ADDRESSES:
        yield field.too_many(f"{path}.addresses", len(addresses), MOST_ADDRESSES)
    for i, address in enumerate(addresses):
        yield from _of_type(address, type, f"{path}.addresses[{i}]")
    if "nodeName" in endpoint:
        yield from wrong(f"{path}.nodeName", endpoint["nodeName"], formats.dns_subdomain(endpoint["nodeName"]))
    topology = endpoint.get("deprecatedTopology") or {}
    if len(topology) > MOST_TOPOLOGY_LABELS:
        yield field.too_many(f"{path}.deprecatedTopology", len(topology), MOST_TOPOLOGY_LABELS)
    yield from labels(topology, f"{path}.deprecatedTopology")
    if "hostname" in endpoint:
        yield from wrong(f"{path}.hostname", endpoint["hostname"], formats.dns_label(endpoint["hostname"]))
    for name in ("forZones", "forNodes"):
        yield from _hints((endpoint.get("hints") or {}).get(name) or [], f"{path}.hints.{name}", name == "forZones")


def _of_type(address: str, type: str, path: str) -> Iterator[Error]:
    if type == "FQDN":
        yield from wrong(path, address, formats.fully_qualified(address))
    elif type in ADDRESS_TYPES:
        bad = formats.ip(address)
        if not bad and (":" in address) != (type == "IPv6"):
            bad = [f"must be an {type} address"]
        yield from wrong(path, address, [*bad, *formats.endpoint_ip(address)])


def _hints(hints: list[Object], path: str, zones: bool) -> Iterator[Error]:
    if len(hints) > MOST_HINTS:
        yield field.too_many(path, len(hints), MOST_HINTS)
        return
    names: set[str] = set()
    for i, hint in enumerate(hints):
        name, at = hint["name"], f"{path}[{i}].name"
        if name in names:
            yield field.duplicate(at, name)
        names.add(name)
        yield from wrong(at, name, formats.label_value(name) if zones else formats.dns_subdomain(name))
