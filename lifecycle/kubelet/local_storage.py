"""Limits on local storage: what containers and volumes hold is compared with what their Pod may hold.

Kubernetes: pkg/kubelet/eviction/eviction_manager.go (localStorageEviction)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.resources import pod_limits
from lifecycle.core_v1.types import PodSpec
from lifecycle.kubelet.node_resources import STORAGE
from lifecycle.kubelet.state import PodState
from lifecycle.kubelet.stats import written
from lifecycle.kubelet.volumes import volume_key

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

VOLUME_STATS_PERIOD: Micros = 60 * SECOND


class LocalStorage:
    """The local storage of all Pods. One that has no limit on it is never measured."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def watch(self, pod: PodState) -> None:
        """Look at the Pod from now on, if it has a limit."""
        spec = self.kubelet.spec(pod)
        if limited(spec):
            self.kubelet.eviction.look(self.kubelet.node(pod))
            if any(volume.type == "emptyDir" for volume in spec.volumes):
                self._plan(pod, 0)

    def _plan(self, pod: PodState, least: int) -> None:
        """Plan when volumes are measured next: at first within a minute, then every one to two minutes."""
        part = self.kernel.seeds.fraction("volume stats", pod.uid, self.kernel.now)
        self.kernel.after(round((least + part) * VOLUME_STATS_PERIOD), "kubelet", "volume_stats", pod.uid, periodic=True)

    def on_volume_stats(self, uid: str) -> None:
        """Measure what the Pod's volumes hold. Kubernetes: pkg/kubelet/server/stats/volume_stat_calculator.go"""
        pod = self.kubelet.state.pods.get(uid)
        if pod is None or pod.worker.phase != "sync":
            return
        before = dict(pod.usage)
        for volume in self.kubelet.spec(pod).volumes:
            if volume.type == "emptyDir" and volume.name in pod.mounted:
                pod.usage[volume.name] = self.kubelet.programs.volume_usage(volume_key(pod, volume.name))
        if pod.usage != before:
            self.kubelet.eviction.look(self.kubelet.node(pod))
        self._plan(pod, 1)

    def exceeded(self, pod: PodState) -> str | None:
        """Return what is over its limit: volumes, then the Pod as a whole, then containers."""
        spec = self.kubelet.spec(pod)
        if not limited(spec):
            return None
        volumes = 0
        for volume in spec.volumes:
            if volume.type != "emptyDir":
                continue
            used = pod.usage.get(volume.name, 0)
            if volume.source.get("medium") != "Memory":
                volumes += used
            limit = volume.source.get("sizeLimit")
            if limit is not None and used > parse(str(limit)).value() > 0:
                return f'Usage of EmptyDir volume "{volume.name}" exceeds the limit "{limit}". '
        stored = {record.name: written(self.kubelet.programs.usage(record.id)) for record in pod.runtime.running()}
        total = pod_limits(self.kubelet.object(pod)["spec"]).get(STORAGE)
        if total is not None and sum(stored.values()) + volumes > total.value():
            return f"Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
        for container in spec.containers:
            own = container.resources.limits.get(STORAGE)
            if own is not None and stored.get(container.name, 0) > parse(str(own)).value() > 0:
                return f'Container {container.name} exceeded its local ephemeral storage limit "{own}". '
        return None


def limited(spec: PodSpec) -> bool:
    """Say whether a Pod may hold only so much."""
    for containers in (spec.containers, spec.init_containers):
        for container in containers:
            if STORAGE in container.resources.limits:
                return True
    return any(volume.type == "emptyDir" and volume.source.get("sizeLimit") is not None for volume in spec.volumes)
