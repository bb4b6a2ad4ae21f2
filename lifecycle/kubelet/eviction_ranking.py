"""Whom to evict first, and what is said of it.

Kubernetes: pkg/kubelet/eviction/helpers.go (rankMemoryPressure, rankDiskPressureFunc, evictionMessage)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lifecycle import programs
from lifecycle.core_v1 import resources
from lifecycle.core_v1.quantity import NANO, Quantity, parse
from lifecycle.core_v1.types import PodSpec
from lifecycle.kubelet.node_resources import MEMORY
from lifecycle.kubelet.state import PodState
from lifecycle.kubelet.stats import PodUsage, written
from lifecycle.wire import Object


def ranked(pods: Iterable[PodUsage], resource: str, object: Callable[[PodState], Object]) -> list[PodUsage]:
    """Return Pods, the first to go first: those that use more than they asked for, lowest priority, largest excess."""

    def key(usage: PodUsage) -> tuple[bool, int, int]:
        spec = object(usage.pod)["spec"]
        asked = resources.pod_requests(spec).get(resource, Quantity()).value()
        excess = usage.of(resource) - asked
        return excess <= 0, spec.get("priority") or 0, -excess

    return sorted(pods, key=key)


def message(resource: str, threshold: str, available: str, spec: PodSpec, usage: PodUsage) -> str:
    """Return why a Pod is evicted, with the containers that use more than they asked for."""
    text = f"The node was low on resource: {resource}. Threshold quantity: {threshold}, available: {available}. "
    if resource == MEMORY and (asked := (spec.resources.requests if spec.resources else {}).get(resource)):
        used = Quantity(usage.of(resource) * NANO, "BinarySI")
        text += f"Pod {usage.pod.name} was using {used}, request is {asked}, has larger consumption of {resource}. "
    for name, used, request in _offenders(resource, spec, usage):
        text += f"Container {name} was using {used}, request is {request}, has larger consumption of {resource}. "
    return text


def event_annotations(resource: str, spec: PodSpec, usage: PodUsage) -> dict[str, str]:
    """Return the annotations of the Event."""
    offenders = list(_offenders(resource, spec, usage))
    return {
        "offending_containers": ",".join(name for name, _, _ in offenders),
        "offending_containers_usage": ",".join(str(used) for _, used, _ in offenders),
        "starved_resource": resource,
    }


def _offenders(resource: str, spec: PodSpec, usage: PodUsage) -> Iterator[tuple[str, Quantity, Quantity]]:
    """Yield containers that use more than they asked for: name, usage and request."""
    for container in (*spec.containers, *spec.init_containers):
        if own := usage.containers.get(container.name):
            used = Quantity(_used(resource, own) * NANO, "BinarySI")
            request = parse(str(container.resources.requests.get(resource, 0)))
            if used > request:
                yield container.name, used, request


def _used(resource: str, usage: programs.Usage) -> int:
    return usage.memory if resource == MEMORY else written(usage)
