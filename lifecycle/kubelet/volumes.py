"""Volumes: mounted before the first container of a Pod starts, tried again with a back-off where that fails.

Kubernetes: pkg/kubelet/volumemanager, pkg/volume, pkg/util/goroutinemap/exponentialbackoff
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from lifecycle import programs
from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.core_v1.types import Container, ObjectFieldSelector, ResourceFieldSelector, Volume
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.environment import Facts, field_value, resource_value
from lifecycle.kubelet.probe import expand
from lifecycle.kubelet.state import Call, Mounting, PodState, Step
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

FIRST_TRY: Micros = 165 * MILLISECOND
FIRST_WAIT: Micros = 500 * MILLISECOND
LONGEST_WAIT: Micros = 122 * SECOND
POLL: Micros = 300 * MILLISECOND
TIMEOUT: Micros = 123 * SECOND

HOST_PATH_KINDS = {
    "Directory": ("Directory", "is not a directory"),
    "File": ("File", "is not a file"),
    "Socket": ("Socket", "is not a socket"),
    "CharDevice": ("CharDevice", "is not a character device"),
    "BlockDevice": ("BlockDevice", "is not a block device"),
}


class MountError(ValueError):
    """Why a volume cannot be mounted; the text is the plugin's."""


class Volumes:
    """The volume managers of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    # Waiting

    def step_wait(self, pod: PodState, call: Call, step: Step) -> bool:
        """Wait until all volumes are mounted. Kubernetes: WaitForAttachAndMount"""
        wanted = [volume.name for volume in self.kubelet.spec(pod).volumes]
        if all(name in pod.mounted for name in wanted):
            return True
        if step.id and self.kernel.now >= int(step.id):
            call.error = "timed out waiting for the condition"
            missing = " ".join(name for name in wanted if name not in pod.mounted)
            text = f"Volumes were not mounted within 2m3s and are waited for anew: [{missing}]"
            self.kernel.trace("decision", self.kubelet.about(pod), by="kubelet", text=text)
            call.steps.clear()
            return True
        for name in wanted:
            if name not in pod.mounted and name not in pod.mounting:
                pod.mounting[name] = Mounting(self.kernel.now + FIRST_TRY, FIRST_WAIT)
        until = self.kernel.now + TIMEOUT
        self.kubelet.sync_pod.push(call, Step("volumes", id=str(until)))
        self.kubelet.sync_pod.wait(pod, call, until)
        self._plan(pod)
        return False

    def _plan(self, pod: PodState) -> None:
        if pod.mounting:
            at = min(mounting.at for mounting in pod.mounting.values())
            self.kernel.at(at, "kubelet", "mount", pod.uid)

    def on_mount(self, uid: str) -> None:
        """Try to mount what is due."""
        pod = self.kubelet.state.pods.get(uid)
        if pod is None or pod.worker.phase != "sync" or not pod.mounting or self.kubelet.node(pod).down:
            return
        if min(mounting.at for mounting in pod.mounting.values()) > self.kernel.now:
            return
        volumes = {volume.name: volume for volume in self.kubelet.spec(pod).volumes}
        for name, mounting in list(pod.mounting.items()):
            if mounting.at <= self.kernel.now:
                self._try(pod, volumes[name], mounting)
        self._plan(pod)
        call = pod.worker.call
        if not pod.mounting and call and call.steps and call.steps[-1].what == "volumes":
            began = int(call.steps[-1].id) - TIMEOUT
            polls = -(-(self.kernel.now - began) // POLL)
            self.kubelet.sync_pod.wait(pod, call, began + polls * POLL)

    def _try(self, pod: PodState, volume: Volume, mounting: Mounting) -> None:
        try:
            self._mount(pod, volume)
        except MountError as error:
            message = f'MountVolume.SetUp failed for volume "{volume.name}" : {error}'
            self.kubelet.event(pod, "Warning", reasons.FAILED_MOUNT, message)
            wait = min(mounting.wait * 2, LONGEST_WAIT)
            pod.mounting[volume.name] = Mounting(self.kernel.now + mounting.wait + 4 * MILLISECOND, wait)
        else:
            pod.mounting.pop(volume.name)
            pod.mounted.append(volume.name)

    def step_unmount(self, pod: PodState, call: Call, step: Step) -> bool:
        """Give volumes back; what an emptyDir held is gone."""
        left = (pod.worker.last_end or 0) + delays.UNMOUNT - self.kernel.now
        if pod.mounted and left > 0:
            self.kubelet.sync_pod.push(call, Step("unmount", after=left))
            return True
        for name in pod.mounted:
            self.kubelet.programs.remove_volume(volume_key(pod, name))
        pod.mounted, pod.mounting = [], {}
        return True

    # Mounting

    def _mount(self, pod: PodState, volume: Volume) -> None:
        source, key = volume.source, volume_key(pod, volume.name)
        if volume.type == "hostPath":
            self._host_path(pod, volume.name, source)
        elif volume.type == "persistentVolumeClaim":
            self._claim(pod, source)
            self.kubelet.programs.set_volume(key)
        elif volume.type in ("configMap", "secret", "downwardAPI", "projected"):
            mode = int(source.get("defaultMode") or 0o644)
            modes: dict[str, int] = {}
            files = self.files(pod, volume.type, source, modes)
            self.kubelet.programs.set_volume(key, files, mode, modes or None)
        else:
            self.kubelet.programs.set_volume(key)

    def _host_path(self, pod: PodState, name: str, source: Object) -> None:
        path, kind = source["path"], source.get("type") or ""
        found = self.kubelet.programs.node_path(pod.node, path)
        if kind in ("DirectoryOrCreate", "FileOrCreate"):
            wanted = kind.removesuffix("OrCreate")
            if found is None:
                self.kubelet.programs.make_node_path(pod.node, path, wanted)
            elif found != wanted:
                raise MountError(f"hostPath type check failed: {path} {HOST_PATH_KINDS[wanted][1]}")
        elif kind in HOST_PATH_KINDS and found != HOST_PATH_KINDS[kind][0]:
            raise MountError(f"hostPath type check failed: {path} {HOST_PATH_KINDS[kind][1]}")
        elif found is None:
            self.kubelet.programs.make_node_path(pod.node, path)

    def _claim(self, pod: PodState, source: Object) -> None:
        claim = self.kubelet.api.get("persistentvolumeclaims", pod.namespace, source["claimName"])
        if claim is None:
            raise MountError(f'persistentvolumeclaim "{source["claimName"]}" not found')

    def files(self, pod: PodState, kind: str, source: Object, modes: dict[str, int]) -> dict[str, bytes]:
        """Return what a volume made of API objects holds: path -> content. Raises: MountError"""
        if kind == "configMap":
            return self._object_files(pod, "configmaps", source.get("name", ""), source, modes)
        if kind == "secret":
            name = source.get("secretName") or source.get("name", "")
            return self._object_files(pod, "secrets", name, source, modes)
        if kind == "downwardAPI":
            return {item["path"]: self._downward(pod, item).encode() for item in source.get("items") or ()}
        found: dict[str, bytes] = {}
        for one in source.get("sources") or ():
            for part, body in one.items():
                if part == "serviceAccountToken":
                    found[body["path"]] = b"token"
                elif part in ("configMap", "secret", "downwardAPI"):
                    found |= self.files(pod, part, body, modes)
        return found

    def _object_files(self, pod: PodState, resource: str, name: str, source: Object, modes: dict[str, int]) -> dict[str, bytes]:
        obj = self.kubelet.api.get(resource, pod.namespace, name)
        if obj is None:
            if source.get("optional") or name == ROOT_CA:
                return {}
            raise MountError(f'{resource[:-1]} "{name}" not found')
        data = _data(resource, obj)
        items = source.get("items")
        if not items:
            return data
        found = {}
        for item in items:
            if item["key"] in data:
                found[item["path"]] = data[item["key"]]
                if item.get("mode") is not None:
                    modes[item["path"]] = item["mode"]
            elif not source.get("optional"):
                raise MountError(MISSING_KEY[resource].format(item["key"]))
        return found

    def _downward(self, pod: PodState, item: dict[str, Any]) -> str:
        node = self.kubelet.node(pod)
        spec = self.kubelet.spec(pod)
        allocatable = (self.kubelet.api.get("nodes", "", node.name) or {}).get("status", {}).get("allocatable", {})
        containers = (*spec.init_containers, *spec.containers)
        facts = Facts(self.kubelet.object(pod), self.kubelet.pod_ip(pod), node.ip, allocatable, containers)
        if ref := item.get("fieldRef"):
            return field_value(ObjectFieldSelector(field_path=ref["fieldPath"]), facts)
        ref = item["resourceFieldRef"]
        selector = ResourceFieldSelector(
            resource=ref["resource"], container_name=ref.get("containerName", ""), divisor=ref.get("divisor", "0")
        )
        return resource_value(selector, containers[0], facts)

    def mounts(self, pod: PodState, container: Container, env: dict[str, str]) -> tuple[programs.Mount, ...]:
        """Return a container's mounts as programs know them."""
        sources = {volume.name: volume for volume in self.kubelet.spec(pod).volumes}
        found = []
        for mount in container.volume_mounts:
            volume = sources.get(mount.name)
            if volume is None:
                continue
            sub_path = expand(mount.sub_path_expr, env) if mount.sub_path_expr else mount.sub_path
            key = volume_key(pod, volume.name)
            if volume.type == "hostPath":
                key = programs.node_volume(pod.node)
                path = volume.source["path"].strip("/")
                sub_path = re.sub("/+", "/", f"{path}/{sub_path}".strip("/"))
            found.append(programs.Mount(mount.mount_path, key, sub_path, mount.read_only))
        return tuple(found)

    def source_changed(self, resource: str, namespace: str, name: str) -> None:
        """A ConfigMap or Secret has changed: Pods that mount it see that at their next resync."""
        for pod in self.kubelet.state.pods.values():
            if pod.namespace == namespace and pod.worker.phase == "sync" and pod.mounted:
                volumes = self.kubelet.spec(pod).volumes
                if any(_uses(volume, resource, name) for volume in volumes):
                    wait = self.kernel.seeds.between(1, 90, "remount", pod.uid, self.kernel.now)
                    self.kernel.after(round(wait * SECOND), "kubelet", "remount", pod.uid)

    def on_remount(self, uid: str) -> None:
        """Write the files of volumes made of API objects anew."""
        pod = self.kubelet.state.pods.get(uid)
        if pod is None or pod.worker.phase != "sync":
            return
        for volume in self.kubelet.spec(pod).volumes:
            if volume.name in pod.mounted and volume.type in ("configMap", "secret", "projected"):
                try:
                    self._mount(pod, volume)
                except MountError:
                    continue


MISSING_KEY = {
    "configmaps": "configmap references non-existent config key: {}",
    "secrets": "references non-existent secret key: {}",
}

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that every namespace has; here it may be missing, for nobody makes it."""


def volume_key(pod: PodState, name: str) -> str:
    return f"{pod.uid}/{name}"


def _data(resource: str, obj: Object) -> dict[str, bytes]:
    if resource == "secrets":
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    found = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return found | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}


def _uses(volume: Volume, resource: str, name: str) -> bool:
    kind = "configMap" if resource == "configmaps" else "secret"
    field = "name" if kind == "configMap" else "secretName"
    if volume.type == kind:
        return bool(volume.source.get(field) == name)
    if volume.type == "projected":
        return any((source.get(kind) or {}).get("name") == name for source in volume.source.get("sources") or ())
    return False
