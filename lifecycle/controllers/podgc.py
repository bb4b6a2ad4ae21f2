"""The room `podgc`: Pods that nobody else will take away. It puts out no Events.

Kubernetes: pkg/controller/podgc/gc_controller.go
"""

from __future__ import annotations

import msgspec

from lifecycle.apiserver.conditions import condition, with_condition
from lifecycle.clock import SECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

EVERY: Micros = 20 * SECOND
QUARANTINE: Micros = 40 * SECOND
"""How long a node must be gone before its Pods are taken away."""
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


TERMINATED_POD_THRESHOLD = 12_500
"""So many Pods that have ended are kept."""


class PodGCState(msgspec.Struct):
    """How many Pods have ended; the passes that will find something are on the agenda."""

    terminated: int = 0


class PodGC:
    def __init__(self, kernel: Kernel, state: PodGCState | None = None) -> None:
        self.kernel = kernel
        self.state = state or PodGCState()
        kernel.rooms["apiserver"].inform(self.observe, "nodes")
        kernel.rooms["apiserver"].inform(self.observe, "pods", progress=False)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "pods":
            self._count(old, new)
        if resource == "nodes" and old is not None:
            name = old["metadata"]["name"]
            if new is None:
                self._pass_at(self.kernel.now + QUARANTINE, "orphans", name)
            elif _is_out_of_service(new) and not _is_out_of_service(old):
                self._pass_at(self.kernel.now, "out_of_service", name)
        elif resource == "pods" and new is not None:
            self._observe_pod(old, new)

    def _observe_pod(self, old: Object | None, new: Object) -> None:
        leaves = _is_terminating(new) and not (old and _is_terminating(old))
        if old is not None and not leaves:
            return
        name = new["spec"].get("nodeName", "")
        node = self.kernel.rooms["apiserver"].get("nodes", "", name) if name else None
        if old is None and name and node is None:
            self._pass_at(self.kernel.now + QUARANTINE, "orphans", name)
        if leaves:
            if not name:
                self._pass_at(self.kernel.now, "unscheduled", "")
            elif node and _is_out_of_service(node):
                self._pass_at(self.kernel.now, "out_of_service", name)

    def _count(self, old: Object | None, new: Object | None) -> None:
        more = _is_terminated(new) - _is_terminated(old)
        self.state.terminated += more
        if more > 0 and self.state.terminated == TERMINATED_POD_THRESHOLD + 1:
            self._pass_at(self.kernel.now, "terminated", "")

    def on_terminated(self, _: str) -> None:
        """Take away the Pods that have ended of which there are too many: evicted ones, then the oldest."""
        ended = [pod for pod in self.kernel.rooms["apiserver"].list("pods") if _is_terminated(pod)]
        ended.sort(key=lambda pod: (not _is_evicted(pod), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
        for pod in ended[: max(len(ended) - TERMINATED_POD_THRESHOLD, 0)]:
            self._fail(pod, "")

    def on_orphans(self, node: str) -> None:
        """Take away the Pods of a node that is gone: first they become Failed, if they had not ended."""
        api = self.kernel.rooms["apiserver"]
        if api.get("nodes", "", node) is None:
            for pod in self._on(node):
                self._fail(pod, "PodGC: node no longer exists")

    def on_unscheduled(self, _: str) -> None:
        """Take away the Pods that are being deleted and have no node, as far as their finalizers allow it."""
        for pod in self.kernel.rooms["apiserver"].list("pods"):
            if _is_terminating(pod) and not pod["spec"].get("nodeName"):
                self._fail(pod, "")

    def on_out_of_service(self, node: str) -> None:
        """Take away the Pods that are being deleted on a node that is said to be out of service."""
        found = self.kernel.rooms["apiserver"].get("nodes", "", node)
        if found is None or not _is_out_of_service(found):
            return
        for pod in self._on(node):
            if _is_terminating(pod):
                self._fail(pod, "")

    def _on(self, node: str) -> list[Object]:
        return [pod for pod in self.kernel.rooms["apiserver"].list("pods") if pod["spec"].get("nodeName") == node]

    def _fail(self, pod: Object, message: str) -> None:
        """Have a Pod fail, if it has not ended, and delete it; a message says what has disrupted it."""
        api, metadata = self.kernel.rooms["apiserver"], pod["metadata"]
        if not _is_terminated(pod):
            status = with_condition(pod["status"], _target(pod, message), self.kernel.now) if message else pod["status"]
            api.update("pods", {**pod, "status": {**status, "phase": "Failed"}})
        api.delete("pods", metadata["namespace"], metadata["name"], metadata["uid"], grace=0)

    def _pass_at(self, earliest: Micros, what: str, node: str) -> None:
        """Look at a node in the first pass that is not before a moment; passes come every 20 s from the start."""
        start = self.kernel.config.start
        self.kernel.at(start + -(-(earliest - start) // EVERY) * EVERY, "podgc", what, node)


def _target(pod: Object, message: str) -> Object:
    return {
        "type": "DisruptionTarget",
        "observedGeneration": pod["metadata"]["generation"],
        "status": "True",
        "lastProbeTime": None,
        "reason": "DeletionByPodGC",
        "message": message,
    }


def _is_terminating(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _is_terminated(pod: Object | None) -> bool:
    return pod is not None and pod["status"].get("phase") in ("Succeeded", "Failed")


def _is_evicted(pod: Object) -> bool:
    return bool(pod["status"].get("phase") == "Failed" and pod["status"].get("reason") == "Evicted")


def _is_out_of_service(node: Object) -> bool:
    ready = (condition(node["status"], "Ready") or {}).get("status") == "True"
    return not ready and any(taint["key"] == OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ())
