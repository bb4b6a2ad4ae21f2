"""The room `scheduler`: one Pod after another, each to the best of the nodes that would do.

Kubernetes: pkg/scheduler (schedule_one.go, eventhandlers.go)
"""

from __future__ import annotations

import msgspec

from lifecycle.apiserver.conditions import with_condition
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.core_v1.label_selector import selects
from lifecycle.kernel import Kernel
from lifecycle.kernel import Pod as About
from lifecycle.scheduler import hints, messages, preemption, selectors, volumes
from lifecycle.scheduler.binding import Bindings, VolumeBinding
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import Rejection
from lifecycle.scheduler.finder import Finder
from lifecycle.scheduler.hints import Change, NodeChange, OwnChange, PodChange, StorageChange, Waiter
from lifecycle.scheduler.nodes import PodInfo
from lifecycle.scheduler.preemption import Budget, Victims
from lifecycle.scheduler.queue import Queue, Queued, QueueState, flush_at
from lifecycle.scheduler.volumes import PodClaims, Refusal
from lifecycle.wire import Object

SCHEDULER_NAME = "default-scheduler"
LATENCY: Micros = 4 * MILLISECOND
"""From a change to the scheduler's taking it up."""
CYCLE: Micros = MILLISECOND
"""From one Pod to the next where more than one waits."""
PREEMPTION_LATENCY: Micros = 2 * MILLISECOND
"""From a decision to preempt to the victims' being told."""

STORAGE = ("persistentvolumeclaims", "persistentvolumes", "storageclasses")


class SchedulerState(msgspec.Struct):
    """`awake` says that a cycle is on the agenda; `next_node` is where the search for nodes goes on.

    `binding` holds, by uid, Pods that have a node and wait for their volumes.
    """

    queue: QueueState = msgspec.field(default_factory=QueueState)
    awake: bool = False
    next_node: int = 0
    binding: dict[str, VolumeBinding] = {}


