"""The engine: all rooms together, and the way in and out.

Given the same configuration and the same requests at the same moments, it puts out the same, to the byte, however the time
between is cut into pieces and wherever it is saved and restored.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, cast

import msgspec

from lifecycle.clock import Micros
from lifecycle.controllers import bootstrap
from lifecycle.kernel import Kernel, KernelState
from lifecycle.wire import Answer, Config, Output, Request

VERSION = 6
"""Grows whenever the same requests may give other outputs than before."""


class Place(NamedTuple):
    """Where a room's class and the struct of its state stand."""

    room: str
    state: str


ROOMS = {
    "apiserver": Place("lifecycle.apiserver.server:APIServer", "lifecycle.apiserver.server:APIServerState"),
    "recorder": Place("lifecycle.recorder:Recorder", "lifecycle.recorder:RecorderState"),
    "programs": Place("lifecycle.programs:Programs", "lifecycle.programs.room:ProgramsState"),
    "faults": Place("lifecycle.faults:Faults", "lifecycle.faults:FaultsState"),
    "namespaces": Place("lifecycle.controllers.namespaces:Namespaces", "lifecycle.controllers.namespaces:NamespacesState"),
    "kubernetesservice": Place(
        "lifecycle.controllers.kubernetesservice:KubernetesService",
        "lifecycle.controllers.kubernetesservice:KubernetesServiceState",
    ),
    "serviceaccounttokens": Place(
        "lifecycle.controllers.serviceaccounttokens:ServiceAccountTokens",
        "lifecycle.controllers.serviceaccounttokens:ServiceAccountTokensState",
    ),
    "resourcequotas": Place(
        "lifecycle.controllers.resourcequotas:ResourceQuotas", "lifecycle.controllers.resourcequotas:ResourceQuotasState"
    ),
    "nodelifecycle": Place(
        "lifecycle.controllers.nodelifecycle:NodeLifecycle", "lifecycle.controllers.nodelifecycle:NodeLifecycleState"
    ),
    "tainteviction": Place(
        "lifecycle.controllers.tainteviction:TaintEviction", "lifecycle.controllers.tainteviction:TaintEvictionState"
    ),
    "ttl": Place("lifecycle.controllers.ttl:TTL", "lifecycle.controllers.ttl:TTLState"),
    "garbagecollector": Place(
        "lifecycle.controllers.garbagecollector:GarbageCollector",
        "lifecycle.controllers.garbagecollector:GarbageCollectorState",
    ),
    "podgc": Place("lifecycle.controllers.podgc:PodGC", "lifecycle.controllers.podgc:PodGCState"),
    "disruption": Place("lifecycle.controllers.disruption:Disruption", "lifecycle.controllers.disruption:DisruptionState"),
    "persistentvolumes": Place(
        "lifecycle.controllers.persistentvolumes:PersistentVolumes",
        "lifecycle.controllers.persistentvolumes:PersistentVolumesState",
    ),
    "attachdetach": Place(
        "lifecycle.controllers.attachdetach:AttachDetach", "lifecycle.controllers.attachdetach:AttachDetachState"
    ),
    "storageprotection": Place(
        "lifecycle.controllers.storageprotection:StorageProtection",
        "lifecycle.controllers.storageprotection:StorageProtectionState",
    ),
    "endpointslices": Place(
        "lifecycle.controllers.endpointslices:EndpointSlices", "lifecycle.controllers.endpointslices:EndpointSlicesState"
    ),
    "endpointslicemirroring": Place(
        "lifecycle.controllers.endpointslicemirroring:EndpointSliceMirroring",
        "lifecycle.controllers.endpointslicemirroring:EndpointSliceMirroringState",
    ),
    "scheduler": Place("lifecycle.scheduler.room:Scheduler", "lifecycle.scheduler.room:SchedulerState"),
    "kubelet": Place("lifecycle.kubelet:Kubelet", "lifecycle.kubelet:KubeletState"),
}
"""All rooms by name, in the order in which they are made and told of changes.

A room is made with the Kernel and its saved state (None: a new cluster); `room.state` is its whole memory.
"""


class SavedVersion(msgspec.Struct):
    """What every version of the engine begins its bytes with."""

    version: int


class EngineState(SavedVersion):
    """A whole engine; `rooms` holds each room's state as msgpack."""

    kernel: KernelState
    rooms: dict[str, bytes]


class Unreadable(ValueError):
    """Bytes that no engine of this version has saved."""


class Engine:
    """One cluster, running."""

    def __init__(self, kernel: Kernel, states: dict[str, bytes]) -> None:
        self._kernel = kernel
        for name, room, state in _rooms():
            saved = states.get(name)
            kernel.rooms[name] = room(kernel, None if saved is None else msgspec.msgpack.decode(saved, type=state))

    @classmethod
    def new(cls, config: Config) -> Engine:
        """Begin a cluster: what it holds from its first moment is the first that `advance` hands over."""
        engine = cls(Kernel(KernelState(config, config.start)), {})
        bootstrap.begin(engine._kernel)
        return engine

    @classmethod
    def restore(cls, data: bytes) -> Engine:
        """Return the engine that `save` put into bytes. Raises: Unreadable if they are none of this version's."""
        try:
            version = msgspec.msgpack.decode(data, type=SavedVersion).version
            if version != VERSION:
                raise Unreadable(f"saved by version {version} of the engine; this is version {VERSION}")
            saved = msgspec.msgpack.decode(data, type=EngineState)
            return cls(Kernel(saved.kernel), saved.rooms)
        except msgspec.MsgspecError as error:
            raise Unreadable(f"this is no saved engine: {error}") from error

    def save(self) -> bytes:
        """Return the whole state, with the outputs that were not handed over yet."""
        kernel = self._kernel
        rooms = {name: msgspec.msgpack.encode(room.state) for name, room in kernel.rooms.items()}
        return msgspec.msgpack.encode(EngineState(VERSION, kernel.save(), rooms))

    def request(self, at: Micros, request: Request) -> Answer:
        """Take a request at a moment (now, if that has passed); timers that are due by then fire first."""
        kernel = self._kernel
        self._run(max(at, kernel.now), None)
        index = kernel.next_index()
        with kernel.because(index):
            return cast(Answer, kernel.rooms["apiserver"].answer(index, request))

    def advance(self, to: Micros, most: int | None = None) -> list[Output]:
        """Run to a moment; hand over everything put out since the last call, in order.

        With `most`, stop after the instant in which so many outputs were reached; `now` tells how far it came.
        """
        self._run(to, most)
        outputs, self._kernel.outputs = self._kernel.outputs, []
        return outputs

    def _run(self, to: Micros, most: int | None) -> None:
        kernel = self._kernel
        while most is None or len(kernel.outputs) < most or not kernel.now < (kernel.agenda.next_at() or 0) <= to:
            if not kernel.fire(to):
                kernel.now = max(kernel.now, to)
                return

    @property
    def now(self) -> Micros:
        return self._kernel.now

    @property
    def wake_at(self) -> Micros | None:
        """When the next timer is due, or None."""
        return self._kernel.agenda.next_at()

    @property
    def at_rest(self) -> bool:
        """Whether only periodic timers remain."""
        return self._kernel.agenda.at_rest()

    @property
    def index(self) -> int:
        """The number of the last request or output."""
        return self._kernel.index


@cache
def _rooms() -> list[tuple[str, Any, Any]]:
    """Return all rooms, each with its class and the struct of its state."""
    return [(name, _load(place.room), _load(place.state)) for name, place in ROOMS.items()]


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
