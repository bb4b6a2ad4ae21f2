"""What happened, in one sentence each: read from the changes of objects and from the engine's traces.

A Pod's change is told by what differs from its last version: phase, conditions, containers, deletion. Objects that were there
from the start (cause 0) are not news.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lifecycle.printers.fields import typed
from lifecycle.printers.metadata import Object
from lifecycle.printers.pod_row import pod_status
from lifecycle.wire import Change, Output, Trace


class Whom(NamedTuple):
    """A Pod or another object; of a Pod perhaps one container."""

    namespace: str
    name: str
    container: str = ""


class Happening(NamedTuple):
    """One thing that happened: a word for its sort, whom it happened to, and a sentence (an output may have several lines)."""

    what: str
    whom: Whom
    text: str


NOTHING = typed({"metadata": {}, "spec": {}, "status": {}})

KUBELET_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
"""Conditions that are false at first as a matter of course."""

STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")

_FIELD_PATH = re.compile(r"\{(.+)\}")


class Happenings:
    """Turns outputs into happenings, in order; it remembers the last version of every object."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], Object] = {}

    def of(self, output: Output) -> Iterator[Happening]:
        """Yield what an output tells, which may be nothing."""
        if isinstance(output, Trace):
            return trace(output)
        return self._change(output)

    def _change(self, change: Change) -> Iterator[Happening]:
        obj = typed(change.object)
        metadata = obj["metadata"]
        key = (obj["kind"], metadata.get("namespace", ""), metadata["name"])
        old = self._last.pop(key, None)
        if change.type != "DELETED":
            self._last[key] = obj
        if obj["kind"] == "Event":
            return event(obj) if change.type != "DELETED" else iter(())
        if obj["kind"] == "Pod":
            return pod(old, obj, change.type)
        return thing(old, obj, change.type) if change.cause or old else iter(())


def event(obj: Object) -> Iterator[Happening]:
    about = obj.get("involvedObject") or {}
    container = _FIELD_PATH.search(about.get("fieldPath") or "")
    kind = "" if about.get("kind") == "Pod" else f"{about.get('kind', '').lower()} "
    whom = Whom(about.get("namespace", ""), kind + about.get("name", ""), container[1] if container else "")
    count = (obj.get("series") or {}).get("count") or obj.get("count") or 1
    times = f" (x{count})" if count > 1 else ""
    what = "warning" if obj.get("type") == "Warning" else "event"
    message = (obj.get("message") or "").strip()
    yield Happening(what, whom, f"{obj.get('reason', '')}{times}: {message}")


def pod(old: Object | None, new: Object, type: str) -> Iterator[Happening]:
    """Yield what differs between two versions of a Pod."""
    metadata = new["metadata"]
    whom = Whom(metadata.get("namespace", ""), metadata["name"])
    if type == "DELETED":
        yield Happening("pod", whom, "gone")
        return
    if old is None:
        yield Happening("pod", whom, "created")
    before = old or NOTHING
    for text in (_binding(before, new), _deletion(before, new), _spec(old, new)):
        if text:
            yield Happening("pod", whom, text)
    for name, text in _containers(before.get("status") or {}, new.get("status") or {}):
        yield Happening("container", whom._replace(container=name), text)
    for text in _conditions(
        (before.get("status") or {}).get("conditions") or (), (new.get("status") or {}).get("conditions") or ()
    ):
        yield Happening("condition", whom, text)
    phase = _phase(before.get("status") or {}, new.get("status") or {})
    if phase and old is not None:
        yield Happening("phase", whom, f"{phase} (STATUS {pod_status(new)})")


def _binding(old: Object, new: Object) -> str:
    node = _spec_of(new).get("nodeName")
    return f"bound to {node}" if node and node != _spec_of(old).get("nodeName") else ""


def _spec_of(pod: Object) -> Object:
    return pod.get("spec") or {}


