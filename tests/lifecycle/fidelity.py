"""How a simulated life differs from the recorded one: what must agree, and how closely.

A life is a list of lines as a watch sends them: {t: seconds from the first request, type, object}. Of each Pod these agree:

* every state that lasted, in either life, is in both, in the same order (a state: phase, reason, grace, each container's
  state, last state, ready, started and restarts, and the conditions);
* the time from one such state to the next, to a second or two; over a back-off more, for the kubelet retries when its next
  sync comes and spreads the syncs;
* the Events: source, type, reason, field and message, how often, and which of them came first.

What each run has of its own (ids, addresses, durations, sizes) is masked in texts. A crash loop's last cycle is cut off where
the recording ends, so it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

Line = dict[str, Any]

SHORT = 1.6
"""Seconds: a state that was over sooner may be missed by a watch, and need not be in both lives."""

SLACK = 1.6
"""Seconds by which two lives may differ from one state to the next."""

RETRIED = {
    "CrashLoopBackOff",
    "Completed",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "Error",
    "ImagePullBackOff",
    "InvalidImageName",
    "OOMKilled",
    "PostStartHookError",
    "RunContainerError",
    "StartError",
}
"""Reasons of containers that the kubelet may start again after a while."""

OFTEN = {"BackOff", "Failed", "FailedMount", "Pulling"}
"""Reasons of Events that come with each retry, so that their counts differ more."""

MASKS = (
    (r"sha256:[0-9a-f]+", "DIGEST"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\b[0-9a-f]{64}\b", "ID"),
    (r'(?<=exec ")[0-9a-f]+(?=")', "ID"),
    (r"\b\d{1,3}(\.\d{1,3}){3}(:\d+(?=->))?", "ADDRESS"),
    (r"\b(\d+h)?(\d+m)?\d+(\.\d+)?(ms|µs|s)\b(?= \(|\s+including|\. Image)", "TIME"),
    (r"(?<=Image size: )\d+", "BYTES"),
    (r"(?<=kube-api-access-)[a-z0-9]{5}", "SUFFIX"),
)

CUT_SHORT = re.compile("connection refused|failed to connect|errored and resulted in unknown state")
"""What a probe says that met a container in the tenth of a second in which it came up or went down."""


class Container(NamedTuple):
    role: str
    name: str
    state: tuple[Any, ...]
    last_state: tuple[Any, ...]
    ready: bool | None
    started: bool | None
    restarts: int

    @property
    def is_down(self) -> bool:
        """Whether it does not run and is to be started again: not so an init container that has done its work."""
        kind, *said = self.state or ("", None)
        done = self.role == "initContainerStatuses" and kind == "terminated" and said[1] == 0
        return kind in ("waiting", "terminated") and said[0] in RETRIED and not done


class State(NamedTuple):
    """A Pod as one version of it shows it."""

    phase: str | None
    reason: tuple[str | None, str]
    grace: int | None
    has_address: bool
    containers: tuple[Container, ...]
    conditions: tuple[tuple[Any, ...], ...]

    @property
    def restarts(self) -> int:
        return sum(container.restarts for container in self.containers)

    @property
    def down(self) -> tuple[str, ...]:
        return tuple(container.name for container in self.containers if container.is_down)


class Stay(NamedTuple):
    """How long something stayed as it was; a Pod's `what` is None once it is gone."""

    since: float
    until: float
    what: Any

    @property
    def lasted(self) -> bool:
        return self.until - self.since >= SHORT or self.what is None

    @property
    def wait(self) -> tuple[int, tuple[str, ...]] | None:
        """Which wait for a restart this is a part of: after how many restarts, of which containers."""
        state = self.what
        return (state.restarts, state.down) if state and state.grace is None and state.down else None


class Told(NamedTuple):
    """An Event: when it was first seen, and how often by the end."""

    first: float
    times: int


def differences(recorded: list[Line], simulated: list[Line]) -> list[str]:
    """Return what differs, a sentence each; nothing where the simulated life agrees with the recorded one."""
    end = max(line["t"] for line in recorded)
    names = pods(recorded)
    found = [f"a Pod that the recording does not have: {name}" for name in sorted(pods(simulated) - names)]
    found += _slices(recorded, [line for line in simulated if line["t"] <= end + 1])
    for name in sorted(names):
        found += _states(stays(recorded, name), [stay for stay in stays(simulated, name) if stay.since <= end + 1])
        told = {key: event for key, event in events(simulated, name).items() if event.first <= end + 1}
        found += _events(events(recorded, name), told)
    return found


