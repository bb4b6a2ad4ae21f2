"""The status manager: the kubelet's statuses on their way to the API server.

A new status waits a few milliseconds, and what comes meanwhile goes with it. A last phase is held back until the Pod's
worker has stopped its containers. Kubernetes: pkg/kubelet/status/status_manager.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros, rfc3339
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.conditions import KUBELETS_OWN
from lifecycle.kubelet.state import PodState
from lifecycle.kubelet.status import ENDED
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet


SYNC_PERIOD: Micros = 10 * SECOND
"""How often all statuses are compared with what the API server has."""


class StatusManager:
    """The statuses of all Pods of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self._patching = ""

    def set(self, pod: PodState, status: Object, *, force: bool = False) -> None:
        """Keep a Pod's new status, and have it sent if it differs from the last."""
        if pod.start_time is None:
            pod.start_time = self.kernel.now
        status["startTime"] = rfc3339(pod.start_time)
        if status == pod.status and not force:
            return
        pod.status = status
        self.kubelet.prober.status_changed(pod)
        if pod.patch is None:
            pod.patch = self.kernel.after(delays.PATCH, "kubelet", "patch", pod.uid)

    def on_patch(self, uid: str) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if not pod or pod.removed is not None:
            return
        pod.patch = None
        if self.kubelet.node(pod).down:
            return
        obj = self.kubelet.api.get("pods", pod.namespace, pod.name)
        if obj is None or obj["metadata"]["uid"] != uid or pod.status is None:
            return
        status = self._merged(pod, obj)
        if status != obj["status"]:
            self._patching = uid
            self.kubelet.api.update("pods", {**obj, "status": status})
            self._patching = ""
        if pod.worker.phase == "finished":
            pod.status = None  # nothing will be said of the Pod any more
            if obj["metadata"].get("deletionTimestamp"):
                self.kernel.after(delays.REMOVE, "kubelet", "remove", uid)

    def _merged(self, pod: PodState, obj: Object) -> Object:
        assert pod.status is not None
        over = pod.worker.phase in ("terminated", "finished")
        return merged(obj["status"], pod.status, over=over, now=self.kernel.now)

    def status_written(self, pod: PodState, obj: Object) -> None:
        """Somebody else has written a Pod's status: what is the kubelet's own is put right with the next full sync."""
        if pod.status is None or self._patching == pod.uid or _agree(obj["status"], self._merged(pod, obj)):
            return
        origin = self.kubelet.node(pod).tick_origin
        at = origin + ((self.kernel.now - origin) // SYNC_PERIOD + 1) * SYNC_PERIOD
        self.kernel.at(at, "kubelet", "patch", pod.uid)

    def on_remove(self, uid: str) -> None:
        """Delete the Pod for good: nothing of it is left on the node."""
        pod = self.kubelet.state.pods.get(uid)
        if pod:
            self.kubelet.api.remove("pods", pod.namespace, pod.name, uid)

    def set_readiness(self, pod: PodState, container: str, ready: bool) -> None:
        """Write a readiness result into the status at once. Kubernetes: SetContainerReadiness"""
        if pod.status is None:
            return
        changed = _with_field(pod.status, container, "ready", ready)
        if changed is not None:
            self.set(pod, self.kubelet.statuses.with_readiness(pod, changed))

    def set_startup(self, pod: PodState, container: str, started: bool) -> None:
        """Write a startup result into the status at once. Kubernetes: SetContainerStartup"""
        if pod.status is None:
            return
        changed = _with_field(pod.status, container, "started", started)
        if changed is not None:
            self.set(pod, changed)


def _with_field(status: Object, container: str, field: str, value: bool) -> Object | None:
    """Return the status with one field of one running container's status changed; None where nothing changes."""
    for group in ("initContainerStatuses", "containerStatuses"):
        for i, one in enumerate(status.get(group) or ()):
            if one["name"] == container and one[field] != value and "containerID" in one:
                statuses = list(status[group])
                statuses[i] = {**one, field: value}
                return {**status, group: statuses}
    return None


def merged(api: Object, own: Object, *, over: bool, now: int) -> Object:
    """Return what a Pod's status becomes: the kubelet's, with others' conditions; a last phase only if all is `over`.

    Kubernetes: mergePodStatus
    """
    said = {condition["type"] for condition in own["conditions"]} | KUBELETS_OWN
    foreign = [condition for condition in api.get("conditions") or () if condition["type"] not in said]
    status = {**own, "conditions": [*foreign, *own["conditions"]]}
    if own["phase"] in ENDED and api.get("phase") not in ENDED and not over:
        status["phase"] = api.get("phase")
        for field in ("reason", "message"):
            status.pop(field, None)
            if api.get(field):
                status[field] = api[field]
        status["conditions"] = [c for c in status["conditions"] if c["type"] != "DisruptionTarget" or c in foreign]
    if status["phase"] in ENDED:
        reason = reasons.POD_FAILED if status["phase"] == "Failed" else reasons.POD_COMPLETED
        status["conditions"] = [_not_ready(c, reason, now) for c in status["conditions"]]
    for field in ("qosClass", "nominatedNodeName"):
        if field in api and field not in status:
            status[field] = api[field]
    return status


def _agree(api: Object, own: Object) -> bool:
    """Say whether a status says what the kubelet's does, whatever the order of its conditions.

    Kubernetes: isPodStatusByKubeletEqual
    """
    said = {condition["type"]: condition for condition in api.get("conditions") or ()}
    if any(said.get(condition["type"]) != condition for condition in own["conditions"]):
        return False
    return all(api.get(field) == own.get(field) for field in {*api, *own} - {"conditions"})


def _not_ready(condition: Object, reason: str, now: int) -> Object:
    if condition["type"] not in ("Ready", "ContainersReady") or condition["status"] != "True":
        return condition
    return {**condition, "status": "False", "reason": reason, "lastTransitionTime": rfc3339(now)}
