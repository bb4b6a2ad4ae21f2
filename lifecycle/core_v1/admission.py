"""What admission adds to an object that is to be created, and why it may refuse it.

The functions alter the object they are given, as those of `defaults` do, and return the Status that refuses it, or None.
Kubernetes: plugin/pkg/admission (limitranger, serviceaccount, priority, defaulttolerationseconds, runtimeclass)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from lifecycle.clock import Micros, rfc3339
from lifecycle.core_v1 import limit_ranges, status, storage
from lifecycle.core_v1.qos import qos_class
from lifecycle.core_v1.resources import amounts
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status

Object = dict[str, Any]

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607

API_ACCESS: Object = {
    "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}],
            }
        },
    ],
    "defaultMode": 0o644,
}
"""What a token's volume holds: one object for all Pods, as is each of `FIVE_MINUTES`."""

FIVE_MINUTES: list[Object] = [
    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
]

SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""The classes that every cluster has."""

GATED = "Scheduling is blocked due to non-empty scheduling gates"


class Objects(Protocol):
    """The objects that admission asks for; the room `apiserver` is one such."""

    def get(self, resource: str, namespace: str, name: str) -> Object | None: ...

    def list(self, resource: str, namespace: str | None = None) -> Iterable[Object]: ...


class EmptyCluster:
    """A cluster with nothing in it but the service account `default` of each namespace."""

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        if resource == "serviceaccounts" and name == "default":
            return {"metadata": {"namespace": namespace, "name": name}}
        return None

    def list(self, resource: str, namespace: str | None = None) -> Iterable[Object]:
        return ()


def admit(kind: Kind, obj: Object, objects: Objects, suffix: Callable[[str], str], now: Micros) -> Status | None:
    """Complete an object as the admission plugins do, and set the status that it starts with.

    `suffix("volume")` is to return the five characters that the name of a token's volume ends in.
    """
    match kind.kind:
        case "Namespace":
            obj["spec"]["finalizers"] = list(dict.fromkeys([*(obj["spec"].get("finalizers") or ()), "kubernetes"]))
            obj["status"] = {"phase": "Active"}
        case "PersistentVolumeClaim":
            storage.complete_claim(obj, objects.list("storageclasses"))
        case "PersistentVolume":
            storage.complete_volume(obj, now)
    if kind.kind != "Pod":
        return None
    limit_ranges.give_defaults(obj, objects.list("limitranges", obj["metadata"].get("namespace", "")))
    refused = (
        _service_account(kind, obj, objects, suffix) or _priority(kind, obj, objects) or _runtime_class(kind, obj, objects)
    )
    if not refused:
        _tolerations(obj["spec"])
        obj["status"] = _first_status(obj["spec"], now)
    return refused


def validate(kind: Kind, obj: Object, objects: Objects) -> Status | None:
    """Refuse what a whole, valid object asks for and what else there is in the cluster does not allow."""
    if kind.kind == "PriorityClass":
        return _second_default(kind, obj, objects)
    tests = {"Pod": limit_ranges.violations, "PersistentVolumeClaim": limit_ranges.claim_violations}
    if kind.kind not in tests:
        return None
    texts = tests[kind.kind](obj, objects.list("limitranges", obj["metadata"].get("namespace", "")))
    if not texts:
        return None
    why = texts[0] if len(texts) == 1 else f"[{', '.join(dict.fromkeys(texts))}]"
    return status.forbidden(kind, obj["metadata"].get("name", ""), why)


def validate_update(kind: Kind, obj: Object, objects: Objects, subresource: str = "") -> Status | None:
    """Refuse the same of an object that is to replace another; of a Pod only where it is resized.

    Kubernetes: plugin/pkg/admission/priority, plugin/pkg/admission/limitranger (SupportsAttributes)
    """
    concerned = subresource == "resize" if kind.kind == "Pod" else not subresource
    return validate(kind, obj, objects) if concerned else None


def _second_default(kind: Kind, priority_class: Object, objects: Objects) -> Status | None:
    """Refuse a global default where another class is one: of several, Kubernetes minds the lowest."""
    name = priority_class["metadata"].get("name", "")
    found = _global_default(objects) if priority_class.get("globalDefault") else None
    if found is None or found["metadata"]["name"] == name:
        return None
    why = f"PriorityClass {found['metadata']['name']} is already marked as default. Only one default can exist"
    return status.forbidden(kind, name, why)


def admit_update(kind: Kind, new: Object, old: Object) -> None:
    """Complete an object that is to replace another: a Pod keeps its priority, and tolerates what every Pod does."""
    if kind.kind != "Pod":
        return
    for name in ("priority", "preemptionPolicy"):
        if name in old["spec"]:
            new["spec"].setdefault(name, old["spec"][name])
    _tolerations(new["spec"])


def _service_account(kind: Kind, pod: Object, objects: Objects, suffix: Callable[[str], str]) -> Status | None:
    spec, metadata = pod["spec"], pod["metadata"]
    namespace = metadata.get("namespace", "")
    name = spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = name
    account = objects.get("serviceaccounts", namespace, name)
    if account is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        return status.forbidden(kind, metadata.get("name", ""), why)
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(secret) for secret in account["imagePullSecrets"]]
    wanted = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
    if wanted:
        _mount_token(spec, suffix)
    return None


def _mount_token(spec: Object, suffix: Callable[[str], str]) -> None:
    """Give each regular and init container the API access volume, unless it mounts something there itself."""
    without = [
        container
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
        if all(mount["mountPath"] != TOKEN_PATH for mount in container.get("volumeMounts") or ())
    ]
    if not without:
        return
    name = _token_volume(spec)
    if name is None:
        name = f"kube-api-access-{suffix('volume')}"
        spec["volumes"] = [*(spec.get("volumes") or ()), {"name": name, "projected": API_ACCESS}]
    for container in without:
        mount = {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]


def _token_volume(spec: Object) -> str | None:
    """Return the name of an API access volume that is there already, as on a Pod that was read and is made again."""
    names = (str(volume["name"]) for volume in spec.get("volumes") or () if "projected" in volume)
    return next((name for name in names if name.startswith("kube-api-access-")), None)


def _priority(kind: Kind, pod: Object, objects: Objects) -> Status | None:
    spec, name = pod["spec"], pod["metadata"].get("name", "")
    found = _priority_class(spec, objects)
    if found is None:
        return status.forbidden(kind, name, f"no PriorityClass with name {spec['priorityClassName']} was found")
    value, policy = found
    must_not = "must not be provided in pod spec; priority admission controller computed"
    if spec.get("priority", value) != value:
        why = f"the integer value of priority ({spec['priority']}) {must_not} {value} from the given PriorityClass name"
        return status.forbidden(kind, name, why)
    if spec.get("preemptionPolicy", policy) != policy:
        given = spec["preemptionPolicy"]
        why = f"the string value of PreemptionPolicy ({given}) {must_not} {policy} from the given PriorityClass name"
        return status.forbidden(kind, name, why)
    spec["priority"], spec["preemptionPolicy"] = value, policy
    return None


def _priority_class(spec: Object, objects: Objects) -> tuple[int, str] | None:
    """Return priority and preemption policy, from the named class or the global default; None: no class of that name."""
    name = spec.get("priorityClassName")
    if not name:
        default = _global_default(objects)
        if default is None:
            return 0, "PreemptLowerPriority"
        spec["priorityClassName"] = default["metadata"]["name"]
        return _value_and_policy(default)
    found = objects.get("priorityclasses", "", name)
    if found is not None:
        return _value_and_policy(found)
    return (SYSTEM_PRIORITIES[name], "PreemptLowerPriority") if name in SYSTEM_PRIORITIES else None


def _global_default(objects: Objects) -> Object | None:
    marked = (one for one in objects.list("priorityclasses") if one.get("globalDefault"))
    return min(marked, key=lambda one: (one.get("value", 0), one["metadata"]["name"]), default=None)


def _value_and_policy(priority_class: Object) -> tuple[int, str]:
    return priority_class.get("value", 0), priority_class.get("preemptionPolicy", "PreemptLowerPriority")


def _runtime_class(kind: Kind, pod: Object, objects: Objects) -> Status | None:
    """Give a Pod what its RuntimeClass says that running it costs, and where it may run."""
    spec, name = pod["spec"], pod["spec"].get("runtimeClassName")
    found = objects.get("runtimeclasses", "", name) if name else {}
    if found is None:
        return _rejected(kind, pod, f'RuntimeClass "{name}" not found')
    overhead = (found.get("overhead") or {}).get("podFixed")
    if spec.get("overhead") and not overhead:
        return _rejected(kind, pod, "Pod Overhead set without corresponding RuntimeClass defined Overhead")
    if spec.get("overhead") and amounts(spec["overhead"]) != amounts(overhead):
        return _rejected(kind, pod, "Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    if overhead:
        spec["overhead"] = dict(overhead)
    scheduling = found.get("scheduling") or {}
    for key, value in (scheduling.get("nodeSelector") or {}).items():
        own = spec.setdefault("nodeSelector", {}).setdefault(key, value)
        if own != value:
            sides = f"runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            return _rejected(kind, pod, f"conflict: {sides}")
    more = [one for one in scheduling.get("tolerations") or () if one not in (spec.get("tolerations") or ())]
    if more:
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *more]
    return None


def _rejected(kind: Kind, pod: Object, why: str) -> Status:
    return status.forbidden(kind, pod["metadata"].get("name", ""), f"pod rejected: {why}")


def _tolerations(spec: Object) -> None:
    """Let a Pod stay on a node that is not ready or unreachable for five minutes, unless it says otherwise."""
    given = spec.get("tolerations") or []
    for toleration in FIVE_MINUTES:
        key = toleration["key"]
        if not any(t.get("key", "") in (key, "") and t.get("effect", "") in ("NoExecute", "") for t in given):
            spec["tolerations"] = [*(spec.get("tolerations") or ()), toleration]


def _first_status(spec: Object, now: Micros) -> Object:
    """Return the status that a new Pod has. Kubernetes: pkg/registry/core/pod/strategy.go (PrepareForCreate)"""
    first: Object = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        condition = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "lastTransitionTime": rfc3339(now)}
        first["conditions"] = [{**condition, "reason": "SchedulingGated", "message": GATED}]
    return first
