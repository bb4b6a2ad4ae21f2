"""Volumes: mounted before the first container of a Pod starts, tried again with a back-off where that fails.

Kubernetes: pkg/kubelet/volumemanager, pkg/volume, pkg/util/goroutinemap/exponentialbackoff
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from lifecycle import programs
from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.core_v1.persistent_volumes import attachment, is_attachable, is_bound
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.types import Container, Volume
from lifecycle.kubelet import delays, reasons
from lifecycle.kubelet.node_resources import MEMORY, amount
from lifecycle.kubelet.state import Call, Mounting, PodState, Step
from lifecycle.kubelet.sub_paths import blocked, sub_path
from lifecycle.kubelet.volume_files import MountError, VolumeFiles
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

FIRST_TRY: Micros = 165 * MILLISECOND
FIRST_WAIT: Micros = 500 * MILLISECOND
LONGEST_WAIT: Micros = 122 * SECOND
POLL: Micros = 300 * MILLISECOND
TIMEOUT: Micros = 123 * SECOND
RECONCILER: Micros = 100_750
"""The reconciler looks again 100 ms after its last round has ended."""
SHORTEST_RESYNC, LONGEST_RESYNC = 60, 90
"""Between so many seconds a Pod at peace is synced again, and its volumes with it."""

FROM_OBJECTS = ("configMap", "secret", "downwardAPI", "projected")
"""Volumes that hold what the API says."""
READ_ONLY = (*FROM_OBJECTS, "image")
"""Volumes that no container writes, whatever its mount says."""

HOST_PATH_KINDS = {
    "Directory": ("Directory", "is not a directory"),
    "File": ("File", "is not a file"),
    "Socket": ("Socket", "is not a socket file"),
    "CharDevice": ("CharDevice", "is not a character device"),
    "BlockDevice": ("BlockDevice", "is not a block device"),
}


CLAIMS = ("persistentVolumeClaim", "ephemeral")
"""The types of volumes that are bound to a PersistentVolume."""


class NotAttached(MountError):
    """A volume is not at the node yet; that is no news."""


class Volumes:
    """The volume managers of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel
        self.files = VolumeFiles(kubelet)

    # Waiting

    def step_wait(self, pod: PodState, call: Call, step: Step) -> bool:
        """Wait until all volumes are mounted. Kubernetes: WaitForAttachAndMount"""
        wanted = [volume.name for volume in self.kubelet.spec(pod).volumes]
        if pod.remount is not None:
            self._remount_soon(pod)
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
            if not isinstance(error, NotAttached):
                self._failed(pod, volume, error)
            wait = min(mounting.wait * 2, LONGEST_WAIT)
            rounds = -(-mounting.wait // RECONCILER)
            pod.mounting[volume.name] = Mounting(self.kernel.now + rounds * RECONCILER, wait)
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
        for _, container in self.kubelet.spec(pod).all_containers():
            for i, mount in enumerate(container.volume_mounts):
                if mount.sub_path or mount.sub_path_expr:
                    self.kubelet.programs.remove_volume(_pinned(pod, container, i))
        pod.mounted, pod.mounting = [], {}
        return True

    # Mounting

    def _mount(self, pod: PodState, volume: Volume) -> None:
        source, key = volume.source, volume_key(pod, volume.name)
        if volume.type == "hostPath":
            self._host_path(pod, source)
        elif volume.type in CLAIMS:
            self._persistent(pod, volume)
        elif volume.type in FROM_OBJECTS:
            mode = int(source.get("defaultMode") or 0o644)
            modes: dict[str, int] = {}
            files = self.files.of(pod, volume.type, source, modes)
            self.kubelet.programs.set_volume(key, files, mode, modes or None, 0o777 if volume.type == "configMap" else 0o1777)
            self._hand_over(pod, key, read_only=True)
        else:
            self.kubelet.programs.set_volume(key)
            self._hand_over(pod, key)
            if source.get("medium") == "Memory":
                self.kubelet.programs.set_volume_size(key, self._tmpfs_size(pod, source))

    def _tmpfs_size(self, pod: PodState, source: Object) -> int:
        """Return what fits into an emptyDir in memory. Kubernetes: calculateEmptyDirMemorySize"""
        spec = self.kubelet.spec(pod)
        node = self.kubelet.api.get("nodes", "", pod.node) or {}
        size = amount(node.get("status") or {}, "allocatable", MEMORY)
        limits = [c.resources.limits.get(MEMORY) for c in spec.containers]
        of_pod = spec.resources.limits.get(MEMORY) if spec.resources else None
        if of_pod is not None:
            size = min(size, parse(str(of_pod)).value())
        elif all(limit is not None for limit in limits):
            size = min(size, sum(parse(str(limit)).value() for limit in limits))
        own = parse(str(source.get("sizeLimit") or 0)).value()
        return min(size, own) if own > 0 else size

    def _host_path(self, pod: PodState, source: Object) -> None:
        path, kind = source["path"], source.get("type") or ""
        found = self.kubelet.programs.node_path(pod.node, path)
        if kind in ("DirectoryOrCreate", "FileOrCreate"):
            wanted = kind.removesuffix("OrCreate")
            if found is None and wanted == "File" and self._above(pod, path) is None:
                raise MountError(f"open {path}: no such file or directory")
            if found is None:
                self.kubelet.programs.make_node_path(pod.node, path, wanted)
            elif found != wanted:
                raise MountError(f"hostPath type check failed: {path} {HOST_PATH_KINDS[wanted][1]}")
        elif kind in HOST_PATH_KINDS and found != HOST_PATH_KINDS[kind][0]:
            raise MountError(f"hostPath type check failed: {path} {HOST_PATH_KINDS[kind][1]}")
        elif found is None:
            self.kubelet.programs.make_node_path(pod.node, path)

    def _above(self, pod: PodState, path: str) -> str | None:
        """Return what a place on a node is in; None where there is nothing."""
        return self.kubelet.programs.node_path(pod.node, posixpath.dirname(path.rstrip("/")))

    def _persistent(self, pod: PodState, volume: Volume) -> None:
        """Mount the volume that a claim is bound to; what it holds outlives the Pod."""
        found = self._bound(pod, volume)
        directory = host_directory(found)
        if is_attachable(found) and not self._is_attached(pod, found):
            raise NotAttached("Volume not attached according to node status")
        if directory:
            self._host_path(pod, {"path": directory, "type": (found["spec"].get("hostPath") or {}).get("type")})
        else:
            key = programs.persistent_volume(found["metadata"]["name"])
            self.kubelet.programs.set_volume(key)
            policy = self.kubelet.spec(pod).security_context.fs_group_change_policy
            self._hand_over(pod, key, on_root_mismatch=policy == "OnRootMismatch")

    def _hand_over(self, pod: PodState, key: str, read_only: bool = False, on_root_mismatch: bool = False) -> None:
        """Let a volume belong to the group that its Pod's fsGroup names. Kubernetes: SetVolumeOwnership"""
        group = self.kubelet.spec(pod).security_context.fs_group
        if group is not None:
            self.kubelet.programs.hand_over(key, group, read_only, on_root_mismatch)

    def _is_attached(self, pod: PodState, volume: Object) -> bool:
        node = self.kubelet.api.get("nodes", "", pod.node) or {"status": {}}
        return any(one["name"] == attachment(volume) for one in node["status"].get("volumesAttached") or ())

    def _bound(self, pod: PodState, volume: Volume) -> Object:
        """Return the PersistentVolume that a claim is bound to. Raises: MountError"""
        name = volume.source.get("claimName") or f"{pod.name}-{volume.name}"
        claim = self.kubelet.api.get("persistentvolumeclaims", pod.namespace, name)
        if claim is None:
            raise MountError(f'persistentvolumeclaim "{name}" not found')
        bound = self.kubelet.api.get("persistentvolumes", "", claim["spec"].get("volumeName") or "")
        if bound is None or not is_bound(claim):
            raise MountError(f"error processing PVC {pod.namespace}/{name}: PVC is not bound")
        return dict(bound)

    def read(self, pod: PodState, name: str, path: str) -> str | None:
        """Return what a file of an emptyDir holds; None where it is not there."""
        return self.kubelet.programs.read_volume(volume_key(pod, name), path)

    def check(self, pod: PodState, container: Container, env: dict[str, str]) -> None:
        """Raises: ConfigError where a mount's subPath cannot be had."""
        sources = {volume.name: volume for volume in self.kubelet.spec(pod).volumes}
        for mount in container.volume_mounts:
            if (mount.sub_path or mount.sub_path_expr) and mount.name in sources:
                key, path = self._place(pod, sources[mount.name], sub_path(mount, env))
                if not self.kubelet.programs.has_room_for(key, path):
                    raise blocked(mount, container.name)

    def mounts(self, pod: PodState, container: Container, env: dict[str, str]) -> tuple[programs.Mount, ...]:
        """Return a container's mounts as programs know them. Raises: ConfigError

        A place in a volume that is made of API objects stays as it is when the container is created.
        """
        sources = {volume.name: volume for volume in self.kubelet.spec(pod).volumes}
        found = []
        for i, mount in enumerate(container.volume_mounts):
            volume = sources.get(mount.name)
            if volume is None:
                continue
            key, path = self._place(pod, volume, sub_path(mount, env))
            if volume.type == "image":
                self._fill(pod, container, key, volume.source["reference"])
            if path and volume.type in FROM_OBJECTS:
                pinned = _pinned(pod, container, i)
                self.kubelet.programs.pin_volume(key, path, pinned)
                key = pinned
            read_only = mount.read_only or volume.type in READ_ONLY
            found.append(programs.Mount(mount.mount_path, key, path, read_only))
        return tuple(found)

    def _fill(self, pod: PodState, container: Container, key: str, image: str) -> None:
        """Have an image's files in a volume."""
        if not self.kubelet.programs.set_image_volume(key, image):
            text = f"Nothing is known of what the image {image} holds: its volume is taken to be empty."
            self.kernel.trace("assumption", self.kubelet.about(pod, container.name), about="image", text=text)

    def _place(self, pod: PodState, volume: Volume, path: str) -> tuple[str, str]:
        """Return where a place in a volume is: the programs' key, and the path below it."""
        above = volume.source["path"].strip("/") if volume.type == "hostPath" else ""
        if volume.type in CLAIMS:
            found = self._bound(pod, volume)
            above = host_directory(found).strip("/")
            if not above:
                return programs.persistent_volume(found["metadata"]["name"]), path
        elif volume.type != "hostPath":
            return volume_key(pod, volume.name), path
        return programs.node_volume(pod.node), re.sub("/+", "/", f"{above}/{path}".strip("/"))

    def lost(self, pod: PodState) -> None:
        """Empty the volumes that were in the memory of a node that has booted."""
        for volume in self.kubelet.spec(pod).volumes:
            if volume.type == "emptyDir" and volume.source.get("medium") == "Memory" and volume.name in pod.mounted:
                self.kubelet.programs.remove_volume(volume_key(pod, volume.name))
                self._mount(pod, volume)

    # Changes of what volumes hold

    def source_changed(self, resource: str, namespace: str, name: str) -> None:
        """A ConfigMap or Secret has changed, or is gone: Pods that mount it see that with their next sync."""
        for pod in self.kubelet.state.pods.values():
            concerned = pod.namespace == namespace and pod.worker.phase == "sync" and pod.mounted
            if concerned and any(_uses(volume, resource, name) for volume in self.kubelet.spec(pod).volumes):
                self._outdated(pod)

    def pod_changed(self, pod: PodState) -> None:
        """The Pod's own labels or annotations have changed."""
        if any(volume.name in pod.mounted and _tells_of_pod(volume) for volume in self.kubelet.spec(pod).volumes):
            self._outdated(pod)

    def resume(self, pod: PodState) -> None:
        """A kubelet that has started again writes what has changed meanwhile."""
        if any(volume.name in pod.mounted and volume.type in FROM_OBJECTS for volume in self.kubelet.spec(pod).volumes):
            self._outdated(pod)

    def _outdated(self, pod: PodState) -> None:
        """Have volumes written anew with the Pod's next resync, or with another sync before that."""
        if pod.remount is None:
            wait = self.kernel.seeds.between(1, LONGEST_RESYNC, "remount", pod.uid, self.kernel.now)
            pod.remount = self.kernel.after(round(wait * SECOND), "kubelet", "remount", pod.uid)

    def _remount_soon(self, pod: PodState) -> None:
        self.kernel.cancel(pod.remount)
        pod.remount = self.kernel.after(RECONCILER, "kubelet", "remount", pod.uid)

    def on_remount(self, uid: str) -> None:
        """Write the files of volumes made of API objects anew; what cannot be written is tried with each resync."""
        pod = self.kubelet.state.pods.get(uid)
        if pod is None:
            return
        pod.remount = None
        if pod.worker.phase != "sync" or self.kubelet.node(pod).down:
            return
        for volume in self.kubelet.spec(pod).volumes:
            if volume.name in pod.mounted and volume.type in FROM_OBJECTS:
                try:
                    self._mount(pod, volume)
                except MountError as error:
                    self._failed(pod, volume, error)
                    wait = self.kernel.seeds.between(SHORTEST_RESYNC, LONGEST_RESYNC, "remount", pod.uid, self.kernel.now)
                    self.kernel.cancel(pod.remount)
                    pod.remount = self.kernel.after(round(wait * SECOND), "kubelet", "remount", uid, periodic=True)

    def _failed(self, pod: PodState, volume: Volume, error: MountError) -> None:
        message = f'MountVolume.SetUp failed for volume "{volume.name}" : {error}'
        self.kubelet.event(pod, "Warning", reasons.FAILED_MOUNT, message)


def volume_key(pod: PodState, name: str) -> str:
    return f"{pod.uid}/{name}"


def host_directory(volume: Object) -> str:
    """Return the directory of its node that a PersistentVolume is; empty where it is none."""
    spec = volume["spec"]
    return str((spec.get("hostPath") or spec.get("local") or {}).get("path", ""))


def _pinned(pod: PodState, container: Container, mount: int) -> str:
    """Return the key of what a container sees of a volume that others may change."""
    return f"{pod.uid}/{container.name}/{mount}"


def _tells_of_pod(volume: Volume) -> bool:
    """Say whether a volume holds what of a Pod can change: labels, annotations, resources."""
    sources = volume.source.get("sources") or () if volume.type == "projected" else ({volume.type: volume.source},)
    items = [item for source in sources for item in (source.get("downwardAPI") or {}).get("items") or ()]
    fields = [(item.get("fieldRef") or {}).get("fieldPath", "") for item in items]
    return any(not path or path.startswith(("metadata.labels", "metadata.annotations")) for path in fields)


def _uses(volume: Volume, resource: str, name: str) -> bool:
    kind = "configMap" if resource == "configmaps" else "secret"
    field = "name" if kind == "configMap" else "secretName"
    if volume.type == kind:
        return bool(volume.source.get(field) == name)
    if volume.type == "projected":
        return any((source.get(kind) or {}).get("name") == name for source in volume.source.get("sources") or ())
    return False
