"""One row of `kubectl get pods`: READY, STATUS, RESTARTS and what -o wide adds.

Kubernetes: pkg/printers/internalversion (printPod).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lifecycle.clock import Micros
from lifecycle.printers.durations import age, human_duration, moment
from lifecycle.printers.metadata import NONE, Object


class Tally(NamedTuple):
    """What the containers of a Pod add up to."""

    status: str
    ready: int
    restarts: int
    last_restart: Micros | None


def pod_cells(pod: Object, now: Micros) -> list[object]:
    """Return the nine cells of a Pod's row; the last four are those of -o wide."""
    metadata, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    tally = pod_tally(pod)
    address = status.get("podIP") or next((one.get("ip") for one in status.get("podIPs") or ()), None)
    return [
        metadata["name"],
        f"{tally.ready}/{_containers(spec)}",
        pod_status(pod),
        _restarts(tally, now),
        age(metadata.get("creationTimestamp"), now),
        address or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _readiness_gates(spec, status),
    ]


def pod_status(pod: Object) -> str:
    """Return the word of the STATUS column: the phase, or what is more telling."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in ("Succeeded", "Failed"):
            return "Terminating"
    return pod_tally(pod).status


def pod_tally(pod: Object) -> Tally:
    """Add up a Pod's containers: those of its initialisation until one is not done, then all others."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    initial, initializing = _initial(spec, status)
    if initializing and not _is_true(status, "Initialized"):
        return initial
    sidecars = _sidecars(spec)
    seen = [s for s in _seen(spec, status) if s.get("name") in sidecars]
    others = status.get("containerStatuses") or []
    return Tally(
        _running(initial.status, status, others),
        initial.ready + sum(bool(s.get("ready") and _state(s, "running") is not None and not _stopped(s)) for s in others),
        sum(s.get("restartCount") or 0 for s in [*seen, *others]),
        _last_restart([*seen, *others]),
    )


def _initial(spec: Object, status: Object) -> tuple[Tally, bool]:
    """Add up the init containers up to the first that is not done, and say whether there is one."""
    seen, sidecars = _seen(spec, status), _sidecars(spec)
    ready = sum(bool(s.get("ready")) for s in seen if _is_up(s, sidecars))
    stopped = bool(seen) and not _is_done(seen[-1], sidecars)
    word = _initializing(seen, spec) if stopped else _phase(status)
    return Tally(word, ready, sum(s.get("restartCount") or 0 for s in seen), _last_restart(seen)), stopped


def _seen(spec: Object, status: Object) -> list[Object]:
    """Return the statuses of init containers up to and with the first that is not done."""
    sidecars = _sidecars(spec)
    statuses = list(status.get("initContainerStatuses") or ())
    for i, container in enumerate(statuses):
        if not _is_done(container, sidecars):
            return statuses[: i + 1]
    return statuses


def _is_done(container: Object, sidecars: set[str]) -> bool:
    terminated = _state(container, "terminated")
    return (terminated is not None and not terminated.get("exitCode")) or _is_up(container, sidecars)


def _is_up(container: Object, sidecars: set[str]) -> bool:
    """Say whether a container is a sidecar that has started, and has not ended well."""
    terminated = _state(container, "terminated")
    ended_well = terminated is not None and not terminated.get("exitCode")
    return container.get("name") in sidecars and bool(container.get("started")) and not ended_well


def _initializing(seen: list[Object], spec: Object) -> str:
    """Return the STATUS of a Pod whose last container seen holds its initialisation up."""
    terminated, waiting = _state(seen[-1], "terminated"), _state(seen[-1], "waiting") or {}
    if terminated is not None:
        return f"Init:{_end(terminated)}"
    if waiting.get("reason") and waiting["reason"] != "PodInitializing":
        return f"Init:{waiting['reason']}"
    return f"Init:{len(seen) - 1}/{len(spec.get('initContainers') or ())}"


def _phase(status: Object) -> str:
    gated = any(
        c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in status.get("conditions") or ()
    )
    return "SchedulingGated" if gated else status.get("reason") or status.get("phase") or ""


def _running(word: str, status: Object, containers: list[Object]) -> str:
    """Return the STATUS that the containers give: the first that waits or has ended; a failure before a success."""
    error, running = "", False
    for container in reversed(containers):
        waiting, terminated = _state(container, "waiting") or {}, _state(container, "terminated")
        if waiting.get("reason"):
            word = waiting["reason"]
        elif terminated is not None:
            word = _end(terminated)
            error = word if terminated.get("exitCode") else error
        elif container.get("ready") and _state(container, "running") is not None:
            running = True
    if word != "Completed":
        return word
    if running and _is_true(status, "Ready"):
        return "Running"
    return error or ("NotReady" if running else word)


def _stopped(container: Object) -> bool:
    return bool((_state(container, "waiting") or {}).get("reason")) or _state(container, "terminated") is not None


def _end(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    return f"Signal:{terminated['signal']}" if terminated.get("signal") else f"ExitCode:{terminated.get('exitCode') or 0}"


def _state(container: Object, name: str) -> Object | None:
    state: Object | None = (container.get("state") or {}).get(name)
    return state


def _is_true(status: Object, condition: str) -> bool:
    found = (c.get("status") == "True" for c in status.get("conditions") or () if c.get("type") == condition)
    return next(found, False)


def _sidecars(spec: Object) -> set[str]:
    return {c.get("name", "") for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}


def _containers(spec: Object) -> int:
    return len(spec.get("containers") or ()) + len(_sidecars(spec))


def _last_restart(containers: Iterable[Object]) -> Micros | None:
    """Return when the latest of the former runs ended."""
    ends = [((c.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for c in containers]
    return max((at for at in map(moment, ends) if at is not None), default=None)


def _restarts(tally: Tally, now: Micros) -> str:
    if tally.restarts and tally.last_restart is not None:
        return f"{tally.restarts} ({human_duration(now - tally.last_restart)} ago)"
    return str(tally.restarts)


def _readiness_gates(spec: Object, status: Object) -> str:
    gates = spec.get("readinessGates") or ()
    met = sum(_is_true(status, gate.get("conditionType", "")) for gate in gates)
    return f"{met}/{len(gates)}" if gates else NONE
