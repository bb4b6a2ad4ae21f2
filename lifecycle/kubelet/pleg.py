"""The Pod lifecycle event generator: when the kubelet sees what has changed in the runtime.

The runtime is listed a second after the last listing has ended (and one Pod at once after a sync that did something). A
listing first renews the cache, which releases pod workers that wait for it, and then tells of what changed. Listings at
which nothing has changed and nobody waits are not played.
Kubernetes: pkg/kubelet/pleg/generic.go, pkg/kubelet/container/cache.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.agenda import EARLY
from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.kubelet import delays
from lifecycle.kubelet.state import NodeState, PodState
from lifecycle.runtime.records import Snapshot

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

RELIST_PERIOD: Micros = SECOND + 3 * MILLISECOND
"""A listing takes time as well, so that relists wander through the seconds, as containers that run for whole seconds do not."""


class PLEG:
    """Relists of all nodes."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def changed(self, pod: PodState) -> None:
        """Note that something about the Pod in the runtime is not as the cache has it."""
        node = self.kubelet.node(pod)
        node.changed[pod.uid] = self.kernel.cause
        self._schedule(node)

    def wait(self, pod: PodState) -> None:
        """Have the pod worker released by the next relist."""
        node = self.kubelet.node(pod)
        node.waiting[pod.uid] = self.kernel.cause
        self._schedule(node)

    def cached_at(self, pod: PodState) -> Micros:
        """Return when the Pod's place in the cache was last renewed."""
        node = self.kubelet.node(pod)
        since = self.kernel.now - node.relist_origin
        return max(pod.cache_at, node.relist_origin + since // RELIST_PERIOD * RELIST_PERIOD)

    def request(self, pod: PodState) -> None:
        """Have one Pod listed at once (gate PLEGOnDemandRelist)."""
        self.kernel.after(delays.ON_DEMAND_RELIST, "kubelet", "relist_pod", pod.uid)

    def on_relist(self, name: str) -> None:
        node = self.kubelet.state.nodes[name]
        node.relist = None
        if node.deaf:
            return
        changed, node.changed = node.changed, {}
        waiting, node.waiting = node.waiting, {}
        for uid, cause in changed.items():
            if pod := self.kubelet.state.pods.get(uid):
                with self.kernel.because(cause):
                    self._relist(pod, self.kernel.now)
                    waiting.pop(uid, None)
        for uid, cause in waiting.items():
            if pod := self.kubelet.state.pods.get(uid):
                with self.kernel.because(cause):
                    self.kubelet.workers.cache_renewed(pod)

    def on_relist_pod(self, uid: str) -> None:
        pod = self.kubelet.state.pods.get(uid)
        if pod and not self.kubelet.node(pod).deaf:
            node = self.kubelet.node(pod)
            node.changed.pop(uid, None)
            node.waiting.pop(uid, None)
            self._relist(pod, self.kernel.now)

    def _relist(self, pod: PodState, now: Micros) -> None:
        changed = has_changed(pod.cache, pod.runtime)
        pod.worker.dirty = pod.worker.dirty or pod.cache is not pod.runtime
        pod.cache, pod.cache_at = pod.runtime, now
        self.kubelet.workers.cache_renewed(pod)
        if changed:
            self.kubelet.workers.update(pod)

    def _schedule(self, node: NodeState) -> None:
        if node.relist is None and not node.deaf:
            passed = (self.kernel.now - node.relist_origin) // RELIST_PERIOD + 1
            at = node.relist_origin + passed * RELIST_PERIOD
            node.relist = self.kernel.at(at, "kubelet", "relist", node.name, priority=EARLY)


def has_changed(old: Snapshot, new: Snapshot) -> bool:
    """Say whether there is ContainerStarted or ContainerDied to tell; a sandbox counts as a container.

    Several such events of one listing follow each other so closely that the pod worker takes them for one.
    """
    before = {c.id: c.state for c in old.containers}
    for container in new.containers:
        if before.pop(container.id, None) != container.state != "created":
            return True
    ready = {s.id: s.ready for s in old.sandboxes}
    if any(ready.pop(sandbox.id, None) != sandbox.ready for sandbox in new.sandboxes):
        return True
    return any(state != "exited" for state in before.values()) or any(ready.values())
