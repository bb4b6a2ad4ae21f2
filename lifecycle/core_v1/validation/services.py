"""Services. Kubernetes: pkg/apis/core/validation (ValidateService, ValidateServiceUpdate)"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, service_strategy
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, metadata
from lifecycle.core_v1.validation.containers import PROTOCOLS
from lifecycle.core_v1.validation.handlers import port as port_number_or_name
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]

NODE_PORTS = range(30000, 32768)
ADDRESSES = ipaddress.IPv4Network("10.96.0.0/12")
"""What a cluster has to give, where nobody has set it up otherwise."""

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES = ("ClientIP", "None")
POLICIES = ("Cluster", "Local")
FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")

LONGEST_AFFINITY = 86400

HINTS, MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
FOR_BALANCERS = "may only be used when `type` is 'LoadBalancer'"


def create(service: Object) -> Iterator[Error]:
    """Test a new Service; what cannot be allocated to it is told alone, as that comes first."""
    spec = service["spec"]
    unknown = list(_families(spec)) if spec["type"] != "ExternalName" else []
    unallocatable = unknown or list(_out_of_range(spec, {}))[:1]
    if unallocatable:
        yield from unallocatable
        return
    yield from metadata.metadata(service["metadata"], True, formats.dns_label)
    yield from _service(service, {})


def _families(spec: Object) -> Iterator[Error]:
    """Test that a cluster that knows IPv4 alone has what a Service asks for. Kubernetes: initIPFamilyFields"""
    found = list(_cluster_ips(spec, []))
    yield from found
    if found:
        return
    policy, given, path = spec.get("ipFamilyPolicy"), spec.get("ipFamilies") or [], "spec.ipFamilyPolicy"
    if policy == "SingleStack":
        for values, what in ((spec.get("clusterIPs") or [], "cluster IPs"), (given, "IP families")):
            if len(values) == 2:
                text = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                yield field.invalid(path, policy, text)
    for i, address in enumerate(spec.get("clusterIPs") or []):
        if i >= len(given) and ":" in address:
            yield field.invalid(f"spec.clusterIPs[{i}]", spec["clusterIPs"], "IPv6 is not configured on this cluster")
    if spec.get("clusterIP") == "None" and not spec.get("selector"):
        return
    if policy == "RequireDualStack":
        yield field.invalid(path, policy, "this cluster is not configured for dual-stack services")
    for i, family in enumerate(given):
        if family != "IPv4":
            yield field.invalid(f"spec.ipFamilies[{i}]", family, "not configured on this cluster")


def _out_of_range(spec: Object, before: Object) -> Iterator[Error]:
    """Test that the address and the ports on the nodes are of those that the cluster has."""
    address = spec.get("clusterIP", "") if spec["type"] != "ExternalName" else ""
    kept = service_strategy.node_ports(before)
    if address not in ("", "None", before.get("clusterIP")) and ipaddress.ip_address(address) not in ADDRESSES:
        text = f"failed to allocate IP {address}: the provided network does not match the current range"
        yield field.invalid("spec.clusterIPs", spec.get("clusterIPs"), text)
    for i, port in enumerate((spec.get("ports") or ()) if spec["type"] in service_strategy.WITH_NODE_PORTS else ()):
        number = port.get("nodePort", 0)
        if number and number not in NODE_PORTS and number not in kept:
            text = f"provided port is not in the valid range. The range of valid ports is {NODE_PORTS[0]}-{NODE_PORTS[-1]}"
            yield field.invalid(f"spec.ports[{i}].nodePort", number, text)


def _service(service: Object, old: Object) -> Iterator[Error]:
    """Test a Service's spec, beside the one that it is to replace, if any: an address that stood there may stay."""
    spec, annotations = service["spec"], service["metadata"].get("annotations") or {}
    if HINTS in annotations and MODE in annotations and annotations[HINTS] != annotations[MODE]:
        text = f"must match annotations[{HINTS}] when both are specified"
        yield field.invalid(field.key("metadata.annotations", MODE), annotations[MODE], text)
    ports = spec.get("ports") or []
    if not ports and not is_headless(spec) and spec["type"] != "ExternalName":
        yield field.required("spec.ports")
    if spec["type"] in ("LoadBalancer", "NodePort") and is_headless(spec):
        yield field.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    if spec["type"] == "ExternalName":
        yield from _external_name(spec)
    names: set[str] = set()
    for i, port in enumerate(ports):
        yield from _port(port, len(ports) > 1, names, f"spec.ports[{i}]")
    yield from metadata.labels(spec.get("selector"), "spec.selector")
    yield from _session_affinity(spec)
    yield from _cluster_ips(spec, old.get("clusterIPs") or [])
    yield from _external_ips(spec, old.get("externalIPs") or [])
    yield from _one_of(spec, "type", TYPES)
    yield from _port_clashes(spec, ports)
    yield from _source_ranges(spec, annotations, old)
    yield from _balancer(spec)
    yield from _traffic(spec)


