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
    """What a Pod uses, in bytes, in all and by those of its containers that run."""

    pod: PodState
    memory: int
    disk: int
    containers: dict[str, programs.Usage]

    def of(self, resource: str) -> int:
        return self.memory if resource == MEMORY else self.disk


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
        containers = {record.name: self.kubelet.programs.usage(record.id) for record in pod.runtime.running()}
        return PodUsage(pod, *self.held(pod), containers)

    def held(self, pod: PodState) -> tuple[int, int]:
        """Return what a Pod holds of its node's memory and of its disk: its containers that run, and its local volumes.

        What containers have written into volumes in memory is theirs; the Pod holds what else is there.
        """
        room = self.kubelet.programs
        memory = disk = tmpfs = 0
        for record in pod.runtime.running():
            usage = room.usage(record.id)
            memory += usage.memory
            disk += written(usage)
            tmpfs -= usage.tmpfs
        for volume in self.kubelet.spec(pod).volumes:
            if volume.type == "emptyDir" and volume.name in pod.mounted:
                held = room.volume_usage(volume_key(pod, volume.name))
                if volume.source.get("medium") == "Memory":
                    tmpfs += held
                else:
                    disk += held
        return memory + max(tmpfs, 0), disk

    def observe(self, node: NodeState, pods: list[PodState]) -> dict[str, Observation]:
        """Return what is left on a node, by signal."""
        status = (self.kubelet.api.get("nodes", "", node.name) or {}).get("status") or {}
        memory, disk = capacity(status, MEMORY), capacity(status, STORAGE)
        held = stored = 0
        for pod in pods:
            of_memory, of_disk = self.held(pod)
            held, stored = held + of_memory, stored + of_disk
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
