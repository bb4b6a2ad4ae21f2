"""How much of a node's resources a Pod asks for. Kubernetes: component-helpers/resource/helpers.go"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import quantity
from lifecycle.core_v1.quantity import Quantity

Object = dict[str, Any]
Amounts = dict[str, Quantity]

POD_LEVEL = ("cpu", "memory")
"""What a Pod's own resources may name, besides huge pages."""


def container_requests(spec: Object) -> Amounts:
    """Return what a Pod's containers ask for together at their peak.

    All regular containers and sidecars run at once; an init container runs beside the sidecars before it.
    Kubernetes: component-helpers/resource (AggregateContainerRequests).
    """
    return _at_peak(spec, "requests")


def _at_peak(spec: Object, side: str) -> Amounts:
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _sum(total, _stated(container, side))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
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
    for name, amount in amounts((spec.get("resources") or {}).get("requests")).items():
        if is_pod_level(name):
            total[name] = amount
    _sum(total, amounts(spec.get("overhead")))
    return total


def pod_limits(spec: Object) -> Amounts:
    """Return what a Pod is limited to; the overhead of running it adds to the limits that there are."""
    total = _at_peak(spec, "limits")
    for name, amount in amounts((spec.get("resources") or {}).get("limits")).items():
        if is_pod_level(name):
            total[name] = amount
    _sum(total, {name: amount for name, amount in amounts(spec.get("overhead")).items() if total.get(name)})
    return total


def is_pod_level(name: str) -> bool:
    return name in POD_LEVEL or name.startswith("hugepages-")


def amounts(texts: Object | None) -> Amounts:
    return {name: quantity.parse(str(text)) for name, text in (texts or {}).items()}
