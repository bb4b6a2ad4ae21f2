"""A Pod that is created. Kubernetes: pkg/apis/core/validation (ValidatePodCreate, ValidatePodSpec)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import amounts, containers, formats, metadata, pod_annotations, scheduling, security, windows
from lifecycle.core_v1.validation.containers import Around
from lifecycle.core_v1.validation.metadata import wrong
from lifecycle.core_v1.validation.volumes import volumes

Object = dict[str, Any]

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")

MOST_NAMESERVERS = 3
MOST_SEARCHES = 32
LONGEST_SEARCH_LIST = 2048
LONGEST_HOSTNAME = 64


def create(pod: Object) -> Iterator[Error]:
    yield from metadata_and_spec(pod)
    spec = pod["spec"]
    if spec.get("ephemeralContainers"):
        yield field.forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield field.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    yield from pod_annotations.like_fields(pod, "spec")


def metadata_and_spec(pod: Object) -> Iterator[Error]:
    """Test what holds for a Pod at all times."""
    yield from metadata.metadata(pod["metadata"], True, formats.dns_subdomain)
    spec = pod["spec"]
    yield from pod_annotations.of_pod(pod["metadata"].get("annotations") or {}, spec, "metadata.annotations")
    shape = _shape(pod)
    if shape in _right:
        return
    errors = list(pod_spec(spec, pod["metadata"].get("name", "")))
    for name in ("containers", "initContainers"):
        for i, container in enumerate(spec.get(name) or []):
            errors += containers.image_text(container, f"spec.{name}[{i}]")
    yield from errors
    if not errors:
        if len(_right) >= REMEMBERED:
            _right.clear()
        _right.add(shape)


REMEMBERED = 1000

_right: set[bytes] = set()
"""The shapes of specs in which nothing was found wrong: Pods are made by the hundred that differ in their names alone."""


def _shape(pod: Object) -> bytes:
    """Return a spec as bytes that are the same for all specs that are right for the same reasons.

    The volume of the token is called by something random, and only volumes that are made for the Pod are named after it.
    """
    spec = pod["spec"]
    owner = pod["metadata"].get("name", "") if any(volume.get("ephemeral") for volume in spec.get("volumes") or ()) else ""
    token = next((volume["name"] for volume in spec.get("volumes") or () if _TOKEN_VOLUME.fullmatch(volume["name"])), None)
    data = _encode((spec, owner))
    return data if token is None else data.replace(_encode(token), _SOME_NAME)


_TOKEN_VOLUME = re.compile(r"kube-api-access-[a-z0-9]{5}")
_SOME_NAME = b"?"
"""No JSON, so that no spec can hold it."""
_encode = msgspec.json.Encoder().encode


def pod_spec(spec: Object, pod_name: str, path: str = "spec") -> Iterator[Error]:
    right, errors = volumes(spec.get("volumes") or [], pod_name, f"{path}.volumes")
    yield from errors
    yield from _resource_claims(spec.get("resourceClaims") or [], f"{path}.resourceClaims")
    claims = {claim["name"] for claim in spec.get("resourceClaims") or []} - {""}
    around = Around(
        volumes=right,
        claims=claims,
        grace=spec.get("terminationGracePeriodSeconds"),
        restart_policy=spec["restartPolicy"],
        host_users=spec.get("hostUsers", True),
    )
    regular, init = spec.get("containers") or [], spec.get("initContainers") or []
    yield from containers.regular(regular, around, f"{path}.containers")
    yield from containers.init(init, regular, around, f"{path}.initContainers")
    debugging = spec.get("ephemeralContainers") or []
    yield from containers.ephemeral(debugging, [*regular, *init], around, f"{path}.ephemeralContainers")
    yield from amounts.pod_level(spec, f"{path}.resources", claims)
    yield from _host_network_ports(spec, path)
    yield from _one_of(spec["restartPolicy"], RESTART_POLICIES, f"{path}.restartPolicy")
    yield from _one_of(spec["dnsPolicy"], DNS_POLICIES, f"{path}.dnsPolicy")
    yield from metadata.labels(spec.get("nodeSelector"), f"{path}.nodeSelector")
    yield from security.pod_context(spec, f"{path}.securityContext")
    yield from scheduling.affinity(spec.get("affinity"), f"{path}.affinity")
    yield from _dns_config(spec, f"{path}.dnsConfig")
    for i, gate in enumerate(spec.get("readinessGates") or []):
        at = f"{path}.readinessGates[{i}].conditionType"
        yield from wrong(at, gate["conditionType"], formats.label_key(gate["conditionType"]))
    yield from scheduling.gates(spec.get("schedulingGates") or [], f"{path}.schedulingGates")
    yield from scheduling.topology_spread(spec.get("topologySpreadConstraints") or [], f"{path}.topologySpreadConstraints")
    yield from windows.host_process(spec, path)
    yield from _host_users(spec, path)
    yield from _names_and_numbers(spec, path)
    yield from _last(spec, path)
    yield from _file_keys(spec, path)


def _names_and_numbers(spec: Object, path: str) -> Iterator[Error]:
    override = spec.get("hostnameOverride")
    if override is not None:
        yield from _hostname_override(override, spec, f"{path}.hostnameOverride")
    for name in ("serviceAccountName", "nodeName"):
        if spec.get(name):
            yield from wrong(f"{path}.{name}", spec[name], formats.dns_subdomain(spec[name]))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None:
        yield from wrong(f"{path}.activeDeadlineSeconds", deadline, formats.in_range(deadline, 1, 2**31 - 1))
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from wrong(f"{path}.{name}", spec[name], formats.dns_label(spec[name]))


def _last(spec: Object, path: str) -> Iterator[Error]:
    yield from scheduling.tolerations(spec.get("tolerations") or [], f"{path}.tolerations")
    for i, alias in enumerate(spec.get("hostAliases") or []):
        at = f"{path}.hostAliases[{i}]"
        yield from wrong(f"{at}.ip", alias["ip"], formats.ip(alias["ip"]))
        for n, name in enumerate(alias.get("hostnames") or []):
            yield from wrong(f"{at}.hostnames[{n}]", name, formats.dns_subdomain(name))
    for name in ("priorityClassName", "runtimeClassName"):
        if name in spec:
            yield from wrong(f"{path}.{name}", spec[name], formats.dns_subdomain(spec[name]))
    yield from _one_of(spec.get("preemptionPolicy", "Never"), PREEMPTION_POLICIES, f"{path}.preemptionPolicy")
    if "overhead" in spec:
        overhead = {"limits": spec["overhead"]}
        yield from amounts.requirements(overhead, f"{path}.overhead", amounts.container_resource_name, set())
    if "os" in spec:
        yield from windows.system(spec, path)


def _one_of(value: str, supported: tuple[str, ...], path: str) -> Iterator[Error]:
    if value not in supported:
        yield field.not_supported(path, value, supported)


def _resource_claims(claims: list[Object], path: str) -> Iterator[Error]:
    seen: set[str] = set()
    for i, claim in enumerate(claims):
        at, name = f"{path}[{i}]", claim["name"]
        if not name:
            yield field.required(f"{at}.name")
        elif name in seen:
            yield field.duplicate(f"{at}.name", name)
        else:
            yield from wrong(f"{at}.name", name, formats.dns_label(name))
        seen.add(name)
        given = [n for n in ("resourceClaimName", "resourceClaimTemplateName") if n in claim]
        shown = {"Name": name, "ResourceClaimName": None, "ResourceClaimTemplateName": None}
        shown |= {n[0].upper() + n[1:]: claim[n] for n in given}
        if len(given) > 1:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield field.invalid(at, shown, text)
        elif not given:
            yield field.invalid(at, shown, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for n in given:
            yield from wrong(f"{at}.{n}", claim[n], formats.dns_subdomain(claim[n]))


def _host_network_ports(spec: Object, path: str) -> Iterator[Error]:
    if not spec.get("hostNetwork"):
        return
    for i, container in enumerate(spec.get("containers") or []):
        for n, port in enumerate(container.get("ports") or []):
            if port.get("hostPort", 0) != port["containerPort"]:
                at = f"{path}.containers[{i}].ports[{n}].hostPort"
                text = "must match `containerPort` when `hostNetwork` is true"
                yield field.invalid(at, port.get("hostPort", 0), text)


def _dns_config(spec: Object, path: str) -> Iterator[Error]:
    config = spec.get("dnsConfig")
    if spec["dnsPolicy"] == "None":
        if config is None:
            yield field.required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        elif not config.get("nameservers"):
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield field.required(f"{path}.nameservers", text)
            return
    if config is None:
        return
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > MOST_NAMESERVERS:
        yield field.invalid(f"{path}.nameservers", servers, f"must not have more than {MOST_NAMESERVERS} nameservers")
    for i, server in enumerate(servers):
        yield from wrong(f"{path}.nameservers[{i}]", server, formats.ip(server))
    if len(searches) > MOST_SEARCHES:
        yield field.invalid(f"{path}.searches", searches, f"must not have more than {MOST_SEARCHES} search paths")
    if len(" ".join(searches)) > LONGEST_SEARCH_LIST:
        text = f"must not have more than {LONGEST_SEARCH_LIST} characters (including spaces) in the search list"
        yield field.invalid(f"{path}.searches", searches, text)
    for i, search in enumerate(searches):
        if search != ".":
            domain = search.removesuffix(".")
            yield from wrong(f"{path}.searches[{i}]", domain, formats.search_domain(domain))
    for i, option in enumerate(config.get("options") or []):
        if not option.get("name"):
            yield field.required(f"{path}.options[{i}]", "must not be empty")


def _host_users(spec: Object, path: str) -> Iterator[Error]:
    """Test that a Pod with users of its own shares nothing else with the host; some names are written as Kubernetes does."""
    if spec.get("hostUsers", True):
        return
    text = "when `hostUsers` is false"
    for name, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(name):
            yield field.forbidden(f"{path}.{shown}", text)
    for container, at in windows.each_container(spec, path):
        if container.get("volumeDevices"):
            yield field.forbidden(f"{at}.volumeDevices", text)


def _hostname_override(name: str, spec: Object, path: str) -> Iterator[Error]:
    for other in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(other):
            yield field.forbidden(path, f"may not be specified when {other} is true")
    if len(name.encode()) > LONGEST_HOSTNAME:
        yield field.too_long(path, LONGEST_HOSTNAME)
    yield from wrong(path, name, formats.dns_subdomain(name))


def _file_keys(spec: Object, path: str) -> Iterator[Error]:
    """Test that variables that are read from files are read from an emptyDir."""
    sources = {volume["name"]: volume for volume in spec.get("volumes") or []}
    for container, at in windows.each_container(spec, path):
        for i, variable in enumerate(container.get("env") or []):
            ref = (variable.get("valueFrom") or {}).get("fileKeyRef")
            if ref is None or "emptyDir" in sources.get(ref["volumeName"], {}):
                continue
            name = f"{at}.env[{i}].valueFrom.fileKeyRef.volumeName"
            if ref["volumeName"] in sources:
                yield field.invalid(name, ref["volumeName"], "referenced volume must be of type emptyDir")
            else:
                yield field.not_found(name, ref["volumeName"])
