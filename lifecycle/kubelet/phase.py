"""A Pod's phase. Kubernetes: pkg/kubelet/kubelet_pods.go (getPhase)"""

from __future__ import annotations

import msgspec

from lifecycle.core_v1.types import Container, PodSpec, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.restart import restarts_after
from lifecycle.wire import Object


class Count(msgspec.Struct):
    """How many containers are how."""

    failed_init: int = 0
    pending_init: int = 0
    pending_sidecars: int = 0
    unknown: int = 0
    running: int = 0
    waiting: int = 0
    stopped: int = 0
    stopped_for_good: int = 0
    succeeded: int = 0


def phase(spec: PodSpec, init: list[Object], regular: list[Object], *, stopped: bool, any_regular_exists: bool) -> str:
    """Return the phase that container statuses add up to.

    `stopped`: all containers were stopped for good. `any_regular_exists`: some regular container is in the runtime.
    """
    count = Count()
    for container, status in zip(spec.init_containers, init, strict=True):
        if sidecar(container):
            _count_sidecar(count, status)
        else:
            _count_init(count, spec, container, status)
    for container, status in zip(spec.containers, regular, strict=True):
        _count_regular(count, spec, container, status)
    return _decide(count, stopped, any_regular_exists)


def _decide(count: Count, stopped: bool, any_regular_exists: bool) -> str:
    if count.failed_init:
        return "Failed"
    if count.pending_init or count.waiting or (count.pending_sidecars and not any_regular_exists):
        return "Pending"
    if count.running and not count.unknown:
        return "Running"
    if not count.running and count.stopped and not count.unknown:
        if not stopped and count.stopped != count.stopped_for_good:
            return "Running"
        return "Succeeded" if count.stopped == count.succeeded else "Failed"
    return "Pending"


def _restartable(spec: PodSpec, container: Container, terminated: Object) -> bool:
    if terminated.get("reason") == reasons.RESTARTING_ALL_CONTAINERS:
        return True
    return restarts_after(spec, container, terminated["exitCode"])


def _count_init(count: Count, spec: PodSpec, container: Container, status: Object) -> None:
    state = status["state"]
    ended = state.get("terminated") or ("waiting" in state and status["lastState"].get("terminated")) or None
    if "running" in state or ended is None:
        count.pending_init += 1
    elif ended["exitCode"] != 0 and not _restartable(spec, container, ended):
        count.failed_init += 1


def _count_sidecar(count: Count, status: Object) -> None:
    state = status["state"]
    if "running" in state:
        count.running += 1
        count.pending_sidecars += not status["started"]
    elif "waiting" in state and not status["lastState"].get("terminated"):
        count.pending_sidecars += 1
        count.waiting += 1


def _count_regular(count: Count, spec: PodSpec, container: Container, status: Object) -> None:
    state = status["state"]
    if "running" in state:
        count.running += 1
    elif ended := state.get("terminated"):
        count.stopped += 1
        count.stopped_for_good += not _restartable(spec, container, ended)
        count.succeeded += ended["exitCode"] == 0
    elif ended := status["lastState"].get("terminated"):
        count.stopped += 1
        count.stopped_for_good += not _restartable(spec, container, ended)
    else:
        count.waiting += 1
