"""Which labels a metav1.LabelSelector selects. Kubernetes: apimachinery/pkg/apis/meta/v1/helpers.go"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def selects(selector: dict[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Say whether a selector selects labels. No selector selects nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def _holds(expression: dict[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


def narrowed(
    selector: dict[str, Any] | None, labels: Mapping[str, str], match_keys: list[str], mismatch_keys: list[str]
) -> dict[str, Any] | None:
    """Return a selector that also asks for the same (or other) values that a Pod's own labels have under some keys."""
    if selector is None or not (match_keys or mismatch_keys):
        return selector
    more = [{"key": key, "operator": "In", "values": [labels[key]]} for key in match_keys if key in labels]
    more += [{"key": key, "operator": "NotIn", "values": [labels[key]]} for key in mismatch_keys if key in labels]
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *more]}
