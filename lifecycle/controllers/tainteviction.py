"""The room `tainteviction`: Pods leave nodes with taints NoExecute that they do not tolerate, or not for ever.

Kubernetes: pkg/controller/tainteviction/taint_eviction.go
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.apiserver.conditions import with_condition
from lifecycle.clock import SECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.scheduler.taints import tolerates
from lifecycle.wire import Object

COMPONENT = "taint-eviction-controller"
REASON = "TaintManagerEviction"


class Eviction(msgspec.Struct):
    """A Pod that is to leave: who, and the number of the timer."""

    namespace: str
    name: str
    timer: int


class TaintEvictionState(msgspec.Struct):
    """What is scheduled, by the Pod's uid, and the nodes that have a taint NoExecute."""

    evictions: dict[str, Eviction] = {}
    tainted: dict[str, list[dict[str, Any]]] = {}


class TaintEviction:
    def __init__(self, kernel: Kernel, state: TaintEvictionState | None = None) -> None:
        self.kernel = kernel
        self.state = state or TaintEvictionState()
        kernel.rooms["apiserver"].inform(self.observe, "nodes")
        kernel.rooms["apiserver"].inform(self.observe, "pods", progress=False)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "nodes":
            self._observe_node(old, new)
        elif new is None:
            assert old is not None
            self._cancel(old)
        elif self.state.tainted and (old is None or old["spec"] is not new["spec"]):
            taints = self.state.tainted.get(new["spec"].get("nodeName", ""))
            if taints:
                self._judge(new, taints)

    def on_evict(self, namespace: str, name: str, uid: str) -> None:
        """Say that a Pod is to go, mark why, and delete it."""
        self.state.evictions.pop(uid, None)
        api = self.kernel.rooms["apiserver"]
        pod = api.get("pods", namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid:
            return
        self._event(namespace, name, "Marking for deletion")
        condition = {
            "type": "DisruptionTarget",
            "observedGeneration": pod["metadata"]["generation"],
            "status": "True",
            "lastProbeTime": None,
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }
        api.update("pods", {**pod, "status": with_condition(pod["status"], condition, self.kernel.now)})
        api.delete("pods", namespace, name, uid)

    def _observe_node(self, old: Object | None, new: Object | None) -> None:
        name = (new or old or {})["metadata"]["name"]
        if new is None:
            self.state.tainted.pop(name, None)
            return
        taints = [taint for taint in (new.get("spec") or {}).get("taints") or () if taint["effect"] == "NoExecute"]
        if taints == self.state.tainted.get(name, []):
            return
        if taints:
            self.state.tainted[name] = taints
        else:
            del self.state.tainted[name]
        for pod in [pod for pod in self.kernel.rooms["apiserver"].list("pods") if pod["spec"].get("nodeName") == name]:
            self._judge(pod, taints)

    def _judge(self, pod: Object, taints: list[dict[str, Any]]) -> None:
        """Schedule a Pod's eviction, or take back one that is no longer called for; one that stands is not moved.

        One that stands is taken back, too, before a Pod has to leave at once. Kubernetes: processPodOnNode
        """
        tolerations = pod["spec"].get("tolerations") or []
        seconds = tolerated_for(tolerations, taints) if taints else None
        at_once = seconds == 0 and not _tolerates_all(tolerations, taints)
        if seconds is None or at_once:
            self._cancel(pod)
        if seconds is None or pod["metadata"]["uid"] in self.state.evictions:
            return
        metadata = pod["metadata"]
        subject = (metadata["namespace"], metadata["name"], metadata["uid"])
        timer = self.kernel.after(seconds * SECOND, "tainteviction", "evict", *subject)
        self.state.evictions[metadata["uid"]] = Eviction(*subject[:2], timer)

    def _cancel(self, pod: Object) -> None:
        standing = self.state.evictions.pop(pod["metadata"]["uid"], None)
        if standing:
            self.kernel.cancel(standing.timer)
            self._event(standing.namespace, standing.name, "Cancelling deletion of")

    def _event(self, namespace: str, name: str, what: str) -> None:
        """Record an Event about a Pod; this controller names it without its uid."""
        pod = {"kind": "Pod", "apiVersion": "v1", "namespace": namespace, "name": name}
        message = f"{what} Pod {namespace}/{name}"
        self.kernel.rooms["recorder"].event(COMPONENT, pod, "Normal", REASON, message)


def _tolerates_all(tolerations: list[dict[str, Any]], taints: list[dict[str, Any]]) -> bool:
    return all(any(tolerates(toleration, taint) for toleration in tolerations) for taint in taints)


def tolerated_for(tolerations: list[dict[str, Any]], taints: list[dict[str, Any]]) -> int | None:
    """Return for how many seconds all taints are tolerated: 0 where one is not at all, None for ever."""
    limits: list[Micros] = []
    for taint in taints:
        matching = next((toleration for toleration in tolerations if tolerates(toleration, taint)), None)
        if matching is None:
            return 0
        if matching.get("tolerationSeconds") is not None:
            limits.append(max(0, matching["tolerationSeconds"]))
    return min(limits, default=None)
