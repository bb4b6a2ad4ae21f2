"""Taints and tolerations. Kubernetes: component-helpers/scheduling/corev1/helpers.go, api/core/v1/toleration.go"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Taint = dict[str, Any]
Toleration = dict[str, Any]


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Say whether a toleration tolerates a taint; an empty key with Exists does every one, an empty effect every effect."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    match toleration.get("operator") or "Equal":
        case "Exists":
            return True
        case "Equal":
            return bool((toleration.get("value") or "") == (taint.get("value") or "") and toleration.get("key"))
    return False


def untolerated(taints: Iterable[Taint], tolerations: Iterable[Toleration], effects: Iterable[str]) -> Taint | None:
    """Return the first taint of these effects that nothing tolerates, or None."""
    tolerations, effects = list(tolerations), set(effects)
    for taint in taints:
        if taint["effect"] in effects and not any(tolerates(toleration, taint) for toleration in tolerations):
            return taint
    return None


def avoids(taint: Taint, tolerations: Iterable[Toleration]) -> bool:
    """Say whether a taint asks a Pod to stay away if it can."""
    return untolerated([taint], tolerations, ["PreferNoSchedule"]) is not None