def _deletion(old: Object, new: Object) -> str:
    grace = new["metadata"].get("deletionGracePeriodSeconds")
    if not new["metadata"].get("deletionTimestamp") or grace == old["metadata"].get("deletionGracePeriodSeconds"):
        return ""
    return f"being deleted, with {grace} s to end" if grace else "being deleted, at once"


def _spec(old: Object | None, new: Object) -> str:
    if old is None:
        return ""
    before, after = _spec_of(old), _spec_of(new)
    changed = sorted(key for key in {*before, *after} - {"nodeName"} if before.get(key) != after.get(key))
    return f"changed: {', '.join(changed)}" if changed else ""


def _phase(old: Object, new: Object) -> str:
    if old.get("phase") == new.get("phase"):
        return ""
    why = ": ".join(filter(None, (new.get("reason"), new.get("message"))))
    return f"{old.get('phase', 'none')} -> {new.get('phase', 'none')}{f', {why}' if why else ''}"


def _conditions(old: Sequence[Object], new: Sequence[Object]) -> Iterator[str]:
    """Yield a sentence for each status that conditions took on together."""
    before = {condition["type"]: condition for condition in old}
    by_status: dict[str, list[Object]] = {}
    for condition in new:
        if _is_news(before.get(condition["type"]), condition):
            by_status.setdefault(condition.get("status", ""), []).append(condition)
    for status, conditions in by_status.items():
        names = ", ".join(condition["type"] for condition in conditions)
        why = next((c.get("message") or c["reason"] for c in conditions if c.get("message") or c.get("reason")), "")
        yield f"{names} {'is' if len(conditions) == 1 else 'are'} {status}{f': {why}' if why else ''}"


def _is_news(old: Object | None, new: Object) -> bool:
    if old is None:
        return new.get("status") == "True" or new["type"] not in KUBELET_CONDITIONS
    return (old.get("status"), old.get("reason")) != (new.get("status"), new.get("reason"))


def _containers(old: Object, new: Object) -> Iterator[tuple[str, str]]:
    for field in STATUSES:
        before = {status["name"]: status for status in old.get(field) or ()}
        for status in new.get(field) or ():
            text = _container(before.get(status["name"]) or {}, status)
            if text:
                yield status["name"], text


def _container(old: Object, new: Object) -> str:
    """Return what a container's status says that the last did not: another state, a restart, or its readiness."""
    restarts = new.get("restartCount") or 0
    if _summary(old) != _summary(new):
        again = f" (restart {restarts}{_former(new)})" if restarts and _is_running(new) else ""
        return f"{_state(new.get('state') or {})}{again}{', ready' if new.get('ready') else ''}"
    if bool(old.get("ready")) != bool(new.get("ready")):
        return "ready" if new.get("ready") else "no longer ready"
    return ""


def _summary(status: Object) -> tuple[str, int]:
    return _state(status.get("state") or {}) if status else "", status.get("restartCount") or 0


def _is_running(status: Object) -> bool:
    return (status.get("state") or {}).get("running") is not None


def _former(status: Object) -> str:
    terminated = (status.get("lastState") or {}).get("terminated")
    return f"; before: {_end(terminated)}" if terminated else ""


def _state(state: Object) -> str:
    if state.get("running") is not None:
        return "running"
    if state.get("terminated") is not None:
        return f"ended: {_end(state['terminated'])}"
    waiting = state.get("waiting") or {}
    return ": ".join(filter(None, ("waiting", waiting.get("reason"), waiting.get("message"))))


def _end(terminated: Object) -> str:
    reason = terminated.get("reason")
    return f"exit {terminated.get('exitCode') or 0}{f', {reason}' if reason else ''}"


