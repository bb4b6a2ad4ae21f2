"""What `<life-timeline>` draws of a Pod: lanes, the bars in them, and marks, as functions of its versions, Events and traces.

A point says what a lane looks like from a moment on; it stands until the lane's next point. So what came after a given seq
is all that an open page needs to go on drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from django.utils.translation import gettext

from lifecycle.clock import Micros
from lifecycle.printers.pod_row import pod_status
from lifecycle.wire import Object

SCHEDULING = ("PodScheduled", "PodReadyToStartContainers")
"""Conditions that stand above the containers, in the order in which they come true."""

CONDITIONS = ("Initialized", "ContainersReady", "Ready")
"""Conditions of every Pod that stand below the containers; others follow them in the order of the status."""

GOOD_WHEN_FALSE = frozenset({"DisruptionTarget", "PodResizePending", "PodResizeInProgress", "AllContainersRestarting"})
"""Conditions whose being True is what deserves attention."""

STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a waiting container with which nothing is wrong."""


class Lane(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row of the timeline. `note` is a container's place among the init containers, or ∞ for a sidecar."""

    id: str
    group: str
    label: str
    note: str = ""


class Bar(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a lane looks for a while: a look of the legend, the word for the state, more about it, and a number at its end."""

    look: str
    word: str
    detail: str = ""
    badge: str = ""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """From `at` on (Micros since the cluster's start) `lane` looks like `bar`; None: there is nothing any more.

    `life` tells one bar from the next where they look alike: a restarted container begins a new one.
    """

    seq: int
    at: Micros
    lane: str
    bar: Bar | None
    life: str = ""


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that happened at one moment, drawn in a lane. `shape` tells its source, `severity` its colour."""

    seq: int
    at: Micros
    lane: str
    shape: str
    severity: str
    title: str
    text: str = ""
    result: str = ""
    """Of a probe: what this attempt came to, and those that follow, every so many seconds, up to the lane's next mark."""
    every: float = 0


class Version(msgspec.Struct, frozen=True):
    """One change of one object; `at` is Micros since the cluster's start. Type GAP: what came now nobody saw."""

    seq: int
    at: Micros
    type: str
    object: Object


PROBES = ("startup", "readiness", "liveness")
"""The strips below a container, in the order in which its probes begin to count."""

Looks = dict[str, tuple[Bar, str]]
"""What each lane looks like, and which life of it that is."""


def lanes(pod: Object, probed: bool = True) -> list[Lane]:
    """Return the rows for a Pod, in the order in which things happen, the empty ones too; `probed`: attempts are known."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    present = [condition["type"] for condition in status.get("conditions") or []]
    others = [type for type in present if type not in SCHEDULING + CONDITIONS]
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or []]
    return [
        Lane("pod", "pod", "Pod"),
        *(Lane(f"condition/{type}", "scheduling", type) for type in SCHEDULING),
        *_container_lanes(spec, probed),
        *(Lane(f"condition/{type}", "conditions", type) for type in dict.fromkeys((*CONDITIONS, *gates, *others))),
        Lane("events", "events", "Events"),
    ]


def _container_lanes(spec: Object, probed: bool) -> Iterator[Lane]:
    inits = spec.get("initContainers") or []
    for number, container in enumerate(inits, 1):
        sidecar = container.get("restartPolicy") == "Always"
        yield Lane(f"container/{container['name']}", "init", container["name"], "∞" if sidecar else f"{number}/{len(inits)}")
        yield from _strips(container, "init", probed)
    for container in spec.get("containers") or []:
        yield Lane(f"container/{container['name']}", "containers", container["name"])
        yield from _strips(container, "containers", probed)
    for container in spec.get("ephemeralContainers") or []:
        yield Lane(f"container/{container['name']}", "ephemeral", container["name"])


def _strips(container: Object, group: str, probed: bool) -> list[Lane]:
    """Return a thin row for each probe of a container."""
    present = [type for type in PROBES if probed and container.get(f"{type}Probe") is not None]
    return [Lane(f"probe/{container['name']}/{type}", group, type) for type in present]


def bars(pod: Object) -> Looks:
    """Return what each lane looks like in this version of the Pod."""
    status = pod.get("status", {})
    deleted = "deletionTimestamp" in pod["metadata"]
    looks: Looks = {"pod": (pod_bar(pod, pod_status(pod)), "")}
    for condition in status.get("conditions") or []:
        looks[f"condition/{condition['type']}"] = (condition_bar(condition), "")
    for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for container in status.get(kind) or []:
            looks[f"container/{container['name']}"] = (container_bar(container, deleted), _life(container))
    return looks


def _life(container: Object) -> str:
    return f"{container.get('containerID', '')} {container.get('restartCount', 0)}"


def pod_bar(pod: Object, word: str) -> Bar:
    status = pod.get("status", {})
    detail = ": ".join(filter(None, (status.get("reason"), status.get("message"))))
    return Bar(pod_look(pod, word), word, detail)


def pod_look(pod: Object, word: str) -> str:
    """Return the look of a whole Pod whose STATUS is `word`."""
    phase = pod.get("status", {}).get("phase", "Pending")
    if phase in ("Succeeded", "Failed"):
        return "succeeded" if phase == "Succeeded" else "failed"
    if "deletionTimestamp" in pod["metadata"]:
        return "terminating"
    if phase == "Unknown":
        return "unknown"
    if word.endswith("BackOff"):
        return "backoff"
    if phase == "Running" and word == "Running":
        return "ready" if _is_true(pod, "Ready") else "unready"
    if _looks_wrong(word):
        return "failed"
    return "waiting" if phase == "Pending" else "unready"


def _looks_wrong(word: str) -> bool:
    return any(part in word for part in ("Err", "Error", "OOMKilled", "ExitCode", "Signal", "Invalid", "ContainerCannotRun"))


def _is_true(pod: Object, type: str) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(condition["type"] == type and condition["status"] == "True" for condition in conditions)


def container_bar(container: Object, deleted: bool) -> Bar:
    """Return the look of a container from its status; `deleted`: its Pod is on the way out."""
    state = container.get("state") or {}
    restarts = container.get("restartCount", 0)
    badge = f"↻{restarts}" if restarts else ""
    match state:
        case {"running": _}:
            look = "terminating" if deleted else "ready" if container.get("ready") else "unready"
            return Bar(look, "Running", "" if container.get("ready") else gettext("not ready"), badge)
        case {"terminated": dict(ended)}:
            code = ended.get("exitCode", 0)
            word = ended.get("reason") or ("Completed" if code == 0 else "Error")
            text = f"{word} ({code})" if code else word
            return Bar("failed" if code else "succeeded", text, ended.get("message", ""), badge)
        case {"waiting": dict(waiting)}:
            word = waiting.get("reason", "")
            return Bar(_waiting_look(word), word or "Waiting", waiting.get("message", ""), badge)
    return Bar("waiting", "Waiting", "", badge)


def _waiting_look(reason: str) -> str:
    if reason in STARTING:
        return "waiting"
    return "backoff" if reason.endswith("BackOff") else "failed"


def condition_bar(condition: Object) -> Bar:
    """Return the look of a condition: by whether it is good news, not by whether it is True."""
    status, reason = condition.get("status", "Unknown"), condition.get("reason", "")
    word = f"{status} · {reason}" if reason else status
    return Bar(_condition_look(condition["type"], status, reason), word, condition.get("message", ""))


def _condition_look(type: str, status: str, reason: str) -> str:
    if status not in ("True", "False"):
        return "unknown"
    if type in GOOD_WHEN_FALSE:
        return "backoff" if status == "True" else "ready"
    if status == "True":
        return "ready"
    return "succeeded" if reason == "PodCompleted" else "failed" if reason == "PodFailed" else "unready"


def points(versions: Iterable[Version], looks: Callable[[Object], Looks], before: Object | None = None) -> Iterator[Point]:
    """Yield the points that versions of one object bring; `before` is its version ahead of the first of them, if any."""
    shown: Looks = looks(before) if before else {}
    for version in versions:
        new = _looks_after(version, shown, looks)
        for lane in (*new, *(lane for lane in shown if lane not in new)):
            if new.get(lane) != shown.get(lane):
                bar, life = new.get(lane, (None, ""))
                yield Point(version.seq, version.at, lane, bar, life)
        shown = new


def _looks_after(version: Version, shown: Looks, looks: Callable[[Object], Looks]) -> Looks:
    if version.type == "DELETED":
        return {}
    if version.type == "GAP":
        return dict.fromkeys(shown, (Bar("unknown", gettext("not observed")), ""))
    return looks(version.object)


def event_mark(version: Version, lane: str = "events") -> Mark | None:
    """Return the mark for an Event that appeared or was counted once more; its end is no news."""
    if version.type == "DELETED":
        return None
    event = version.object
    count = event.get("count") or (event.get("series") or {}).get("count") or 1
    title = event.get("reason", "") + (f" ×{count}" if count > 1 else "")
    return Mark(version.seq, version.at, lane, "event", event.get("type", "Normal"), title, event.get("message", ""))


def request_mark(seq: int, at: Micros, sentence: str, lane: str = "pod") -> Mark:
    """Return the mark for a request that changed what the lane is about; `sentence` says it in words."""
    return Mark(seq, at, lane, "request", "Normal", sentence)


SHAPES = {
    "signal": "signal",
    "probe": "probe",
    "hook": "decision",
    "pull": "decision",
    "exit": "decision",
    "exec": "decision",
    "attach": "decision",
    "portforward": "decision",
    "proxy": "decision",
    "decision": "decision",
    "limit": "decision",
}
"""The shape of each kind of trace that has a mark; output, assumptions and what a session is told have none."""


def trace_mark(seq: int, at: Micros, kind: str, container: str, body: dict[str, Any], sentence: str) -> Mark | None:
    """Return the mark for a trace, in its container's lane; `sentence` says it in words."""
    if kind not in SHAPES:
        return None
    if kind == "probe":
        lane, result = f"probe/{container}/{body.get('probe', '')}", str(body.get("result") or "")
        every = float(body.get("every") or 0)
        return Mark(seq, at, lane, "probe", trace_severity(kind, body), sentence, result=result, every=every)
    lane = f"container/{container}" if container else "pod"
    return Mark(seq, at, lane, SHAPES[kind], trace_severity(kind, body), sentence)


def trace_severity(kind: str, body: dict[str, Any]) -> str:
    """Return Warning for what went wrong, else Normal."""
    match kind:
        case "probe":
            wrong = body.get("result") not in ("success", None)
        case "hook" | "pull":
            wrong = body.get("phase") in ("failed", "abandoned")
        case "exit":
            wrong = bool(body.get("exitCode"))
        case "portforward" | "proxy":
            wrong = bool(body.get("message"))
        case "signal":
            wrong = body.get("signal") == "SIGKILL"
        case _:
            wrong = kind == "limit"
    return "Warning" if wrong else "Normal"
