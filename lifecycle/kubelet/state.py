"""The kubelet's whole memory: what of it is saved, and nothing that could not be.

Kubernetes keeps the same facts in goroutines, channels and maps; here each is a field.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from lifecycle.clock import Micros
from lifecycle.runtime.records import Snapshot
from lifecycle.wire import Object

WorkerPhase = Literal["sync", "terminating", "terminated", "finished"]
ProbeType = Literal["startup", "readiness", "liveness"]
ProbeResult = Literal["unknown", "success", "failure"]


class Backoff(msgspec.Struct, frozen=True, array_like=True):
    """How long to wait after a failure, and when that was last decided."""

    wait: Micros
    at: Micros


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """Why a container could not be started. Kubernetes: pkg/kubelet/reason_cache.go"""

    reason: str
    message: str


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One thing left to do in a pod worker's call, `after` some time; what else it needs stands in the other fields."""

    what: str
    container: str = ""
    after: Micros = 0
    id: str = ""
    message: str = ""
    reason: str = ""
    grace: Micros | None = None


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """A container that could not be started in this call. `until` is when its back-off ends (0: it has none)."""

    container: str
    reason: str
    message: str
    until: Micros = 0


class Call(msgspec.Struct):
    """A call of SyncPod, SyncTerminatingPod or SyncTerminatedPod under way.

    `steps` are what is left of it, the next one last. `waited` says that the next one has had its `after`, `timer` is what
    the call waits for. `error` is what it came to beside `failures`; `acted` whether anything was done to the Pod in the
    runtime; `repeats` that its failures, `repeats_error` that its error are those of the call before. `snapshot` is what was
    decided by; `image_volumes` are those whose image could not be had.
    """

    kind: WorkerPhase
    number: int
    steps: list[Step]
    waited: bool = False
    timer: int | None = None
    started: list[str] = []
    failures: list[Failure] = []
    error: str = ""
    network_error: bool = False
    acted: bool = False
    terminal: bool = False
    repeats: bool = False
    repeats_error: bool = False
    image_volumes: dict[str, Reason] = {}
    snapshot: Snapshot = Snapshot()


class Worker(msgspec.Struct):
    """A pod worker. `waiting` is for a cache newer than `last_end`; `pending` says that another call has to follow.

    `grace` (seconds) is what the kubelet wants containers to have while the Pod terminates; `cause` is why the next call is.
    `dirty`: something has changed since the last sync began, or it was not the last word. `draws`: how often it drew jitter.
    `initialized`: regular containers had had their turn when the Pod was to end.
    """

    phase: WorkerPhase = "sync"
    call: Call | None = None
    number: int = 0
    waiting: bool = False
    pending: bool = False
    last_end: Micros | None = None
    wake: int | None = None
    grace: int | None = None
    cause: int = 0
    dirty: bool = True
    draws: int = 0
    initialized: bool = True


