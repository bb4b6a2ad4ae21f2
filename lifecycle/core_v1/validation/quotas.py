"""LimitRanges and ResourceQuotas. Kubernetes: pkg/apis/core/validation (ValidateLimitRange, ValidateResourceQuota)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import amounts, formats
from lifecycle.core_v1.validation.metadata import metadata, metadata_update, wrong
from lifecycle.core_v1.validation.spec_diff import shown

Object = dict[str, Any]


TYPES = ("Container", "PersistentVolumeClaim", "Pod")
"""What a LimitRange limits."""

SIDES = ("max", "min", "default", "defaultRequest")


def limit_range(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    seen: set[str] = set()
    for i, item in enumerate(obj["spec"].get("limits") or []):
        at, type = f"spec.limits[{i}]", item["type"]
        bad = formats.label_key(type)
        yield from wrong(f"{at}.type", type, bad)
        if not bad and "/" not in type and type not in TYPES:
            yield field.invalid(f"{at}.type", type, "must be a standard limit type or fully qualified")
        if type in seen:
            yield field.duplicate(f"{at}.type", type)
        seen.add(type)
        yield from _limits(item, at)


def _limits(item: Object, path: str) -> Iterator[Error]:
    type = item["type"]
    for side in SIDES:
        if type == "Pod" and side.startswith("default"):
            if item.get(side):
                yield field.forbidden(f"{path}.{side}", "may not be specified when `type` is 'Pod'")
        else:
            yield from _names(item, side, path)
    if type == "PersistentVolumeClaim" and not any("storage" in (item.get(side) or {}) for side in ("min", "max")):
        why = "either minimum or maximum storage value is required, but neither was provided"
        yield field.required(f"{path}.limits", why)
    yield from _names(item, "maxLimitRequestRatio", path)
    given = item if type != "Pod" else {k: v for k, v in item.items() if not k.startswith("default")}
    for name in sorted({name for side in (*SIDES, "maxLimitRequestRatio") for name in given.get(side) or ()}):
        yield from _in_order(given, name, path)
        yield from _ratio(given, name, path)


def _names(item: Object, side: str, path: str) -> Iterator[Error]:
    test = amounts.container_resource_name if item["type"] in ("Container", "Pod") else amounts.resource_name
    for name in item.get(side) or ():
        yield from test(name, field.key(f"{path}.{side}", name))


_IN_ORDER = (
    ("min", "max", "min", "min", "min value {0} is greater than max value {1}"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest", "min value {0} is greater than default request value {1}"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value {0} is greater than max value {1}"),
    (
        "defaultRequest", "default", "defaultRequest", "defaultRequest",
        "default request value {0} is greater than default limit value {1}",
    ),
    ("min", "default", "default", "min", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "max", "default value {0} is greater than max value {1}"),
)  # fmt: skip
"""Which of a LimitRange's amounts may not be above which; where that is told, with which of them, and in which words."""


def _in_order(item: Object, name: str, path: str) -> Iterator[Error]:
    for low, high, place, value, text in _IN_ORDER:
        least, most = (item.get(low) or {}).get(name), (item.get(high) or {}).get(name)
        if least is not None and most is not None and quantity.parse(least) > quantity.parse(most):
            yield field.invalid(field.key(f"{path}.{place}", name), item[value][name], text.format(least, most))


def _ratio(item: Object, name: str, path: str) -> Iterator[Error]:
    most, least, default, request, ratio = ((item.get(side) or {}).get(name) for side in (*SIDES, "maxLimitRequestRatio"))
    at = field.key(f"{path}.maxLimitRequestRatio", name)
    if ratio is not None and quantity.parse(ratio).nanos < quantity.NANO:
        yield field.invalid(at, ratio, f"ratio {ratio} is less than 1")
    if ratio is not None and least is not None and most is not None and quantity.parse(least):
        largest = quantity.parse(most).nanos / quantity.parse(least).nanos
        if quantity.parse(ratio).nanos / quantity.NANO > largest:
            yield field.invalid(at, ratio, f"ratio {ratio} is greater than max/min = {largest:f}")
    if amounts.may_be_overcommitted(name) or default is None or request is None:
        return
    if quantity.parse(default) != quantity.parse(request):
        text = f"default value {default} must equal to defaultRequest value {request} in {name}"
        yield field.invalid(field.key(f"{path}.defaultRequest", name), request, text)


