"""How much of a node's resources a Pod asks for. Kubernetes: component-helpers/resource/helpers.go"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import quantity
from lifecycle.core_v1.quantity import Quantity

Object = dict[str, Any]
Amounts = dict[str, Quantity]

POD_LEVEL = ("cpu", "memory")
"""What a Pod's own resources may name, besides huge pages."""


STATUS_LISTS = ("containerStatuses", "initContainerStatuses")


def container_requests(spec: Object) -> Amounts:
    """Return what a Pod's containers ask for together at their peak.

    All regular containers and sidecars run at once; an init container runs beside the sidecars before it.
    Kubernetes: component-helpers/resource (AggregateContainerRequests).
    """
    return _at_peak(spec, "requests")


def _at_peak(spec: Object, side: str) -> Amounts:
    total: Amounts = {}
    for container in spec.get("containers") or ():
        if container.get("resources"):
            _sum(total, _stated(container, side))
    if not spec.get("initContainers"):
        return total
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec["initContainers"]:
        asked = dict(sidecars)
        _sum(asked, _stated(container, side))
        if container.get("restartPolicy") == "Always":
            _sum(total, _stated(container, side))
            sidecars = asked
        _largest(peak, asked)
    _largest(total, peak)
    return total


def _stated(container: Object, side: str) -> Amounts:
    return amounts((container.get("resources") or {}).get(side))


def requests_of(container: Object) -> Amounts:
    return _stated(container, "requests")


def _sum(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _largest(total: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        total[name] = max(total[name], amount) if name in total else amount


def pod_requests(spec: Object) -> Amounts:
    """Return what a Pod asks for: its own requests before those of its containers, and the overhead of running it."""
    total = container_requests(spec)
    if spec.get("resources"):
        for name, amount in _stated(spec, "requests").items():
            if is_pod_level(name):
                total[name] = amount
    if spec.get("overhead"):
        _sum(total, amounts(spec["overhead"]))
    return total


def pod_limits(spec: Object) -> Amounts:
    """Return what a Pod is limited to; the overhead of running it adds to the limits that there are."""
    total = _at_peak(spec, "limits")
    for name, amount in amounts((spec.get("resources") or {}).get("limits")).items():
        if is_pod_level(name):
            total[name] = amount
    _sum(total, {name: amount for name, amount in amounts(spec.get("overhead")).items() if total.get(name)})
    return total


def held(pod: Object) -> Object:
    """Return a Pod's spec, with resources of its containers that they have been given and still hold where those are more.

    A resize that cannot be done counts for nothing; of init containers only sidecars are resized.
    Kubernetes: component-helpers/resource (UseStatusResources)
    """
    spec: Object = pod["spec"]
    status: Object = pod.get("status") or {}
    given = {one["name"]: one for group in STATUS_LISTS for one in status.get(group) or () if one.get("resources") is not None}
    if not given:
        return spec
    pending = [one for one in status.get("conditions") or () if one["type"] == "PodResizePending"]
    asked = not any(one.get("reason") == "Infeasible" for one in pending)
    return {
        **spec,
        "containers": [_held(one, given.get(one["name"]), asked) for one in spec["containers"]],
        "initContainers": [
            _held(one, given.get(one["name"]) if one.get("restartPolicy") == "Always" else None, asked)
            for one in spec.get("initContainers") or ()
        ],
    }


def _held(container: Object, status: Object | None, asked: bool) -> Object:
    if status is None:
        return container
    own, given = container.get("resources") or {}, status["resources"]
    requests = [given.get("requests"), status.get("allocatedResources"), own.get("requests") if asked else None]
    limits = [given.get("limits"), own.get("limits") if asked else None]
    return {**container, "resources": {"requests": _most(requests), "limits": _most(limits)}}


def _most(sides: list[Object | None]) -> Object:
    """Return the largest amount of each resource that any of several lists names."""
    found: Object = {}
    for side in sides:
        for name, text in (side or {}).items():
            if name not in found or quantity.parse(str(text)) > quantity.parse(str(found[name])):
                found[name] = text
    return found


def is_pod_level(name: str) -> bool:
    return name in POD_LEVEL or name.startswith("hugepages-")


def amounts(texts: Object | None) -> Amounts:
    return {name: quantity.parse(str(text)) for name, text in (texts or {}).items()}