class Scheduler:
    def __init__(self, kernel: Kernel, state: SchedulerState | None = None) -> None:
        self.kernel = kernel
        self.state = state or SchedulerState()
        self.queue = Queue(self.state.queue)
        self.bindings = Bindings(self)
        self._cache: Cache | None = None if state else Cache()
        self._finder: Finder | None = None
        self._services: dict[str, dict[str, Object]] | None = None if state else {}
        kernel.rooms["apiserver"].inform(self.observe, "pods", "nodes", "services", *STORAGE)

    @property
    def cache(self) -> Cache:
        """What is known of the nodes and the Pods there; after a restore read from the objects once more."""
        if self._cache is None:
            self._cache = Cache()
            api = self.kernel.rooms["apiserver"]
            for node in api.list("nodes"):
                self._cache.set_node(node)
            for pod in api.list("pods"):
                self._count(pod)
                self._nominate(pod)
        return self._cache

    @property
    def finder(self) -> Finder:
        if self._finder is None:
            self._finder = Finder(self.cache, self.kernel.seeds, self.namespace_labels)
        return self._finder

    def namespace_labels(self, name: str) -> dict[str, str]:
        namespace = self.kernel.rooms["apiserver"].get("namespaces", "", name)
        return (namespace["metadata"].get("labels") or {}) if namespace else {}

    # One Pod

    def on_cycle(self) -> None:
        """Take up the next Pod; come back if there are more."""
        self.state.awake = False
        if self.queue:
            self._schedule(self.queue.pop(self.kernel.now))
        if self.queue:
            self._wake(CYCLE)

    def on_flush(self, uid: str, since: Micros) -> None:
        """Try a Pod again that has waited for long, though nothing has changed that would help it."""
        waiting = self.queue.state.unschedulable.get(uid)
        if waiting and waiting.since == since:
            self._retry(uid)

    def on_bound(self, uid: str) -> None:
        self.bindings.bound(uid)

    def on_binding_timeout(self, uid: str, since: Micros) -> None:
        self.bindings.timeout(uid, since)

    def _schedule(self, queued: Queued) -> None:
        api = self.kernel.rooms["apiserver"]
        pod = api.get("pods", queued.namespace, queued.name)
        if pod is None or pod["metadata"]["uid"] != queued.uid or pod["spec"].get("nodeName"):
            return
        if pod["metadata"].get("deletionTimestamp"):
            message = f"skip schedule deleting pod: {queued.namespace}/{queued.name}"
            self.kernel.rooms["recorder"].scheduler_event(pod, "Warning", "FailedScheduling", "Scheduling", message)
            return
        nodes = len(self.cache.nodes)
        claims = self._pre_filter(pod)
        if not nodes:
            self.fail(queued, pod, (), messages.NO_NODES)
        elif isinstance(claims, Refusal):
            self.fail(queued, pod, (claims.plugin,), messages.pre_filter_error(nodes, claims.reason))
        else:
            self._place(queued, pod, claims)

    def _pre_filter(self, pod: Object) -> PodClaims | Refusal | None:
        """Look up what a Pod claims, or say why it can go nowhere at all."""
        if selectors.named_nodes(pod) == set():
            return Refusal("NodeAffinity", messages.CONFLICTING_TERMS)
        return volumes.pod_claims(pod, self.kernel.rooms["apiserver"])

    def _place(self, queued: Queued, pod: Object, claims: PodClaims | None) -> None:
        candidate = Candidate.among(pod, self.cache, self.namespace_labels, self.kernel.rooms["apiserver"], claims)
        found, looked = self.finder.find(candidate, self.state.next_node, self._owners(pod))
        self.state.next_node = (self.state.next_node + looked) % len(self.cache.nodes)
        if found.node is None:
            self._fit_nowhere(queued, candidate, found.rejections)
        elif claims is not None and claims.delayed:
            self.bindings.begin(queued, candidate, claims, found.node)
        else:
            self.bind(pod, found.node.name)

    def bind(self, pod: Object, node: str) -> None:
        """Put a Pod on a node, and say so."""
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        self.kernel.rooms["apiserver"].bind(namespace, name, metadata["uid"], node)
        message = f"Successfully assigned {namespace}/{name} to {node}"
        self.kernel.rooms["recorder"].scheduler_event(pod, "Normal", "Scheduled", "Binding", message)

    def _owners(self, pod: Object) -> list[Object]:
        """Return the selectors of the Services that a Pod belongs to."""
        metadata = pod["metadata"]
        labels = metadata.get("labels") or {}
        found = self._selectors(metadata["namespace"]).values() if labels else ()
        return [selector for selector in found if selects({"matchLabels": selector}, labels)]

    def _selectors(self, namespace: str) -> dict[str, Object]:
        if self._services is None:
            self._services = {}
            for service in self.kernel.rooms["apiserver"].list("services"):
                self._observe_service(service["metadata"], service)
        return self._services.get(namespace, {})

    # Where it fits nowhere

    def _fit_nowhere(self, queued: Queued, candidate: Candidate, rejections: dict[str, Rejection]) -> None:
        """Say why no node will do, unless Pods of lower priority can be made to leave one."""
        plugins = tuple(dict.fromkeys(rejection.plugin for rejection in rejections.values()))
        victims, why, nominated = self._preempt(candidate, rejections)
        reasons = [reason for rejection in rejections.values() for reason in rejection.reasons]
        text = messages.fit_error(len(rejections), reasons, messages.not_preempting(why) if not victims else "")
        if victims:
            self._clear_nominations(victims, candidate.wants.priority)
        self.fail(queued, candidate.pod, plugins, text, nominated)
        for victim in victims.pods if victims else ():
            about = (victim.namespace, victim.name, victim.uid, queued.uid)
            self.kernel.after(PREEMPTION_LATENCY, "scheduler", "preempt", *about)

    def _preempt(self, candidate: Candidate, rejections: dict[str, Rejection]) -> tuple[Victims | None, str, str | None]:
        """Return whom to preempt, or why nobody, and for which node the Pod is nominated then (None: as before)."""
        pod, priority = candidate.pod, candidate.wants.priority
        nominated = pod["status"].get("nominatedNodeName", "")
        if pod["spec"].get("preemptionPolicy") == "Never":
            return None, messages.NEVER_PREEMPTS, None
        helpful = nominated in rejections and rejections[nominated].preemption_helps
        if helpful and preemption.terminating_for(priority, self.cache.nodes.get(nominated)):
            return None, messages.WAITS_FOR_VICTIMS, None
        nodes = [(self.cache.nodes[name], rejection) for name, rejection in rejections.items()]
        budgets = [Budget.of(one) for one in self.kernel.rooms["apiserver"].list("poddisruptionbudgets")]
        first = self.kernel.seeds.fraction("preemption", candidate.wants.uid, self.kernel.now)
        found = preemption.search(candidate, nodes, budgets, first, self.finder.reject, self._started)
        why = "" if found.victims else messages.fit_error(len(rejections), found.reasons)
        return found.victims, why, found.victims.node.name if found.victims else ""

    def _started(self, pod: PodInfo) -> str:
        found = self.kernel.rooms["apiserver"].get("pods", pod.namespace, pod.name)
        return (found["status"].get("startTime") if found else None) or preemption.NOT_STARTED

    def _clear_nominations(self, victims: Victims, priority: int) -> None:
        """Take the node from those less important Pods for which room was to be made there, and let them look again."""
        api = self.kernel.rooms["apiserver"]
        for other in sorted(self.cache.nominated(victims.node.name), key=lambda pod: (pod.namespace, pod.name)):
            if other.priority >= priority:
                continue
            pod = api.get("pods", other.namespace, other.name)
            if pod is not None:
                status = {key: value for key, value in pod["status"].items() if key != "nominatedNodeName"}
                api.update("pods", {**pod, "status": status})
                self._retry(other.uid)

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

    def fail(
        self,
        queued: Queued,
        pod: Object,
        plugins: tuple[str, ...],
        message: str,
        nominated: str | None = None,
        reason: str = "Unschedulable",
    ) -> None:
        """Say that a Pod fits nowhere, first as an Event, then in its condition, and let it wait.

        `nominated` is the node on which room is made for it: empty for none, None for what it was.
        """
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
            "reason": reason,
            "message": message,
        }
        status = with_condition(pod["status"], condition, now)
        if nominated:
            status["nominatedNodeName"] = nominated
        elif nominated is not None:
            status.pop("nominatedNodeName", None)
        self.kernel.rooms["apiserver"].update("pods", {**pod, "status": status})

    # What it is told

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if self._cache is None and resource in ("nodes", "pods"):
            self._recall(resource, old, new)
        match resource:
            case "nodes":
                self._observe_node(old, new)
            case "pods":
                self._observe_pod(old, new)
            case "services":
                if self._services is not None:
                    self._observe_service((new or old or {})["metadata"], new)
            case _ if new is not None:
                self.bindings.storage_changed(resource, new)
                self._changed(StorageChange(resource, old, new))

    def _recall(self, resource: str, old: Object | None, new: Object | None) -> None:
        """Read the objects anew as they were before a change that is being told: what it has changed is to be seen."""
        metadata = (old or new or {})["metadata"]
        if resource == "pods":
            self.cache.remove_pod(metadata["uid"])
            self.cache.forget_nomination(metadata["uid"])
            if old is not None:
                self._count(old)
                self._nominate(old)
        elif old is None:
            self.cache.remove_node(metadata["name"])
        else:
            self.cache.set_node(old)

    def _observe_node(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            assert old is not None
            self.cache.remove_node(old["metadata"]["name"])
        elif new["metadata"]["name"] not in self.cache.nodes:
            self.cache.set_node(new)
            for pod in self.kernel.rooms["apiserver"].list("pods") if old is None else ():
                self._count(pod)
        elif old is not None and _scheduling_view(old) == _scheduling_view(new):
            return
        else:
            self.cache.set_node(new)
        self._changed(NodeChange(old, new))

    def _observe_service(self, metadata: Object, service: Object | None) -> None:
        assert self._services is not None
        selector = service["spec"].get("selector") if service is not None else None
        if selector:
            self._services.setdefault(metadata["namespace"], {})[metadata["name"]] = selector
        else:
            self._services.get(metadata["namespace"], {}).pop(metadata["name"], None)

    def _observe_pod(self, old: Object | None, new: Object | None) -> None:
        pod = new or old
        assert pod is not None
        self._nominate(pod, gone=new is None)
        if new is None or new["status"].get("phase") in ("Succeeded", "Failed"):
            self._observe_end(pod)
        elif new["spec"].get("nodeName"):
            self._observe_placed(old, new)
        elif old is None or old["spec"] is not new["spec"] or _labels(old) != _labels(new):
            self._observe_unscheduled(old, new)

    def _observe_placed(self, old: Object | None, new: Object) -> None:
        if old is not None and old["spec"].get("nodeName") and _placed_view(old) == _placed_view(new):
            return
        uid = new["metadata"]["uid"]
        self.queue.forget(uid)
        self.state.binding.pop(uid, None)
        before = self.cache.pod(uid) if old is not None and old["spec"].get("nodeName") else None
        self._count(new)
        self._changed(PodChange(before, self.cache.pod(uid)))

    def _observe_end(self, pod: Object) -> None:
        """Take a Pod that ended off its node, and let those try again that want what it had."""
        uid = pod["metadata"]["uid"]
        self.queue.forget(uid)
        self.state.binding.pop(uid, None)
        gone = self.cache.pod(uid)
        if gone is not None:
            self.cache.remove_pod(uid)
            self._changed(PodChange(gone, None))

    def _observe_unscheduled(self, old: Object | None, new: Object) -> None:
        """Queue a new Pod, one whose last gate was lifted, or one that waits and whose own change may help it."""
        spec, metadata = new["spec"], new["metadata"]
        if spec.get("schedulingGates") or (spec.get("schedulerName") or SCHEDULER_NAME) != SCHEDULER_NAME:
            return
        if spec.get("resourceClaims"):
            self._waits_for_claims(old, new)
            return
        uid = metadata["uid"]
        if old is None or old["spec"].get("schedulingGates"):
            self.queue.add(metadata["namespace"], metadata["name"], uid, spec.get("priority") or 0, self.kernel.now)
            self._wake()
            return
        waiting = self.queue.state.unschedulable.get(uid)
        if waiting and hints.helps(Waiter(new, self.namespace_labels), waiting.plugins, OwnChange(old, new)):
            self._retry(uid)

    def _waits_for_claims(self, old: Object | None, pod: Object) -> None:
        """Leave a Pod outside of the queue whose devices nobody claims: silently, as the plugin does.

        Kubernetes: pkg/scheduler/framework/plugins/dynamicresources (PreEnqueue)
        """
        if old is None or old["spec"].get("schedulingGates"):
            metadata = pod["metadata"]
            names = ", ".join(claim["name"] for claim in pod["spec"]["resourceClaims"])
            text = f"The Pod is not scheduled: the ResourceClaims that it asks for are not modelled ({names})."
            about = About(metadata["namespace"], metadata["name"], metadata["uid"])
            self.kernel.trace("decision", about, by="scheduler", text=text)

    def _nominate(self, pod: Object, gone: bool = False) -> None:
        """Note for which node others had to make room for a Pod that is not there yet."""
        node = pod["status"].get("nominatedNodeName")
        if node and not gone and not pod["spec"].get("nodeName"):
            self.cache.nominate(PodInfo.of(pod), node)
        else:
            self.cache.forget_nomination(pod["metadata"]["uid"])

    def _changed(self, change: Change) -> None:
        """Let those that wait try again whom a change may help."""
        if not self.queue.state.unschedulable:
            return
        api = self.kernel.rooms["apiserver"]
        for uid in self.queue.waiting(hints.concerned(change)):
            waiting = self.queue.state.unschedulable[uid]
            pod = api.get("pods", waiting.namespace, waiting.name)
            if pod is not None and hints.helps(Waiter(pod, self.namespace_labels), waiting.plugins, change):
                self._retry(uid)

    def _retry(self, uid: str) -> None:
        self.queue.retry(uid, self.kernel.now)
        self._wake()

    def _wake(self, delay: Micros = LATENCY) -> None:
        if not self.state.awake:
            self.state.awake = True
            self.kernel.after(delay, "scheduler", "cycle")

    def _count(self, pod: Object) -> None:
        """Note what a Pod takes of the node it is on, or will be on once its volumes are there."""
        uid = pod["metadata"]["uid"]
        node = pod["spec"].get("nodeName") or (self.state.binding[uid].node if uid in self.state.binding else "")
        if node and pod["status"].get("phase") not in ("Succeeded", "Failed"):
            self.cache.set_pod(PodInfo.of(pod), node)


def _labels(obj: Object) -> object:
    return obj["metadata"].get("labels")


def _scheduling_view(node: Object) -> object:
    """Return what of a node matters to the scheduler."""
    spec, status = node.get("spec") or {}, node["status"]
    return _labels(node), spec.get("unschedulable"), spec.get("taints"), status.get("allocatable"), status.get("images")


def _placed_view(pod: Object) -> object:
    """Return what of a Pod on a node matters to others."""
    return _labels(pod), pod["metadata"].get("deletionTimestamp"), pod["spec"]
