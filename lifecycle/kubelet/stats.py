"""What a node and its Pods use, as eviction looks at it. One file system holds images, layers, logs and volumes.

Kubernetes: pkg/kubelet/server/stats (summary), pkg/kubelet/eviction/helpers.go (makeSignalObservations)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle import programs
from lifecycle.kubelet.node_resources import MEMORY, STORAGE, amount, capacity
from lifecycle.kubelet.state import NodeState, PodState
from lifecycle.kubelet.volumes import volume_key

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

SYSTEM_PART = 16
"""A node's own programs hold a sixteenth of its memory and of its disk, but no more than `SYSTEM_MOST`."""
SYSTEM_MOST = {MEMORY: 512 << 20, STORAGE: 8 << 30}
HARD_EVICTION = 100 << 20
"""What a kubelet keeps of the memory for the threshold of memory.available: Pods together may have the rest."""


class PodUsage(msgspec.Struct, frozen=True):
    """What a Pod uses, in bytes; `containers` are those that run, `volumes` its local volumes on disk."""

    pod: PodState
    containers: dict[str, programs.Usage]
    volumes: int = 0
    tmpfs: int = 0

    def of(self, resource: str) -> int:
        if resource == MEMORY:
            others = self.tmpfs - sum(usage.tmpfs for usage in self.containers.values())
            return max(others, 0) + sum(usage.memory for usage in self.containers.values())
        return self.volumes + sum(map(written, self.containers.values()))


class Observation(msgspec.Struct, frozen=True):
    """How much there is of something on a node, and how much of that is left."""

    capacity: int
    available: int


def written(usage: programs.Usage) -> int:
    return usage.writable_layer + usage.logs


class Stats:
    """The usage of all nodes and Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet

    def pod(self, pod: PodState) -> PodUsage:
        room = self.kubelet.programs
        volumes = tmpfs = 0
        for volume in self.kubelet.spec(pod).volumes:
            if volume.type == "emptyDir" and volume.name in pod.mounted:
                held = room.volume_usage(volume_key(pod, volume.name))
                if volume.source.get("medium") == "Memory":
                    tmpfs += held
                else:
                    volumes += held
        return PodUsage(pod, {record.name: room.usage(record.id) for record in pod.runtime.running()}, volumes, tmpfs)

    def observe(self, node: NodeState, pods: list[PodUsage]) -> dict[str, Observation]:
        """Return what is left on a node, by signal."""
        status = (self.kubelet.api.get("nodes", "", node.name) or {}).get("status") or {}
        memory, disk = capacity(status, MEMORY), capacity(status, STORAGE)
        held, stored = sum(pod.of(MEMORY) for pod in pods), sum(pod.of(STORAGE) for pod in pods)
        stored += sum(self.kubelet.images.store.sizes(node).values())
        stored += self.kubelet.programs.volume_usage(programs.node_volume(node.name))
        for_pods = min(memory, amount(status, "allocatable", MEMORY) + HARD_EVICTION)
        observed = {
            "memory.available": Observation(memory, memory - self.system(node, MEMORY, memory) - held),
            "allocatableMemory.available": Observation(for_pods, for_pods - held),
            "nodefs.available": Observation(disk, disk - self.system(node, STORAGE, disk) - stored),
        }
        observed["imagefs.available"] = observed["nodefs.available"]
        return observed

    def system(self, node: NodeState, resource: str, total: int) -> int:
        """Return what of a node's resource is taken outside of Pods: by its own programs, and by Faults."""
        return min(total // SYSTEM_PART, SYSTEM_MOST[resource]) + node.taken(resource)
