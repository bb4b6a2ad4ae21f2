"""Resources that containers and Pods ask for. Kubernetes: pkg/apis/core/validation (validateResourceRequirements)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.quantity import NANO, Quantity
from lifecycle.core_v1.resources import container_requests
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]
NameTest = Callable[[str, str], Iterator[Error]]

OF_CONTAINERS = {"cpu", "memory", "ephemeral-storage"}
OF_PODS = {"cpu", "memory"}
COUNTED = {"pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims"}
COUNTED |= {"services.nodeports", "services.loadbalancers"}
STANDARD = OF_CONTAINERS | COUNTED | {"storage"}
STANDARD |= {f"{side}.{name}" for side in ("requests", "limits") for name in OF_CONTAINERS} | {"requests.storage"}


def is_huge_page(name: str) -> bool:
    return name.startswith("hugepages-")


def is_standard(name: str) -> bool:
    """Return whether a name is one of Kubernetes' own, be it in a container or in a quota."""
    return name in STANDARD or is_huge_page(name.removeprefix("requests."))


def is_native(name: str) -> bool:
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Return whether a name is one of those that device plugins and operators bring: example.com/gpu."""
    return not is_native(name) and not name.startswith("requests.") and not formats.label_key(f"requests.{name}")


def may_be_overcommitted(name: str) -> bool:
    return is_native(name) and not is_huge_page(name)


def container_resource_name(name: str, path: str) -> Iterator[Error]:
    bad = list(resource_name(name, path))
    yield from bad
    if "/" not in name:
        if name not in OF_CONTAINERS and not is_huge_page(name):
            yield field.invalid(path, name, "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        yield field.invalid(path, name, "doesn't follow extended resource name standard")


def pod_resource_name(name: str, path: str) -> Iterator[Error]:
    bad = list(resource_name(name, path))
    yield from bad
    if not bad and name not in OF_PODS and not is_huge_page(name):
        supported = sorted({*OF_PODS, "hugepages-"})
        yield field.not_supported(path, name, supported)


def resource_name(name: str, path: str) -> Iterator[Error]:
    bad = formats.label_key(name)
    yield from wrong(path, name, bad)
    if not bad and "/" not in name and not is_standard(name):
        yield field.invalid(path, name, "must be a standard resource type or fully qualified")


def amount(name: str, value: Quantity, path: str) -> Iterator[Error]:
    if value.nanos < 0:
        yield field.invalid(path, str(value), "must be greater than or equal to 0")
    if (name in COUNTED or is_extended(name)) and value.nanos % NANO:
        yield field.invalid(path, str(value), "must be an integer")


def _huge_pages(name: str, value: Quantity, path: str) -> Iterator[Error]:
    if is_huge_page(name) and not _is_divisible(name, value):
        yield field.invalid(path, str(value), f"{value} is not positive integer multiple of {name}")


def _is_divisible(name: str, value: Quantity) -> bool:
    try:
        page = quantity.parse(name.removeprefix("hugepages-"))
    except ValueError:
        return False
    return page.nanos > 0 and not page.nanos % NANO and not value.value() % page.value()


def requirements(resources: Object, path: str, name_test: NameTest, claims: set[str]) -> Iterator[Error]:
    """Test limits, requests and claims; `claims` are the names that the Pod's resourceClaims have."""
    limits = {name: quantity.parse(text) for name, text in (resources.get("limits") or {}).items()}
    requests = {name: quantity.parse(text) for name, text in (resources.get("requests") or {}).items()}
    for name, value in limits.items():
        at = field.key(f"{path}.limits", name)
        yield from name_test(name, at)
        yield from amount(name, value, at)
        yield from _huge_pages(name, value, at)
    for name, value in requests.items():
        at = field.key(f"{path}.requests", name)
        yield from name_test(name, at)
        yield from amount(name, value, at)
        yield from _within_limit(name, value, limits.get(name), path)
        yield from _huge_pages(name, value, at)
    named = {*limits, *requests}
    if any(map(is_huge_page, named)) and not named & OF_PODS:
        yield field.forbidden(path, "HugePages require cpu or memory")
    yield from _claims(resources.get("claims") or [], claims, f"{path}.claims")


def _within_limit(name: str, value: Quantity, limit: Quantity | None, path: str) -> Iterator[Error]:
    if limit is None:
        if not may_be_overcommitted(name):
            yield field.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
    elif value != limit and not may_be_overcommitted(name):
        yield field.invalid(f"{path}.requests", str(value), f"must be equal to {name} limit of {limit}")
    elif value > limit:
        yield field.invalid(f"{path}.requests", str(value), f"must be less than or equal to {name} limit of {limit}")


def _claims(used: list[Object], names: set[str], path: str) -> Iterator[Error]:
    seen: set[str] = set()
    for i, claim in enumerate(used):
        at, name = f"{path}[{i}]", claim["name"]
        if not name:
            yield field.required(at)
            continue
        yield from _claimed_once(name, claim.get("request", ""), seen, at)
        if name not in names:
            known = f": {', '.join(sorted(names))}" if names else " which is empty"
            detail = f"must be one of the names in pod.spec.resourceClaims{known}"
            yield Error("FieldValueNotFound", at, name, detail)


def _claimed_once(name: str, request: str, seen: set[str], path: str) -> Iterator[Error]:
    """Test that a claim is used once, whole or one request at a time; add to `seen` what is used."""
    if name in seen:
        yield field.duplicate(path, name)
        return
    if request:
        yield from wrong(f"{path}.request", request, formats.dns_label(request))
    whole = f"{name}/{request}" if request else name
    if whole in seen:
        yield field.duplicate(path, whole)
    elif not request:
        for _ in filter(lambda other: other.startswith(f"{name}/"), sorted(seen)):
            yield field.duplicate(path, name)
    seen.add(whole)


def pod_level(spec: Object, path: str, claims: set[str]) -> Iterator[Error]:
    """Test a Pod's own resources, and that its containers stay within them."""
    resources = spec.get("resources")
    if not resources:
        return
    if resources.get("claims"):
        yield field.forbidden(f"{path}.claims", "claims cannot be set for Resources at pod-level")
    yield from requirements(resources, path, pod_resource_name, claims)
    requests = resources.get("requests") or {}
    for name, asked in container_requests(spec).items():
        own = quantity.parse(requests.get(name, "0"))
        if (name in OF_PODS or is_huge_page(name)) and asked > own:
            text = f"must be greater than or equal to aggregate container requests of {asked}"
            yield field.invalid(field.key(f"{path}.requests", name), str(own), text)
    yield from _limits_within(spec, path)


def _limits_within(spec: Object, path: str) -> Iterator[Error]:
    own = spec["resources"].get("limits") or {}
    for i, container in enumerate(spec.get("containers") or []):
        for name, text in (container["resources"].get("limits") or {}).items():
            if name in own and quantity.parse(text) > quantity.parse(own[name]):
                at = f"{field.key(f'{path}.containers[{i}]', name)}.limits"
                yield field.invalid(at, text, f"must be less than or equal to pod limits of {own[name]}")
