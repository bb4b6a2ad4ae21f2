"""The room `namespaces`: what every namespace holds, and how one ends.

Kubernetes: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher, pkg/controller/namespace
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from lifecycle.apiserver.conditions import condition, with_condition
from lifecycle.apiserver.kinds import NAMESPACED
from lifecycle.clock import MILLISECOND, SECOND, Micros, parse_rfc3339
from lifecycle.core_v1.schema import KINDS
from lifecycle.kernel import Kernel
from lifecycle.programs.network import CONTROL_PLANE
from lifecycle.wire import Object

ACCOUNT, ROOT_CA = "default", "kube-root-ca.crt"
LATENCY: Micros = 5 * MILLISECOND
DELETION_GRACE: Micros = 5 * SECOND
"""How long after each change of a namespace that is to go it is looked at, so that whatever is on its way arrives."""
FINALIZER_SECONDS = 15
"""How long a finalizer is expected to take."""
FIRST_RETRY: Micros = 5 * MILLISECOND
LAST_RETRY: Micros = 60 * SECOND
"""How soon a pass that failed is repeated: twice as late each time, up to a minute."""

FINE: Mapping[str, tuple[str, str]] = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""The conditions of a namespace that ends, in their order, and what they say where nothing holds it up."""


class NamespacesState(msgspec.Struct):
    """How often in a row the emptying of a namespace has failed, and when it is looked at next, by which timer."""

    failures: dict[str, int] = {}
    due: dict[str, tuple[Micros, int]] = {}


class Remaining(msgspec.Struct):
    """What a pass has left of a namespace: how many objects of each resource and finalizer, and for how many seconds more."""

    objects: Counter[str]
    finalizers: Counter[str]
    seconds: int = 0
    failure: str = ""


