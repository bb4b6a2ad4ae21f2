"""The room `storageprotection`: claims and volumes that are to go, go once nobody uses them; and those made for one Pod.

Kubernetes: pkg/controller/volume (pvcprotection, pvprotection, ephemeral)
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.core_v1.storage import CLAIM_PROTECTION, VOLUME_PROTECTION
from lifecycle.kernel import Kernel
from lifecycle.scheduler.nodes import claim_names
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND


class StorageProtectionState(msgspec.Struct):
    """This room remembers nothing: everything stands in the objects."""


class StorageProtection:
    def __init__(self, kernel: Kernel, state: StorageProtectionState | None = None) -> None:
        self.kernel = kernel
        self.state = state or StorageProtectionState()
        kernel.rooms["apiserver"].inform(self.observe, "persistentvolumes", "persistentvolumeclaims")
        kernel.rooms["apiserver"].inform(self.observe, "pods", progress=False)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj is not None
        if resource == "pods":
            if old is None or new is None:
                self._observe_pod(obj, gone=new is None)
        elif new is not None and new["metadata"].get("deletionTimestamp"):
            metadata = new["metadata"]
            self.kernel.after(LATENCY, "storageprotection", resource, metadata.get("namespace", ""), metadata["name"])
        elif new is None and resource == "persistentvolumeclaims" and obj["spec"].get("volumeName"):
            self.kernel.after(LATENCY, "storageprotection", "persistentvolumes", "", obj["spec"]["volumeName"])

    def _observe_pod(self, pod: Object, gone: bool) -> None:
        """Make the claims that a new Pod's volumes ask for; let go of those that one that is gone has used."""
        metadata = pod["metadata"]
        if gone:
            for name in claim_names(pod):
                self.kernel.after(LATENCY, "storageprotection", "persistentvolumeclaims", metadata["namespace"], name)
        elif any("ephemeral" in volume for volume in pod["spec"].get("volumes") or ()):
            self.kernel.after(LATENCY, "storageprotection", "ephemeral", metadata["namespace"], metadata["name"])

    def on_persistentvolumeclaims(self, namespace: str, name: str) -> None:
        """Let a claim go that is to be deleted, once no Pod that is on a node uses it."""
        claim = self._api.get("persistentvolumeclaims", namespace, name)
        if claim is None or not claim["metadata"].get("deletionTimestamp"):
            return
        if not self._is_used(namespace, name):
            self._release("persistentvolumeclaims", claim, CLAIM_PROTECTION)

    def on_persistentvolumes(self, namespace: str, name: str) -> None:
        """Let a volume go that is to be deleted, once it is bound to no claim."""
        volume = self._api.get("persistentvolumes", "", name)
        if volume is None or not volume["metadata"].get("deletionTimestamp"):
            return
        if volume["status"].get("phase") != "Bound":
            self._release("persistentvolumes", volume, VOLUME_PROTECTION)

    def on_ephemeral(self, namespace: str, name: str) -> None:
        """Make the claims of a Pod's own volumes."""
        pod = self._api.get("pods", namespace, name)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        for volume in pod["spec"].get("volumes") or ():
            if "ephemeral" in volume:
                self._make_claim(pod, volume)

    def _make_claim(self, pod: Object, volume: Object) -> None:
        template = volume["ephemeral"]["volumeClaimTemplate"]
        metadata, given = pod["metadata"], template.get("metadata") or {}
        name = f"{metadata['name']}-{volume['name']}"
        if self._api.get("persistentvolumeclaims", metadata["namespace"], name) is not None:
            return
        owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                **{key: given[key] for key in ("labels", "annotations") if given.get(key)},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
                "finalizers": [CLAIM_PROTECTION],
            },
            "spec": {"volumeMode": "Filesystem", **template["spec"]},
            "status": {"phase": "Pending"},
        }
        self._api.create("persistentvolumeclaims", claim)

    def _is_used(self, namespace: str, name: str) -> bool:
        return any(pod["spec"].get("nodeName") and name in claim_names(pod) for pod in self._api.list("pods", namespace))

    def _release(self, resource: str, obj: Object, finalizer: str) -> None:
        metadata = obj["metadata"]
        left = [one for one in metadata.get("finalizers") or () if one != finalizer]
        if len(left) < len(metadata.get("finalizers") or ()):
            self._api.update(resource, {**obj, "metadata": {**metadata, "finalizers": left}})

    @property
    def _api(self) -> Any:
        return self.kernel.rooms["apiserver"]
