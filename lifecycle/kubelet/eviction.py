"""Evictions for local storage: what containers and volumes hold is compared with their limits.

Kubernetes: pkg/kubelet/eviction/eviction_manager.go (localStorageEviction)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.types import PodSpec
from lifecycle.kubelet import reasons
from lifecycle.kubelet.state import PodState, Reason
from lifecycle.kubelet.volumes import volume_key

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MONITORING_PERIOD: Micros = 10 * SECOND
VOLUME_STATS_PERIOD: Micros = 60 * SECOND
EPHEMERAL_STORAGE = "ephemeral-storage"
GRACE = 1
"""Seconds that an evicted Pod's containers have."""


class Eviction:
    """The eviction managers of all nodes. A Pod that has no limit on its storage is never looked at."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def watch(self, pod: PodState) -> None:
        """Look at the Pod's usage every ten seconds, if it has a limit."""
        spec = self.kubelet.spec(pod)
        if _limits(spec):
            self._plan(pod)
            if any(volume.type == "emptyDir" for volume in spec.volumes):
                self._plan_volumes(pod, 0)

    def _plan(self, pod: PodState) -> None:
        origin = self.kubelet.node(pod).tick_origin
        rounds = (self.kernel.now - origin) // MONITORING_PERIOD + 1
        at = origin + rounds * MONITORING_PERIOD
        self.kernel.at(at, "kubelet", "storage", pod.uid, periodic=True)

    def _plan_volumes(self, pod: PodState, least: int) -> None:
        """Plan when volumes are measured next: at first within a minute, then every one to two minutes."""
        part = self.kernel.seeds.fraction("volume stats", pod.uid, self.kernel.now)
        self.kernel.after(round((least + part) * VOLUME_STATS_PERIOD), "kubelet", "volume_stats", pod.uid, periodic=True)

    def on_volume_stats(self, uid: str) -> None:
        """Measure what the Pod's volumes hold. Kubernetes: pkg/kubelet/server/stats/volume_stat_calculator.go"""
        pod = self.kubelet.state.pods.get(uid)
        if pod is None or pod.worker.phase != "sync":
            return
        for volume in self.kubelet.spec(pod).volumes:
            if volume.type == "emptyDir" and volume.name in pod.mounted:
                pod.usage[volume.name] = self.kubelet.programs.volume_usage(volume_key(pod, volume.name))
        self._plan_volumes(pod, 1)

    def on_storage(self, uid: str) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if pod is None or pod.worker.phase != "sync" or pod.removed is not None:
            return
        message = None if self.kubelet.node(pod).down else self._exceeded(pod)
        if message is None:
            self._plan(pod)
        else:
            self.evict(pod, reasons.EVICTED, message)

    def evict(self, pod: PodState, reason: str, message: str, grace: int = GRACE) -> None:
        """End a Pod for the node's sake. Its object stays."""
        index = self.kubelet.event(pod, "Warning", reason, message)
        pod.failed = Reason(reason, message)
        with self.kernel.because(index):
            self.kubelet.workers.terminate(pod, grace)

    def _exceeded(self, pod: PodState) -> str | None:
        """Return what is over its limit: volumes, then the Pod as a whole, then containers."""
        spec, programs = self.kubelet.spec(pod), self.kubelet.programs
        volumes = 0
        for volume in spec.volumes:
            if volume.type != "emptyDir":
                continue
            used = pod.usage.get(volume.name, 0)
            if volume.source.get("medium") != "Memory":
                volumes += used
            limit = volume.source.get("sizeLimit")
            if limit is not None and used > parse(str(limit)).value():
                return f'Usage of EmptyDir volume "{volume.name}" exceeds the limit "{limit}". '
        usage = {record.name: programs.usage(record.id) for record in pod.runtime.running()}
        written = {name: one.writable_layer + one.logs for name, one in usage.items()}
        limits = [c.resources.limits.get(EPHEMERAL_STORAGE) for c in spec.containers]
        if all(limit is not None for limit in limits):
            total = sum((parse(str(limit)) for limit in limits), start=parse("0"))
            if sum(written.values()) + volumes > total.value():
                return f"Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
        for container in spec.containers:
            own = container.resources.limits.get(EPHEMERAL_STORAGE)
            if own is not None and written.get(container.name, 0) > parse(str(own)).value():
                return f'Container {container.name} exceeded its local ephemeral storage limit "{own}". '
        return None


def _limits(spec: PodSpec) -> bool:
    return any(EPHEMERAL_STORAGE in c.resources.limits for c in spec.containers) or any(
        v.type == "emptyDir" and v.source.get("sizeLimit") is not None for v in spec.volumes
    )
