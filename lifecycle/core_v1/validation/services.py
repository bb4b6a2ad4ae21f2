"""Services. Kubernetes: pkg/apis/core/validation (ValidateService, ValidateServiceUpdate)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, metadata
from lifecycle.core_v1.validation.containers import PROTOCOLS
from lifecycle.core_v1.validation.handlers import port as port_number_or_name
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
POLICIES = ("Cluster", "Local")
FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
DISTRIBUTIONS = ("PreferClose", "PreferSameNode", "PreferSameZone")

LONGEST_AFFINITY = 86400


def create(service: Object) -> Iterator[Error]:
    yield from metadata.metadata(service["metadata"], True, formats.dns_label)
    spec = service["spec"]
    headless = spec.get("clusterIP") == "None"
    ports = spec.get("ports") or []
    if not ports and not headless and spec["type"] != "ExternalName":
        yield field.required("spec.ports")
    if spec["type"] in ("LoadBalancer", "NodePort") and headless:
        yield field.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    if spec["type"] == "ExternalName":
        yield from _external_name(spec)
    names: set[str] = set()
    for i, port in enumerate(ports):
        yield from _port(port, len(ports) > 1, names, f"spec.ports[{i}]")
    yield from metadata.labels(spec.get("selector"), "spec.selector")
    yield from _session_affinity(spec)
    yield from _cluster_ips(spec)
    for i, address in enumerate(spec.get("externalIPs") or []):
        yield from wrong(f"spec.externalIPs[{i}]", address, formats.ip(address))
    yield from _one_of(spec, "type", TYPES)
    yield from _port_clashes(spec, ports)
    yield from _traffic(spec)


def update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata.metadata_update(new["metadata"], old["metadata"])
    before, after = old["spec"], new["spec"]
    if "ExternalName" not in (before["type"], after["type"]):
        given = after.get("clusterIPs") or []
        for i, address in enumerate(before.get("clusterIPs") or []):
            if i >= len(given):
                yield field.invalid("spec.clusterIPs[0]", given, "primary clusterIP can not be unset")
                break
            if given[i] != address:
                yield field.invalid(f"spec.clusterIPs[{i}]", given, "may not change once set")
    yield from create(new)


def _external_name(spec: Object) -> Iterator[Error]:
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            yield field.forbidden(f"spec.{name}", "may not be set for ExternalName services")
    host = spec.get("externalName", "").removesuffix(".")
    if host:
        yield from wrong("spec.externalName", host, formats.dns_subdomain(host))
    else:
        yield field.required("spec.externalName")


def _port(port: Object, needs_name: bool, names: set[str], path: str) -> Iterator[Error]:
    name = port.get("name", "")
    if needs_name and not name:
        yield field.required(f"{path}.name")
    elif name:
        yield from wrong(f"{path}.name", name, formats.dns_label(name))
        if name in names:
            yield field.duplicate(f"{path}.name", name)
        names.add(name)
    yield from wrong(f"{path}.port", port["port"], formats.port_number(port["port"]))
    if port.get("protocol") not in PROTOCOLS:
        yield field.not_supported(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
    yield from port_number_or_name(port["targetPort"], f"{path}.targetPort")
    if port.get("appProtocol"):
        yield from wrong(f"{path}.appProtocol", port["appProtocol"], formats.label_key(port["appProtocol"]))


def _session_affinity(spec: Object) -> Iterator[Error]:
    yield from _one_of(spec, "sessionAffinity", AFFINITIES)
    config = spec.get("sessionAffinityConfig")
    if spec["sessionAffinity"] == "ClientIP":
        seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= LONGEST_AFFINITY:
            text = f"must be greater than 0 and less than {LONGEST_AFFINITY}"
            yield field.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, text)


def _cluster_ips(spec: Object) -> Iterator[Error]:
    if spec["type"] == "ExternalName":
        return
    path, given, first = "spec.clusterIPs", spec.get("clusterIPs") or [], spec.get("clusterIP", "")
    if first and given and given[0] != first:
        yield field.invalid(path, given, "first value must match `clusterIP`")
    if given and not first:
        yield field.invalid(path, given, "must be empty when `clusterIP` is not specified")
    for i, family in enumerate(spec.get("ipFamilies") or []):
        if family not in FAMILIES:
            yield field.not_supported(f"spec.ipFamilies[{i}]", family, FAMILIES)
    yield from _one_of(spec, "ipFamilyPolicy", FAMILY_POLICIES)
    for i, address in enumerate(given or ([first] if first else [])):
        if i == 0 and address == "None":
            if len(given) > 1:
                yield field.invalid(path, given, "'None' must be the first and only value")
        else:
            yield from wrong(f"{path}[{i}]", address, formats.ip(address))
    if len(given) > 2:
        yield field.invalid(path, given, "may only hold up to 2 values")


def _port_clashes(spec: Object, ports: list[Object]) -> Iterator[Error]:
    for i, port in enumerate(ports if spec["type"] == "ClusterIP" else []):
        if port.get("nodePort"):
            yield field.forbidden(f"spec.ports[{i}].nodePort", "may not be used when `type` is 'ClusterIP'")
    for name in ("nodePort", "port"):
        taken: set[tuple[str, int]] = set()
        for i, port in enumerate(ports):
            pair = (port.get("protocol", ""), port.get(name, 0))
            if pair[1] and pair in taken:
                shown = {"Name": "", "Protocol": pair[0], "AppProtocol": None, "Port": pair[1], "TargetPort": 0, "NodePort": 0}
                at = f"spec.ports[{i}]"
                yield field.duplicate(f"{at}.nodePort", pair[1]) if name == "nodePort" else field.duplicate(at, shown)
            taken.add(pair)


def _traffic(spec: Object) -> Iterator[Error]:
    balanced = spec["type"] == "LoadBalancer"
    if spec.get("loadBalancerSourceRanges") and not balanced:
        yield field.forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'")
    if "allocateLoadBalancerNodePorts" in spec and not balanced:
        yield field.forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'")
    if spec.get("externalTrafficPolicy"):
        if spec["type"] in ("NodePort", "LoadBalancer") or spec.get("externalIPs"):
            yield from _one_of(spec, "externalTrafficPolicy", POLICIES)
        else:
            text = "may only be set for externally-accessible services"
            yield field.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], text)
    yield from _one_of(spec, "internalTrafficPolicy", POLICIES)
    yield from _one_of(spec, "trafficDistribution", DISTRIBUTIONS)


def _one_of(spec: Object, name: str, supported: tuple[str, ...]) -> Iterator[Error]:
    if name in spec and spec[name] not in supported:
        yield field.not_supported(f"spec.{name}", spec[name], supported)
