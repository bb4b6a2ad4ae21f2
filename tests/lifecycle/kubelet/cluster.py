"""A node with its kubelet and programs that do what a test says: no scheduler, no engine."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from lifecycle import programs
from lifecycle.apiserver.server import APIServer
from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.kernel import Kernel
from lifecycle.kubelet import Kubelet, KubeletState
from lifecycle.recorder import Recorder
from lifecycle.wire import DEFAULT_START, Image, Object, Trace
from tests.lifecycle.kubelet.fake_programs import Behavior, FakePrograms, FakeState
from tests.lifecycle.rooms import Rooms

T = TypeVar("T")
IMAGES = {"app:1": Image(present=True), "slow:1": Image(pull="4s", size=1000), "gone:1": Image(error="not found")}


class NodeLifecycle:
    """Takes a kubelet's first status, and does nothing with it."""

    state = None

    def kubelet_started(self, name: str) -> None: ...


class Cluster(Rooms):
    """`behaviors` are by container name; containers that have none run until they are told to stop."""

    def __init__(self, images: dict[str, Image] | None = None, seed: int = 0) -> None:
        super().__init__(images=IMAGES | (images or {}), seed=seed)
        self.behaviors: dict[str, Behavior] = {}
        self._rooms(self.kernel, None, None)
        self.api.create("nodes", whole_node(default_node(), 0, "2026-01-01T00:00:00Z"))
        self.kernel.outputs.clear()

    def _rooms(self, kernel: Kernel, fake: FakeState | None, state: KubeletState | None) -> None:
        self.programs = FakePrograms(kernel, fake)
        self.programs.behave = self.behave
        kernel.rooms["programs"] = self.programs
        kernel.rooms["nodelifecycle"] = NodeLifecycle()
        self.kubelet = kernel.rooms["kubelet"] = Kubelet(kernel, state)

    def behave(self, container: programs.Container) -> Behavior:
        return self.behaviors.get(container.name, Behavior())

    def save_and_restore(self) -> None:
        """Put all memory through bytes, and go on with new rooms on a new kernel."""
        kernel = Kernel(_through_bytes(self.kernel.save()))
        api = APIServer(kernel, _through_bytes(self.api.state))
        recorder = Recorder(kernel, _through_bytes(self.recorder.state))
        kernel.rooms.update(apiserver=api, recorder=recorder)
        self._rooms(kernel, _through_bytes(self.programs.state), _through_bytes(self.kubelet.state))
        self.kernel, self.api, self.recorder = kernel, api, recorder

    def create(self, *containers: Object, init: tuple[Object, ...] = (), name: str = "web", **spec: Any) -> None:
        """Create a Pod on the node."""
        body: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"nodeName": "node1", "containers": list(containers or (container(),)), **spec},
        }
        if init:
            body["spec"]["initContainers"] = list(init)
        answer = self.request("create", "pods", body)
        assert answer.code == 201, answer.body

    def delete(self, name: str = "web", grace: int | None = None) -> None:
        body = {} if grace is None else {"gracePeriodSeconds": grace}
        assert self.request("delete", "pods", body, name=name).code == 200

    @property
    def now(self) -> float:
        return (self.kernel.now - DEFAULT_START) / 1_000_000

    def pod(self, name: str = "web") -> Object | None:
        found: Object | None = self.api.get("pods", "default", name)
        return found

    def status(self, name: str = "web") -> Object:
        found = self.pod(name)
        assert found
        status: Object = found["status"]
        return status

    def container(self, name: str = "app", pod: str = "web") -> Object:
        """Return a container's status."""
        for group in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
            for one in self.status(pod).get(group) or ():
                if one["name"] == name:
                    found: Object = one
                    return found
        raise KeyError(name)

    def condition(self, type: str, pod: str = "web") -> str:
        return next(str(c["status"]) for c in self.status(pod)["conditions"] if c["type"] == type)

    def versions(self, name: str = "web") -> list[Object]:
        """Return every version of a Pod that there was."""
        changes = self.changes("Pod")
        return [c.object for c in changes if c.object["metadata"]["name"] == name and c.type != "DELETED"]

    def reasons(self) -> list[str]:
        """Return the reasons of all Events as they came, repeats included."""
        return [str(c.object["reason"]) for c in self.changes("Event")]

    def times(self, reason: str, message: str = "") -> list[float]:
        """Return when Events of a reason came, in seconds from the start."""
        return [
            (c.at - DEFAULT_START) / 1_000_000
            for c in self.changes("Event")
            if c.object["reason"] == reason and message in c.object["message"]
        ]

    def traces(self, kind: str) -> list[Trace]:
        return [output for output in self.kernel.outputs if isinstance(output, Trace) and output.kind == kind]

    def cause_chain(self, index: int) -> list[str]:
        """Return what brought an output about, back to the request: kinds of traces, reasons of Events, kinds of objects."""
        by_index = {output.index: output for output in self.kernel.outputs}
        chain = []
        while index in by_index:
            output = by_index[index]
            if isinstance(output, Trace):
                chain.append(output.kind)
            else:
                chain.append(str(output.object.get("reason") or output.object["kind"]))
            index = output.cause
        return chain


def _through_bytes(state: T) -> T:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state))


def container(name: str = "app", image: str = "app:1", **more: Any) -> Object:
    return {"name": name, "image": image, **more}


def probe(*, every: int = 5, **more: Any) -> Object:
    """Return an exec probe `check`."""
    return {"exec": {"command": ["check"]}, "periodSeconds": every, **more}
