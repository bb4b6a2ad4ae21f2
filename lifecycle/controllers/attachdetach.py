"""The room `attachdetach`: volumes of storage drivers are attached to the nodes of the Pods that use them, and detached again.

A volume that one node alone may have is detached from it before another gets it; from a node that is not heard of, only after
six minutes, for nobody knows whether something there still writes.
Kubernetes: pkg/controller/volume/attachdetach (reconciler), pkg/volume/util/operationexecutor
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.apiserver.conditions import condition
from lifecycle.clock import MILLISECOND, MINUTE, SECOND, Micros
from lifecycle.core_v1.persistent_volumes import attachment, is_attachable
from lifecycle.kernel import Kernel
from lifecycle.scheduler.nodes import claim_names
from lifecycle.wire import Object

COMPONENT = "attachdetach-controller"
RECONCILER: Micros = 100 * MILLISECOND
ATTACHING: Micros = SECOND
"""How long a driver takes to attach a volume."""
UNMOUNT_TIMEOUT: Micros = 6 * MINUTE
"""How long a node that is not well keeps a volume that no Pod there wants any more."""
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"

Users = dict[str, list[Object]]
"""The Pods that want a volume, by node."""


class Attached(msgspec.Struct):
    """A volume at a node: whether it is there yet, and since when nobody there wants it."""

    ready: bool = False
    unwanted: Micros | None = None


class AttachDetachState(msgspec.Struct):
    """By volume, then by node; and the Pods (by uid) that were told that another node has their volume."""

    attached: dict[str, dict[str, Attached]] = {}
    told: dict[str, bool] = {}


class AttachDetach:
    def __init__(self, kernel: Kernel, state: AttachDetachState | None = None) -> None:
        self.kernel = kernel
        self.state = state or AttachDetachState()
        kernel.rooms["apiserver"].inform(self.observe, "nodes")
        kernel.rooms["apiserver"].inform(self.observe, "pods", progress=False)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "nodes":
            self._observe_node(old, new)
            return
        pod = new or old
        assert pod is not None
        if not pod["spec"].get("nodeName") or (old is not None and new is not None and _view(old) == _view(new)):
            return
        if new is None:
            self.state.told.pop(pod["metadata"]["uid"], None)
        for name in claim_names(pod):
            claim = self._api.get("persistentvolumeclaims", pod["metadata"]["namespace"], name)
            if claim is not None and claim["spec"].get("volumeName"):
                self._later(claim["spec"]["volumeName"])

    def _observe_node(self, old: Object | None, new: Object | None) -> None:
        """Look at the volumes of a node that has become well, is given up, or is gone."""
        if not self.state.attached or (old is not None and new is not None and _gives_back(old) == _gives_back(new)):
            return
        name = (new or old or {})["metadata"]["name"]
        for volume, nodes in self.state.attached.items():
            if name in nodes:
                self._later(volume)

    def on_reconcile(self, name: str) -> None:
        """Detach a volume from where it is not wanted, then attach it to where it is."""
        volume = self._api.get("persistentvolumes", "", name)
        users = self._users(volume) if volume is not None and is_attachable(volume) else {}
        for node in list(self.state.attached.get(name, {})):
            if node in users:
                self.state.attached[name][node].unwanted = None
            else:
                self._detach(name, node)
        for node, pods in users.items():
            if node not in self.state.attached.get(name, {}):
                self._attach(volume, node, pods, users)

    def on_attached(self, name: str, node: str) -> None:
        """A driver has done what it was asked for."""
        volume = self._api.get("persistentvolumes", "", name)
        found = self.state.attached.get(name, {}).get(node)
        if volume is None or found is None or found.ready:
            return
        found.ready = True
        self._write(node, volume, attached=True)
        for pod in self._users(volume).get(node, ()):
            self._event(pod, "Normal", "SuccessfulAttachVolume", f'AttachVolume.Attach succeeded for volume "{name}" ')

    def _attach(self, volume: Object, node: str, pods: list[Object], users: Users) -> None:
        name = volume["metadata"]["name"]
        elsewhere = [other for other in self.state.attached.get(name, {}) if other != node]
        if elsewhere and not {"ReadOnlyMany", "ReadWriteMany"} & set(volume["spec"].get("accessModes") or ()):
            for pod in pods:
                self._tell(pod, name, [user for other in elsewhere for user in users.get(other, ())])
            return
        self.state.attached.setdefault(name, {})[node] = Attached()
        self.kernel.after(ATTACHING, "attachdetach", "attached", name, node)

    def _tell(self, pod: Object, volume: str, users: list[Object]) -> None:
        """Say, once, that a Pod's volume is at another node."""
        metadata = pod["metadata"]
        if metadata["uid"] in self.state.told:
            return
        self.state.told[metadata["uid"]] = True
        near = [user["metadata"]["name"] for user in users if user["metadata"]["namespace"] == metadata["namespace"]]
        if near:
            why = f"Volume is already used by pod(s) {', '.join(near)}"
        elif users:
            why = f"Volume is already used by {len(users)} pod(s) in different namespaces"
        else:
            why = "Volume is already exclusively attached to one node and can't be attached to another"
        self._event(pod, "Warning", "FailedAttachVolume", f'Multi-Attach error for volume "{volume}" {why}')

    def _detach(self, name: str, node: str) -> None:
        """Take a volume from a node that does not want it any more, as soon as that is safe."""
        found = self.state.attached[name][node]
        obj = self._api.get("nodes", "", node)
        if obj is not None and not _gives_back(obj):
            if found.unwanted is None:
                found.unwanted = self.kernel.now
                self.kernel.after(UNMOUNT_TIMEOUT, "attachdetach", "reconcile", name)
            if self.kernel.now < found.unwanted + UNMOUNT_TIMEOUT:
                return
        del self.state.attached[name][node]
        if not self.state.attached[name]:
            del self.state.attached[name]
        volume = self._api.get("persistentvolumes", "", name)
        if volume is not None:
            self._write(node, volume, attached=False)

    def _users(self, volume: Object) -> Users:
        """Return the Pods on nodes that use a volume and have not ended, by node."""
        reference = volume["spec"].get("claimRef") or {}
        found: Users = {}
        for pod in self._api.list("pods", reference.get("namespace", "")) if reference else ():
            node = pod["spec"].get("nodeName")
            ended = pod["status"].get("phase") in ("Succeeded", "Failed")
            if node and not ended and reference.get("name", "") in claim_names(pod):
                found.setdefault(node, []).append(pod)
        return found

    def _write(self, name: str, volume: Object, attached: bool) -> None:
        """Say in a node's status which volumes it has."""
        node = self._api.get("nodes", "", name)
        if node is None:
            return
        own = attachment(volume)
        others = [one for one in node["status"].get("volumesAttached") or () if one["name"] != own]
        now = [*others, {"name": own, "devicePath": ""}] if attached else others
        status = {key: value for key, value in node["status"].items() if key != "volumesAttached"}
        self._api.update("nodes", {**node, "status": {**status, **({"volumesAttached": now} if now else {})}})

    def _later(self, volume: str) -> None:
        self.kernel.after(RECONCILER, "attachdetach", "reconcile", volume)

    def _event(self, pod: Object, type: str, reason: str, message: str) -> None:
        self.kernel.rooms["recorder"].event(COMPONENT, pod, type, reason, message)

    @property
    def _api(self) -> Any:
        return self.kernel.rooms["apiserver"]


def _view(pod: Object) -> object:
    return pod["spec"].get("nodeName"), pod["status"].get("phase") in ("Succeeded", "Failed")


def _gives_back(node: Object) -> bool:
    """Say whether a node has unmounted what its Pods that are gone used, or is known to do nothing any more."""
    ready = (condition(node["status"], "Ready") or {}).get("status") == "True"
    return ready or any(taint["key"] == OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ())
