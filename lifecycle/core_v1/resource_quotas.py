"""ResourceQuotas: what a namespace's objects use up, and what may not be created any more.

Kubernetes: pkg/quota/v1/evaluator/core, apiserver/pkg/admission/plugin/resourcequota
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lifecycle.clock import SECOND, Micros, parse_rfc3339
from lifecycle.core_v1.label_selector import selects
from lifecycle.core_v1.qos import qos_class
from lifecycle.core_v1.quantity import NANO, Quantity
from lifecycle.core_v1.resources import STATUS_LISTS, Amounts, amounts, held, pod_limits, pod_requests
from lifecycle.core_v1.schema import Kind

Object = dict[str, Any]

ONE = Quantity(NANO)

BY_NAME = ("configmaps", "persistentvolumeclaims", "resourcequotas", "secrets", "services")
"""What is counted by its plural alone, besides `count/PLURAL`."""

MUST_BE_SAID = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
"""What each container has to state where a quota limits it."""

STORAGE_CLASS = ".storageclass.storage.k8s.io/"


def usage(kind: Kind, obj: Object, now: Micros) -> Amounts:
    """Return what one object uses up of each resource that a quota can limit."""
    used = {f"count/{kind.qualified_plural}": ONE}
    if kind.plural in BY_NAME:
        used[kind.plural] = ONE
    if kind.kind == "Pod" and _counts(obj, now):
        spec = held(obj)
        used |= _compute("requests", pod_requests(spec)) | _compute("limits", pod_limits(spec)) | {"pods": ONE}
    elif kind.kind == "Service":
        used |= _service(obj["spec"])
    elif kind.kind == "PersistentVolumeClaim":
        used |= _claim(obj["spec"])
    return used


def _counts(pod: Object, now: Micros) -> bool:
    """Say whether a Pod still counts: one that has ended, or should be gone by now, does not."""
    metadata = pod["metadata"]
    if _has_ended(pod):
        return False
    until = metadata.get("deletionTimestamp")
    return not until or now <= parse_rfc3339(until) + (metadata.get("deletionGracePeriodSeconds") or 0) * SECOND


def _compute(side: str, asked: Amounts) -> Amounts:
    named = {f"{side}.{name}": amount for name, amount in asked.items()}
    plain = {name: amount for name, amount in asked.items() if "/" not in name} if side == "requests" else {}
    return named | plain


def _service(spec: Object) -> Amounts:
    used: Amounts = {}
    ports = Quantity(len(spec.get("ports") or ()) * NANO)
    if spec["type"] == "LoadBalancer":
        used["services.loadbalancers"] = ONE
    if spec["type"] == "NodePort" or (spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)):
        used["services.nodeports"] = ports
    return used


def _claim(spec: Object) -> Amounts:
    name = spec.get("storageClassName") or ""
    used = {f"{name}{STORAGE_CLASS}persistentvolumeclaims": ONE} if name else {}
    storage = amounts((spec.get("resources") or {}).get("requests")).get("storage")
    if storage is not None:
        used["requests.storage"] = storage
        if name:
            used[f"{name}{STORAGE_CLASS}requests.storage"] = storage
    return used


def covers(quota: Object, kind: Kind, obj: Object) -> bool:
    """Say whether an object lies in a quota's scopes; only Pods do where there are some."""
    requirements = list(_scopes(quota["spec"]))
    return all(kind.kind == "Pod" and _in_scope(obj, requirement) for requirement in requirements)