def is_headless(spec: Object) -> bool:
    return (spec.get("clusterIPs") or [spec.get("clusterIP")]) == ["None"]


def update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata.metadata_update(new["metadata"], old["metadata"])
    before, after = old["spec"], new["spec"]
    unallocatable = list(_out_of_range({**after, "clusterIP": ""}, before))[:1]
    if unallocatable:
        yield from unallocatable
        return
    if "ExternalName" not in (before["type"], after["type"]):
        yield from _addresses_stay(after, before)
        yield from _families_stay(after, before)
    if before["type"] == after["type"] == "LoadBalancer":
        given, had = after.get("loadBalancerClass"), before.get("loadBalancerClass")
        if given != had:
            yield field.invalid("spec.loadBalancerClass", given, "may not change once set")
    yield from _balancer_class(after)
    checked = service_strategy.needs_health_check(before) and service_strategy.needs_health_check(after)
    if checked and after.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
        yield field.forbidden("spec.healthCheckNodePort", "field is immutable")
    yield from _service(new, before)


def _addresses_stay(after: Object, before: Object) -> Iterator[Error]:
    """Test that a Service keeps its first address, and gives back a second one only if it wants one alone."""
    if is_headless(before) and is_headless(after):
        return
    had, given = before.get("clusterIPs") or [], after.get("clusterIPs") or []
    if len(had) == len(given):
        for i, address in enumerate(had):
            if address != given[i]:
                yield field.invalid(f"spec.clusterIPs[{i}]", given, "may not change once set")
        return
    if len(had) > len(given) == 0:
        yield field.invalid("spec.clusterIPs[0]", None, "primary clusterIP can not be unset")
    if had and given and given[0] != had[0]:
        yield field.invalid("spec.clusterIPs[0]", given, "may not change once set")
    if len(had) > len(given) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        yield field.invalid("spec.ipFamilyPolicy", after.get("ipFamilyPolicy"), text)


def _families_stay(after: Object, before: Object) -> Iterator[Error]:
    if is_headless(before) or is_headless(after):
        return
    had, given = before.get("ipFamilies") or [], after.get("ipFamilies") or []
    if len(had) == len(given):
        for family, other in zip(had, given, strict=True):
            if family != other:
                yield field.invalid("spec.ipFamilies[0]", given, "may not change once set")
    elif had and given and had[0] != given[0]:
        yield field.invalid("spec.ipFamilies[0]", after.get("clusterIPs"), "may not change once set")
    elif len(had) > len(given) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        text = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        yield field.invalid("spec.ipFamilyPolicy", after.get("ipFamilyPolicy"), text)


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
    if "appProtocol" in port:
        yield from wrong(f"{path}.appProtocol", port["appProtocol"], formats.label_key(port["appProtocol"]))


def _session_affinity(spec: Object) -> Iterator[Error]:
    yield from _one_of(spec, "sessionAffinity", AFFINITIES)
    config = spec.get("sessionAffinityConfig")
    if spec["sessionAffinity"] == "ClientIP":
        seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= LONGEST_AFFINITY:
            text = f"must be greater than 0 and less than {LONGEST_AFFINITY}"
            yield field.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, text)


def _cluster_ips(spec: Object, known: list[str]) -> Iterator[Error]:
    if spec["type"] == "ExternalName":
        return
    path, given, first = "spec.clusterIPs", spec.get("clusterIPs") or [], spec.get("clusterIP", "")
    if first and given and given[0] != first:
        yield field.invalid(path, given, "first value must match `clusterIP`")
    if given and not first:
        yield field.invalid(path, given, "must be empty when `clusterIP` is not specified")
    families = spec.get("ipFamilies") or []
    for i, family in enumerate(families):
        if family not in FAMILIES:
            yield field.not_supported(f"spec.ipFamilies[{i}]", family, FAMILIES)
        if family in families[:i]:
            yield field.duplicate(f"spec.ipFamilies[{i}]", family)
    yield from _one_of(spec, "ipFamilyPolicy", FAMILY_POLICIES)
    addresses = given or ([first] if first else [])
    bad = list(_addresses(addresses, known, path))
    yield from bad
    if len(addresses) > 2:
        yield field.invalid(path, addresses, "may only hold up to 2 values")
    if not bad:
        yield from _of_families(addresses, families, path)


