"""A container's environment, as the kubelet makes it. Kubernetes: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)"""

from __future__ import annotations

import base64
import re
from collections import ChainMap
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec

from lifecycle.core_v1.quantity import NANO, parse
from lifecycle.core_v1.types import (
    Container,
    EnvFromSource,
    EnvVarSource,
    FileKeySelector,
    KeySelector,
    ObjectFieldSelector,
    ResourceFieldSelector,
)
from lifecycle.kubelet.env_file import EnvFileError, value_of
from lifecycle.kubelet.expansion import LONGEST, expand
from lifecycle.kubelet.probe import quoted
from lifecycle.wire import Object

Get = Callable[[str, str, str], Object | None]
"""Return an object by resource, namespace and name."""

Read = Callable[[str, str], str | None]
"""Return what a file holds, by the name of the Pod's volume and the path in it; None where it is not there."""

_KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigError(ValueError):
    """Why a container's configuration cannot be made; the text is the kubelet's."""


class Facts(msgspec.Struct, frozen=True):
    """What fields of a Pod and of its node say: `obj` is the Pod, `allocatable` the node's."""

    obj: Object
    pod_ip: str
    host_ip: str
    allocatable: dict[str, str]
    containers: tuple[Container, ...]


def environment(
    container: Container, facts: Facts, services: Iterable[Object], get: Get, read: Read
) -> tuple[tuple[str, str], ...]:
    """Return names and values in the kubelet's order. Raises: ConfigError"""
    namespace = facts.obj["metadata"]["namespace"]
    links = service_variables(services, namespace, facts.obj["spec"].get("enableServiceLinks", True))
    if not container.env and not container.env_from:
        return links
    given: dict[str, str] = {}
    known = ChainMap(given, dict(links))
    for source in container.env_from:
        given.update(_from_source(source, namespace, get))
    room = LONGEST
    for variable in container.env:
        if variable.value_from is None:
            given[variable.name] = expand(variable.value, known, room)
            room -= len(given[variable.name])
        else:
            value = _from(variable.value_from, container, facts, get, read)
            if value is not None:
                given[variable.name] = value
    return (*given.items(), *(pair for pair in links if pair[0] not in given))


def _from_source(source: EnvFromSource, namespace: str, get: Get) -> dict[str, str]:
    found: dict[str, str] = {}
    if source.config_map_ref:
        ref = source.config_map_ref
        obj = get("configmaps", namespace, ref.name)
        if obj is None and not ref.optional:
            raise ConfigError(f'configmap "{ref.name}" not found')
        found = dict((obj or {}).get("data") or {})
    elif source.secret_ref:
        secret = source.secret_ref
        obj = get("secrets", namespace, secret.name)
        if obj is None and not secret.optional:
            raise ConfigError(f'secret "{secret.name}" not found')
        found = {key: decoded(value) for key, value in ((obj or {}).get("data") or {}).items()}
    return {source.prefix + key: value for key, value in found.items()}


def _from(source: EnvVarSource, container: Container, facts: Facts, get: Get, read: Read) -> str | None:
    namespace = facts.obj["metadata"]["namespace"]
    if source.field_ref:
        return field_value(source.field_ref, facts)
    if source.resource_field_ref:
        return resource_value(source.resource_field_ref, container, facts)
    if source.config_map_key_ref:
        return _key(source.config_map_key_ref, "configmaps", "ConfigMap", namespace, get)
    if source.secret_key_ref:
        value = _key(source.secret_key_ref, "secrets", "Secret", namespace, get)
        return None if value is None else decoded(value)
    if source.file_key_ref:
        return _file_key(source.file_key_ref, facts, read)
    return None


def _file_key(ref: FileKeySelector, facts: Facts, read: Read) -> str | None:
    text = read(ref.volume_name, ref.path)
    try:
        value = "" if text is None else value_of(text, ref.key)
    except EnvFileError:
        text = None
    if text is None:
        raise ConfigError("couldn't parse env file")
    if not value and not ref.optional:
        directory = f"/var/lib/kubelet/pods/{facts.obj['metadata']['uid']}/volumes/kubernetes.io~empty-dir/{ref.volume_name}"
        raise ConfigError(f"environment variable key {quoted(ref.key)} not found in file {quoted(f'{directory}/{ref.path}')}")
    return value or None


