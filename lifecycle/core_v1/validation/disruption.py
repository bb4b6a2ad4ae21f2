"""PodDisruptionBudgets. Kubernetes: pkg/apis/policy/validation, pkg/apis/apps/validation (ValidatePositiveIntOrPercent)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation.metadata import label_selector, wrong
from lifecycle.core_v1.validation.spec_diff import shown

Object = dict[str, Any]

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
NOT_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
    "regex used for validation is '[0-9]+%')"
)


def pod_disruption_budget(obj: Object) -> Iterator[Error]:
    """Test a PodDisruptionBudget; of its name Kubernetes asks only that a URL can hold it."""
    spec = obj["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        both = shown(spec, "PodDisruptionBudgetSpec")
        yield field.invalid("spec", both, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        if name in spec:
            yield from _amount(spec[name], f"spec.{name}")
    yield from label_selector(spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in EVICTION_POLICIES:
        yield field.not_supported("spec.unhealthyPodEvictionPolicy", policy, EVICTION_POLICIES)


def _amount(value: int | str, path: str) -> Iterator[Error]:
    """Test a number of Pods, or a part of them in per cent."""
    if isinstance(value, int):
        if value < 0:
            yield field.invalid(path, value, "must be greater than or equal to 0")
    elif not re.fullmatch(r"[0-9]+%", value):
        yield from wrong(path, value, [NOT_PERCENT])
    elif int(value[:-1]) > 100:
        yield field.invalid(path, value, "must not be greater than 100%")
