"""The room `namespaces`: what every namespace holds, and how one ends.

Kubernetes: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher, pkg/controller/namespace
"""

from __future__ import annotations

import msgspec

from lifecycle.apiserver.kinds import NAMESPACED
from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

ACCOUNT, ROOT_CA = "default", "kube-root-ca.crt"
LATENCY: Micros = 5 * MILLISECOND
RECHECK: Micros = 5 * SECOND
"""How soon a namespace that still holds something is looked at again."""

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nUG9kSHVi\n-----END CERTIFICATE-----\n"
"""Stands for the certificate of the cluster's authority: nothing in a simulated cluster checks it."""


class NamespacesState(msgspec.Struct):
    """This room remembers nothing: everything stands in the objects."""


class Namespaces:
    def __init__(self, kernel: Kernel, state: NamespacesState | None = None) -> None:
        self.kernel = kernel
        self.state = state or NamespacesState()
        kernel.rooms["apiserver"].inform("namespaces", "namespaces", "serviceaccounts", "configmaps")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource != "namespaces":
            if new is None and old is not None and old["metadata"]["name"] in (ACCOUNT, ROOT_CA):
                self.kernel.after(LATENCY, "namespaces", "furnish", old["metadata"]["namespace"])
            return
        if new is None:
            return
        name = new["metadata"]["name"]
        if type == "ADDED":
            self.on_furnish(name)
        elif new["metadata"].get("deletionTimestamp") and not (old or new)["metadata"].get("deletionTimestamp"):
            self.kernel.after(0, "namespaces", "empty", name)

    def on_empty(self, name: str) -> None:
        """Delete all that a terminating namespace holds; take its finalizer away once nothing is left."""
        api = self.kernel.rooms["apiserver"]
        namespace = api.get("namespaces", "", name)
        if namespace is None:
            return
        left = False
        for resource in NAMESPACED:
            for obj in list(api.list(resource, name)):
                api.delete(resource, name, obj["metadata"]["name"])
                left = left or api.get(resource, name, obj["metadata"]["name"]) is not None
        if left:
            self.kernel.after(RECHECK, "namespaces", "empty", name)
        else:
            api.update("namespaces", {**namespace, "spec": {**namespace["spec"], "finalizers": []}})

    def on_furnish(self, name: str) -> None:
        """Create what every namespace holds and this one has not (any more)."""
        api = self.kernel.rooms["apiserver"]
        namespace = api.get("namespaces", "", name)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return
        for resource, obj in (("configmaps", _root_ca(name)), ("serviceaccounts", _service_account(name))):
            if api.get(resource, name, obj["metadata"]["name"]) is None:
                api.create(resource, obj)


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
        "data": {"ca.crt": CERTIFICATE},
    }


def _service_account(namespace: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": namespace}}
