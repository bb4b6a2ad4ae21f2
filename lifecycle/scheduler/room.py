"""The room `scheduler`: one Pod after another, each to the best of the nodes that would do.

Kubernetes: pkg/scheduler/schedule_one.go
"""

from __future__ import annotations

import msgspec

from lifecycle.apiserver.conditions import with_condition
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.scheduler import messages, preemption, scores
from lifecycle.scheduler.filters import Candidate, Rejection, helps, reject
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.preemption import Victims
from lifecycle.scheduler.queue import (
    CLAIM_PLUGINS,
    POD_CHANGED_PLUGINS,
    POD_GONE_PLUGINS,
    Queue,
    Queued,
    QueueState,
    flush_at,
)
from lifecycle.scheduler.volumes import missing_claim
from lifecycle.wire import Object

SCHEDULER_NAME = "default-scheduler"
LATENCY: Micros = 4 * MILLISECOND
"""From a change to the scheduler's taking it up."""
CYCLE: Micros = MILLISECOND
"""From one Pod to the next where more than one waits."""
PREEMPTION_LATENCY: Micros = 2 * MILLISECOND
"""From a decision to preempt to the victims' being told."""
ENOUGH_NODES = 8
"""So many nodes that would do are compared; Kubernetes takes 100 or more, for a spread that nobody here can see."""


class SchedulerState(msgspec.Struct):
    """`awake` says that a cycle is on the agenda; `next_node` is where the search for nodes goes on."""

    queue: QueueState = msgspec.field(default_factory=QueueState)
    awake: bool = False
    next_node: int = 0


