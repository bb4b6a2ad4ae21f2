"""A small engine with the real one's interface, so that tests of the driver say exactly what happens and when.

A Pod's spec says what it does: `beats` times, `period` microseconds apart, it changes (`burst` times within the instant, 1)
and each beat leaves a trace that names the change as its cause. `spec.broken` makes the engine fail: `now`, or at a `beat`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.engine import Unreadable
from lifecycle.wire import Answer, Change, Config, Output, Request, Trace


class Beat(msgspec.Struct, order=True):
    at: Micros
    number: int
    name: str
    left: int
    cause: int


class State(msgspec.Struct):
    now: Micros
    version: int = 1
    index: int = 0
    number: int = 0
    beats: list[Beat] = []
    pods: dict[str, Any] = {}


class Toy:
    version = 1

    def __init__(self, state: State) -> None:
        self.state = state
        self.outputs: list[Output] = []

    @classmethod
    def new(cls, config: Config) -> Toy:
        toy = cls(State(config.start, cls.version))
        toy._change(0, "ADDED", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1", "seed": config.seed}})
        return toy

    @classmethod
    def restore(cls, data: bytes) -> Toy:
        state = msgspec.json.decode(data, type=State)
        if state.version > cls.version:
            raise Unreadable(f"saved by version {state.version}")
        state.version = cls.version
        return cls(state)

    def save(self) -> bytes:
        assert not self.outputs
        return msgspec.json.encode(self.state)

    def request(self, at: Micros, request: Request) -> Answer:
        self._run(max(at, self.now), None)
        index = self._next()
        if request.resource == "clusters":
            return Answer(index, 200, {"kind": "Status", "status": "Success"})
        if request.verb == "delete":
            pod = self.state.pods.pop(request.name, None)
            if pod is None:
                return Answer(index, 404, {"kind": "Status", "code": 404, "message": f'pods "{request.name}" not found'})
            self._change(index, "DELETED", pod)
            return Answer(index, 200, pod)
        return self._create(index, request.body)

    def _create(self, index: int, pod: dict[str, Any]) -> Answer:
        name, spec = pod["metadata"]["name"], pod.get("spec", {})
        if spec.get("broken") == "now":
            raise ZeroDivisionError("a defect")
        if name in self.state.pods:
            return Answer(index, 409, {"kind": "Status", "code": 409, "message": f'pods "{name}" already exists'})
        pod = {"apiVersion": "v1", "kind": "Pod", **pod, "metadata": {"namespace": "default", "uid": name, **pod["metadata"]}}
        self.state.pods[name] = pod
        changed = self._change(index, "ADDED", pod)
        self._beat(name, spec.get("beats", 0), index)
        return Answer(index, 201, pod, changed)

    def _beat(self, name: str, left: int, cause: int) -> None:
        if left:
            self.state.number += 1
            at = self.now + self.state.pods[name]["spec"].get("period", SECOND)
            self.state.beats = sorted([*self.state.beats, Beat(at, self.state.number, name, left, cause)])

    def _fire(self) -> None:
        beat = self.state.beats.pop(0)
        self.state.now = max(self.now, beat.at)
        pod = self.state.pods.get(beat.name)
        if pod is None:
            return
        if pod["spec"].get("broken") == "beat":
            raise ZeroDivisionError("a defect")
        for number in range(pod["spec"].get("burst", 1)):
            pod = self.state.pods[beat.name] = {**pod, "status": {"left": beat.left - 1, "of": number}}
            changed = self._change(beat.cause, "MODIFIED", pod)
        self.outputs.append(
            Trace(self._next(), self.now, changed, "beat", "default", beat.name, beat.name, "main", {"left": beat.left})
        )
        self._beat(beat.name, beat.left - 1, beat.cause)

    def _change(self, cause: int, type: Any, obj: dict[str, Any]) -> int:
        index = self._next()
        self.outputs.append(Change(index, self.now, cause, type, obj))
        return index

    def _next(self) -> int:
        self.state.index += 1
        return self.state.index

    def advance(self, to: Micros, most: int | None = None) -> list[Output]:
        self._run(to, most)
        outputs, self.outputs = self.outputs, []
        return outputs

    def _run(self, to: Micros, most: int | None) -> None:
        while self.state.beats and self.state.beats[0].at <= to:
            if most is not None and len(self.outputs) >= most and self.state.beats[0].at > self.now:
                return
            self._fire()
        self.state.now = max(self.now, to)

    @property
    def now(self) -> Micros:
        return self.state.now

    @property
    def index(self) -> int:
        return self.state.index

    @property
    def wake_at(self) -> Micros | None:
        return self.state.beats[0].at if self.state.beats else None

    @property
    def at_rest(self) -> bool:
        return not self.state.beats


def create(name: str, **spec: Any) -> Request:
    """Return a request for a Pod that beats as `spec` says."""
    return Request("create", "pods", namespace="default", body={"metadata": {"name": name}, "spec": spec})
