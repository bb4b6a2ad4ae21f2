"""LimitRanges and ResourceQuotas. Kubernetes: pkg/apis/core/validation (ValidateLimitRange, ValidateResourceQuota)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import amounts, formats
from lifecycle.core_v1.validation.metadata import immutable, metadata, metadata_update, wrong

Object = dict[str, Any]


def limit_range(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    seen: set[str] = set()
    for i, item in enumerate(obj["spec"].get("limits") or []):
        at, type = f"spec.limits[{i}]", item["type"]
        yield from wrong(f"{at}.type", type, formats.label_key(type))
        if type in seen:
            yield field.duplicate(f"{at}.type", type)
        seen.add(type)
        for name in ("default", "defaultRequest"):
            if type == "Pod" and item.get(name):
                yield field.forbidden(f"{at}.{name}", "may not be specified when `type` is 'Pod'")
        if type == "PersistentVolumeClaim" and not any("storage" in item.get(side, {}) for side in ("min", "max")):
            why = "either minimum or maximum storage value is required, but neither was provided"
            yield field.required(f"{at}.limits", why)
        yield from _limits_in_order(item, at)


_IN_ORDER = (
    ("min", "max", "min", "min value {0} is greater than max value {1}"),
    ("min", "defaultRequest", "defaultRequest", "min value {0} is greater than default request value {1}"),
    ("defaultRequest", "max", "defaultRequest", "default request value {0} is greater than max value {1}"),
    ("defaultRequest", "default", "defaultRequest", "default request value {0} is greater than default limit value {1}"),
    ("min", "default", "default", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "default value {0} is greater than max value {1}"),
)
"""Which of a LimitRange's amounts may not be above which, what is then wrong, and in which words."""


def _limits_in_order(item: Object, path: str) -> Iterator[Error]:
    for name in sorted({name for side in ("min", "max", "default", "defaultRequest") for name in item.get(side) or ()}):
        for low, high, place, text in _IN_ORDER:
            least, most = (item.get(low) or {}).get(name), (item.get(high) or {}).get(name)
            if least is not None and most is not None and quantity.parse(least) > quantity.parse(most):
                at = field.key(f"{path}.{place}", name)
                yield field.invalid(at, item[place][name], text.format(least, most))
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        if quantity.parse(ratio).nanos < quantity.NANO:
            at = field.key(f"{path}.maxLimitRequestRatio", name)
            yield field.invalid(at, ratio, f"ratio {ratio} is less than 1")


def resource_quota(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    for name, text in (obj["spec"].get("hard") or {}).items():
        at = field.key("spec.hard", name)
        bad = formats.label_key(name)
        yield from wrong(at, name, bad)
        standard = name in amounts.STANDARD or amounts.is_huge_page(name.removeprefix("requests."))
        if not bad and "/" not in name and not standard:
            yield field.invalid(at, name, "must be a standard resource for quota")
        yield from amounts.amount(name, quantity.parse(text), at)
    yield from _scopes(obj["spec"])


SCOPES = ("BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating")
OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})

MUST_EXIST = (
    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def _scopes(spec: Object) -> Iterator[Error]:
    given = spec.get("scopes") or []
    for name in given:
        if name not in SCOPES:
            yield field.invalid("spec.scopes", given, f"unsupported scope {name}")
    if "BestEffort" in given and any(name != "pods" for name in spec.get("hard") or ()):
        yield field.invalid("spec.scopes", given, "unsupported scope applied to resource")
    if any(pair <= set(given) for pair in OPPOSITES):
        yield field.invalid("spec.scopes", given, "conflicting scopes")
    for i, one in enumerate((spec.get("scopeSelector") or {}).get("matchExpressions") or []):
        at = f"spec.scopeSelector.matchExpressions[{i}]"
        if one["scopeName"] not in SCOPES:
            yield field.invalid(f"{at}.scopeName", one["scopeName"], "unsupported scope")
        if one["scopeName"] != "PriorityClass" and one["operator"] != "Exists":
            yield field.invalid(f"{at}.operator", one["operator"], MUST_EXIST)
        elif one["operator"] in ("In", "NotIn") and not one.get("values"):
            why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield field.required(f"{at}.values", why)
        elif one["operator"] not in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield field.invalid(f"{at}.operator", one["operator"], "not a valid selector operator")


def resource_quota_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from resource_quota(new)
    yield from immutable(sorted(new["spec"].get("scopes") or []), sorted(old["spec"].get("scopes") or []), "spec.scopes")
