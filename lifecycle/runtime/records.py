"""What the runtime knows of a Pod: its sandboxes and containers. Immutable, so that a snapshot is the thing itself.

Kubernetes: pkg/kubelet/container (PodStatus, Status)
"""

from __future__ import annotations

from typing import Literal

import msgspec

from lifecycle.clock import Micros
from lifecycle.core_v1.types import Container
from lifecycle.wire import Object

State = Literal["created", "running", "exited"]


class SandboxRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Pod sandbox. `ip` is empty on the host's network; `memory` is what all in it may hold, in bytes (0: no limit)."""

    id: str
    attempt: int
    created_at: Micros
    ip: str
    host_network: bool = False
    ready: bool = True
    memory: int = 0


class ContainerRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One instance of a container. `attempt` is what `restartCount` shows; times are 0 where they do not apply.

    `image` is the manifest's word, `image_name` and `image_id` the runtime's. `resources` are those it has (limits, requests).
    """

    id: str
    name: str
    attempt: int
    sandbox: str
    state: State
    image: str
    image_name: str
    image_id: str
    created_at: Micros
    started_at: Micros = 0
    finished_at: Micros = 0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    resources: Object = {}


class Snapshot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Pod in the runtime at one moment: sandboxes and containers, newest first."""

    sandboxes: tuple[SandboxRecord, ...] = ()
    containers: tuple[ContainerRecord, ...] = ()

    def latest(self, name: str) -> ContainerRecord | None:
        """Return the most recently created instance of a container."""
        for record in self.containers:
            if record.name == name:
                return record
        return None

    def by_id(self, container_id: str) -> ContainerRecord | None:
        for record in self.containers:
            if record.id == container_id:
                return record
        return None

    def running(self) -> list[ContainerRecord]:
        return [record for record in self.containers if record.state == "running"]

    def with_sandbox(self, sandbox: SandboxRecord) -> Snapshot:
        """Return the snapshot with a sandbox added, or replaced by its new version."""
        return Snapshot(_with(self.sandboxes, sandbox), self.containers)

    def with_container(self, container: ContainerRecord) -> Snapshot:
        return Snapshot(self.sandboxes, _with(self.containers, container))

    def without(self, container_ids: set[str]) -> Snapshot:
        return Snapshot(self.sandboxes, tuple(c for c in self.containers if c.id not in container_ids))


def _with(records: tuple, record):  # type: ignore[no-untyped-def, type-arg]
    for i, old in enumerate(records):
        if old.id == record.id:
            return (*records[:i], record, *records[i + 1 :])
    return (record, *records)


def resources_of(container: Container) -> Object:
    """Return a container's resources as JSON has them, without what is empty."""
    found: Object = {}
    if container.resources.limits:
        found["limits"] = container.resources.limits
    if container.resources.requests:
        found["requests"] = container.resources.requests
    return found
