"""Images that nobody uses, and when they are removed: where the disk is over 85 % full, down to 80 %.

Kubernetes: pkg/kubelet/images/image_gc_manager.go, pkg/kubelet/kubelet.go (StartGarbageCollection)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import MINUTE, Micros
from lifecycle.kubelet.state import NodeState
from lifecycle.kubelet.stats import Observation

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

PERIOD: Micros = 5 * MINUTE
MINIMUM_AGE: Micros = 2 * MINUTE
HIGH_THRESHOLD, LOW_THRESHOLD = 85, 80


class ImageGC:
    """The image collectors of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def look(self, node: NodeState, disk: Observation) -> None:
        """Have images collected in the next pass, if the disk is too full."""
        if node.eviction.collection is None and _percent_used(disk) >= HIGH_THRESHOLD:
            passed = (self.kernel.now - node.tick_origin) // PERIOD + 1
            at = node.tick_origin + passed * PERIOD
            node.eviction.collection = self.kernel.at(at, "kubelet", "image_gc", node.name, periodic=True)

    def on_image_gc(self, name: str) -> None:
        """Free as much as it takes; say so where that cannot be done."""
        node = self.kubelet.state.nodes[name]
        node.eviction.collection = None
        if node.down:
            return
        disk = self.kubelet.eviction.disk(node)
        used = _percent_used(disk)
        if used < HIGH_THRESHOLD:
            node.eviction.collection_failed = False
            return
        wanted = disk.capacity * (100 - LOW_THRESHOLD) // 100 - disk.available
        freed = self.free(node, wanted)
        if freed < wanted:
            self._failed(node, used, disk.capacity, freed)
        node.eviction.collection_failed = freed < wanted
        self.look(node, self.kubelet.eviction.disk(node))

    def _failed(self, node: NodeState, used: int, capacity: int, freed: int) -> None:
        text = (
            f"Insufficient free disk space on the node's image filesystem ({used}% of {_size(capacity)} used). "
            f"Failed to free sufficient space by deleting unused images (freed {freed} bytes). "
            "Investigate disk usage, as it could be used by active images, logs, volumes, or other data."
        )
        self.kubelet.node_event(node, "Warning", "FreeDiskSpaceFailed", text)
        if node.eviction.collection_failed:
            self.kubelet.node_event(node, "Warning", "ImageGCFailed", text)

    def free(self, node: NodeState, wanted: int | None) -> int:
        """Remove images that no container has, those pulled first first, until so many bytes (None: all) are free."""
        store = self.kubelet.images.store
        in_use = {
            store.names(record.image_name)[0]
            for pod in self.kubelet.state.pods.values()
            if pod.node == node.name
            for record in pod.runtime.containers
        }
        freed = 0
        for image, at in sorted(node.detected.items(), key=lambda one: one[1]):
            if wanted is not None and freed >= wanted:
                break
            if image not in in_use and self.kernel.now - at >= MINIMUM_AGE:
                freed += store.remove(node, image)
                del node.detected[image]
                self.kubelet.node_images.look(node)
        return freed


def left(disk: Observation) -> int:
    """Return how many bytes more the disk may hold before images are collected."""
    return disk.available - disk.capacity * (101 - HIGH_THRESHOLD) // 100


def _percent_used(disk: Observation) -> int:
    return 100 - disk.available * 100 // disk.capacity if disk.capacity else 0


def _size(number: int) -> str:
    """Return bytes as people read them."""
    value, units = float(number), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f} {units[0]}"
