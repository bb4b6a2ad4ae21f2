"""LimitRanges: what a namespace's containers get that ask for nothing, and what they may ask for.

Kubernetes: plugin/pkg/admission/limitranger
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lifecycle.core_v1.quantity import Quantity, parse
from lifecycle.core_v1.resources import Amounts, amounts, pod_limits, pod_requests

Object = dict[str, Any]

ANNOTATION = "kubernetes.io/limit-ranger"
LISTS = (("containers", "container"), ("initContainers", "init container"))
"""The lists of containers that are limited, and what the annotation calls one of each."""


def give_defaults(pod: Object, ranges: Iterable[Object]) -> None:
    """Have the containers of a Pod request, and be limited to, what its namespace says; an annotation tells of it."""
    for limit_range in ranges:
        requests, limits = _defaults(limit_range)
        told = [
            f"{', '.join(given)} {side} for {word} {container['name']}"
            for name, word in LISTS
            for container in pod["spec"].get(name) or ()
            for side, defaults in (("request", requests), ("limit", limits))
            if (given := _give(container, f"{side}s", defaults))
        ]
        if told:
            pod["metadata"].setdefault("annotations", {})[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(told)}"


def _defaults(limit_range: Object) -> tuple[dict[str, str], dict[str, str]]:
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for item in limit_range["spec"].get("limits") or ():
        if item["type"] == "Container":
            requests |= item.get("defaultRequest") or {}
            limits |= item.get("default") or {}
    return requests, limits


def _give(container: Object, side: str, defaults: dict[str, str]) -> list[str]:
    """Add what is not set; return the names of what was added."""
    known = container["resources"].get(side) or {}
    given = sorted(defaults.keys() - known.keys())
    if given:
        container["resources"][side] = known | {name: defaults[name] for name in given}
    return given


def violations(pod: Object, ranges: Iterable[Object]) -> list[str]:
    """Return what a Pod asks for that its namespace does not allow."""
    return [text for limit_range in ranges for item in limit_range["spec"].get("limits") or () for text in _of_pod(pod, item)]


def claim_violations(claim: Object, ranges: Iterable[Object]) -> list[str]:
    """Return what a PersistentVolumeClaim asks for that its namespace does not allow."""
    asked = amounts((claim["spec"].get("resources") or {}).get("requests"))
    return [
        text
        for limit_range in ranges
        for item in limit_range["spec"].get("limits") or ()
        if item["type"] == "PersistentVolumeClaim"
        for text in (*_too_little(item, asked, {}), *_requests_too_much(item, asked))
    ]


def _of_pod(pod: Object, item: Object) -> Iterator[str]:
    if item["type"] == "Container":
        for name, _ in LISTS:
            for container in pod["spec"].get(name) or ():
                resources = container["resources"]
                yield from _against(item, amounts(resources.get("requests")), amounts(resources.get("limits")))
    elif item["type"] == "Pod":
        yield from _against(item, pod_requests(pod["spec"]), pod_limits(pod["spec"]))


def _against(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    yield from _too_little(item, requests, limits)
    yield from _too_much(item, requests, limits)
    yield from _too_far_apart(item, requests, limits)


def _too_little(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, text in sorted((item.get("min") or {}).items()):
        rule, least = f"minimum {name} usage per {item['type']} is {text}", parse(text)
        if name not in requests:
            yield f"{rule}.  No request is specified"
        elif requests[name] < least:
            yield f"{rule}, but request is {requests[name]}"
        elif name in limits and limits[name] < least:
            yield f"{rule}, but limit is {limits[name]}"


def _too_much(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, text in sorted((item.get("max") or {}).items()):
        rule, most = f"maximum {name} usage per {item['type']} is {text}", parse(text)
        if name not in limits:
            yield f"{rule}.  No limit is specified"
        elif limits[name] > most:
            yield f"{rule}, but limit is {limits[name]}"
        elif name in requests and requests[name] > most:
            yield f"{rule}, but request is {requests[name]}"


def _requests_too_much(item: Object, requests: Amounts) -> Iterator[str]:
    for name, text in sorted((item.get("max") or {}).items()):
        rule = f"maximum {name} usage per {item['type']} is {text}"
        if name not in requests:
            yield f"{rule}.  No request is specified"
        elif requests[name] > parse(text):
            yield f"{rule}, but request is {requests[name]}"


def _too_far_apart(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, text in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        rule = f"{name} max limit to request ratio per {item['type']} is {text}"
        request, limit = requests.get(name, Quantity()), limits.get(name, Quantity())
        if not request:
            yield f"{rule}, but no request is specified or request is 0"
        elif not limit:
            yield f"{rule}, but no limit is specified or limit is 0"
        elif limit.nanos * 10**9 > parse(text).nanos * request.nanos:
            yield f"{rule}, but provided ratio is {limit.nanos / request.nanos:f}"
