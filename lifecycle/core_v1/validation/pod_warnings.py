"""What the API server warns of without refusing it. Kubernetes: pkg/api/pod/warnings.go"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle import behavior
from lifecycle.core_v1 import quantity
from lifecycle.core_v1.field import quote
from lifecycle.core_v1.quantity import NANO
from lifecycle.core_v1.validation import formats

Object = dict[str, Any]

HOSTNAME = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended:"
DEPRECATED_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}


def pod(obj: Object) -> Iterator[str]:
    spec = obj["spec"]
    yield from _behaviors(obj)
    name = obj["metadata"].get("name", "")
    texts = formats.dns_label(name) if name else []
    if texts:
        yield f"metadata.name: {HOSTNAME} [{' '.join(texts)}]"
    for label in spec.get("nodeSelector") or {}:
        if label in DEPRECATED_LABELS:
            yield f"spec.nodeSelector[{label}]: {DEPRECATED_LABELS[label]}"
    for i, volume in enumerate(spec.get("volumes") or []):
        if "gitRepo" in volume:
            yield f"spec.volumes[{i}].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"
    for i, secret in enumerate(spec.get("imagePullSecrets") or []):
        if not secret.get("name"):
            yield f'spec.imagePullSecrets[{i}].name: invalid empty name ""'
    for field in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(field) or []):
            yield from _container(container, f"spec.{field}[{i}]")
    yield from _port_names(spec.get("containers") or [])


def _container(container: Object, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for i, variable in enumerate(container.get("env") or []):
        name = variable["name"]
        if name in seen:
            yield f"{path}.env[{i}]: hides previous definition of {quote(name)}, which may be dropped when using apply"
        seen.add(name)
    places: dict[tuple[Any, ...], int] = {}
    for i, port in enumerate(container.get("ports") or []):
        same = (port.get("protocol"), port["containerPort"], port.get("hostPort"), port.get("hostIP"))
        if same in places:
            yield f"{path}.ports[{i}]: duplicate port definition with {path}.ports[{places[same]}]"
        places.setdefault(same, i)
    for side in ("limits", "requests"):
        for name in ("memory", "ephemeral-storage"):
            text = (container["resources"].get(side) or {}).get(name)
            if text is not None and quantity.parse(text).nanos % NANO:
                yield f"{path}.resources.{side}[{name}]: fractional byte value {quote(text)} is invalid, must be an integer"


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


def _behaviors(obj: Object) -> Iterator[str]:
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
