"""What a PodDisruptionBudget allows. Pure functions on JSON.

Kubernetes: component-helpers/apps/poddisruptionbudget, pkg/controller/disruption
"""

from __future__ import annotations

from typing import Any

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1.label_selector import selects

Object = dict[str, Any]

ALLOWED = "DisruptionAllowed"


def covers(budget: Object, pod: Object) -> bool:
    """Say whether a Pod of the budget's namespace is one of those that it is about. An empty selector selects all."""
    return selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def with_allowed(budget: Object, status: Object, now: Micros) -> Object:
    """Return a budget with another status, and the condition that says whether any Pod may go."""
    enough = status["disruptionsAllowed"] > 0
    reason = "SufficientPods" if enough else "InsufficientPods"
    return with_condition(budget, status, "True" if enough else "False", reason, "", now)


def with_condition(budget: Object, status: Object, value: str, reason: str, message: str, now: Micros) -> Object:
    """Return a budget with another status and its only condition; the condition's time stays while its value does."""
    old = next((one for one in (budget.get("status") or {}).get("conditions") or () if one["type"] == ALLOWED), None)
    since = old["lastTransitionTime"] if old is not None and old["status"] == value else rfc3339(now)
    condition = {
        "type": ALLOWED,
        "status": value,
        "observedGeneration": status.get("observedGeneration", 0),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
    return {**budget, "status": {**status, "conditions": [condition]}}


def scaled(amount: int | str, total: int) -> int:
    """Return a number, or a part of a total in per cent, rounded up. Kubernetes: intstr (GetScaledValueFromIntOrPercent)"""
    return amount if isinstance(amount, int) else -(-int(amount.rstrip("%")) * total // 100)
