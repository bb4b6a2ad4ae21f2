"""The images that a kubelet tells of in its node's status: the largest 50, each with five names at most.

Kubernetes: pkg/kubelet/nodestatus/setters.go (Images), pkg/kubelet/images/image_manager.go (the list that is kept)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, Micros, rfc3339
from lifecycle.kubelet.node_status import UPDATE_FREQUENCY
from lifecycle.kubelet.state import NodeState
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

LISTED_EVERY: Micros = 30 * SECOND
"""A kubelet asks its runtime so often which images there are; the next status after that tells of them."""

MOST_IMAGES, MOST_NAMES = 50, 5


class NodeImages:
    """The lists of images of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def look(self, node: NodeState) -> None:
        """Have the images told of, which have changed."""
        if node.image_list is None and not node.down:
            listed = self._next(self.kernel.now, LISTED_EVERY, "image list", node.name)
            at = self._next(listed, UPDATE_FREQUENCY, "node status", node.name)
            node.image_list = self.kernel.at(at, "kubelet", "node_images", node.name, periodic=True)

    def _next(self, after: Micros, period: Micros, what: str, name: str) -> Micros:
        """Return the next moment, from one on, at which a node does something that it does again and again."""
        phase = self.kernel.seeds.number(period, what, name)
        return phase + -(-(after - phase) // period) * period

    def stopped(self, node: NodeState) -> None:
        self.kernel.cancel(node.image_list)
        node.image_list = None

    def on_node_images(self, name: str) -> None:
        """Post the node's status, if it has other images than it says."""
        node = self.kubelet.state.nodes[name]
        node.image_list = None
        obj = self.kubelet.api.get("nodes", "", name)
        if obj is None or node.down:
            return
        status, images = obj["status"], self._images(node)
        if images == (status.get("images") or []):
            return
        now = rfc3339(self.kernel.now)
        conditions = [{**condition, "lastHeartbeatTime": now} for condition in status.get("conditions") or ()]
        self.kubelet.api.update("nodes", {**obj, "status": {**status, "conditions": conditions, "images": images}})

    def _images(self, node: NodeState) -> list[Object]:
        """Return the images of a node as its status has them: their digests first, then their tags."""
        listed = self.kubelet.images.store.listed(node)
        listed.sort(key=lambda one: (-one[1], one[0]))
        return [{"names": list(names[:MOST_NAMES]), "sizeBytes": size} for names, size in listed[:MOST_IMAGES]]
