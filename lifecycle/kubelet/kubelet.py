"""The room `kubelet`: what it is told of Pods and nodes, and what its parts share.

Kubernetes: pkg/kubelet/kubelet.go (syncLoop, HandlePodAdditions, HandlePodUpdates, HandlePodRemoves)
"""

from __future__ import annotations

from typing import Any, cast

from lifecycle.clock import SECOND, Micros, rfc3339
from lifecycle.controllers.bootstrap import default_node
from lifecycle.core_v1.types import Container, PodSpec, pod_spec
from lifecycle.kernel import Kernel
from lifecycle.kernel import Pod as About
from lifecycle.kubelet import delays
from lifecycle.kubelet.admission import PRESSURE, Rejection, admit, critical
from lifecycle.kubelet.conditions import KUBELETS_OWN
from lifecycle.kubelet.container_config import ContainerConfig
from lifecycle.kubelet.eviction import Eviction
from lifecycle.kubelet.exits import Exits
from lifecycle.kubelet.hooks import Hooks
from lifecycle.kubelet.image_gc import ImageGC
from lifecycle.kubelet.images import Images
from lifecycle.kubelet.local_storage import LocalStorage
from lifecycle.kubelet.node_images import NodeImages
from lifecycle.kubelet.node_status import NodeStatus
from lifecycle.kubelet.pleg import PLEG
from lifecycle.kubelet.pod_status import PodStatuses
from lifecycle.kubelet.pod_workers import PodWorkers
from lifecycle.kubelet.preemption import NoVictims, Preemption
from lifecycle.kubelet.prober import Prober
from lifecycle.kubelet.resize import Resize
from lifecycle.kubelet.restarting import Restarting
from lifecycle.kubelet.start_container import StartContainer
from lifecycle.kubelet.state import WHOLE_POD, KubeletState, NodeState, PodState
from lifecycle.kubelet.stats import Stats
from lifecycle.kubelet.status import ENDED
from lifecycle.kubelet.status_manager import StatusManager
from lifecycle.kubelet.sync_pod import SyncPod
from lifecycle.kubelet.termination import Termination
from lifecycle.kubelet.unmodelled import unmodelled
from lifecycle.kubelet.volumes import Volumes
from lifecycle.programs import Programs
from lifecycle.runtime.runtime import Runtime
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.wire import Object


