"""Pods that have a node and wait for their volumes: bound to them or made for them, now that it is known where.

Kubernetes: pkg/scheduler/framework/plugins/volumebinding (binder.go: AssumePodVolumes, BindPodVolumes)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros
from lifecycle.core_v1.persistent_volumes import SELECTED_NODE, annotated, is_bound
from lifecycle.scheduler import messages, volumes
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.scheduler.queue import Queued
from lifecycle.scheduler.volumes import PodClaims
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.scheduler.room import Scheduler

POLL: Micros = SECOND
TIMEOUT: Micros = 10 * MINUTE


class VolumeBinding(msgspec.Struct):
    """A Pod on its way to a node: since when, and the claims that are still to be bound."""

    queued: Queued
    node: str
    since: Micros
    claims: list[str]


class Bindings:
    """Those of one scheduler; they stand in its state."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.kernel = scheduler.kernel

    def begin(self, queued: Queued, candidate: Candidate, claims: PodClaims, node: NodeInfo) -> None:
        """Ask for a Pod's volumes, and count it on its node from now on."""
        api, now = self.kernel.rooms["apiserver"], self.kernel.now
        choice = volumes.choose(claims, node, api)
        assert choice is not None
        names = [claim["metadata"]["name"] for claim in claims.delayed]
        self.scheduler.state.binding[queued.uid] = VolumeBinding(queued, node.name, now, names)
        self.scheduler.cache.set_pod(candidate.wants, node.name)
        self.kernel.after(TIMEOUT, "scheduler", "binding_timeout", queued.uid, now, periodic=True)
        for claim, volume in choice.matches:
            api.update("persistentvolumes", volumes.meant_for(claim, volume))
        for claim in choice.provisions:
            api.update("persistentvolumeclaims", annotated(claim, **{SELECTED_NODE: node.name}))

    def storage_changed(self, resource: str, obj: Object) -> None:
        """Look again, when that is due, after Pods whose claim has been bound."""
        bindings = self.scheduler.state.binding
        if resource != "persistentvolumeclaims" or not bindings or not is_bound(obj):
            return
        metadata = obj["metadata"]
        for uid, binding in bindings.items():
            if binding.queued.namespace == metadata["namespace"] and metadata["name"] in binding.claims:
                polls = -(-(self.kernel.now + 1 - binding.since) // POLL)
                self.kernel.at(binding.since + polls * POLL, "scheduler", "bound", uid)

    def bound(self, uid: str) -> None:
        """Put a Pod on its node if all its claims are bound by now."""
        api = self.kernel.rooms["apiserver"]
        binding = self.scheduler.state.binding.get(uid)
        if binding is None:
            return
        namespace = binding.queued.namespace
        claims = [api.get("persistentvolumeclaims", namespace, name) for name in binding.claims]
        pod = api.get("pods", namespace, binding.queued.name)
        if pod is not None and all(claim is not None and is_bound(claim) for claim in claims):
            self.scheduler.bind(pod, binding.node)

    def timeout(self, uid: str, since: Micros) -> None:
        """Give up: the Pod is queued again."""
        binding = self.scheduler.state.binding.get(uid)
        if binding is None or binding.since != since:
            return
        del self.scheduler.state.binding[uid]
        self.scheduler.cache.remove_pod(uid)
        pod = self.kernel.rooms["apiserver"].get("pods", binding.queued.namespace, binding.queued.name)
        if pod is not None:
            self.scheduler.fail(binding.queued, pod, ("VolumeBinding",), messages.BINDING_TIMED_OUT, reason="SchedulerError")
