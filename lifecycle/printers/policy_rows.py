"""The rows of `kubectl get` for what sets limits: classes, budgets, quotas, leases. Kubernetes: pkg/printers/internalversion"""

from __future__ import annotations

from lifecycle.clock import Micros
from lifecycle.printers.metadata import Object
from lifecycle.printers.rows import since_creation

NOT_GIVEN = "N/A"


def priority_class_cells(priority_class: Object, now: Micros) -> list[object]:
    return [
        priority_class["metadata"]["name"],
        priority_class.get("value") or 0,
        bool(priority_class.get("globalDefault")),
        since_creation(priority_class, now),
        priority_class.get("preemptionPolicy") or "PreemptLowerPriority",
    ]


def pod_disruption_budget_cells(budget: Object, now: Micros) -> list[object]:
    spec, status = budget.get("spec") or {}, budget.get("status") or {}
    return [
        budget["metadata"]["name"],
        str(spec.get("minAvailable", NOT_GIVEN)),
        str(spec.get("maxUnavailable", NOT_GIVEN)),
        status.get("disruptionsAllowed") or 0,
        since_creation(budget, now),
    ]


def resource_quota_cells(quota: Object, now: Micros) -> list[object]:
    """Return what is used of what a quota allows; limits stand in a cell of their own."""
    status = quota.get("status") or {}
    used = status.get("used") or {}
    shown = {name: f"{name}: {used.get(name, '0')}/{hard}" for name, hard in sorted((status.get("hard") or {}).items())}
    requests = ", ".join(text for name, text in shown.items() if not name.startswith("limits"))
    limits = ", ".join(text for name, text in shown.items() if name.startswith("limits"))
    return [quota["metadata"]["name"], requests, limits, since_creation(quota, now)]


def runtime_class_cells(runtime_class: Object, now: Micros) -> list[object]:
    return [runtime_class["metadata"]["name"], runtime_class.get("handler", ""), since_creation(runtime_class, now)]


def role_binding_cells(binding: Object, now: Micros) -> list[object]:
    ref, subjects = binding["roleRef"], binding.get("subjects") or ()
    named = {kind: ", ".join(one["name"] for one in subjects if one["kind"] == kind) for kind in ("User", "Group")}
    accounts = [f"{one.get('namespace', '')}/{one['name']}" for one in subjects if one["kind"] == "ServiceAccount"]
    role = f"{ref['kind']}/{ref['name']}"
    return [binding["metadata"]["name"], role, since_creation(binding, now), named["User"], named["Group"], ", ".join(accounts)]


def lease_cells(lease: Object, now: Micros) -> list[object]:
    holder = (lease.get("spec") or {}).get("holderIdentity") or ""
    return [lease["metadata"]["name"], holder, since_creation(lease, now)]
