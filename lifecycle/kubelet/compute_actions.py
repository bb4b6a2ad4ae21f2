"""What a sync has to do to a Pod in the runtime, from what it is and what it should be. A pure function.

Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go
(computeInitContainerActions)
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from lifecycle.core_v1.types import Container, PodSpec, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.restart import restart_all_sources, restarts_after, to_be_started
from lifecycle.kubelet.state import ProbeWorker
from lifecycle.runtime.records import ContainerRecord, Snapshot

LIVENESS, STARTUP = "liveness", "startup"


class ToKill(msgspec.Struct, frozen=True):
    """A container to kill: the Event's message, and the probe that asks for it."""

    id: str
    name: str
    message: str
    reason: str = ""


class Actions(msgspec.Struct):
    """What to do, in this order: kill the Pod or containers, make a sandbox, start containers by name."""

    kill_pod: bool = False
    create_sandbox: bool = False
    changed_sandbox: bool = False
    attempt: int = 0
    kill: list[ToKill] = []
    ephemeral: list[str] = []
    init: list[str] = []
    regular: list[str] = []
    restart_all: list[str] = []

    def any(self) -> bool:
        return bool(
            self.kill_pod or self.create_sandbox or self.kill or self.ephemeral or self.init or self.regular or self.restart_all
        )


class Pod(msgspec.Struct, frozen=True):
    """What the decision looks at. `resize_restarts` are containers that a resize has restarted."""

    spec: PodSpec
    snapshot: Snapshot
    probes: Mapping[str, ProbeWorker]
    deleting: bool = False
    resize_restarts: frozenset[str] = frozenset()

    def result(self, record: ContainerRecord, type: str) -> str | None:
        """Return the published result of a probe for this very instance, or None."""
        worker = self.probes.get(f"{record.name}/{type}")
        return worker.result if worker and worker.known and worker.container_id == record.id else None


def compute_actions(pod: Pod) -> Actions:
    actions = Actions()
    sandboxes = pod.snapshot.sandboxes
    ready = [s for s in sandboxes if s.ready]
    if len(ready) != 1 or not sandboxes[0].ready or not (sandboxes[0].ip or sandboxes[0].host_network):
        _new_sandbox(pod, actions)
        return actions
    sources = [] if pod.deleting else restart_all_sources(pod.spec, pod.snapshot)
    if sources:
        actions.restart_all = _removal_order(pod, sources)
        return actions
    actions.ephemeral = [c.name for c in pod.spec.ephemeral_containers if pod.snapshot.latest(c.name) is None]
    if _init(pod, actions) and not actions.kill_pod:
        _regular(pod, actions)
    return actions


def _new_sandbox(pod: Pod, actions: Actions) -> None:
    spec, snapshot = pod.spec, pod.snapshot
    actions.kill_pod = actions.create_sandbox = True
    actions.attempt = snapshot.sandboxes[0].attempt + 1 if snapshot.sandboxes else 0
    actions.changed_sandbox = bool(snapshot.sandboxes)
    if spec.restart_policy == "Never" and actions.attempt and snapshot.containers:
        actions.create_sandbox = False
        return
    start = [c.name for c in spec.containers if not _done(spec, c, snapshot.latest(c.name))]
    if not start and any(snapshot.latest(c.name) for c in spec.containers):
        actions.create_sandbox = False
    elif spec.init_containers:
        actions.init = [spec.init_containers[0].name]
    else:
        actions.regular = start


def _done(spec: PodSpec, container: Container, latest: ContainerRecord | None) -> bool:
    policy = container.restart_policy or spec.restart_policy
    return policy == "OnFailure" and latest is not None and latest.state == "exited" and latest.exit_code == 0


def _removal_order(pod: Pod, sources: list[str]) -> list[str]:
    """Return all instances' ids: regular containers, then init containers, those that asked for it last."""
    groups = (pod.spec.containers, pod.spec.init_containers)
    names = [c.name for group in groups for c in group if c.name not in sources]
    names += [c.name for group in groups for c in group if c.name in sources]
    return [record.id for name in names for record in pod.snapshot.containers if record.name == name]