class Namespaces:
    def __init__(self, kernel: Kernel, state: NamespacesState | None = None) -> None:
        self.kernel = kernel
        self.state = state or NamespacesState()
        kernel.rooms["apiserver"].inform(self.observe, "namespaces", "serviceaccounts", "configmaps")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource != "namespaces":
            if new is None and old is not None and old["metadata"]["name"] in (ACCOUNT, ROOT_CA):
                self.kernel.after(LATENCY, "namespaces", "furnish", old["metadata"]["namespace"])
            return
        if new is None:
            self._forget((old or {})["metadata"]["name"])
            return
        name = new["metadata"]["name"]
        if type == "ADDED":
            self.on_furnish(name)
        elif new["metadata"].get("deletionTimestamp"):
            self._look(name, DELETION_GRACE)

    def _forget(self, name: str) -> None:
        """Leave alone whatever namespace will have this name next."""
        self.state.failures.pop(name, None)
        self.kernel.cancel(self.state.due.pop(name, (0, 0))[1])

    def _look(self, name: str, delay: Micros) -> None:
        """Have a namespace looked at after a while, if that is not done sooner."""
        at = self.kernel.now + delay
        due, timer = self.state.due.get(name, (at + 1, 0))
        if at < due:
            self.kernel.cancel(timer)
            self.state.due[name] = at, self.kernel.at(at, "namespaces", "empty", name)

    def on_empty(self, name: str) -> None:
        """Delete what a terminating namespace holds, and say what is left; take its finalizer away once nothing is.

        Kubernetes: pkg/controller/namespace/deletion/namespaced_resources_deleter.go
        """
        api = self.kernel.rooms["apiserver"]
        self.state.due.pop(name, None)
        namespace = api.get("namespaces", "", name)
        if namespace is None or "kubernetes" not in (namespace["spec"].get("finalizers") or ()):
            return
        remaining = self._delete_content(namespace)
        status = self._status(namespace["status"], remaining)
        if status != namespace["status"]:
            namespace = api.update("namespaces", {**namespace, "status": status})
        if remaining.failure:
            self._look(name, self._retry(name))
            return
        self.state.failures.pop(name, None)
        if remaining.seconds:
            self._look(name, (remaining.seconds // 2 + 1) * SECOND)
        else:
            left = [finalizer for finalizer in namespace["spec"]["finalizers"] if finalizer != "kubernetes"]
            api.update("namespaces", {**namespace, "spec": {**namespace["spec"], "finalizers": left}})

    def _retry(self, name: str) -> Micros:
        nth = self.state.failures.get(name, 0)
        self.state.failures[name] = nth + 1
        return min(FIRST_RETRY << min(nth, 20), LAST_RETRY)

    def _delete_content(self, namespace: Object) -> Remaining:
        """Delete the Pods and, once they are gone, everything else."""
        remaining = Remaining(Counter(), Counter())
        self._delete_all(namespace, "pods", remaining)
        if not remaining.objects:
            for resource in NAMESPACED:
                if resource != "pods":
                    self._delete_all(namespace, resource, remaining)
        return remaining

    def _delete_all(self, namespace: Object, resource: str, remaining: Remaining) -> None:
        api, name = self.kernel.rooms["apiserver"], namespace["metadata"]["name"]
        seconds = self._grace(namespace) if resource == "pods" else 0
        for obj in list(api.list(resource, name)):
            api.delete(resource, name, obj["metadata"]["name"])
        left = list(api.list(resource, name))
        if not left:
            return
        finalizers = Counter(one for obj in left for one in obj["metadata"].get("finalizers") or ())
        remaining.objects[_QUALIFIED[resource]] = len(left)
        remaining.finalizers += finalizers
        seconds = seconds or (FINALIZER_SECONDS if finalizers else 0)
        remaining.seconds = max(remaining.seconds, seconds)
        if not seconds:
            what = f"{_GROUP_VERSIONS[resource]}, Resource={resource}"
            remaining.failure = f"unexpected items still remain in namespace: {name} for gvr: {what}"

    def _grace(self, namespace: Object) -> int:
        """Return the longest grace of the Pods that have not ended; 0 once the namespace has been going for as long."""
        pods = self.kernel.rooms["apiserver"].list("pods", namespace["metadata"]["name"])
        lively = (pod for pod in pods if pod["status"].get("phase") not in ("Succeeded", "Failed"))
        seconds = max((pod["spec"].get("terminationGracePeriodSeconds") or 0 for pod in lively), default=0)
        going = self.kernel.now - parse_rfc3339(namespace["metadata"]["deletionTimestamp"])
        return 0 if going >= seconds * SECOND else int(seconds)

    def _status(self, status: Object, remaining: Remaining) -> Object:
        """Return a namespace's status with the conditions that say what is left; what is said already stays as it is."""
        wrong = _wrong(remaining)
        for type, fine in FINE.items():
            reason, message = wrong.get(type, fine)
            said = {"type": type, "status": "True" if type in wrong else "False", "reason": reason, "message": message}
            old = condition(status, type) or {}
            if {key: old.get(key) for key in said} != said:
                status = with_condition(status, said, self.kernel.now)
        return status

    def on_furnish(self, name: str) -> None:
        """Create what every namespace holds and this one has not (any more)."""
        api = self.kernel.rooms["apiserver"]
        namespace = api.get("namespaces", "", name)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return
        for resource, obj in (("configmaps", _root_ca(name)), ("serviceaccounts", _service_account(name))):
            if api.get(resource, name, obj["metadata"]["name"]) is None:
                api.create(resource, obj)


_QUALIFIED = {kind.plural: f"{kind.plural}.{kind.group}" for kind in reversed(KINDS.values())}
_GROUP_VERSIONS = {kind.plural: kind.group_version if kind.group else "/v1" for kind in reversed(KINDS.values())}
"""How conditions name a resource: by its plural and group, with a dot between them also where there is no group."""


def _wrong(remaining: Remaining) -> dict[str, tuple[str, str]]:
    """Return the conditions by which something holds up the end, each with its reason and message."""
    found: dict[str, Any] = {}
    if remaining.failure:
        text = f"Failed to delete all resource types, 1 remaining: {remaining.failure}"
        found["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", text)
    for type, reason, counted, text in (
        (
            "NamespaceContentRemaining",
            "SomeResourcesRemain",
            [f"{name} has {count} resource instances" for name, count in sorted(remaining.objects.items())],
            "Some resources are remaining",
        ),
        (
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain",
            [f"{name} in {count} resource instances" for name, count in sorted(remaining.finalizers.items())],
            "Some content in the namespace has finalizers remaining",
        ),
    ):
        if counted:
            found[type] = (reason, f"{text}: {', '.join(counted)}")
    return found


def _root_ca(namespace: str) -> Object:
    about = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": ROOT_CA,
            "namespace": namespace,
            "annotations": {"kubernetes.io/description": about},
        },
        "data": {"ca.crt": CONTROL_PLANE.certificate},
    }


def _service_account(namespace: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": namespace}}
