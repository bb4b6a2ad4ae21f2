"""What the API server adds to a Pod that is being created, or refuses it for.

Kubernetes: plugin/pkg/admission (serviceaccount, priority, defaulttolerationseconds), pkg/registry/core/pod/strategy.go
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.resources import RESOURCES
from lifecycle.apiserver.status import forbidden
from lifecycle.clock import rfc3339
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

ACCESS_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607
DEFAULT_TOLERATION_SECONDS = 300
_NOT_READY = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SYSTEM_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def admit_pod(kernel: Kernel, pod: Object) -> Object:
    """Return a defaulted Pod as the admission plugins leave it. Raises: StatusError where one refuses it."""
    spec = _with_service_account(kernel, pod)
    spec = _with_priority(kernel, pod, spec)
    spec = {**spec, "tolerations": _with_default_tolerations(spec.get("tolerations") or [])}
    return {**pod, "spec": spec}


def _with_service_account(kernel: Kernel, pod: Object) -> dict[str, Any]:
    api, namespace, spec = kernel.rooms["apiserver"], pod["metadata"]["namespace"], pod["spec"]
    name = spec.get("serviceAccountName") or "default"
    account = api.get("serviceaccounts", namespace, name)
    if account is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(RESOURCES["pods"], pod["metadata"].get("name", ""), why)
    spec = {**spec, "serviceAccountName": name, "serviceAccount": name}
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = account["imagePullSecrets"]
    automount = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
    return _with_access(kernel, pod, spec) if automount else spec


def _with_access(kernel: Kernel, pod: Object, spec: dict[str, Any]) -> dict[str, Any]:
    """Add the volume by which containers reach the API, and its mounts where nothing is mounted there."""
    groups = [group for group in ("initContainers", "containers") if spec.get(group)]
    if all(_mounts_access(container) for group in groups for container in spec[group]):
        return spec
    metadata = pod["metadata"]
    key = ("access", metadata["namespace"], metadata.get("name", ""), kernel.now, kernel.index)
    volume = f"kube-api-access-{kernel.seeds.suffix(*key)}"
    mount = {"name": volume, "readOnly": True, "mountPath": ACCESS_PATH}
    new = {**spec, "volumes": [*(spec.get("volumes") or []), _access_volume(volume)]}
    for group in groups:
        new[group] = [
            container
            if _mounts_access(container)
            else {**container, "volumeMounts": [*(container.get("volumeMounts") or []), mount]}
            for container in spec[group]
        ]
    return new


def _mounts_access(container: dict[str, Any]) -> bool:
    return any(mount["mountPath"].rstrip("/") == ACCESS_PATH for mount in container.get("volumeMounts") or ())


def _access_volume(name: str) -> dict[str, Any]:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}


def _with_priority(kernel: Kernel, pod: Object, spec: dict[str, Any]) -> dict[str, Any]:
    name = spec.get("priorityClassName", "")
    chosen = _priority_class(kernel, pod, name)
    value = chosen.get("value", 0)
    given = spec.get("priority")
    if given is not None and given != value:
        why = (
            f"the integer value of priority ({given}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name"
        )
        raise forbidden(RESOURCES["pods"], pod["metadata"].get("name", ""), why)
    policy = spec.get("preemptionPolicy") or chosen.get("preemptionPolicy") or "PreemptLowerPriority"
    spec = {**spec, "priority": value, "preemptionPolicy": policy}
    if not name and chosen:
        spec["priorityClassName"] = chosen["metadata"]["name"]
    return spec


def _priority_class(kernel: Kernel, pod: Object, name: str) -> Object:
    """Return the PriorityClass of that name; for none the global default, or an empty one."""
    api = kernel.rooms["apiserver"]
    if not name:
        defaults = [one for one in api.list("priorityclasses") if one.get("globalDefault")]
        return min(defaults, key=lambda one: int(one["value"]), default={})
    found = api.get("priorityclasses", "", name)
    if found is None and name in _SYSTEM_PRIORITIES:
        return {"metadata": {"name": name}, "value": _SYSTEM_PRIORITIES[name]}
    if found is None:
        why = f"no PriorityClass with name {name} was found"
        raise forbidden(RESOURCES["pods"], pod["metadata"].get("name", ""), why)
    return dict(found)


def _with_default_tolerations(tolerations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tolerate a node that is not ready or unreachable for five minutes, unless something is said about that."""
    missing = [key for key in _NOT_READY if not any(_tolerates(toleration, key) for toleration in tolerations)]
    return [
        *tolerations,
        *(
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": DEFAULT_TOLERATION_SECONDS}
            for key in missing
        ),
    ]


def _tolerates(toleration: dict[str, Any], key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")


def new_status(kernel: Kernel, pod: Object, qos_class: str) -> dict[str, Any]:
    """Return the status that a Pod is created with."""
    status: dict[str, Any] = {"phase": "Pending", "qosClass": qos_class}
    if pod["spec"].get("schedulingGates"):
        status["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": rfc3339(kernel.now),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]
    return status