def _addresses(given: list[str], known: list[str], path: str) -> Iterator[Error]:
    for i, address in enumerate(given):
        if i == 0 and address == "None":
            if len(given) > 1:
                yield field.invalid(path, given, "'None' must be the first and only value")
        elif address not in known:
            yield from wrong(f"{path}[{i}]", address, formats.ip(address))


def _of_families(addresses: list[str], families: list[str], path: str) -> Iterator[Error]:
    """Test that each address is of the family that stands at its place, and that two are of two families."""
    if addresses == ["None"]:
        return
    versions = [":" in address for address in addresses]
    if len(addresses) > 1 and len(set(versions)) < len(addresses) and len(set(versions)) == 1:
        yield field.invalid(path, addresses, "may specify no more than one IP for each IP family")
    for i, (address, family) in enumerate(zip(addresses, families, strict=False)):
        if family in FAMILIES and (family == "IPv6") != (":" in address):
            text = f"expected an {family} value as indicated by `ipFamilies[{i}]`"
            yield field.invalid(f"{path}[{i}]", address, text)


def _external_ips(spec: Object, known: list[str]) -> Iterator[Error]:
    for i, address in enumerate(spec.get("externalIPs") or []):
        bad = formats.ip(address) if address not in known else []
        yield from wrong(f"spec.externalIPs[{i}]", address, bad or formats.endpoint_ip(address))


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


def _source_ranges(spec: Object, annotations: dict[str, str], old: Object) -> Iterator[Error]:
    """Test who may come to a balancer; as the values were once an annotation, spaces around them are let pass."""
    balanced, path = spec["type"] == "LoadBalancer", "spec.LoadBalancerSourceRanges"
    ranges = spec.get("loadBalancerSourceRanges") or []
    known = [text.strip() for text in old.get("loadBalancerSourceRanges") or []]
    if ranges and not balanced:
        yield field.forbidden(path, FOR_BALANCERS)
    for i, text in enumerate(map(str.strip, ranges)):
        yield from wrong(f"{path}[{i}]", text, formats.cidr(text) if text not in known else [])
    if ranges or SOURCE_RANGES not in annotations:
        return
    at = field.key("metadata.annotations", SOURCE_RANGES)
    if not balanced:
        yield field.forbidden(at, FOR_BALANCERS)
    for text in map(str.strip, annotations[SOURCE_RANGES].strip().split(",") if annotations[SOURCE_RANGES].strip() else ()):
        yield from wrong(at, text, formats.cidr(text))


def _balancer(spec: Object) -> Iterator[Error]:
    if "allocateLoadBalancerNodePorts" in spec and spec["type"] != "LoadBalancer":
        yield field.forbidden("spec.allocateLoadBalancerNodePorts", FOR_BALANCERS)
    yield from _balancer_class(spec)


def _balancer_class(spec: Object) -> Iterator[Error]:
    name = spec.get("loadBalancerClass")
    if name is None:
        return
    if spec["type"] == "LoadBalancer":
        yield from wrong("spec.loadBalancerClass", name, formats.label_key(name))
    else:
        yield field.forbidden("spec.loadBalancerClass", FOR_BALANCERS)


def _traffic(spec: Object) -> Iterator[Error]:
    external = spec.get("externalTrafficPolicy")
    if service_strategy.is_external(spec):
        yield from _one_of(spec, "externalTrafficPolicy", POLICIES)
    elif external:
        yield field.invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services")
    port = spec.get("healthCheckNodePort", 0)
    if port and not service_strategy.needs_health_check(spec):
        text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield field.invalid("spec.healthCheckNodePort", port, text)
    elif port:
        yield from wrong("spec.healthCheckNodePort", port, formats.port_number(port))
    yield from _one_of(spec, "internalTrafficPolicy", POLICIES)
    yield from _one_of(spec, "trafficDistribution", DISTRIBUTIONS)


def _one_of(spec: Object, name: str, supported: tuple[str, ...]) -> Iterator[Error]:
    if name in spec and spec[name] not in supported:
        yield field.not_supported(f"spec.{name}", spec[name], supported)
