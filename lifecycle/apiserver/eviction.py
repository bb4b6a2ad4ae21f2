"""Eviction: a Pod is deleted only if no PodDisruptionBudget speaks against it.

Kubernetes: pkg/registry/core/pod/storage/eviction.go
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver import options, preconditions
from lifecycle.apiserver.conditions import with_condition
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.options import DeleteOptions
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import rfc3339
from lifecycle.core_v1 import disruption, status
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.schema import struct
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel
from lifecycle.wire import Object, Request

VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
OTHER_NAME = "name in URL does not match name in Eviction object"

PODS = BY_PLURAL["v1", "pods"]

MOST_DISRUPTED = 2000
"""So many Pods may have been given leave to go and still be there."""


def evict(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Delete a Pod as `kubectl drain` does: first its condition says why. Raises: Refused"""
    api, metadata = kernel.rooms["apiserver"], pod["metadata"]
    how = _delete_options(request, metadata["name"])
    preconditions.check(PODS, pod, how.preconditions, api.index("pods", metadata["namespace"], metadata["name"]))
    phase, leaving = pod["status"].get("phase"), metadata.get("deletionTimestamp")
    if phase == "Running" and not leaving:
        _ask_budget(kernel, pod)
    if phase in ("Pending", "Running") and not leaving:
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }
        api.update("pods", {**pod, "status": with_condition(pod["status"], condition, kernel.now)})
    api.delete("pods", metadata["namespace"], metadata["name"], metadata["uid"], how.grace, how.propagation)
    return {**Status(201).object(), "code": 201}


def _delete_options(request: Request, name: str) -> DeleteOptions:
    """Return how an Eviction wants its Pod deleted. Raises: Refused where it is none, or that of another Pod."""
    found = decode(request.body if isinstance(request.body, dict) else {}, struct("Eviction"))
    if isinstance(found, Complaint):
        version = str((request.body or {}).get("apiVersion") or "policy/v1").rpartition("/")[2]
        why = f'Eviction in version "{version}" cannot be handled as a Eviction: {found.message}'
        raise Refused(status.bad_request(why))
    if found.object["metadata"].get("name") != name:
        raise Refused(status.bad_request(OTHER_NAME))
    return options.read(found.object.get("deleteOptions"))


def _ask_budget(kernel: Kernel, pod: Object) -> None:
    """Have the budget that is about a Pod count it as gone. Raises: Refused where it does not let it go."""
    budgets = kernel.rooms["apiserver"].list("poddisruptionbudgets", pod["metadata"]["namespace"])
    found = [budget for budget in budgets if disruption.covers(budget, pod)]
    if len(found) > 1:
        raise Refused(Status(500, "", SEVERAL))
    if found and not _may_go_unhealthy(found[0], pod):
        _count(kernel, found[0], pod["metadata"]["name"])


def _may_go_unhealthy(budget: Object, pod: Object) -> bool:
    """Say whether a Pod that is not ready may go whatever the budget: always, or where there are enough of the others."""
    if disruption.is_ready(pod):
        return False
    healthy, desired = _number(budget, "currentHealthy"), _number(budget, "desiredHealthy")
    return budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or healthy >= desired > 0


def _count(kernel: Kernel, budget: Object, name: str) -> None:
    """Kubernetes: checkAndDecrement"""
    metadata, now = budget["metadata"], dict(budget.get("status") or {})
    if _number(budget, "observedGeneration") < metadata.get("generation", 0):
        why = f"The disruption budget {metadata['name']} is still being processed by the server."
        raise Refused(_too_many(why, 10))
    allowed, disrupted = _number(budget, "disruptionsAllowed"), now.get("disruptedPods") or {}
    if len(disrupted) > MOST_DISRUPTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise Refused(status.forbidden(BY_PLURAL["policy/v1", "poddisruptionbudgets"], metadata["name"], why))
    if allowed <= 0:
        needed, there = _number(budget, "desiredHealthy"), _number(budget, "currentHealthy")
        why = f"The disruption budget {metadata['name']} needs {needed} healthy pods and has {there} currently"
        raise Refused(_too_many(why))
    now["disruptionsAllowed"] = allowed - 1
    now["disruptedPods"] = {**disrupted, name: rfc3339(kernel.now)}
    changed = disruption.with_allowed(budget, now, kernel.now) if allowed == 1 else {**budget, "status": now}
    kernel.rooms["apiserver"].update("poddisruptionbudgets", changed)


def _too_many(why: str, seconds: int = 0) -> Status:
    cause = {"reason": "DisruptionBudget", "message": why}
    details: dict[str, Any] = {"causes": [cause], **({"retryAfterSeconds": seconds} if seconds else {})}
    return Status(429, "TooManyRequests", VIOLATES, details)


def _number(budget: Object, field: str) -> int:
    return int((budget.get("status") or {}).get(field) or 0)