class Kill(msgspec.Struct):
    """A container being killed. `left` is what remains of its grace; `since` when the present stage began.

    Stages: `hook` (preStop runs), `turn` (a sidecar waits for others to end), `stop` (the stop signal was sent),
    `stopped` (its process is dead, the runtime has yet to answer).
    """

    container: str
    stage: Literal["hook", "turn", "stop", "stopped"]
    left: Micros
    since: Micros
    why: str
    in_turn: bool = False
    timer: int | None = None


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What an attempt of a probe came to. An `error` could not be run and counts for nothing; a `warning` is a success.

    `steady`: the next one comes to the same until the sandbox's programs change, or what else was `looked` at and had these
    versions. `unstarted` is why a command could not be
    started: the runtime's text of that (`output`) is a new one each time. `pids` are the numbers that the processes of a
    try took, some of which have `outlived` it by a while.
    """

    result: Literal["success", "failure", "warning", "error"]
    output: str = ""
    steady: bool = False
    unstarted: str = ""
    pids: int = 0
    looked: dict[str, int] = {}
    outlived: Micros = 0


class ProbeWorker(msgspec.Struct):
    """One probe of one container. Ticks fall on `origin + n * period`.

    `slot` tells the workers of a Pod apart that begin at one moment. `container_id` and `result` are what is published (if
    `known`), `last` and `run` count equal results in a row. `busy`: an attempt, the `attempt`th, is under way since `began`;
    `triggered` asks for another right after it. `repeats` is what the attempts come to, each after `takes`, that are not
    played until the sandbox's programs change (`watching`: it will be told), or something `elsewhere`; while it is set,
    `began` is the last one that was counted, and `made` the last whose processes were made. `told` and what follows is the
    last trace; `trace` is the output that the next attempt follows from: that one, or what told of the container's start.
    """

    container: str
    type: ProbeType
    period: Micros
    origin: Micros
    container_id: str = ""
    result: ProbeResult = "unknown"
    known: bool = False
    last: ProbeResult = "unknown"
    run: int = 0
    on_hold: bool = False
    busy: bool = False
    began: Micros = 0
    triggered: bool = False
    attempt: int = 0
    tries: int = 0
    url: str = ""
    url_host: str = ""
    hops: int = 0
    timer: int | None = None
    slot: Micros = 0
    repeats: Outcome | None = None
    takes: Micros = 0
    made: Micros = 0
    watching: bool = False
    elsewhere: list[str] = []
    version: int = -1
    told: str = ""
    told_result: str = ""
    told_output: str = ""
    every: int | None = None
    trace: int = 0


class Mounting(msgspec.Struct, frozen=True, array_like=True):
    """A volume that could not be mounted yet: when to try again and how long to wait after that."""

    at: Micros
    wait: Micros


class Resizing(msgspec.Struct, frozen=True, array_like=True):
    """An in-place resize: under way (with a message where it fails), or `pending` (Deferred or Infeasible) with one.

    `since` is when it came to its reason, `told` when it was last found so with another message.
    """

    generation: int
    since: Micros
    pending: str = ""
    message: str = ""
    told: Micros = 0


WHOLE_POD = ""
"""Under this name `PodState.allocated` has what a Pod names for itself, and not for a container."""


class PodState(msgspec.Struct):
    """What the kubelet knows of one Pod.

    `runtime` is how it is in the runtime now, `cache` how the last relist found it (at `cache_at`, if that one was for
    this Pod alone). `status` is the status manager's. `allocated` are the resources that a Pod has where others were asked
    for since, `usage` what volumes held when last measured (bytes), `remount` the timer by which they are written anew.
    `restarts_paid`: the moment at which the restarts of all its containers that it has made would have been made, had they
    been a minute apart. `removed` is the last object once the API server has none, or what its containers tell of it where
    its kubelet finds it running and does not want it.
    """

    uid: str
    namespace: str
    name: str
    node: str
    worker: Worker = msgspec.field(default_factory=Worker)
    runtime: Snapshot = Snapshot()
    cache: Snapshot = Snapshot()
    cache_at: Micros = -1
    reasons: dict[str, Reason] = {}
    status: Object | None = None
    patch: int | None = None
    start_time: Micros | None = None
    deadline: int | None = None
    probes: dict[str, ProbeWorker] = {}
    kills: dict[str, Kill] = {}
    hooks: dict[str, str] = {}
    restarts: dict[str, Backoff] = {}
    pulls: dict[str, Backoff] = {}
    pull_errors: dict[str, Reason] = {}
    mounted: list[str] = []
    usage: dict[str, int] = {}
    remount: int | None = None
    mounting: dict[str, Mounting] = {}
    failed: Reason | None = None
    disruption: Object | None = None
    restarting_all: bool = False
    restarts_paid: Micros = 0
    allocated: dict[str, Object] = {}
    resize: Resizing | None = None
    counter: int = 0
    resumed_at: Micros | None = None
    removed: Object | None = None


class EvictionState(msgspec.Struct):
    """What the eviction manager of one node remembers.

    `round` is the timer of its next round, `last` when it last had one; `observed` are node conditions and when a threshold
    last asked for them. While `evicting` Pods are not over, it waits, until `patience` ends. `taken` is what Faults hold of
    the node: key -> (resource, bytes). `collection` is the timer of the next collection of images, `collection_failed` says
    that the last one did not free enough.
    """

    round: int | None = None
    last: Micros = 0
    observed: dict[str, Micros] = {}
    evicting: list[str] = []
    patience: Micros = 0
    taken: dict[str, tuple[str, int]] = {}
    collection: int | None = None
    collection_failed: bool = False


class NodeState(msgspec.Struct):
    """What the kubelet of one node knows beside its Pods.

    Relists fall on `relist_origin + n` periods, the sync loop's ticks on `tick_origin + n` seconds. `changed` and
    `waiting` are the Pods for which the next relist matters, with the cause. `pull_free_at` is when the queue of image
    pulls (one at a time) is empty, `pulling` what is in it and when it comes, `pulls_until` when as many as were begun
    would have been at an even pace; `deferred` are Pods whose resize waits for room. `images` are those that were pulled,
    with their sizes, `detected` when. `preempting` are critical Pods that wait for others to end. The kubelet is `down`,
    and the node `off` until it has booted, while somebody has it so (`held`: what, by the key they gave). `listing` is
    the timer by which a kubelet that has started hears of its Pods, `resumed` counts the probe workers that have taken up
    their work again. `status` is the timer of the next node status, `image_list` of the next one that tells of images;
    while there are `network_faults` the network plugin is not ready.
    """

    name: str
    ip: str
    relist_origin: Micros
    tick_origin: Micros
    subnet: str
    last_ip: int = 1
    ips: dict[int, str] = {}
    images: dict[str, int] = {}
    detected: dict[str, Micros] = {}
    pull_free_at: Micros = 0
    pulling: dict[str, Micros] = {}
    relist: int | None = None
    changed: dict[str, int] = {}
    waiting: dict[str, int] = {}
    deferred: list[str] = []
    preempting: dict[str, list[str]] = {}
    down: bool = False
    off: bool = False
    held: dict[str, Literal["kubelet", "node"]] = {}
    listing: int | None = None
    resumed: int = 0
    status: int | None = None
    image_list: int | None = None
    network_faults: list[str] = []
    eviction: EvictionState = msgspec.field(default_factory=EvictionState)
    pulls_until: Micros = 0

    @property
    def deaf(self) -> bool:
        """Say whether the kubelet hears nothing of its Pods: it is down, or has not listed them yet."""
        return self.down or self.listing is not None

    def taken(self, resource: str) -> int:
        """Return what Faults hold of one of the node's resources, in bytes."""
        return sum(size for what, size in self.eviction.taken.values() if what == resource)


class KubeletState(msgspec.Struct):
    """The kubelets of all nodes."""

    nodes: dict[str, NodeState] = {}
    pods: dict[str, PodState] = {}