def resource_quota(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.dns_subdomain)
    yield from _quota_spec(obj["spec"])


def _quota_spec(spec: Object) -> Iterator[Error]:
    for name, text in (spec.get("hard") or {}).items():
        at = field.key("spec.hard", name)
        bad = list(amounts.resource_name(name, at))
        yield from bad
        if "/" not in name and not is_of_quota(name):
            yield field.invalid(at, name, "must be a standard resource for quota")
        yield from amounts.amount(name, quantity.parse(text), at)
    yield from _scopes(spec)
    if "scopeSelector" in spec:
        yield from _scope_selector(spec, "spec.scopeSelector.matchExpressions")


def is_of_quota(name: str) -> bool:
    """Return whether a resource's name without a prefix is one that quotas count."""
    return amounts.is_standard(name) and name != "storage"


SCOPES = (
    "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating",
    "VolumeAttributesClass",
)  # fmt: skip
OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
EXISTS_ALONE = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")

OF_PODS = {"pods", "cpu", "memory", *(f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "memory"))}
OF_CLAIMS = {"persistentvolumeclaims", "requests.storage"}

MUST_EXIST = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def _fits(scope: str, resource: str) -> bool:
    """Return whether a resource that quotas count is one of those that a scope picks from."""
    if scope == "BestEffort":
        return resource == "pods"
    if scope == "VolumeAttributesClass":
        return resource in OF_CLAIMS
    return scope not in SCOPES or resource in OF_PODS


def _unfit(scope: str, spec: Object) -> list[str]:
    return [name for name in sorted(spec.get("hard") or ()) if is_of_quota(name) and not _fits(scope, name)]


def _scopes(spec: Object) -> Iterator[Error]:
    given = spec.get("scopes") or []
    for name in given:
        if name not in SCOPES:
            yield field.invalid("spec.scopes", given, "unsupported scope")
        for _ in _unfit(name, spec):
            yield field.invalid("spec.scopes", given, "unsupported scope applied to resource")
    for pair in OPPOSITES:
        if pair <= set(given):
            yield field.invalid("spec.scopes", given, "conflicting scopes")


def _scope_selector(spec: Object, path: str) -> Iterator[Error]:
    """Test the selector of scopes; Kubernetes names the list, not the place in it."""
    expressions = spec["scopeSelector"].get("matchExpressions") or []
    for one in expressions:
        if one["scopeName"] not in SCOPES:
            yield field.invalid(f"{path}.scopeName", one["scopeName"], "unsupported scope")
        for _ in _unfit(one["scopeName"], spec):
            yield field.invalid(path, shown(spec["scopeSelector"], "ScopeSelector"), "unsupported scope applied to resource")
        if one["scopeName"] in EXISTS_ALONE and one["operator"] != "Exists":
            yield field.invalid(f"{path}.operator", one["operator"], MUST_EXIST)
        yield from _scope_values(one["operator"], one.get("values") or [], path)
    for pair in OPPOSITES:
        if pair <= {one["scopeName"] for one in expressions}:
            yield field.invalid(path, spec.get("scopes"), "conflicting scopes")


def _scope_values(operator: str, values: list[str], path: str) -> Iterator[Error]:
    if operator in ("In", "NotIn"):
        if not values:
            why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield field.required(f"{path}.values", why)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield field.invalid(f"{path}.values", values, why)
    else:
        yield field.invalid(f"{path}.operator", operator, "not a valid selector operator")


def resource_quota_update(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _quota_spec(new["spec"])
    if {*(new["spec"].get("scopes") or ())} != {*(old["spec"].get("scopes") or ())}:
        yield field.invalid("spec.scopes", new["spec"].get("scopes"), "field is immutable")