def thing(old: Object | None, new: Object, type: str) -> Iterator[Happening]:
    """Yield what happened to an object of another kind: that it came or went, and what a Node or its endpoints became."""
    metadata, kind = new["metadata"], new["kind"]
    whom = Whom(metadata.get("namespace", ""), metadata["name"])
    if type == "DELETED" or old is None:
        yield Happening(kind.lower(), whom, "gone" if type == "DELETED" else "created")
    elif kind == "Node":
        before, after = old.get("status") or {}, new.get("status") or {}
        for text in _conditions(before.get("conditions") or (), after.get("conditions") or ()):
            yield Happening("node", whom, text)
        if _taints(old) != _taints(new):
            yield Happening("node", whom, f"taints: {', '.join(_taints(new)) or 'none'}")
    elif kind == "EndpointSlice" and old.get("endpoints") != new.get("endpoints"):
        yield Happening("endpoints", whom, ", ".join(map(_endpoint, new.get("endpoints") or ())) or "none")


def _taints(node: Object) -> list[str]:
    return [f"{taint['key']}:{taint.get('effect', '')}" for taint in (node.get("spec") or {}).get("taints") or ()]


def _endpoint(endpoint: Object) -> str:
    conditions = endpoint.get("conditions") or {}
    ready = "ready" if conditions.get("ready") else "serving" if conditions.get("serving") else "not ready"
    return f"{' '.join(endpoint.get('addresses') or ())} {ready}{', terminating' if conditions.get('terminating') else ''}"


def trace(output: Trace) -> Iterator[Happening]:
    """Yield a trace; CONTRACTS.md lists the kinds and their bodies."""
    tell = _TRACES.get(output.kind)
    text = tell(output.body) if tell else ", ".join(f"{key}: {value}" for key, value in sorted(output.body.items()))
    yield Happening(_WORDS.get(output.kind, output.kind), Whom(output.namespace, output.pod, output.container), text)


def _probe(body: Object) -> str:
    times = f" (x{body['run']})" if (body.get("run") or 1) > 1 else ""
    output = f": {body['output'].strip()}" if (body.get("output") or "").strip() else ""
    every = f"; next every {body['every']:g} s" if body.get("every") else ""
    return f"{body.get('probe')} {body.get('result')}{times}{output}{every}"


def _hook(body: Object) -> str:
    return _with(f"{body.get('hook')} {body.get('phase')}", body.get("message"))


def _pull(body: Object) -> str:
    return _with(f"{body.get('image')} {body.get('phase')}", body.get("message"))


def _signal(body: Object) -> str:
    grace = f", {body['grace']:g} s to end" if body.get("grace") is not None else ""
    return _with(f"{body.get('signal')}{grace}", body.get("why"))


def _exit(body: Object) -> str:
    signal = f" by {body['signal']}" if body.get("signal") else ""
    return _with(f"process {body.get('pid')} ended with {body.get('exitCode')}{signal}", body.get("reason"))


def _exec(body: Object) -> str:
    command = body.get("command") or ()
    words = command if isinstance(command, str) else " ".join(command)
    code = f", exit {body['exitCode']}" if body.get("exitCode") is not None else ""
    return _with(f"{words}: {body.get('phase')}{code}", body.get("message"))


def _portforward(body: Object) -> str:
    return _with(f"port {body.get('port')}: {body.get('phase')}", body.get("message"))


def _proxy(body: Object) -> str:
    if body.get("phase") != "ended":
        return f"{body.get('method')} {body.get('path')} to port {body.get('port')}"
    return _with(f"status {body['status']}" if body.get("status") else "no answer", body.get("message"))


def _with(text: str, more: str | None) -> str:
    return f"{text}: {more}" if more else text


def _text(body: Object) -> str:
    return str(body.get("text", "")).rstrip("\n")


_TRACES: Mapping[str, Callable[[Object], str]] = {
    "probe": _probe,
    "hook": _hook,
    "pull": _pull,
    "signal": _signal,
    "exit": _exit,
    "output": _text,
    "assumption": _text,
    "limit": _text,
    "exec": _exec,
    "portforward": _portforward,
    "proxy": _proxy,
    "decision": lambda body: f"{body.get('by')}: {_text(body)}",
}

_WORDS = {"assumption": "assumed"}
