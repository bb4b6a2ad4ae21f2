"""The room `persistentvolumes`: claims and volumes find each other, and volumes are made for claims whose class can do that.

A claim that waits is looked at again at every resync. A provisioner is no part of a simulated cluster: each that a class names
is taken to make what is asked of it, after a while; that is said in a trace.
Kubernetes: pkg/controller/volume/persistentvolume (pv_controller.go), sig-storage-lib-external-provisioner
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros, rfc3339
from lifecycle.controllers import provisioning
from lifecycle.core_v1.persistent_volumes import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PROVISIONED_BY,
    SELECTED_NODE,
    annotated,
    annotations_of,
    capacity,
    claim_reference,
    claimed_by,
    class_of,
    find_matching,
    misfit,
    requested,
    waits_for_consumer,
)
from lifecycle.core_v1.storage import default_class
from lifecycle.kernel import Kernel, Pod
from lifecycle.programs import persistent_volume
from lifecycle.scheduler.nodes import claim_names
from lifecycle.wire import Object

COMPONENT, EXPAND = "persistentvolume-controller", "volume_expand"
LATENCY: Micros = 5 * MILLISECOND
RESYNC: Micros = 15 * SECOND
UNHEARD = 20
"""So many resyncs pass until one more Event about a claim is written down, once there were too many."""
PROVISIONING: Micros = SECOND
"""How long a provisioner takes for one volume."""

NO_VOLUME = "no persistent volumes available for this claim and no storage class is set"
FIRST_CONSUMER = "waiting for first consumer to be created before binding"
EXPANDING = "waiting for an external controller to expand this PVC"
LOST_VOLUME = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
LOST_REFERENCE = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
MISBOUND = "Two claims are bound to the same volume, this one is bound incorrectly"
EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{0}' or manually by the system administrator. "
    "If volume creation is delayed, please verify that the provisioner is running and correctly registered."
)


class PersistentVolumesState(msgspec.Struct):
    """Claims for which a volume is being made, or made larger, by uid; those that a resync is on the agenda for, by name."""

    provisioning: dict[str, int] = {}
    growing: dict[str, bool] = {}
    resyncs: dict[str, int] = {}


class PersistentVolumes:
    def __init__(self, kernel: Kernel, state: PersistentVolumesState | None = None) -> None:
        self.kernel = kernel
        self.state = state or PersistentVolumesState()
        kernel.rooms["apiserver"].inform(self.observe, "persistentvolumes", "persistentvolumeclaims", "storageclasses")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        """Look at what has changed; claims that wait for something of the kind find it at their next resync."""
        obj = new or old
        assert obj is not None
        metadata = obj["metadata"]
        match resource:
            case "storageclasses" if new is not None:
                self._hurry()
            case "persistentvolumes":
                self._observe_volume(obj, gone=new is None)
            case "persistentvolumeclaims":
                if new is not None:
                    self._later("claim", metadata["namespace"], metadata["name"])
                if obj["spec"].get("volumeName"):
                    self._later("volume", obj["spec"]["volumeName"])

    def _observe_volume(self, volume: Object, gone: bool) -> None:
        name, reference = volume["metadata"]["name"], volume["spec"].get("claimRef")
        if gone:
            self.kernel.rooms["programs"].remove_volume(persistent_volume(name))
        else:
            self._later("volume", name)
        if reference:
            self._later("claim", reference.get("namespace", ""), reference.get("name", ""))
        elif not gone and volume["status"].get("phase") == "Available":
            self._hurry()

    # Claims

    def on_claim(self, namespace: str, name: str, times: int = 1) -> None:
        """Bring one claim further. `times` is how many looks at it this stands for. Kubernetes: syncClaim"""
        claim = self._api.get("persistentvolumeclaims", namespace, name)
        if claim is None:
            self._forget(namespace, name)
        elif BIND_COMPLETED in annotations_of(claim):
            self._check(claim)
        elif claim["spec"].get("volumeName"):
            self._bind_named(claim, times)
        else:
            self._find(claim, times)

    def on_resync(self, namespace: str, name: str, times: int) -> None:
        self.state.resyncs.pop(f"{namespace}/{name}", None)
        self.on_claim(namespace, name, times)

    def _find(self, claim: Object, times: int) -> None:
        """Bind a claim to a volume that is there, or see to it that one is made, or say why it waits."""
        claim = self._with_default_class(claim)
        name = class_of(claim)
        storage_class = self._api.get("storageclasses", "", name) if name else None
        delayed = waits_for_consumer(storage_class)
        volume = find_matching(claim, self._api.list("persistentvolumes"), delayed=delayed)
        if volume is not None:
            self._bind(volume, claim)
        elif delayed and SELECTED_NODE not in annotations_of(claim):
            self._wait(claim, "Normal", *self._what_is_waited_for(claim), times)
        elif name:
            self._provision(claim, name, storage_class, times)
        else:
            self._wait(claim, "Normal", "FailedBinding", NO_VOLUME, times)

    def _with_default_class(self, claim: Object) -> Object:
        """Give a claim that names no class the default one that has come since."""
        if "storageClassName" in claim["spec"]:
            return claim
        default = default_class(self._api.list("storageclasses"))
        if default is None:
            return claim
        spec = {**claim["spec"], "storageClassName": default["metadata"]["name"]}
        updated: Object = self._api.update("persistentvolumeclaims", {**claim, "spec": spec})
        return updated

    def _what_is_waited_for(self, claim: Object) -> tuple[str, str]:
        """Return what a claim waits for whose class waits for a Pod: one to come, or those that are there to get a node."""
        metadata = claim["metadata"]
        pods = [
            pod["metadata"]["name"]
            for pod in self._api.list("pods", metadata["namespace"])
            if metadata["name"] in claim_names(pod)
            and not pod["spec"].get("nodeName")
            and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ]
        if not pods:
            return "WaitForFirstConsumer", FIRST_CONSUMER
        what = f"pod {pods[0]}" if len(pods) == 1 else f"pods {','.join(pods)}"
        return "WaitForPodScheduled", f"waiting for {what} to be scheduled"

    def _bind_named(self, claim: Object, times: int) -> None:
        """Bind a claim to the volume that it names itself, if that is there and free and will do."""
        name = claim["spec"]["volumeName"]
        volume = self._api.get("persistentvolumes", "", name)
        if volume is None:
            return
        if claimed_by(volume, claim):
            self._bind(volume, claim)
        elif volume["spec"].get("claimRef"):
            self._wait(claim, "Warning", "FailedBinding", f'volume "{name}" already bound to a different claim.', times)
        elif why := misfit(volume, claim):
            self._wait(claim, "Warning", "VolumeMismatch", f'Cannot bind to requested volume "{name}": {why}', times)
        else:
            self._bind(volume, claim)

    def _check(self, claim: Object) -> None:
        """See whether a claim that was bound still has its volume."""
        name = claim["spec"].get("volumeName")
        volume = self._api.get("persistentvolumes", "", name) if name else None
        if not name:
            self._lose(claim, "ClaimLost", LOST_REFERENCE)
        elif volume is None:
            self._lose(claim, "ClaimLost", LOST_VOLUME)
        elif not volume["spec"].get("claimRef") or claimed_by(volume, claim):
            if claim["status"].get("phase") != "Bound":
                self._bind(volume, claim)
            elif requested(claim) > capacity(volume) and claim["metadata"]["uid"] not in self.state.growing:
                self._grow(claim, volume)
        else:
            self._lose(claim, "ClaimMisbound", MISBOUND)

    def _lose(self, claim: Object, reason: str, message: str) -> None:
        if claim["status"].get("phase") != "Lost":
            claim = self._api.update("persistentvolumeclaims", {**claim, "status": {**claim["status"], "phase": "Lost"}})
            self._event(claim, "Warning", reason, message)

    def _bind(self, volume: Object, claim: Object) -> None:
        """Tie a volume and a claim to each other: four changes, as the controller makes them."""
        api = self._api
        reference = volume["spec"].get("claimRef")
        if not reference or not reference.get("uid"):
            marked = volume if reference else annotated(volume, **{BOUND_BY_CONTROLLER: "yes"})
            volume = api.update("persistentvolumes", {**marked, "spec": {**marked["spec"], "claimRef": claim_reference(claim)}})
        volume = self._set_phase(volume, "Bound")
        if claim["spec"].get("volumeName") != volume["metadata"]["name"]:
            claim = annotated(claim, **{BOUND_BY_CONTROLLER: "yes"})
            claim = {**claim, "spec": {**claim["spec"], "volumeName": volume["metadata"]["name"]}}
        claim = api.update("persistentvolumeclaims", annotated(claim, **{BIND_COMPLETED: "yes"}))
        spec = volume["spec"]
        status = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": spec["capacity"]}
        claim = api.update("persistentvolumeclaims", {**claim, "status": {**claim["status"], **status}})
        metadata = claim["metadata"]
        self.state.provisioning.pop(metadata["uid"], None)
        self._forget(metadata["namespace"], metadata["name"])

    # Making volumes

    def _provision(self, claim: Object, name: str, storage_class: Object | None, times: int) -> None:
        """Ask the provisioner of a claim's class for a volume. Kubernetes: provisionClaim"""
        if storage_class is None:
            why = f'storageclass.storage.k8s.io "{name}" not found'
            self._wait(claim, "Warning", "ProvisioningFailed", why, times)
            return
        provisioner = provisioning.driver(storage_class["provisioner"])
        if provisioner is None:
            why = f"no volume plugin matched name: {storage_class['provisioner']}"
            self._wait(claim, "Warning", "ProvisioningFailed", why, times)
            return
        marks = dict.fromkeys(provisioning.PROVISIONER, provisioner)
        claim = self._api.update("persistentvolumeclaims", annotated(claim, **marks))
        self._wait(claim, "Normal", "ExternalProvisioning", EXTERNAL.format(provisioner), times)
        metadata = claim["metadata"]
        if metadata["uid"] not in self.state.provisioning:
            self._assume(metadata["namespace"], provisioner)
            self._provisioner_event(claim, provisioner, "Provisioning", provisioning.begun(claim))
            timer = self.kernel.after(PROVISIONING, "persistentvolumes", "provision", metadata["namespace"], metadata["name"])
            self.state.provisioning[metadata["uid"]] = timer

    def on_provision(self, namespace: str, name: str) -> None:
        """Do what the provisioner does: make the volume, for this claim."""
        claim = self._api.get("persistentvolumeclaims", namespace, name)
        if claim is None or claim["spec"].get("volumeName") or claim["metadata"].get("deletionTimestamp"):
            return
        storage_class = self._api.get("storageclasses", "", class_of(claim))
        if storage_class is None:
            self.state.provisioning.pop(claim["metadata"]["uid"], None)
            return
        node = self._api.get("nodes", "", annotations_of(claim).get(SELECTED_NODE, ""))
        volume = provisioning.volume(claim, storage_class, node, rfc3339(self.kernel.now))
        if self._api.get("persistentvolumes", "", volume["metadata"]["name"]) is None:
            self._api.create("persistentvolumes", volume)
            provisioner = annotations_of(volume)[PROVISIONED_BY]
            self._provisioner_event(claim, provisioner, "ProvisioningSucceeded", provisioning.made(volume))

    def _grow(self, claim: Object, volume: Object) -> None:
        """Have the driver of a claim's volume make it larger. Kubernetes: pkg/controller/volume/expand, external-resizer"""
        metadata, name = claim["metadata"], volume["metadata"]["name"]
        self.state.growing[metadata["uid"]] = True
        self.kernel.rooms["recorder"].event(EXPAND, claim, "Normal", "ExternalExpanding", EXPANDING)
        self._resizer_event(claim, volume, "Resizing", f"External resizer is resizing volume {name}")
        self.kernel.after(PROVISIONING, "persistentvolumes", "grown", metadata["namespace"], metadata["name"], metadata["uid"])

    def on_grown(self, namespace: str, name: str, uid: str) -> None:
        """Write down how large a volume has become."""
        self.state.growing.pop(uid, None)
        claim = self._api.get("persistentvolumeclaims", namespace, name)
        volume = self._api.get("persistentvolumes", "", claim["spec"].get("volumeName") or "") if claim is not None else None
        if claim is None or volume is None or claim["metadata"]["uid"] != uid:
            return
        size = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
        volume = self._api.update("persistentvolumes", {**volume, "spec": {**volume["spec"], "capacity": size}})
        claim = self._api.update("persistentvolumeclaims", {**claim, "status": {**claim["status"], "capacity": size}})
        self._resizer_event(claim, volume, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _resizer_event(self, claim: Object, volume: Object, reason: str, message: str) -> None:
        driver = (volume["spec"].get("csi") or {}).get("driver", "")
        self.kernel.rooms["recorder"].event(f"external-resizer {driver}".strip(), claim, "Normal", reason, message)

    def _assume(self, namespace: str, provisioner: str) -> None:
        text = f"Nothing is known of the provisioner {provisioner}: each of its volumes is taken to be ready after 1 s"
        self.kernel.trace("assumption", Pod(namespace, "", ""), about="provisioner", text=text)

    def _provisioner_event(self, claim: Object, provisioner: str, reason: str, message: str) -> None:
        self.kernel.rooms["recorder"].event(f"{provisioner}_{provisioning.INSTANCE}", claim, "Normal", reason, message)

    # Volumes

    def on_volume(self, name: str) -> None:
        """Bring one volume's phase up to date. Kubernetes: syncVolume"""
        volume = self._api.get("persistentvolumes", "", name)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef")
        if not reference or not reference.get("uid"):
            if volume["status"].get("phase") != "Bound" or not reference:
                self._set_phase(volume, "Available")
            return
        claim = self._api.get("persistentvolumeclaims", reference.get("namespace", ""), reference.get("name", ""))
        if claim is not None and claim["metadata"]["uid"] == reference["uid"]:
            if not claim["spec"].get("volumeName"):
                self._later("claim", reference.get("namespace", ""), reference.get("name", ""))
            return
        if volume["status"].get("phase") not in ("Released", "Failed"):
            volume = self._set_phase(volume, "Released")
        self._reclaim(volume)

    def _reclaim(self, volume: Object) -> None:
        """Do with a volume whose claim is gone what it says itself is to be done."""
        name, spec = volume["metadata"]["name"], volume["spec"]
        if volume["metadata"].get("deletionTimestamp") or volume["status"].get("phase") == "Failed":
            return
        match spec.get("persistentVolumeReclaimPolicy"):
            case "Delete":
                why = provisioning.undeletable(volume)
                if why:
                    self._set_phase(volume, "Failed", reason="VolumeFailedDelete", message=why)
                    self._event(volume, "Warning", "VolumeFailedDelete", why)
                else:
                    self._api.delete("persistentvolumes", "", name)
            case "Recycle":
                self._event(volume, "Normal", "VolumeRecycled", "Volume recycled")
                spec = {key: value for key, value in spec.items() if key != "claimRef"}
                self._set_phase(self._api.update("persistentvolumes", {**volume, "spec": spec}), "Available")

    def _set_phase(self, volume: Object, phase: str, **more: str) -> Object:
        if volume["status"].get("phase") == phase:
            return volume
        status = {"phase": phase, "lastPhaseTransitionTime": rfc3339(self.kernel.now), **more}
        updated: Object = self._api.update("persistentvolumes", {**volume, "status": status})
        return updated

    # Waiting

    def _wait(self, claim: Object, type: str, reason: str, message: str, times: int) -> None:
        """Say why a claim waits, and look at it again at the next resync, which brings only what is known already.

        Where nobody hears it any more, the looks until somebody does are taken together.
        """
        heard = self._event(claim, type, reason, message, times)
        self._resync(claim["metadata"], 1 if heard else UNHEARD)

    def _resync(self, metadata: Object, times: int, periodic: bool = True) -> None:
        key = f"{metadata['namespace']}/{metadata['name']}"
        if key not in self.state.resyncs:
            start = self.kernel.config.start
            at = start + ((self.kernel.now - start) // RESYNC + times) * RESYNC
            subject = (metadata["namespace"], metadata["name"], times)
            self.state.resyncs[key] = self.kernel.at(at, "persistentvolumes", "resync", *subject, periodic=periodic)

    def _hurry(self) -> None:
        """Something has come that claims may have waited for: their next resync is no mere routine."""
        for claim in self._api.list("persistentvolumeclaims"):
            metadata = claim["metadata"]
            if f"{metadata['namespace']}/{metadata['name']}" in self.state.resyncs:
                self._forget(metadata["namespace"], metadata["name"])
                self._resync(metadata, 1, periodic=False)

    def _forget(self, namespace: str, name: str) -> None:
        self.kernel.cancel(self.state.resyncs.pop(f"{namespace}/{name}", None))

    def _later(self, what: str, *subject: Any) -> None:
        self.kernel.after(LATENCY, "persistentvolumes", what, *subject)

    def _event(self, obj: Object, type: str, reason: str, message: str, times: int = 1) -> bool:
        """Record an Event; say whether it was written down."""
        return self.kernel.rooms["recorder"].event(COMPONENT, obj, type, reason, message, times=times) is not None

    @property
    def _api(self) -> Any:
        return self.kernel.rooms["apiserver"]