def _init(pod: Pod, actions: Actions) -> bool:
    """Decide about init containers; say whether all is initialized."""
    containers, snapshot = pod.spec.init_containers, pod.snapshot
    if not containers:
        return True
    regular = [snapshot.latest(c.name) for c in pod.spec.containers]
    initialized = any(record is not None and record.state in ("created", "running") for record in regular)
    later_known = initialized
    start: list[int] = []
    for i in reversed(range(len(containers))):
        record = snapshot.latest(containers[i].name)
        if record is None:
            if later_known and sidecar(containers[i]):
                start.append(i)
            continue
        if later_known and not sidecar(containers[i]):
            continue
        done = _init_container(pod, actions, i, record, start)
        if actions.kill_pod:
            return False
        if done and not later_known:
            if i == len(containers) - 1:
                initialized = True
            else:
                start.append(i + 1)
        later_known = True
    if not later_known:
        start.append(0)
    if not pod.deleting:
        actions.init = [containers[i].name for i in sorted(start)]
    return initialized


def _init_container(pod: Pod, actions: Actions, i: int, record: ContainerRecord, start: list[int]) -> bool:
    """Decide about one init container that exists; say whether it lets the next one start."""
    container = pod.spec.init_containers[i]
    if record.state == "created":
        start.append(i)
        return False
    if record.state == "running":
        return sidecar(container) and _running_sidecar(pod, actions, i, record, start)
    if sidecar(container):
        start.append(i)
        return False
    if record.exit_code == 0 and record.reason != reasons.OOM_KILLED:
        return True
    if restarts_after(pod.spec, container, record.exit_code):
        start.append(i)
    else:
        actions.kill_pod = True
    return False


def _running_sidecar(pod: Pod, actions: Actions, i: int, record: ContainerRecord, start: list[int]) -> bool:
    container = pod.spec.init_containers[i]
    if container.startup_probe:
        result = pod.result(record, STARTUP)
        if result == "failure":
            message = f"Init container {record.name} failed startup probe"
            actions.kill.append(ToKill(record.id, record.name, message, STARTUP))
            start.append(i)
        if result != "success":
            return False
    if record.image != container.image:
        actions.kill.append(ToKill(record.id, record.name, f"Init container {record.name} definition changed"))
        start.append(i)
    elif pod.result(record, LIVENESS) == "failure":
        message = f"Init container {record.name} failed liveness probe"
        actions.kill.append(ToKill(record.id, record.name, message, LIVENESS))
        start.append(i)
    return True


def _regular(pod: Pod, actions: Actions) -> None:
    kept = 0
    for container in pod.spec.containers:
        record = pod.snapshot.latest(container.name)
        if record is None or record.state != "running":
            if to_be_started(pod.spec, container, record, pod.deleting):
                actions.regular.append(container.name)
        elif not _kill_running(pod, actions, container, record):
            kept += 1
    if not kept and not actions.regular:
        actions.kill_pod = True
        actions.kill, actions.init = [], []  # sidecars do not keep a Pod alive that is done


def _kill_running(pod: Pod, actions: Actions, container: Container, record: ContainerRecord) -> bool:
    """Decide whether a running container has to be killed, and started again."""
    restart = (container.restart_policy or pod.spec.restart_policy) != "Never"
    reason = ""
    if record.image != container.image:
        message, restart = f"Container {record.name} definition changed", True
    elif pod.result(record, LIVENESS) == "failure":
        message, reason = f"Container {record.name} failed liveness probe", LIVENESS
    elif pod.result(record, STARTUP) == "failure":
        message, reason = f"Container {record.name} failed startup probe", STARTUP
    elif record.name in pod.resize_restarts:
        actions.kill.append(ToKill(record.id, record.name, f"Container {record.name} resize requires restart"))
        actions.regular.append(record.name)
        return True
    else:
        return False
    if restart:
        message += ", will be restarted"
        actions.regular.append(record.name)
    actions.kill.append(ToKill(record.id, record.name, message, reason))
    return True
