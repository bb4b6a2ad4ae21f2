"""The rows of `kubectl get` for PriorityClasses and PodDisruptionBudgets. Kubernetes: pkg/printers/internalversion"""

from __future__ import annotations

from lifecycle.clock import Micros
from lifecycle.printers.metadata import Object
from lifecycle.printers.rows import since_creation

NOT_GIVEN = "N/A"


def priority_class_cells(priority_class: Object, now: Micros) -> list[object]:
    return [
        priority_class["metadata"]["name"],
        priority_class.get("value") or 0,
        "true" if priority_class.get("globalDefault") else "false",
        since_creation(priority_class, now),
        priority_class.get("preemptionPolicy") or "PreemptLowerPriority",
    ]


def pod_disruption_budget_cells(budget: Object, now: Micros) -> list[object]:
    spec, status = budget.get("spec") or {}, budget.get("status") or {}
    return [
        budget["metadata"]["name"],
        spec.get("minAvailable", NOT_GIVEN),
        spec.get("maxUnavailable", NOT_GIVEN),
        status.get("disruptionsAllowed") or 0,
        since_creation(budget, now),
    ]
