"""The quality-of-service class that kubectl works out for a Pod whose status does not tell it.

Kubernetes: kubectl/pkg/util/qos.
"""

from __future__ import annotations

from lifecycle.core_v1.quantity import Quantity, parse
from lifecycle.printers.metadata import Object

COMPUTE = ("cpu", "memory")


def qos_class(pod: Object) -> str:
    """Return Guaranteed, Burstable or BestEffort; resources of the Pod as a whole count before those of its containers."""
    if pod.get("status", {}).get("qosClass"):
        return str(pod["status"]["qosClass"])
    spec = pod.get("spec") or {}
    bearers = [spec] if spec.get("resources") else [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    requests = _total(bearers, "requests")
    limits = _total(bearers, "limits")
    if not requests and not limits:
        return "BestEffort"
    limited = all(len(_positive(bearer, "limits")) == len(COMPUTE) for bearer in bearers)
    return "Guaranteed" if limited and requests == limits else "Burstable"


def _total(bearers: list[Object], field: str) -> dict[str, Quantity]:
    total: dict[str, Quantity] = {}
    for bearer in bearers:
        for name, quantity in _positive(bearer, field).items():
            total[name] = total.get(name, Quantity()) + quantity
    return total


def _positive(bearer: Object, field: str) -> dict[str, Quantity]:
    given = ((bearer.get("resources") or {}).get(field) or {}).items()
    quantities = {name: parse(str(text)) for name, text in given if name in COMPUTE}
    return {name: quantity for name, quantity in quantities.items() if quantity.nanos > 0}
