"""Conditions of a status: lists in which each `type` stands once.

Kubernetes: pkg/api/v1/pod/util.go (UpdatePodCondition)
"""

from __future__ import annotations

from typing import Any

from lifecycle.clock import Micros, rfc3339

Condition = dict[str, Any]


def condition(status: dict[str, Any], type: str) -> Condition | None:
    """Return the condition of that type, or None."""
    found: Condition
    for found in status.get("conditions") or ():
        if found["type"] == type:
            return found
    return None


def with_condition(status: dict[str, Any], new: Condition, now: Micros) -> dict[str, Any]:
    """Return the status with one condition replaced in its place, or added at the end.

    `lastTransitionTime` is now where the condition is new or its status differs from before, else it stays.
    """
    conditions = list(status.get("conditions") or ())
    place = next((i for i, old in enumerate(conditions) if old["type"] == new["type"]), None)
    if place is None:
        conditions.append({**new, "lastTransitionTime": rfc3339(now)})
    else:
        old = conditions[place]
        since = old.get("lastTransitionTime") if old["status"] == new["status"] else rfc3339(now)
        conditions[place] = {**new, "lastTransitionTime": since}
    return {**status, "conditions": conditions}