class Scheduler:
    def __init__(self, kernel: Kernel, state: SchedulerState | None = None) -> None:
        self.kernel = kernel
        self.state = state or SchedulerState()
        self.queue = Queue(self.state.queue)
        self._nodes: dict[str, NodeInfo] | None = None if state else {}
        self._nominated: dict[str, tuple[str, PodInfo]] = {}
        kernel.rooms["apiserver"].inform("scheduler", "pods", "nodes", "persistentvolumeclaims")

    @property
    def nodes(self) -> dict[str, NodeInfo]:
        """What is known of the nodes, by name; after a restore read from the objects once more."""
        if self._nodes is None:
            api = self.kernel.rooms["apiserver"]
            self._nodes = {node["metadata"]["name"]: NodeInfo(node) for node in api.list("nodes")}
            for pod in api.list("pods"):
                self._count(pod)
                self._nominate(pod)
        return self._nodes

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        match resource:
            case "nodes":
                self._observe_node(old, new)
            case "pods":
                self._observe_pod(old, new)
            case _:
                self._retry_those(CLAIM_PLUGINS)

    def on_cycle(self) -> None:
        """Take up the next Pod; come back if there are more."""
        self.state.awake = False
        if self.queue:
            self._schedule(self.queue.pop())
        if self.queue:
            self._wake(CYCLE)

    def on_flush(self, uid: str, since: Micros) -> None:
        """Try a Pod again that has waited for long, though nothing has changed that would help it."""
        waiting = self.queue.state.unschedulable.get(uid)
        if waiting and waiting.since == since:
            self._retry(uid)

    def _schedule(self, queued: Queued) -> None:
        api = self.kernel.rooms["apiserver"]
        pod = api.get("pods", queued.namespace, queued.name)
        if pod is None or pod["metadata"]["uid"] != queued.uid or pod["spec"].get("nodeName"):
            return
        if pod["metadata"].get("deletionTimestamp"):
            message = f"skip schedule deleting pod: {queued.namespace}/{queued.name}"
            self.kernel.rooms["recorder"].scheduler_event(pod, "Warning", "FailedScheduling", "Scheduling", message)
            return
        missing = missing_claim(pod, self._claim) if self.nodes else None
        if missing:
            self._fail(queued, pod, ("VolumeBinding",), messages.pre_filter_error(len(self.nodes), missing))
            return
        node, rejections = self._find(pod)
        if node:
            self._bind(pod, node)
        else:
            self._fit_nowhere(queued, pod, rejections)

    def _claim(self, namespace: str, name: str) -> Object | None:
        found: Object | None = self.kernel.rooms["apiserver"].get("persistentvolumeclaims", namespace, name)
        return found

    def _namespace_labels(self, name: str) -> dict[str, str]:
        namespace = self.kernel.rooms["apiserver"].get("namespaces", "", name)
        return (namespace["metadata"].get("labels") or {}) if namespace else {}

    def _candidate(self, pod: Object, instead: NodeInfo | None = None) -> Candidate:
        """Return a Pod with what all nodes mean for it, one of them perhaps as it would be instead."""
        nodes = {**self.nodes, instead.name: instead} if instead else self.nodes
        return Candidate.among(pod, nodes.values(), self._namespace_labels)

    def _find(self, pod: Object) -> tuple[NodeInfo | None, dict[str, Rejection]]:
        """Return the best of the nodes that would do, or why each would not."""
        candidate, nodes = self._candidate(pod), [self.nodes[name] for name in sorted(self.nodes)]
        fitting: list[NodeInfo] = []
        rejections: dict[str, Rejection] = {}
        looked = 0
        for looked in range(len(nodes)):
            node = nodes[(self.state.next_node + looked) % len(nodes)]
            rejection = self._reject(candidate, node)
            if rejection:
                rejections[node.name] = rejection
            else:
                fitting.append(node)
                if len(fitting) == ENOUGH_NODES:
                    break
        if nodes:
            self.state.next_node = (self.state.next_node + looked + 1) % len(nodes)
        return self._best(candidate, fitting), rejections

    def _reject(self, candidate: Candidate, node: NodeInfo) -> Rejection | None:
        """Return why a node will not do, also with the Pods on it for which others had to make room."""
        uid, priority = candidate.wants.uid, candidate.wants.priority
        coming = [p for name, p in self._nominated.values() if name == node.name and p.uid != uid and p.priority >= priority]
        if coming:
            crowded = node.with_more(coming)
            rejection = reject(self._candidate(candidate.pod, crowded), crowded)
            if rejection:
                return rejection
        return reject(candidate, node)

    def _best(self, candidate: Candidate, fitting: list[NodeInfo]) -> NodeInfo | None:
        """Return the node of the highest score; among equals chance decides."""
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        totals = scores.totals(candidate, fitting)
        most = max(totals)
        equals = [node for points, node in zip(totals, fitting, strict=True) if points == most]
        return equals[self.kernel.seeds.number(len(equals), "node", candidate.pod["metadata"]["uid"])]

    def _bind(self, pod: Object, node: NodeInfo) -> None:
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        self.kernel.rooms["apiserver"].bind(namespace, name, metadata["uid"], node.name)
        message = f"Successfully assigned {namespace}/{name} to {node.name}"
        self.kernel.rooms["recorder"].scheduler_event(pod, "Normal", "Scheduled", "Binding", message)

    def _fit_nowhere(self, queued: Queued, pod: Object, rejections: dict[str, Rejection]) -> None:
        """Say why no node will do, unless Pods of lower priority can be made to leave one."""
        plugins = tuple(dict.fromkeys(rejection.plugin for rejection in rejections.values()))
        if not self.nodes:
            self._fail(queued, pod, plugins, messages.NO_NODES)
            return
        victims, why = self._preempt(pod, rejections)
        reasons = [reason for rejection in rejections.values() for reason in rejection.reasons]
        text = messages.fit_error(len(self.nodes), reasons, messages.not_preempting(why) if not victims else "")
        self._fail(queued, pod, plugins, text, victims.node.name if victims else "")
        for victim in victims.pods if victims else ():
            about = (victim.namespace, victim.name, victim.uid, queued.uid)
            self.kernel.after(PREEMPTION_LATENCY, "scheduler", "preempt", *about)

    def _preempt(self, pod: Object, rejections: dict[str, Rejection]) -> tuple[Victims | None, str]:
        """Return whom to preempt, or why nobody."""
        priority, nominated = pod["spec"].get("priority") or 0, pod["status"].get("nominatedNodeName", "")
        if pod["spec"].get("preemptionPolicy") == "Never":
            return None, messages.NEVER_PREEMPTS
        helpful = nominated in rejections and rejections[nominated].preemption_helps
        if helpful and preemption.terminating_for(priority, self.nodes.get(nominated)):
            return None, messages.WAITS_FOR_VICTIMS
        found = preemption.search(priority, self.nodes, rejections, lambda node: reject(self._candidate(pod, node), node))
        return found.victims, messages.fit_error(len(rejections), found.reasons)

    def on_preempt(self, namespace: str, name: str, uid: str, for_uid: str) -> None:
        """Make a Pod leave its node for another: tell it in a condition, delete it, and say so in an Event."""
        api = self.kernel.rooms["apiserver"]
        pod = api.get("pods", namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid or pod["metadata"].get("deletionTimestamp"):
            return
        condition = {
            "type": "DisruptionTarget",
            "observedGeneration": pod["metadata"]["generation"],
            "status": "True",
            "lastProbeTime": None,
            "reason": "PreemptionByScheduler",
            "message": f"{SCHEDULER_NAME}: preempting to accommodate a higher priority pod",
        }
        pod = api.update("pods", {**pod, "status": with_condition(pod["status"], condition, self.kernel.now)})
        api.delete("pods", namespace, name, uid)
        message = f"Preempted by pod {for_uid} on node {pod['spec'].get('nodeName')}"
        self.kernel.rooms["recorder"].scheduler_event(pod, "Normal", "Preempted", "Preempting", message)

    def _fail(self, queued: Queued, pod: Object, plugins: tuple[str, ...], message: str, nominated: str = "") -> None:
        """Say that a Pod fits nowhere, first as an Event, then in its condition, and let it wait."""
        now = self.kernel.now
        self.queue.park(queued, plugins, now)
        at = flush_at(now, self.kernel.config.start)
        self.kernel.at(at, "scheduler", "flush", queued.uid, now, periodic=True)
        self.kernel.rooms["recorder"].scheduler_event(pod, "Warning", "FailedScheduling", "Scheduling", message)
        condition = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"]["generation"],
            "status": "False",
            "lastProbeTime": None,
            "reason": "Unschedulable",
            "message": message,
        }
        status = with_condition(pod["status"], condition, now)
        if nominated:
            status["nominatedNodeName"] = nominated
        self.kernel.rooms["apiserver"].update("pods", {**pod, "status": status})

    def _observe_node(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            assert old is not None
            self.nodes.pop(old["metadata"]["name"], None)
            return
        name = new["metadata"]["name"]
        if name not in self.nodes:
            self.nodes[name] = NodeInfo(new)
            for pod in self.kernel.rooms["apiserver"].list("pods") if old is None else ():
                self._count(pod)
        elif old is not None and _scheduling_view(old) == _scheduling_view(new):
            return
        else:
            self.nodes[name].set(new)
        self._retry_for_node(self.nodes[name])

    def _observe_pod(self, old: Object | None, new: Object | None) -> None:
        self._nominate(new or old, gone=new is None)
        if new is None or new["status"].get("phase") in ("Succeeded", "Failed"):
            self._observe_end(old or new)
        elif new["spec"].get("nodeName"):
            if old is None or not old["spec"].get("nodeName"):
                self.queue.forget(new["metadata"]["uid"])
                self._count(new)
                self._retry_those(POD_CHANGED_PLUGINS)
            elif _placed_view(old) != _placed_view(new):
                self._count(new)
                self._retry_those(POD_CHANGED_PLUGINS)
        elif old is None or old["spec"] is not new["spec"]:
            self._observe_unscheduled(old, new)

    def _nominate(self, pod: Object | None, gone: bool = False) -> None:
        """Note for which node others had to make room for a Pod that is not there yet."""
        assert pod is not None
        uid, node = pod["metadata"]["uid"], pod["status"].get("nominatedNodeName")
        if node and not gone and not pod["spec"].get("nodeName"):
            self._nominated[uid] = (node, PodInfo.of(pod))
        else:
            self._nominated.pop(uid, None)

    def _observe_end(self, pod: Object | None) -> None:
        """Take a Pod that ended off its node, and let those try again that want what it had."""
        assert pod is not None
        uid = pod["metadata"]["uid"]
        self.queue.forget(uid)
        node = self.nodes.get(pod["spec"].get("nodeName", ""))
        if node and uid in node.pods:
            node.remove(uid)
            self._retry_those(POD_GONE_PLUGINS)

    def _observe_unscheduled(self, old: Object | None, new: Object) -> None:
        """Queue a new Pod, one whose last gate was lifted, or one that waits and has changed its mind."""
        spec, metadata = new["spec"], new["metadata"]
        if spec.get("schedulingGates") or (spec.get("schedulerName") or SCHEDULER_NAME) != SCHEDULER_NAME:
            return
        uid = metadata["uid"]
        if old is None or old["spec"].get("schedulingGates"):
            self.queue.add(metadata["namespace"], metadata["name"], uid, spec.get("priority") or 0, self.kernel.now)
        elif uid in self.queue.state.unschedulable and old["spec"] != spec:
            self.queue.retry(uid, self.kernel.now)
        else:
            return
        self._wake()

    def _retry_for_node(self, node: NodeInfo) -> None:
        """Try those again that a plugin rejected which has nothing against this node."""
        api = self.kernel.rooms["apiserver"]
        for uid, waiting in list(self.queue.state.unschedulable.items()):
            pod = api.get("pods", waiting.namespace, waiting.name)
            if pod and helps(self._candidate(pod), node, waiting.plugins):
                self._retry(uid)

    def _retry_those(self, plugins: set[str]) -> None:
        """Try those again that one of these plugins rejected."""
        for uid, waiting in list(self.queue.state.unschedulable.items()):
            if not plugins.isdisjoint(waiting.plugins):
                self._retry(uid)

    def _retry(self, uid: str) -> None:
        self.queue.retry(uid, self.kernel.now)
        self._wake()

    def _wake(self, delay: Micros = LATENCY) -> None:
        if not self.state.awake:
            self.state.awake = True
            self.kernel.after(delay, "scheduler", "cycle")

    def _count(self, pod: Object) -> None:
        """Note what a Pod takes of the node it is on."""
        node = self.nodes.get(pod["spec"].get("nodeName") or "")
        if node and pod["status"].get("phase") not in ("Succeeded", "Failed"):
            node.add(PodInfo.of(pod))


def _scheduling_view(node: Object) -> object:
    """Return what of a node matters to the scheduler."""
    spec = node.get("spec") or {}
    return (
        node["metadata"].get("labels"),
        spec.get("unschedulable"),
        spec.get("taints"),
        node["status"].get("allocatable"),
    )


def _placed_view(pod: Object) -> object:
    """Return what of a Pod on a node matters to others."""
    metadata = pod["metadata"]
    return metadata.get("labels"), metadata.get("deletionTimestamp"), pod["spec"]
