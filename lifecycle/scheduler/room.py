"""The room `scheduler`. Kubernetes: pkg/scheduler/schedule_one.go"""

from __future__ import annotations

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

LATENCY: Micros = 4 * MILLISECOND
"""From a Pod's creation to its binding, where nobody else waits."""


class SchedulerState(msgspec.Struct):
    """What the scheduler remembers."""


class Scheduler:
    def __init__(self, kernel: Kernel, state: SchedulerState | None = None) -> None:
        self.kernel = kernel
        self.state = state or SchedulerState()
        kernel.rooms["apiserver"].inform("scheduler", "pods")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if type == "ADDED" and new is not None and not new["spec"].get("nodeName"):
            self.kernel.after(LATENCY, "scheduler", "schedule", new["metadata"]["namespace"], new["metadata"]["name"])

    def on_schedule(self, namespace: str, name: str) -> None:
        api = self.kernel.rooms["apiserver"]
        pod = api.get("pods", namespace, name)
        if pod is None or pod["spec"].get("nodeName"):
            return
        node = next(iter(api.list("nodes")))["metadata"]["name"]
        api.bind(namespace, name, pod["metadata"]["uid"], node)
        message = f"Successfully assigned {namespace}/{name} to {node}"
        self.kernel.rooms["recorder"].scheduler_event(pod, "Normal", "Scheduled", "Binding", message)
