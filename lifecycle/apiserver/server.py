"""The room `apiserver`: the objects, as the other rooms see them, and the one place where changes come from.

Kubernetes: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from lifecycle.apiserver import connections, deletion, pod_clients, pods
from lifecycle.apiserver.conditions import with_condition
from lifecycle.apiserver.kinds import COUNTS_GENERATIONS
from lifecycle.apiserver.requests import Requests
from lifecycle.apiserver.store import Row, Store
from lifecycle.clock import HOUR, MINUTE, Micros, rfc3339
from lifecycle.core_v1 import component_fields
from lifecycle.kernel import Kernel, Pod
from lifecycle.programs.servers import HTTPRequest, HTTPResponse
from lifecycle.wire import Answer, Object, Request

TOPOLOGY_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")
EVENT_TTL: Micros = HOUR
"""How long an Event is kept after its last change, at least."""

LEASE_SHARED: Micros = MINUTE
"""For how long Events are put under one lease: they leave together, so much later at most.

Kubernetes: apiserver/pkg/storage/etcd3/lease_manager.go
"""


Observe = Callable[[str, str, Object | None, Object | None], None]
"""What a room does that is told of a change: of which resource, of which type, what stood and what stands."""


class APIServerState(msgspec.Struct):
    """`made` counts the objects made under each name within the instant `made_at`.

    `expiry` holds when Events end, `lease` when those end that are written now.
    """

    rows: list[Row] = []
    made_at: Micros = 0
    made: dict[str, int] = {}
    expiry: list[tuple[Micros, str, str]] = []
    lease: Micros = 0


class APIServer:
    """Objects are never altered in place: a change is a new dict that shares what is equal with the old one."""

    def __init__(self, kernel: Kernel, state: APIServerState | None = None) -> None:
        state = state or APIServerState()
        self.kernel = kernel
        self.store = Store(state.rows)
        self.get, self.list, self.index = self.store.get, self.store.list, self.store.index
        self.requests = Requests(kernel, self)
        self._observers: defaultdict[str, list[Observe]] = defaultdict(list)
        self._observers_of_progress: defaultdict[str, list[Observe]] = defaultdict(list)
        self._last: dict[str, int] | None = None
        self._made_at, self._made = state.made_at, dict(state.made)
        self._expiry = {(namespace, name): at for at, namespace, name in state.expiry}
        self._lease = state.lease

    @property
    def state(self) -> APIServerState:
        expiry = [(at, namespace, name) for (namespace, name), at in self._expiry.items()]
        return APIServerState(self.store.rows(), self._made_at, self._made, expiry, self._lease)

    def inform(self, observe: Observe, *resources: str, progress: bool = True) -> None:
        """Have `observe(resource, type, old, new)` called after each change of these resources.

        Without `progress`, not where nothing but a status has changed, and that has the phase that it had.
        """
        for resource in resources:
            self._observers[resource].append(observe)
            if progress:
                self._observers_of_progress[resource].append(observe)

    def respond(self, request: HTTPRequest) -> HTTPResponse:
        """Answer what a program in a Pod asks."""
        return pod_clients.answer(self.kernel, request)

    def answer(self, index: int, request: Request) -> Answer:
        """Take the request that has this index."""
        self._last = {}
        answer = self.requests.answer(index, request)
        self._last = None
        return answer

    def on_exec_ended(
        self, namespace: str, name: str, uid: str, container: str, command: str, session: int, result: Any
    ) -> None:
        pods.exec_ended(self.kernel, Pod(namespace, name, uid, container), command, session, result)

    def on_forward_ended(self, namespace: str, name: str, uid: str, sandbox: str, port: int, session: int, why: str) -> None:
        connections.forward_ended(self.kernel, Pod(namespace, name, uid), sandbox, port, session, why)

    def on_passed_on(self, namespace: str, name: str, uid: str, session: int, result: Any) -> None:
        connections.passed_on(self.kernel, Pod(namespace, name, uid), session, result)

    def last_change(self, obj: Object) -> int | None:
        """Return the index of the last change that the present request made to an object; None where it made none."""
        return (self._last or {}).get(obj.get("metadata", {}).get("uid", ""))

    def create(self, resource: str, obj: Object) -> Object:
        """Add an object and return it with its metadata completed. Its name must not be taken."""
        metadata = self._new_metadata(resource, obj["metadata"])
        if resource == "events":
            self._expire(metadata["namespace"], metadata["name"])
        return self._put(resource, "ADDED", None, {**obj, "metadata": metadata})

    def update(self, resource: str, obj: Object) -> Object:
        """Replace an object by a whole new one and return what stands then; nothing happens where nothing differs.

        An object that is being deleted and whose last finalizer the new one has not, is gone with that.
        """
        metadata = obj["metadata"]
        old = self.get(resource, metadata.get("namespace", ""), metadata["name"])
        if old is None:
            raise KeyError(f"{resource} {metadata.get('namespace', '')}/{metadata['name']}")
        if old == obj:
            return old
        if deletion.is_over(obj):
            self._drop(resource, obj)
            return obj
        if resource == "events":
            self._expire(metadata["namespace"], metadata["name"])
        return self._put(resource, "MODIFIED", old, obj)

    def remove(self, resource: str, namespace: str, name: str, uid: str | None = None) -> None:
        """Take an object away with no grace, if it is there (and has that uid) and no finalizer holds it back."""
        self.delete(resource, namespace, name, uid, grace=0)

    def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        uid: str | None = None,
        grace: int | None = None,
        propagation: str = "",
    ) -> Object | None:
        """Do what a DELETE with `gracePeriodSeconds: grace` does; return the object as it stood or stands, None without one.

        `propagation`: what becomes of those that belong to it (Foreground, Background or Orphan).
        """
        old = self.get(resource, namespace, name)
        if old is None or (uid is not None and old["metadata"]["uid"] != uid):
            return None
        asked = deletion.with_dependents(resource, old, propagation)
        marked, gone = deletion.begin(resource, asked, grace, self.kernel.now)
        if marked is not old:
            old = self._put(resource, "MODIFIED", old, marked)
        if gone:
            self._drop(resource, old)
        return old

    def bind(self, namespace: str, name: str, uid: str, node: str, more: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Put a Pod on a node and say that it is scheduled, in one change; it gets the labels that say where the node is.

        `more` are labels and annotations that the Binding brings.

        Kubernetes: pkg/registry/core/pod/storage (assignPod), plugin/pkg/admission/podtopologylabels
        """
        pod = self.get("pods", namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid:
            return
        condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
        status = with_condition(pod["status"], condition, self.kernel.now)
        status.pop("nominatedNodeName", None)
        metadata = pod["metadata"]
        for part, given in _together(more or {}, self._topology(node)).items():
            metadata = {**metadata, part: {**(metadata.get(part) or {}), **given}}
        self.update("pods", {**pod, "metadata": metadata, "spec": {**pod["spec"], "nodeName": node}, "status": status})

    def _topology(self, node: str) -> dict[str, str]:
        """Return the labels of a node that its Pods get as well."""
        found = self.get("nodes", "", node)
        labels = (found["metadata"].get("labels") or {}) if found is not None else {}
        return {name: labels[name] for name in TOPOLOGY_LABELS if name in labels}

    def counted(self, *key: str) -> int:
        """Return how many times this was called with the same key within the present instant, itself not counted."""
        if self._made_at != self.kernel.now:
            self._made_at, self._made = self.kernel.now, {}
        text = "/".join(key)
        count = self._made.get(text, 0)
        self._made[text] = count + 1
        return count

    def generate_name(self, resource: str, namespace: str, base: str) -> str:
        """Return a free name that begins with `base`. Kubernetes: apiserver/pkg/storage/names."""
        base = base[:58]
        while True:
            nth = self.counted("name", resource, namespace, base)
            name = base + self.kernel.seeds.suffix("name", resource, namespace, base, self.kernel.now, nth)
            if self.store.index(resource, namespace, name) is None:
                return name

    def _new_metadata(self, resource: str, metadata: dict[str, Any]) -> dict[str, Any]:
        now, is_event = self.kernel.now, resource == "events"
        namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
        if not name:
            name = self.generate_name(resource, namespace, metadata["generateName"])
        nth = 0 if is_event else self.counted("uid", resource, namespace, name)
        uid = self.kernel.seeds.uid("uid", resource, namespace, name, now, nth)
        new = {**metadata, "name": name, "uid": uid, "creationTimestamp": rfc3339(now)}
        if resource in COUNTS_GENERATIONS:
            new["generation"] = 1
        if not is_event and "managedFields" not in new:
            new["managedFields"] = [component_fields.maker(resource, new)]
        return new

    def _put(self, resource: str, type: Any, old: Object | None, new: Object) -> Object:
        metadata = new["metadata"]
        index = self.kernel.change(type, new)
        if self._last is not None:
            self._last[metadata["uid"]] = index
        self.store.put(resource, metadata.get("namespace", ""), metadata["name"], new, index)
        self._tell(resource, type, old, new, index)
        return new

    def _drop(self, resource: str, obj: Object) -> None:
        metadata = obj["metadata"]
        index = self.kernel.change("DELETED", obj)
        if self._last is not None:
            self._last[metadata["uid"]] = index
        self.store.drop(resource, metadata.get("namespace", ""), metadata["name"])
        self._tell(resource, "DELETED", obj, None, index)

    def _tell(self, resource: str, type: str, old: Object | None, new: Object | None, index: int) -> None:
        observers = self._observers.get(resource)
        if not observers:
            return
        if old is not None and new is not None and _is_progress(old, new):
            observers = self._observers_of_progress[resource]
        kernel = self.kernel
        before, kernel.cause = kernel.cause, index  # as `because` does, thousands of times in a life
        try:
            for observe in observers:
                observe(resource, type, old, new)
        finally:
            kernel.cause = before

    def _expire(self, namespace: str, name: str) -> None:
        """Have an Event that is written now end when its lease does."""
        now = self.kernel.now
        if self._lease < now + EVENT_TTL:
            self._lease = now + EVENT_TTL + LEASE_SHARED
            self.kernel.at(self._lease, "apiserver", "expire", periodic=True)
        self._expiry.pop((namespace, name), None)
        self._expiry[namespace, name] = self._lease

    def on_expire(self) -> None:
        """Take away the Events whose lease has ended."""
        while self._expiry:
            oldest = next(iter(self._expiry))
            if self._expiry[oldest] > self.kernel.now:
                return
            del self._expiry[oldest]
            event = self.get("events", *oldest)
            if event is not None:
                self._drop("events", event)


def _is_progress(old: Object, new: Object) -> bool:
    """Say whether nothing but the status of an object has changed, and that has the phase that it had."""
    if old["metadata"] is not new["metadata"] or old.get("spec") is not new.get("spec"):
        return False
    was, now = old.get("status") or {}, new.get("status") or {}
    return was is not now and bool(was.get("phase") == now.get("phase"))


def _together(more: Mapping[str, Mapping[str, str]], where: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Return what a Binding brings, with the labels of its node."""
    return {**more, "labels": {**more.get("labels", {}), **where}} if where else {**more}
