"""Eviction: a Pod is deleted only if no PodDisruptionBudget speaks against it.

Kubernetes: pkg/registry/core/pod/storage/eviction.go
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.apiserver import preconditions
from lifecycle.apiserver.conditions import with_condition
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import rfc3339
from lifecycle.core_v1 import disruption, status
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel
from lifecycle.wire import Object, Request

VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
OTHER_NAME = "name in URL does not match name in Eviction object"

PODS = BY_PLURAL["v1", "pods"]

MOST_DISRUPTED = 2000
"""So many Pods may have been given leave to go and still be there."""


class Metadata(msgspec.Struct):
    name: str = ""


class Options(msgspec.Struct, rename="camel"):
    grace_period_seconds: int | None = None
    preconditions: dict[str, str | None] | None = None


class Eviction(msgspec.Struct, rename="camel"):
    """Of a policy/v1 Eviction what is read."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    delete_options: Options | None = None


def evict(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Delete a Pod as `kubectl drain` does: first its condition says why. Raises: Refused"""
    api, metadata = kernel.rooms["apiserver"], pod["metadata"]
    eviction = _eviction(request)
    if eviction.metadata.name not in ("", metadata["name"]):
        raise Refused(status.bad_request(OTHER_NAME))
    options = eviction.delete_options or Options()
    preconditions.check(PODS, pod, options.preconditions or {}, api.index("pods", metadata["namespace"], metadata["name"]))
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
    api.delete("pods", metadata["namespace"], metadata["name"], metadata["uid"], options.grace_period_seconds)
    return {**Status(201).object(), "code": 201}


def _eviction(request: Request) -> Eviction:
    try:
        return msgspec.convert({} if request.body is None else request.body, Eviction)
    except msgspec.ValidationError as wrong:
        raise Refused(status.bad_request(f"the request's body cannot be handled as a Eviction: {wrong}")) from None


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