class Kubelet:
    """The kubelets of all nodes, and what their parts share."""

    def __init__(self, kernel: Kernel, state: KubeletState | None = None) -> None:
        self.kernel = kernel
        self.state = state or KubeletState()
        self.api: Any = kernel.rooms["apiserver"]
        self.programs: Programs = kernel.rooms["programs"]
        self.pleg = PLEG(self)
        self.runtime = Runtime(self)
        self.status_manager = StatusManager(self)
        self.statuses = PodStatuses(self)
        self.prober = Prober(self)
        self.images = Images(self)
        self.hooks = Hooks(self)
        self.volumes = Volumes(self)
        self.resize = Resize(self)
        self.container_config = ContainerConfig(self)
        self.start_container = StartContainer(self)
        self.termination = Termination(self)
        self.exits = Exits(self)
        self.sync_pod = SyncPod(self)
        self.workers = PodWorkers(self)
        self.stats = Stats(self)
        self.local_storage = LocalStorage(self)
        self.image_gc = ImageGC(self)
        self.eviction = Eviction(self)
        self.preemption = Preemption(self)
        self.node_status, self.node_images = NodeStatus(self), NodeImages(self)
        self.restarting = Restarting(self)
        self.stop, self.start = self.restarting.stop, self.restarting.start
        self.on_eviction, self.on_usage = self.eviction.on_eviction, self.eviction.on_usage
        self.on_system_oom = self.eviction.on_system_oom
        self.on_node_status, self.on_image_gc = self.node_status.on_node_status, self.image_gc.on_image_gc
        self.on_node_images = self.node_images.on_node_images
        self.on_volume_stats = self.local_storage.on_volume_stats
        self.on_kubelet_up, self.on_booted = self.restarting.on_kubelet_up, self.restarting.on_booted
        self.on_pods_listed, self.on_orphaned = self.restarting.on_pods_listed, self.restarting.on_orphaned
        self.on_relist, self.on_relist_pod = self.pleg.on_relist, self.pleg.on_relist_pod
        self.on_wake, self.on_resync, self.on_step = self.workers.on_wake, self.workers.on_resync, self.sync_pod.on_step
        self.on_patch, self.on_remove = self.status_manager.on_patch, self.status_manager.on_remove
        self.on_probe, self.on_probed = self.prober.workers.on_probe, self.prober.workers.on_probed
        self.on_probe_begun, self.on_probe_ended = self.prober.workers.on_probe_begun, self.prober.workers.on_probe_ended
        self.on_probe_repeat, self.on_probe_rouse = self.prober.workers.on_probe_repeat, self.prober.on_probe_rouse
        self.on_probe_wake, self.on_probe_wake_elsewhere = self.prober.on_probe_wake, self.prober.on_probe_wake_elsewhere
        self.on_hook, self.on_hook_exec = self.hooks.on_hook, self.hooks.on_hook_exec
        self.on_kill_stage = self.termination.on_kill_stage
        self.on_exited, self.on_exit_handled = self.exits.on_exited, self.exits.on_exit_handled
        self.on_mount, self.on_remount = self.volumes.on_mount, self.volumes.on_remount
        self._specs: dict[str, PodSpec] = {}
        self._by_name: dict[str, dict[str, tuple[str, Container]]] = {}
        self._infos: dict[str, NodeInfo] = {}
        self._objects: dict[str, Object] = {}
        self.api.inform(self.observe, "nodes", "pods", "configmaps", "secrets")

    # What the parts ask

    def node(self, pod: PodState) -> NodeState:
        return self.state.nodes[pod.node]

    def object(self, pod: PodState) -> Object:
        """Return the Pod as the API server has it, or as it last had it."""
        found = pod.removed or self._objects.get(pod.uid)
        if found is None:
            found = self._objects[pod.uid] = cast(Object, self.api.get("pods", pod.namespace, pod.name))
        return found

    def spec(self, pod: PodState) -> PodSpec:
        """Return the typed spec, with the resources that the Pod was given; it is made once for each version of it."""
        known = self._specs.get(pod.uid)
        if known is None:
            known = self._specs[pod.uid] = self.resize.as_allocated(pod, pod_spec(self.object(pod)))
        return known

    def container(self, pod: PodState, name: str) -> Container | None:
        found = self._containers(pod).get(name)
        return found[1] if found else None

    def _containers(self, pod: PodState) -> dict[str, tuple[str, Container]]:
        """Return the Pod's containers by name, with the field that lists each."""
        known = self._by_name.get(pod.uid)
        if known is None:
            known = self._by_name[pod.uid] = {c.name: (group, c) for group, c in self.spec(pod).all_containers()}
        return known

    def deleting(self, pod: PodState) -> bool:
        return pod.removed is not None or bool(self.object(pod)["metadata"].get("deletionTimestamp"))

    def pod_id(self, pod: PodState) -> str:
        return f"{pod.name}_{pod.namespace}({pod.uid})"

    def pod_ip(self, pod: PodState) -> str:
        """Return the address at which the Pod can be reached."""
        for sandbox in pod.runtime.sandboxes:
            if sandbox.ready:
                return self.node(pod).ip if sandbox.host_network else sandbox.ip
        return ""

    def about(self, pod: PodState, container: str = "") -> About:
        return About(pod.namespace, pod.name, pod.uid, container)

    def event(
        self,
        pod: PodState,
        type: str,
        reason: str,
        message: str,
        container: str = "",
        annotations: dict[str, str] | None = None,
    ) -> int:
        """Record an Event; return its index, or the present cause where it was dropped."""
        field_path = self.field_path(pod, container) if container else ""
        recorder = self.kernel.rooms["recorder"]
        self.prober.repeating.settle(pod)
        about = {"kind": "Pod", "namespace": pod.namespace, "name": pod.name, "uid": pod.uid}
        index = recorder.event("kubelet", about, type, reason, message, field_path, pod.node, annotations)
        self.prober.repeating.told(pod)
        return self.kernel.cause if index is None else int(index)

    def field_path(self, pod: PodState, container: str) -> str:
        """Return the path of a container in its Pod, as Events name it."""
        group, _ = self._containers(pod).get(container, ("containers", None))
        return f"spec.{group}{{{container}}}"

    def node_event(self, node: NodeState, type: str, reason: str, message: str) -> int:
        """Record an Event about a node."""
        about = self.api.get("nodes", "", node.name) or {"kind": "Node", "name": node.name}
        index = self.kernel.rooms["recorder"].event("kubelet", about, type, reason, message, host=node.name)
        return self.kernel.cause if index is None else int(index)

    def next_tick(self, pod: PodState, at: Micros) -> Micros:
        """Return the first tick of the sync loop at or after a moment."""
        origin = self.node(pod).tick_origin
        return origin + -(-(at - origin) // SECOND) * SECOND

    # What it is told

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "nodes":
            self._observe_node(old, new)
        elif resource == "pods":
            self._observe_pod(old, new)
        elif old or new:
            metadata = cast(Object, new or old)["metadata"]
            self.volumes.source_changed(resource, metadata["namespace"], metadata["name"])

    def _observe_node(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            return
        name = new["metadata"]["name"]
        if info := self._infos.get(name):
            info.set(new)
        if name in self.state.nodes:
            if old is not None and old["status"].get("capacity") != new["status"].get("capacity"):
                self.eviction.tell_memory(self.state.nodes[name])
                self.eviction.look(self.state.nodes[name])
                self.node_status.look(self.state.nodes[name])
            return
        addresses = new.get("status", {}).get("addresses") or ()
        ip = next((a["address"] for a in addresses if a["type"] == "InternalIP"), "127.0.0.1")
        seeds, now = self.kernel.seeds, self.kernel.now
        self.state.nodes[name] = NodeState(
            name=name,
            ip=ip,
            relist_origin=now - seeds.number(SECOND, "phase of relists", name),
            tick_origin=now - seeds.number(SECOND, "phase of the sync loop", name),
            subnet=new.get("spec", {}).get("podCIDR") or f"10.244.{len(self.state.nodes)}.0/24",
        )
        self._infos[name] = NodeInfo(new)
        self.programs.network.set_node(ip, name)
        self.eviction.tell_memory(self.state.nodes[name])
        self.eviction.started(self.state.nodes[name])
        for pod in [pod for pod in self.api.list("pods") if pod["spec"].get("nodeName") == name]:
            self._observe_pod(None, pod)

    def _observe_pod(self, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj
        metadata = obj["metadata"]
        if obj["spec"].get("nodeName", "") not in self.state.nodes:
            return
        uid = metadata["uid"]
        pod = self.state.pods.get(uid)
        if new is not None:
            self._objects[uid] = new
            if old is not None and old["spec"] is not new["spec"]:
                self.forget_spec(uid)
                if pod:
                    self.resize.spec_changed(pod, old, new)
        if new is None:
            self._objects.pop(uid, None)
            if pod and pod.removed is None:
                pod.removed = old
                self.kernel.after(delays.WATCH, "kubelet", "removed", uid)
        elif pod is None:
            node = new["spec"]["nodeName"]
            self.state.pods[uid] = PodState(uid, metadata["namespace"], metadata["name"], node)
            self.kernel.after(delays.WATCH, "kubelet", "added", uid)
        elif old is not None:
            if _concerns(old, new):
                self.kernel.after(delays.WATCH, "kubelet", "updated", uid)
            if old["status"] is not new["status"]:
                self.status_manager.status_written(pod, new)

    def on_added(self, uid: str) -> None:
        pod = self.state.pods.get(uid)
        if pod is None or self.node(pod).deaf:
            return
        obj = self.object(pod)
        if obj["status"].get("phase") in ENDED:
            self._was_over(pod)
            return
        info = self.node_info(pod.node)
        rejection = admit(self.resize.allocated_object(pod), info, self._pressure(pod.node))
        if rejection and rejection.shortages and critical(obj):
            try:
                self.preemption.begin(pod, rejection.shortages)
            except NoVictims as error:
                text = f"Unexpected error while attempting to recover from admission failure: {error}"
                self._reject(pod, obj, Rejection("UnexpectedAdmissionError", text))
        elif rejection:
            self._reject(pod, obj, rejection)
        else:
            self.admitted(uid)

    def admitted(self, uid: str) -> None:
        """Begin with a Pod that the kubelet has taken."""
        pod = self.state.pods[uid]
        obj, info = self.object(pod), self.node_info(pod.node)
        info.add(PodInfo.of(self.resize.allocated_object(pod)))
        if WHOLE_POD not in pod.allocated:
            self.resize.allocate_whole(pod)
        if fields := unmodelled(obj["spec"]):
            text = f"These fields are kept and have no effect on the simulated life: {', '.join(fields)}."
            self.kernel.trace("assumption", self.about(pod), about="fields", text=text)
        self.local_storage.watch(pod)
        if obj["metadata"].get("deletionTimestamp"):
            self.workers.terminate(pod, obj["metadata"].get("deletionGracePeriodSeconds"))
        else:
            self.workers.update(pod)
        if pod.removed is not None:
            self.on_removed(uid)

    def on_updated(self, uid: str) -> None:
        pod = self.state.pods.get(uid)
        if pod is None or self.node(pod).deaf or pod.removed is not None or uid in self.node(pod).preempting:
            return
        metadata = self.object(pod)["metadata"]
        if metadata.get("deletionTimestamp"):
            self.workers.terminate(pod, metadata.get("deletionGracePeriodSeconds"))
        else:
            self.statuses.plan_deadline(pod)
            self.volumes.pod_changed(pod)
            pod.worker.dirty = True
            self.workers.update(pod)

    def on_removed(self, uid: str) -> None:
        """The API server has the Pod no more: what is left of it on the node ends too."""
        pod = self.state.pods.get(uid)
        if pod is None or self.node(pod).deaf or uid in self.node(pod).preempting:
            return
        if pod.worker.phase == "finished":
            self._forget(pod)
            return
        self.workers.terminate(pod)

    def on_deadline(self, uid: str) -> None:
        pod = self.state.pods.get(uid)
        if pod:
            pod.deadline = None
            pod.worker.dirty = True
            self.workers.update(pod)

    def _pressure(self, name: str) -> list[str]:
        """Return the node's conditions of pressure: those that its kubelet has found, and those that somebody has set."""
        node = self.api.get("nodes", "", name) or {"status": {}}
        said = [c["type"] for c in node["status"].get("conditions") or () if c["status"] == "True"]
        return [type for type in PRESSURE if type in said or type in self.eviction.pressure(self.state.nodes[name])]

    # What becomes of Pods

    def pod_terminated(self, pod: PodState) -> None:
        """Nothing of a Pod runs any more: the node has room again, before the API says so."""
        self.node_info(pod.node).remove(pod.uid)
        self.resize.retry(pod.node)
        self.preemption.ended(self.node(pod), pod.uid)

    def pod_finished(self, pod: PodState) -> None:
        """The worker has ended."""
        self.runtime.remove_pod(pod)
        self.kernel.cancel(pod.deadline)
        pod.deadline = None
        if pod.removed is not None:
            self._forget(pod)

    def _was_over(self, pod: PodState) -> None:
        """Do what is left to do for a Pod that was over when its kubelet started. Kubernetes: UpdatePod, SyncTerminatedPod"""
        pod.worker.phase = "finished"
        self.prober.remove(pod)
        self.pod_finished(pod)
        if self.deleting(pod):
            self.kernel.after(delays.UNMOUNT, "kubelet", "remove", pod.uid)

    def _forget(self, pod: PodState) -> None:
        self.prober.remove(pod)
        self.prober.repeating.forget(pod.uid)
        self.state.pods.pop(pod.uid, None)
        self.forget_spec(pod.uid)
        self._objects.pop(pod.uid, None)

    def forget_spec(self, uid: str) -> None:
        self._specs.pop(uid, None)
        self._by_name.pop(uid, None)

    def _reject(self, pod: PodState, obj: Object, rejection: Rejection) -> None:
        self.event(pod, "Warning", rejection.reason, rejection.message)
        status = {
            "observedGeneration": obj["metadata"].get("generation", 1),
            "phase": "Failed",
            "reason": rejection.reason,
            "message": f"Pod was rejected: {rejection.message}",
            "startTime": obj["status"].get("startTime") or rfc3339(self.kernel.now),
        }
        if obj["status"].get("qosClass"):
            status["qosClass"] = obj["status"]["qosClass"]
        if foreign := [c for c in obj["status"].get("conditions") or () if c["type"] not in KUBELETS_OWN]:
            status["conditions"] = foreign
        if pod.runtime.running():
            self.restarting.orphan(pod, obj)
        else:
            pod.worker.phase = "finished"
        self.api.update("pods", {**obj, "status": status})
        if obj["metadata"].get("deletionTimestamp"):
            self.kernel.after(delays.REMOVE, "kubelet", "remove", pod.uid)

    def node_info(self, node: str) -> NodeInfo:
        """Return what is taken of a node by the Pods that its kubelet has admitted."""
        info = self._infos.get(node)
        if info is None:
            info = self._infos[node] = NodeInfo(self.api.get("nodes", "", node) or default_node(node))
            for pod in self.state.pods.values():
                over = pod.worker.phase in ("terminated", "finished")
                if pod.node == node and not over and (pod.worker.number or pod.worker.waiting):
                    info.add(PodInfo.of(self.resize.allocated_object(pod)))
        return info


def _concerns(old: Object, new: Object) -> bool:
    """Say whether a change is more than the kubelet's own, or another's, status."""
    before, after = old["metadata"], new["metadata"]
    if before.get("deletionTimestamp") != after.get("deletionTimestamp"):
        return True
    if old["spec"] is not new["spec"] and old["spec"] != new["spec"]:
        return True
    if before is not after and any(before.get(field) != after.get(field) for field in ("labels", "annotations")):
        return True
    if new["spec"].get("readinessGates"):
        foreign = [[c for c in obj["status"].get("conditions") or () if c["type"] not in KUBELETS_OWN] for obj in (old, new)]
        return foreign[0] != foreign[1]
    return False