def _scopes(spec: Object) -> Iterator[Object]:
    for name in spec.get("scopes") or ():
        yield {"scopeName": name, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def _in_scope(pod: Object, requirement: Object) -> bool:
    spec = pod["spec"]
    match requirement["scopeName"]:
        case "Terminating":
            return _has_deadline(pod)
        case "NotTerminating":
            return not _has_deadline(pod)
        case "BestEffort":
            return qos_class(spec) == "BestEffort"
        case "NotBestEffort":
            return qos_class(spec) != "BestEffort"
        case "PriorityClass":
            name = spec.get("priorityClassName")
            expression = {**requirement, "key": "PriorityClass"}
            return selects({"matchExpressions": [expression]}, {"PriorityClass": name} if name else {})
    return requirement["scopeName"] == "CrossNamespacePodAffinity" and any(_reaches_out(spec.get("affinity") or {}))


def _reaches_out(affinity: Object) -> Iterator[bool]:
    for side in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(side) or {}
        preferred = (rule["podAffinityTerm"] for rule in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ())
        for term in (*(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()), *preferred):
            yield bool(term.get("namespaces")) or term.get("namespaceSelector") is not None


def counts_updates(kind: Kind, new: Object, old: Object, subresource: str) -> bool:
    """Say whether admission counts what an update makes of an object."""
    if kind.kind == "Pod":
        return subresource == "resize" or (not subresource and _has_deadline(new) != _has_deadline(old))
    return kind.kind in ("PersistentVolumeClaim", "Service") and not subresource


def is_counted_anew(resource: str, old: Object, new: Object) -> bool:
    """Say whether an object may use up less than before. Kubernetes: pkg/quota/v1/install (DefaultUpdateFilter)"""
    if resource == "pods":
        ended = _has_ended(new) and not _has_ended(old)
        return ended or _has_deadline(new) != _has_deadline(old) or _given(new) != _given(old)
    if resource == "services":
        return bool(new["spec"]["type"] != old["spec"]["type"])
    return resource == "persistentvolumeclaims"


def _has_deadline(pod: Object) -> bool:
    return pod["spec"].get("activeDeadlineSeconds") is not None


def _has_ended(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _given(pod: Object) -> dict[str, Any]:
    """Return what a Pod's containers hold, by name."""
    status = pod.get("status") or {}
    return {one["name"]: one.get("resources") for group in STATUS_LISTS for one in status.get(group) or ()}


def added(quota: Object, kind: Kind, new: Object, old: Object | None, now: Micros) -> Amounts:
    """Return how much more of each resource a quota has to bear for an object that is new, or takes another's place."""
    used = usage(kind, new, now)
    if old is None or not covers(quota, kind, old):
        return used
    before = usage(kind, old, now)
    return {name: amount - before[name] if name in before else amount for name, amount in used.items()}


def charged(quota: Object, used: Amounts) -> Object:
    """Return a quota after it has borne more; what is used less is told when it is counted anew."""
    status = quota.get("status") or {}
    before = amounts(status.get("used"))
    more = {name: str(before[name] + amount) for name, amount in used.items() if name in before and amount > Quantity()}
    return {**quota, "status": {**status, "used": {**status["used"], **more}}} if more else quota


def refusal(quota: Object, kind: Kind, obj: Object, used: Amounts) -> str:
    """Return why a quota does not let an object be created or changed; an empty text if it does."""
    name, status = quota["metadata"]["name"], quota.get("status") or {}
    limits, before = amounts(status.get("hard")), amounts(status.get("used"))
    missing = _unsaid(obj, limits) if kind.kind == "Pod" else ""
    if missing:
        return f"failed quota: {name}: must specify {missing}"
    more = {one: amount for one, amount in used.items() if amount > Quantity()}
    over = [one for one, hard in limits.items() if one in more and before.get(one, Quantity()) + more[one] > hard]
    if not over:
        return ""
    sides = (("requested", used), ("used", before), ("limited", limits))
    shown = ", ".join(f"{side}: {_shown({one: values.get(one, Quantity()) for one in over})}" for side, values in sides)
    return f"exceeded quota: {name}, {shown}"


def _unsaid(pod: Object, limits: Amounts) -> str:
    """Return what containers do not state and would have to: `cpu for: a,b; memory for: b`."""
    missing: dict[str, set[str]] = {}
    for container in (*(pod["spec"].get("containers") or ()), *(pod["spec"].get("initContainers") or ())):
        resources = container["resources"]
        said = _compute("requests", amounts(resources.get("requests"))) | _compute("limits", amounts(resources.get("limits")))
        for name in MUST_BE_SAID:
            if name in limits and name not in said:
                missing.setdefault(name, set()).add(container["name"])
    return "; ".join(f"{name} for: {','.join(sorted(containers))}" for name, containers in sorted(missing.items()))


def _shown(values: Amounts) -> str:
    return ",".join(f"{name}={amount}" for name, amount in sorted(values.items()))


def recounted(quota: Object, objects: Iterable[tuple[Kind, Object]], now: Micros) -> Object:
    """Return a quota with what the objects of its namespace use up. Kubernetes: pkg/controller/resourcequota"""
    hard = quota["spec"].get("hard") or {}
    total = {name: Quantity() for name in hard}
    for kind, obj in objects:
        if covers(quota, kind, obj):
            for name, amount in usage(kind, obj, now).items():
                if name in total:
                    total[name] = total[name] + amount
    used = {name: str(total[name]) for name in hard}
    return {**quota, "status": {"hard": dict(hard), "used": used} if hard else {}}
