"""What the API server warns of without refusing it. Kubernetes: pkg/api/pod/warnings.go"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle import behavior
from lifecycle.core_v1 import quantity
from lifecycle.core_v1.field import quote
from lifecycle.core_v1.quantity import NANO
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.pod_annotations import SECCOMP_CONTAINER, SECCOMP_POD
from lifecycle.core_v1.validation.scheduling import PREFERRED, REQUIRED
from lifecycle.core_v1.validation.windows import each_container

Object = dict[str, Any]

HOSTNAME = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended:"
DEPRECATED_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

DEPRECATED_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
DEPRECATED_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
NULL_SELECTOR = "a null labelSelector results in matching no pod"


def pod(obj: Object) -> Iterator[str]:
    spec, annotations = obj["spec"], obj["metadata"].get("annotations") or {}
    yield from behaviors(obj)
    name = obj["metadata"].get("name", "")
    texts = formats.dns_label(name) if name else []
    if texts:
        yield f"metadata.name: {HOSTNAME} [{' '.join(texts)}]"
    yield from _node_labels(spec)
    for key, text in DEPRECATED_ANNOTATIONS.items() if annotations else ():
        if key in annotations:
            yield f"metadata.annotations[{key}]: {text}"
    yield from _volumes(spec.get("volumes") or [])
    yield from _token_paths(spec.get("volumes") or [])
    yield from _repeated([alias["ip"] for alias in spec.get("hostAliases") or []], "spec.hostAliases[{}].ip: duplicate ip")
    secrets = [secret.get("name", "") for secret in spec.get("imagePullSecrets") or []]
    yield from _repeated(secrets, "spec.imagePullSecrets[{}].name: duplicate name")
    for i, secret in enumerate(secrets):
        if not secret:
            yield f'spec.imagePullSecrets[{i}].name: invalid empty name ""'
    yield from _fractions(spec.get("overhead") or {}, "spec.overhead")
    if SECCOMP_POD in annotations and "seccompProfile" not in (spec.get("securityContext") or {}):
        yield f"metadata.annotations[{SECCOMP_POD}]: {NO_SECCOMP}"
    for container, path in each_container(spec, "spec"):
        yield from _container(container, annotations, path)
    yield from _ports(spec)
    yield from _port_names(spec.get("containers") or [])
    yield from _selectors(spec.get("affinity") or {})


def _node_labels(spec: Object) -> Iterator[str]:
    for label in spec.get("nodeSelector") or {}:
        if label in DEPRECATED_LABELS:
            yield f"spec.nodeSelector[{label}]: {DEPRECATED_LABELS[label]}"
    affinity, path = (spec.get("affinity") or {}).get("nodeAffinity") or {}, "spec.affinity.nodeAffinity"
    for i, term in enumerate((affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or []):
        yield from _node_term(term, f"{path}.{REQUIRED}.nodeSelectorTerms[{i}]")
    for i, term in enumerate(affinity.get(PREFERRED) or []):
        yield from _node_term(term["preference"], f"{path}.{PREFERRED}[{i}].preference")
    for i, constraint in enumerate(spec.get("topologySpreadConstraints") or []):
        at, key = f"spec.topologySpreadConstraints[{i}]", constraint["topologyKey"]
        if key in DEPRECATED_LABELS:
            yield f"{at}.topologyKey: {key} is {DEPRECATED_LABELS[key]}"
        if "labelSelector" not in constraint:
            yield f"{at}.labelSelector: {NULL_SELECTOR}"


def _node_term(term: Object, path: str) -> Iterator[str]:
    for i, expression in enumerate(term.get("matchExpressions") or []):
        key = expression["key"]
        if key in DEPRECATED_LABELS:
            yield f"{path}.matchExpressions[{i}].key: {key} is {DEPRECATED_LABELS[key]}"


def _selectors(affinity: Object) -> Iterator[str]:
    for name in ("podAffinity", "podAntiAffinity"):
        kind, path = affinity.get(name) or {}, f"spec.affinity.{name}"
        for i, term in enumerate(kind.get(REQUIRED) or []):
            if "labelSelector" not in term:
                yield f"{path}.{REQUIRED}[{i}].labelSelector: {NULL_SELECTOR}"
        for i, term in enumerate(kind.get(PREFERRED) or []):
            if "labelSelector" not in term["podAffinityTerm"]:
                yield f"{path}.{PREFERRED}[{i}].podAffinityTerm.labelSelector: {NULL_SELECTOR}"


def _volumes(volumes: list[Object]) -> Iterator[str]:
    for i, volume in enumerate(volumes):
        for source in sorted(volume.keys() & DEPRECATED_VOLUMES.keys(), key=list(DEPRECATED_VOLUMES).index):
            shown = "storageOS" if source == "storageos" else source
            yield f"spec.volumes[{i}].{shown}: {DEPRECATED_VOLUMES[source]}"
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate") or {}
        for side in ("requests", "limits"):
            amounts = ((template.get("spec") or {}).get("resources") or {}).get(side) or {}
            yield from _fractions(
                amounts, f"spec.volumes[{i}].ephemeral.volumeClaimTemplate.spec.resources.{side}", ("storage",)
            )


def _token_paths(volumes: list[Object]) -> Iterator[str]:
    """Warn of files that stand where a token does; Kubernetes names the kind of source, not its place."""
    projected = [(volume.get("projected") or {}).get("sources") or [] for volume in volumes]
    tokens = {s["serviceAccountToken"]["path"] for sources in projected for s in sources if "serviceAccountToken" in s}
    for i, sources in enumerate(projected):
        for source in sources:
            for name, shown in (("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")):
                for n, item in enumerate((source.get(name) or {}).get("items") or []):
                    if item["path"] in tokens:
                        at = f"spec.volumes[{i}].projected.sources.{shown}[{n}]"
                        yield f"{at}: has duplicated path with ServiceAccountToken {quote(item['path'])}"


def _repeated(values: list[str], text: str) -> Iterator[str]:
    for i, value in enumerate(values):
        if value in values[:i]:
            yield f"{text.format(i)} {quote(value)}"


def _fractions(amounts: Object, path: str, names: tuple[str, ...] = ("memory", "ephemeral-storage")) -> Iterator[str]:
    for name in names:
        text = amounts.get(name)
        if text is not None and quantity.parse(text).nanos % NANO:
            yield f"{path}[{name}]: fractional byte value {quote(text)} is invalid, must be an integer"


def _container(container: Object, annotations: dict[str, str], path: str) -> Iterator[str]:
    seccomp = f"{SECCOMP_CONTAINER}{container['name']}"
    if seccomp in annotations and "seccompProfile" not in (container.get("securityContext") or {}):
        yield f"metadata.annotations[{seccomp}]: {NO_SECCOMP}"
    for name in ("memory", "ephemeral-storage") if container["resources"] else ():
        for side in ("limits", "requests"):
            yield from _fractions(container["resources"].get(side) or {}, f"{path}.resources.{side}", (name,))
    seen: set[str] = set()
    for i, variable in enumerate(container.get("env") or []):
        name, value = variable["name"], variable.get("value", "")
        reference = f"$({name})"
        hides = "valueFrom" in variable or value == reference or reference not in value
        if name in seen and hides:
            yield f"{path}.env[{i}]: hides previous definition of {quote(name)}, which may be dropped when using apply"
        seen.add(name)


def _ports(spec: Object) -> Iterator[str]:
    """Warn of ports that stand twice, in whichever containers."""
    known: dict[tuple[int, str], list[tuple[str, Object]]] = {}
    for container, path in each_container(spec, "spec"):
        for i, port in enumerate(container.get("ports") or []):
            at = f"{path}.ports[{i}]"
            if port.get("hostIP") and not port.get("hostPort"):
                yield f"{at}: hostIP set without hostPort: {_as_go(port)}"
            others = known.setdefault((port["containerPort"], port["protocol"]), [])
            for other_at, other in others:
                clash = _clash(port, other)
                if clash:
                    yield f"{at}: {clash} port definition with {other_at}"
            others.append((at, port))


def _clash(port: Object, other: Object) -> str:
    ip, number = port.get("hostIP", ""), port.get("hostPort", 0)
    other_ip, other_number = other.get("hostIP", ""), other.get("hostPort", 0)
    if (ip, number) == (other_ip, other_number):
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    return "dangerously ambiguous" if number == other_number and bool(ip) != bool(other_ip) else ""


def _as_go(port: Object) -> str:
    """Return a port as Go shows a struct."""
    numbers = f"HostPort:{port.get('hostPort', 0)} ContainerPort:{port['containerPort']}"
    return f"{{Name:{port.get('name', '')} {numbers} Protocol:{port['protocol']} HostIP:{port.get('hostIP', '')}}}"


def _port_names(containers: list[Object]) -> Iterator[str]:
    first: dict[str, tuple[int, str]] = {}
    for i, container in enumerate(containers):
        for n, port in enumerate(container.get("ports") or []):
            name, at = port.get("name"), f"spec.containers[{i}].ports[{n}]"
            if name in first and first[name][0] != i:
                other = first[name][1]
                yield (
                    f"{at}: duplicate port name {quote(name)} with {other}, "
                    f"services and probes that select ports by name will use {other}"
                )
            elif name:
                first.setdefault(name, (i, at))


def behaviors(obj: Object) -> Iterator[str]:
    """Say which annotations of PodHub's own (no part of Kubernetes) cannot be used, and why."""
    fields = ("initContainers", "containers", "ephemeralContainers")
    names = [container.get("name") for field in fields for container in obj["spec"].get(field) or []]
    for key, text in (obj["metadata"].get("annotations") or {}).items():
        if not key.startswith(behavior.PREFIX):
            continue
        if key.removeprefix(behavior.PREFIX) not in names:
            yield f"metadata.annotations[{key}]: no container has this name; there are {', '.join(map(str, names))}"
            continue
        try:
            behavior.read(text)
        except behavior.BehaviorError as error:
            yield f"metadata.annotations[{key}]: {error}; the container does not use it"