def pods(lines: list[Line]) -> set[str]:
    return {line["object"]["metadata"]["name"] for line in lines if line["object"]["kind"] == "Pod"}


def stays(lines: list[Line], name: str) -> list[Stay]:
    """Return the states of one Pod."""
    of = [line for line in lines if line["object"]["kind"] == "Pod" and line["object"]["metadata"]["name"] == name]
    return _merged(lines, ((line["t"], None if line["type"] == "DELETED" else _state(line["object"])) for line in of))


def _merged(lines: list[Line], seen: Iterable[tuple[float, Any]]) -> list[Stay]:
    """Return what was seen with equal neighbours as one; what was there at the end stays long."""
    changed: list[tuple[float, Any]] = []
    for at, what in seen:
        if not changed or changed[-1][1] != what:
            changed.append((at, what))
    ends = [at for at, _ in changed[1:]] + [max(line["t"] for line in lines) + 100]
    return [Stay(at, end, what) for (at, what), end in zip(changed, ends, strict=True)]


def mask(text: str | None) -> str:
    text = text or ""
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text


def _state(pod: dict[str, Any]) -> State:
    status, metadata = pod.get("status", {}), pod["metadata"]
    return State(
        status.get("phase"),
        (status.get("reason"), mask(status.get("message"))),
        metadata.get("deletionGracePeriodSeconds") if metadata.get("deletionTimestamp") else None,
        bool(status.get("podIP")),
        tuple(
            _container(role, said)
            for role in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
            for said in status.get(role) or []
        ),
        tuple((c["type"], c["status"], c.get("reason"), mask(c.get("message"))) for c in status.get("conditions") or []),
    )


def _container(role: str, said: dict[str, Any]) -> Container:
    state, last = _container_state(said.get("state")), _container_state(said.get("lastState"))
    return Container(role, said["name"], state, last, said.get("ready"), said.get("started"), said.get("restartCount") or 0)


def _container_state(state: dict[str, Any] | None) -> tuple[Any, ...]:
    for kind, said in (state or {}).items():
        said = said or {}
        if kind == "waiting":
            return kind, said.get("reason"), mask(said.get("message"))
        if kind == "terminated":
            times = ("startedAt" in said, "finishedAt" in said)
            return kind, said.get("reason"), said.get("exitCode"), said.get("signal"), mask(said.get("message")), times
        return (kind,)
    return ()


def _states(real: list[Stay], played: list[Stay]) -> Iterator[str]:
    """Yield what differs in one Pod's states and in the times between them."""
    most = [max((stay.what.restarts for stay in life if stay.what), default=0) for life in (real, played)]
    if sum(bool(stay.wait and stay.what.restarts) for stay in real) >= 2:  # a crash loop
        if abs(most[0] - most[1]) > 1:
            yield f"{most[0]} restarts in the recording, {most[1]} simulated"
        else:
            real, played = (
                [stay for stay in life if stay.what is None or stay.what.restarts < min(most)] for life in (real, played)
            )
    same = SequenceMatcher(None, [stay.what for stay in real], [stay.what for stay in played], autojunk=False)
    pairs = [(a + n, b + n) for a, b, size in same.get_matching_blocks() for n in range(size)]
    # Of the states in which one wait can show itself (terminated, then CrashLoopBackOff) one is enough.
    shown = {real[i].wait for i, _ in pairs} - {None}
    yield from _unmatched(real, {i for i, _ in pairs}, shown, "only in the recording")
    yield from _unmatched(played, {j for _, j in pairs}, shown, "only simulated")
    yield from _times(real, played, [(i, j) for i, j in pairs if real[i].lasted or played[j].lasted])


def _unmatched(life: list[Stay], matched: set[int], shown: set[Any], where: str) -> Iterator[str]:
    for place, stay in enumerate(life):
        if place not in matched and stay.lasted and stay.wait not in shown:
            yield f"{where}, from {stay.since:.1f}s: {stay.what or 'gone'}"


