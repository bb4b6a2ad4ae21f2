"""Selectors of nodes. Kubernetes: component-helpers/scheduling/corev1/nodeaffinity"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle.wire import Object


def matches(pod: Object, name: str, labels: Mapping[str, str]) -> bool:
    """Say whether a node is one that the Pod's nodeSelector and its required node affinity allow."""
    spec = pod["spec"]
    selector = spec.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(term_matches(term, name, labels) for term in required.get("nodeSelectorTerms") or ())


def named_nodes(pod: Object) -> set[str] | None:
    """Return the nodes that a Pod's required node affinity names, or None where it does not name them all."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return None
    found: set[str] = set()
    for term in required.get("nodeSelectorTerms") or ():
        fields = [one for one in term.get("matchFields") or () if one["key"] == "metadata.name" and one["operator"] == "In"]
        if not fields:
            return None
        found |= set.intersection(*(set(one.get("values") or ()) for one in fields))
    return found


def preference(pod: Object, name: str, labels: Mapping[str, str]) -> int:
    """Return the weights of those preferred terms of node affinity that match a node."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    given = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(one["weight"] for one in given if term_matches(one["preference"], name, labels))


def term_matches(term: dict[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    """Say whether one term of node affinity matches a node; an empty one matches none."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(_requirement(one, labels) for one in expressions) and all(
        _requirement(one, {"metadata.name": name}) for one in fields
    )


def _requirement(requirement: dict[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(requirement["key"]), requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            return _compares(operator, value, values)
    return False


def _compares(operator: str, value: str | None, values: Sequence[str]) -> bool:
    """Compare as whole numbers; what is none compares with nothing."""
    own, bound = _integer(value), _integer(values[0] if values else None)
    if own is None or bound is None:
        return False
    return own > bound if operator == "Gt" else own < bound


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[+-]?\d{1,19}", text) else None