def _key(ref: KeySelector, resource: str, kind: str, namespace: str, get: Get) -> str | None:
    obj = get(resource, namespace, ref.name)
    if obj is None:
        if ref.optional:
            return None
        raise ConfigError(f'{kind.lower()} "{ref.name}" not found')
    value = (obj.get("data") or {}).get(ref.key)
    if value is None and not ref.optional:
        raise ConfigError(f"couldn't find key {ref.key} in {kind} {namespace}/{ref.name}")
    return None if value is None else str(value)


def field_value(ref: ObjectFieldSelector, facts: Facts) -> str:
    """Return what a fieldRef selects. Kubernetes: podFieldSelectorRuntimeValue"""
    path, metadata, spec = ref.field_path, facts.obj["metadata"], facts.obj["spec"]
    if keyed := _KEYED.fullmatch(path):
        return str((metadata.get(keyed.group(1)) or {}).get(keyed.group(2), ""))
    if path in ("metadata.labels", "metadata.annotations"):
        pairs = metadata.get(path.partition(".")[2]) or {}
        return "\n".join(f'{key}="{_escaped(value)}"' for key, value in sorted(pairs.items()))
    simple = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.hostIP": facts.host_ip,
        "status.hostIPs": facts.host_ip,
        "status.podIP": facts.pod_ip,
        "status.podIPs": facts.pod_ip,
    }
    if path not in simple:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return str(simple[path])


def resource_value(ref: ResourceFieldSelector, container: Container, facts: Facts) -> str:
    """Return what a resourceFieldRef selects, rounded up in units of its divisor.

    Kubernetes: pkg/api/v1/resource (ExtractContainerResourceValue)
    """
    named = next((c for c in facts.containers if c.name == ref.container_name), container)
    kind, _, name = ref.resource.partition(".")
    amounts = named.resources.limits if kind == "limits" else named.resources.requests
    amount = amounts.get(name)
    if amount is None:
        amount = facts.allocatable.get(name, "0") if kind == "limits" else "0"
    divisor = parse(str(ref.divisor)).nanos or NANO
    return str(-(-parse(str(amount)).nanos // divisor))


def service_variables(services: Iterable[Object], namespace: str, links: bool) -> tuple[tuple[str, str], ...]:
    """Return the variables that tell of Services. Kubernetes: pkg/kubelet/envvars"""
    told = []
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        ip, ports = spec.get("clusterIP", ""), spec.get("ports") or []
        master = metadata["namespace"] == "default" and metadata["name"] == "kubernetes"
        if ip and ip != "None" and ports and (master or (links and metadata["namespace"] == namespace)):
            named = tuple([(port.get("name") or "", port["port"], port.get("protocol", "TCP")) for port in ports])
            told.append(_of_service(metadata["name"], ip, named))
    return told[0] if len(told) == 1 else tuple({pair[0]: pair for pairs in told for pair in pairs}.values())


@lru_cache(1024)
def _of_service(name: str, ip: str, ports: tuple[tuple[str, int, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return what tells of one Service, whose ports are names, numbers and protocols: the same strings for all containers."""
    prefix = name.upper().replace("-", "_")
    found = {f"{prefix}_SERVICE_HOST": ip, f"{prefix}_SERVICE_PORT": str(ports[0][1])}
    for called, number, _ in ports:
        if called:
            found[f"{prefix}_SERVICE_PORT_{called.upper().replace('-', '_')}"] = str(number)
    for i, (_, number, protocol) in enumerate(ports):
        url = f"{protocol.lower()}://{ip}:{number}"
        if i == 0:
            found[f"{prefix}_PORT"] = url
        link = f"{prefix}_PORT_{number}_{protocol}"
        found |= {link: url, f"{link}_PROTO": protocol.lower(), f"{link}_PORT": str(number), f"{link}_ADDR": ip}
    return tuple(found.items())


def decoded(value: str) -> str:
    """Return the text that a Secret's value encodes."""
    return base64.b64decode(value).decode("utf-8", "replace")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
