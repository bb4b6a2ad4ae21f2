"""The quality of service that a Pod gets. Kubernetes: pkg/apis/core/v1/helper/qos/qos.go"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import quantity
from lifecycle.core_v1.quantity import Quantity

Amounts = dict[str, Quantity]

COUNTED = ("cpu", "memory")


def qos_class(spec: dict[str, Any]) -> str:
    """Return Guaranteed, Burstable or BestEffort: by the Pod's own resources if it names some, else by its containers'."""
    if spec.get("resources"):
        asked = [spec["resources"]]
    else:
        asked = [c.get("resources") or {} for c in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]
    requests: Amounts = {}
    limits: Amounts = {}
    all_limited = True
    for resources in asked:
        _add(requests, resources.get("requests"))
        all_limited &= _add(limits, resources.get("limits")) == set(COUNTED)
    if not requests and not limits:
        return "BestEffort"
    if all_limited and requests == limits:
        return "Guaranteed"
    return "Burstable"


def _add(sums: Amounts, amounts: dict[str, Any] | None) -> set[str]:
    """Add amounts above zero; return the names of those that were added."""
    added = set()
    for name, text in (amounts or {}).items():
        amount = quantity.parse(str(text))
        if name in COUNTED and amount.nanos > 0:
            sums[name] = sums.get(name, Quantity()) + amount
            added.add(name)
    return added
