"""The room `ttl`: tells kubelets how long they may keep Secrets and ConfigMaps, the longer the more nodes there are.

Kubernetes: pkg/controller/ttl
"""

from __future__ import annotations

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND
ANNOTATION = "node.alpha.kubernetes.io/ttl"


class Step(msgspec.Struct, frozen=True):
    """Between how many nodes how many seconds hold: they grow above `most`, and shrink again below `least`."""

    least: int
    most: int
    seconds: int


STEPS = (Step(0, 100, 0), Step(90, 500, 15), Step(450, 1000, 30), Step(900, 2000, 60), Step(1800, 10000, 300))


class TTLState(msgspec.Struct):
    nodes: int = 0
    step: int = 0


class TTL:
    def __init__(self, kernel: Kernel, state: TTLState | None = None) -> None:
        self.kernel = kernel
        self.state = state or TTLState()
        kernel.rooms["apiserver"].inform(self.observe, "nodes")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None:
            return
        before, self.state.nodes = self.state.step, self.state.nodes + (1 if old is None else -1)
        while self.state.step + 1 < len(STEPS) and self.state.nodes > STEPS[self.state.step].most:
            self.state.step += 1
        while self.state.step and self.state.nodes < STEPS[self.state.step].least:
            self.state.step -= 1
        if self.state.step != before:
            for node in self.kernel.rooms["apiserver"].list("nodes"):
                self._later(node)
        if new is not None:
            self._later(new)

    def _later(self, node: Object) -> None:
        if (node["metadata"].get("annotations") or {}).get(ANNOTATION) != self._seconds():
            self.kernel.after(LATENCY, "ttl", "annotate", node["metadata"]["name"])

    def on_annotate(self, name: str) -> None:
        """Write down on a node what holds now."""
        api = self.kernel.rooms["apiserver"]
        node = api.get("nodes", "", name)
        if node is not None:
            metadata = node["metadata"]
            annotations = {**(metadata.get("annotations") or {}), ANNOTATION: self._seconds()}
            api.update("nodes", {**node, "metadata": {**metadata, "annotations": annotations}})

    def _seconds(self) -> str:
        return str(STEPS[self.state.step].seconds)