def _times(real: list[Stay], played: list[Stay], pairs: list[tuple[int, int]]) -> Iterator[str]:
    """Yield the times between states that differ. When a wait's second state shows, and when a Pod is gone, is left open."""

    def firm(i: int) -> bool:
        within = real[i].wait is not None and real[i - 1].wait is not None
        return i == 0 or not (within or real[i].what is None)

    for (i, j), (after_i, after_j) in pairwise(pair for pair in pairs if firm(pair[0])):
        there, here = real[after_i].since - real[i].since, played[after_j].since - played[j].since
        waited = any(stay.what and stay.what.down for stay in real[i:after_i])
        if abs(there - here) > SLACK + (min(there / 2, 30) if waited else there / 50):
            after = real[after_i]
            yield f"{there:.1f}s in the recording, {here:.1f}s simulated, until at {after.since:.1f}s: {after.what}"


def events(lines: list[Line], name: str) -> dict[tuple[Any, ...], Told]:
    """Return the Events about one Pod, each by the last version of it."""
    first: dict[str, float] = {}
    last: dict[str, dict[str, Any]] = {}
    for line in lines:
        event = line["object"]
        if event["kind"] == "Event" and event["involvedObject"].get("name") == name and line["type"] != "DELETED":
            uid = event["metadata"].get("uid") or event["metadata"]["name"]
            first.setdefault(uid, line["t"])
            last[uid] = event
    found: dict[tuple[Any, ...], Told] = {}
    for uid, event in last.items():
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent")
        key = (source, event["type"], event["reason"], event["involvedObject"].get("fieldPath"), mask(event["message"]))
        count = event.get("count") or (event.get("series") or {}).get("count") or 1
        before = found.get(key, Told(first[uid], 0))
        found[key] = Told(min(before.first, first[uid]), before.times + count)
    return found


def _events(real: dict[tuple[Any, ...], Told], played: dict[tuple[Any, ...], Told]) -> Iterator[str]:
    for key, told in real.items():
        if key not in played:
            if not _by_chance(key, told):
                yield f"only in the recording, from {told.first:.1f}s, {told.times} times: {key}"
        elif abs(told.times - played[key].times) > _count_slack(key[2], told.times):
            yield f"{told.times} times in the recording, {played[key].times} times simulated: {key}"
    for key, told in played.items():
        if key not in real and not _by_chance(key, told):
            yield f"only simulated, from {told.first:.1f}s, {told.times} times: {key}"
    both = [key for key in real if key in played]
    for one in both:
        for other in both:
            if real[one].first + SLACK < real[other].first and played[one].first > played[other].first + 0.2:
                yield f"{one[2]} comes before {other[2]} in the recording, after it simulated"


def _count_slack(reason: str, count: int) -> float:
    return max(2, 0.3 * count) if reason in OFTEN else max(1, 0.25 * count)


def _by_chance(key: tuple[Any, ...], told: Told) -> bool:
    return key[2] == "Unhealthy" and told.times == 1 and bool(CUT_SHORT.search(key[4]))


def _slices(recorded: list[Line], simulated: list[Line]) -> list[str]:
    """Compare what lasted in the EndpointSlices of all Services, where the recording holds any."""
    if not any(line["object"]["kind"] == "EndpointSlice" for line in recorded):
        return []
    there, here = ([stay.what for stay in _endpoints(lines) if stay.lasted] for lines in (recorded, simulated))
    return [] if there == here else [f"EndpointSlices: {there} in the recording, {here} simulated"]


def _endpoints(lines: list[Line]) -> list[Stay]:
    now: dict[Any, Sequence[Any]] = {}
    seen = []
    for line in lines:
        slice_ = line["object"]
        if slice_["kind"] == "EndpointSlice":
            service = (slice_["metadata"].get("labels") or {}).get("kubernetes.io/service-name")
            now[service] = [] if line["type"] == "DELETED" else sorted(map(_endpoint, slice_.get("endpoints") or []))
            seen.append((line["t"], sorted((name, endpoints) for name, endpoints in now.items() if endpoints)))
    return _merged(lines, seen)


def _endpoint(said: dict[str, Any]) -> tuple[Any, ...]:
    conditions = [bool(said["conditions"].get(name)) for name in ("ready", "serving", "terminating")]
    return (said.get("targetRef") or {}).get("name", ""), *conditions
