"""What is done to a Service before it is tested: its families are set, and an update keeps or drops what was allocated.

Kubernetes: pkg/registry/core/service/strategy.go, pkg/registry/core/service/storage (initIPFamilyFields, patchAllocatedValues)
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def prepare(service: Object) -> None:
    """Prepare a new Service, in place."""
    spec = service["spec"]
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    _set_families(spec, {})


def prepare_update(new: Object, old: Object) -> Object:
    """Return a Service that replaces another, with what that one has been given and the new one needs and does not name."""
    spec, before = {**new["spec"]}, old["spec"]
    spec["ports"] = [dict(port) for port in spec.get("ports") or ()]
    _normalize(spec, before)
    _keep(spec, before)
    _set_families(spec, before)
    _drop(spec, before)
    if not spec["ports"]:
        del spec["ports"]
    status = new["status"] if spec["type"] == "LoadBalancer" else {**new["status"], "loadBalancer": {}}
    return {**new, "spec": spec, "status": status}


def needs_health_check(spec: Object) -> bool:
    return spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def is_external(spec: Object) -> bool:
    """Return whether a Service can be reached from outside. Kubernetes: pkg/api/service (ExternallyAccessible)"""
    return spec["type"] in WITH_NODE_PORTS or (spec["type"] == "ClusterIP" and bool(spec.get("externalIPs")))


def node_ports(spec: Object) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}


def _set_families(spec: Object, before: Object) -> None:
    """Set the families of the addresses where they are not named, for a cluster that knows IPv4 alone."""
    if spec["type"] == "ExternalName":
        return
    open_headless = spec.get("clusterIP") == "None" and not spec.get("selector")
    policy = spec.get("ipFamilyPolicy") or before.get("ipFamilyPolicy")
    policy = policy or ("RequireDualStack" if open_headless else "SingleStack")
    spec["ipFamilyPolicy"] = policy
    families = list(spec.get("ipFamilies") or ())
    if not families and not any(":" in address for address in spec.get("clusterIPs") or ()):
        families = ["IPv4"]
    if policy == "SingleStack" and families == before.get("ipFamilies"):
        families = families[:1]
    if open_headless and policy != "SingleStack" and len(families) == 1:
        families += ["IPv6" if families == ["IPv4"] else "IPv4"]
    if families:
        spec["ipFamilies"] = families


def _normalize(spec: Object, before: Object) -> None:
    """Have clusterIPs follow clusterIP where that alone was changed. Kubernetes: NormalizeClusterIPs"""
    one, many = spec.get("clusterIP", ""), spec.get("clusterIPs")
    if one != before.get("clusterIP", "") and many == before.get("clusterIPs"):
        spec["clusterIPs"] = [one] if one else []
    elif one and not many:
        spec["clusterIPs"] = [one]


def _keep(spec: Object, before: Object) -> None:
    if "ExternalName" not in (spec["type"], before["type"]):
        for name in ("clusterIP", "clusterIPs"):
            if not spec.get(name) and before.get(name):
                spec[name] = before[name]
    if spec["type"] in WITH_NODE_PORTS and before["type"] in WITH_NODE_PORTS:
        _keep_node_ports(spec, before)
    if needs_health_check(spec) and needs_health_check(before) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before.get("healthCheckNodePort", 0)


def _keep_node_ports(spec: Object, before: Object) -> None:
    used = node_ports(spec) & node_ports(before)
    known = {port.get("name", ""): port.get("nodePort", 0) for port in before.get("ports") or ()}
    for port in spec["ports"]:
        kept = known.get(port.get("name", ""), 0)
        if not port.get("nodePort") and kept and kept not in used:
            port["nodePort"] = kept


def _drop(spec: Object, before: Object) -> None:
    """Drop what the Service's new type has no use for, unless it was changed too: that is to be refused."""
    if before["type"] != "ExternalName" and spec["type"] == "ExternalName":
        _drop_same(spec, before, "clusterIP", "clusterIPs")
        _drop_same(spec, before, "ipFamilies")
        _drop_same(spec, before, "ipFamilyPolicy")
    ports = node_ports(spec)
    if before["type"] in WITH_NODE_PORTS and spec["type"] not in WITH_NODE_PORTS and ports <= node_ports(before):
        for port in spec["ports"]:
            port.pop("nodePort", None)
    if needs_health_check(before) and not needs_health_check(spec):
        _drop_same(spec, before, "healthCheckNodePort")
    if before["type"] == "LoadBalancer" and spec["type"] != "LoadBalancer":
        _drop_same(spec, before, "allocateLoadBalancerNodePorts")
        _drop_same(spec, before, "loadBalancerClass")
    if is_external(before) and not is_external(spec):
        _drop_same(spec, before, "externalTrafficPolicy")


def _drop_same(spec: Object, before: Object, *names: str) -> None:
    if all(spec.get(name) == before.get(name) for name in names):
        for name in names:
            spec.pop(name, None)
