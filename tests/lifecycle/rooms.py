"""An API server, a recorder and what a test adds, on a kernel of their own: rooms without a whole engine."""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.server import APIServer
from lifecycle.clock import Micros
from lifecycle.controllers.bootstrap import namespace
from lifecycle.kernel import Kernel, KernelState
from lifecycle.recorder import Recorder
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Object, Request


class Rooms:
    """A kernel with the rooms `apiserver` and `recorder` and the namespace `default`."""

    def __init__(self, **config: Any) -> None:
        self.kernel = Kernel(KernelState(Config(DEFAULT_START, **config), DEFAULT_START))
        self.api = APIServer(self.kernel)
        self.recorder = Recorder(self.kernel)
        self.kernel.rooms.update(apiserver=self.api, recorder=self.recorder)
        self.api.create("namespaces", namespace("default"))
        self.api.create("serviceaccounts", {"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}})
        self.kernel.outputs.clear()

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        end = self.kernel.now + round(seconds * 1_000_000)
        while self.kernel.fire(end):
            pass
        self.kernel.now = end

    def request(self, verb: str, resource: str, body: Any = None, **more: Any) -> Answer:
        """Make a request now, in the namespace `default` where none is named."""
        more.setdefault("namespace", "default")
        index = self.kernel.next_index()
        with self.kernel.because(index):
            return self.api.answer(index, Request(verb, resource, body=body, **more))

    def changes(self, kind: str) -> list[Change]:
        """Return the changes of objects of a kind."""
        return [output for output in self.kernel.outputs if isinstance(output, Change) and output.object["kind"] == kind]

    def events(self) -> list[Object]:
        return list(self.api.list("events"))


def pod(name: str = "web", **spec: Any) -> Object:
    """Return a Pod as somebody posts it."""
    containers = [{"name": "app", "image": "nginx:1.25"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def seconds(at: Micros) -> float:
    """Return a moment as seconds from the start."""
    return (at - DEFAULT_START) / 1_000_000
