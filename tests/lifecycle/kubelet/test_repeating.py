"""Attempts that come to the same: not played one by one, and yet nothing of the log is another."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.clock import MINUTE, SECOND, Micros
from lifecycle.engine import Engine
from lifecycle.kubelet.pod_workers import PodWorkers
from lifecycle.kubelet.repeating import Repeating
from lifecycle.wire import DEFAULT_START, Change, Config, Output, Request, Trace

HOUR: Micros = 60 * MINUTE

HANDLERS: list[dict[str, Any]] = [
    {"exec": {"command": ["cat", "/tmp/ok"]}},
    {"exec": {"command": ["sh", "-c", "test -f /tmp/ok && echo fine"]}},
    {"exec": {"command": ["curl", "localhost"]}},
    {"exec": {"command": ["date"]}},
    {"tcpSocket": {"port": 80}},
    {"tcpSocket": {"port": "undeclared"}},
    {"httpGet": {"port": 81}},
    {"grpc": {"port": 9}},
    {"exec": {"command": ["sleep", "60"]}},
    {"exec": {"command": ["sh", "-c", "sleep 0.4; cat /tmp/ok"]}},
    {"exec": {"command": ["sh", "-c", "until [ -f /tmp/ok ]; do sleep 2; done"]}},
    {"exec": {"command": ["sh", "-c", "sleep 3; true"]}},
    {"exec": {"command": ["sh", "-c", "while :; do :; done"]}},
    {"exec": {"command": ["sh", "-c", "cat /tmp/ok || { sleep 2; sleep 9; }"]}},
    {"exec": {"command": ["nslookup", "shop.default.svc.cluster.local"]}},
    {"exec": {"command": ["wget", "-qO-", "-T", "1", "http://shop"]}},
    {"exec": {"command": ["nc", "-z", "-w", "1", "localhost", "80"]}},
    {"exec": {"command": ["nc", "-z", "-w", "1", "10.244.0.3", "80"]}},
    {"tcpSocket": {"port": 80, "host": "10.244.0.3"}},
    {"httpGet": {"port": 80, "host": "127.0.0.1"}},
    {"httpGet": {"port": 80, "host": "nowhere.invalid"}},
]
STEPS = [
    "sleep 5",
    "sleep 30",
    "sleep 300",
    "touch /tmp/ok",
    "rm -f /tmp/ok",
    "nc -lk -p 80 >/dev/null & true",
    "date",
    "false",
]
ENDS = ["sleep 100000", "exit 1", "sleep 50; exit 0", "while true; do sleep 7; done"]


def probes(readiness: bool) -> st.SearchStrategy[dict[str, Any]]:
    fields = {
        "periodSeconds": st.sampled_from([1, 2, 5, 10, 60, 301]),
        "failureThreshold": st.sampled_from([1, 3, 50, 100_000]),
        "timeoutSeconds": st.sampled_from([1, 1, 3]),
        "initialDelaySeconds": st.sampled_from([0, 0, 5]),
        **({"successThreshold": st.sampled_from([1, 1, 3, 200])} if readiness else {}),
    }
    return st.builds(lambda handler, rest: {**handler, **rest}, st.sampled_from(HANDLERS), st.fixed_dictionaries(fields))


def containers(name: str) -> st.SearchStrategy[dict[str, Any]]:
    script = st.builds(
        lambda steps, end: "; ".join([*steps, end]), st.lists(st.sampled_from(STEPS), max_size=5), st.sampled_from(ENDS)
    )
    return st.fixed_dictionaries(
        {
            "name": st.just(name),
            "image": st.just("busybox"),
            "command": script.map(lambda text: ["sh", "-c", text]),
            "readinessProbe": probes(True),
        },
        optional={"livenessProbe": probes(False), "startupProbe": probes(False)},
    )


def pod(*containers: dict[str, Any], policy: str = "Always") -> Request:
    spec = {"containers": list(containers), "restartPolicy": policy, "terminationGracePeriodSeconds": 5}
    return Request(
        "create",
        "pods",
        namespace="default",
        body={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": spec},
    )


def command(text: str) -> Request:
    query = {"command": ["sh", "-c", text], "container": ["a"], "stdout": ["true"]}
    return Request("create", "pods", namespace="default", name="web", subresource="exec", query=query)


def fault(type: str, **spec: Any) -> Request:
    body = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "f"}, "spec": {"type": type, **spec}}
    return Request("create", "faults", "podhub.dev/v1", namespace="default", body=body)


def other(**spec: Any) -> Request:
    """Another Pod, with a server on port 80, behind the same Service."""
    script = "sleep 20; nc -lk -p 80 >/dev/null & sleep 200; kill $!; sleep 100000"
    server = {"name": "a", "image": "busybox", "command": ["sh", "-c", script]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other", "labels": {"app": "web"}}}
    return Request("create", "pods", namespace="default", body=body | {"spec": {"containers": [server], **spec}})


SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"}}

DISTURBANCES = [
    other(),
    other(hostNetwork=True),
    Request("delete", "pods", namespace="default", name="other"),
    Request(
        "create",
        "services",
        namespace="default",
        body=SERVICE | {"spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
    ),
    Request("delete", "services", namespace="default", name="shop"),
    fault("NetworkCut", pod="web", to="10.244.0.3"),
    command("touch /tmp/ok"),
    command("rm -f /tmp/ok; echo $$"),
    Request("delete", "pods", namespace="default", name="web"),
    Request("delete", "events", namespace="default"),
    fault("KubeletDown", node="node1"),
    fault("PortDropped", pod="web", port=80),
    fault("PortSlow", pod="web", port=80, delay="20s"),
    Request("delete", "faults", "podhub.dev/v1", namespace="default", name="f"),
    command("ps; cat /proc/1/stat"),
    command("pkill sleep; sleep 100 &"),
]


def play(requests: list[tuple[Micros, Request]], until: Micros, *, one_by_one: bool = False) -> list[Output]:
    with ExitStack() as stack:
        if one_by_one:
            stack.enter_context(patch.object(Repeating, "park", lambda *_: False))
            stack.enter_context(patch.object(PodWorkers, "on_resync", PodWorkers.on_wake))
        engine = Engine.new(Config(DEFAULT_START))
        for at, request in requests:
            engine.request(DEFAULT_START + at, request)
        return engine.advance(DEFAULT_START + until)


def told(outputs: list[Output]) -> list[bytes]:
    """Return all of a log but the causes: an attempt that something has woken names that."""
    return [msgspec.json.encode(msgspec.structs.replace(output, cause=0)) for output in outputs]


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(containers("a")) | st.tuples(containers("a"), containers("b")),
    st.sampled_from(["Always", "OnFailure", "Never"]),
    st.lists(st.tuples(st.integers(1, 10 * MINUTE), st.sampled_from(DISTURBANCES)), max_size=3),
)
def test_a_log_is_the_same_however_its_attempts_are_played(
    containers: tuple[dict[str, Any], ...], policy: str, disturbances: list[tuple[Micros, Request]]
) -> None:
    requests, at = [(0, pod(*containers, policy=policy))], 0
    for after, request in disturbances:
        at += after
        requests.append((at, request))
    assert told(play(requests, 30 * MINUTE)) == told(play(requests, 30 * MINUTE, one_by_one=True))


def test_two_workers_of_a_pod_never_begin_at_one_moment() -> None:
    check = {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 1, "failureThreshold": 1}
    first = {
        "name": "a",
        "image": "busybox",
        "command": ["sleep", "100000"],
        "startupProbe": check | {"exec": {"command": ["date"]}},
        "livenessProbe": check | {"periodSeconds": 60},
        "readinessProbe": check,
    }
    requests = [(0, pod(first, {"name": "b", "image": "busybox", "command": ["sleep", "100000"], "readinessProbe": check}))]
    outputs = play(requests, 30 * MINUTE)
    attempts = [(o.at, o.container, o.body["probe"]) for o in outputs if isinstance(o, Trace) and o.kind == "probe"]
    assert len({at for at, *_ in attempts}) == len(set(attempts))
    assert told(outputs) == told(play(requests, 30 * MINUTE, one_by_one=True))


def unready(**probe: Any) -> dict[str, Any]:
    return {
        "name": "a",
        "image": "busybox",
        "command": ["sleep", "1000000000"],
        "readinessProbe": {"periodSeconds": 1} | probe,
    }


@pytest.mark.parametrize("handler", HANDLERS[:3] + HANDLERS[4:], ids=lambda handler: next(iter(handler)))
def test_a_probe_that_fails_for_a_day_costs_its_events_and_its_resyncs(handler: dict[str, Any]) -> None:
    engine = Engine.new(Config(DEFAULT_START))
    engine.request(DEFAULT_START, pod(unready(**handler, periodSeconds=2)))
    engine.advance(DEFAULT_START + HOUR)
    before = engine._kernel.agenda.number
    outputs = engine.advance(DEFAULT_START + 25 * HOUR)
    events = [o for o in outputs if isinstance(o, Change) and o.type == "MODIFIED" and o.object["reason"] == "Unhealthy"]
    assert 24 * 12 - 3 <= len(events) <= 24 * 12 + 3
    assert engine._kernel.agenda.number - before < 24 * 60 * 6
    count = events[-1].object["count"]
    assert 25 * HOUR // (2 * SECOND) * 0.98 < count < 25 * HOUR // (2 * SECOND) * 1.1


SLOW = [
    ["sleep", "60"],
    ["sh", "-c", "sleep 0.5; cat /etc/hostname"],
    ["sh", "-c", "while true; do sleep 5; done"],
    ["sh", "-c", "sleep 30; cat /etc/hostname"],
    ["sh", "-c", "until [ -f /tmp/ok ]; do sleep 1; done"],
    ["sh", "-c", "while :; do :; done"],
]


@pytest.mark.parametrize("words", SLOW, ids=" ".join)
def test_a_command_that_takes_its_time_for_a_year_costs_no_more_than_a_quick_one(words: list[str]) -> None:
    container = unready() | {"command": ["sh", "-c", "while true; do sleep 3600; done"]}
    container |= {"readinessProbe": None, "livenessProbe": {"exec": {"command": words}, "failureThreshold": 10**7}}
    engine = Engine.new(Config(DEFAULT_START))
    engine.request(DEFAULT_START, pod(container))
    engine.advance(DEFAULT_START + HOUR)
    before = engine._kernel.agenda.number
    engine.advance(DEFAULT_START + 49 * HOUR)
    assert engine._kernel.agenda.number - before <= 48 * 60 * 3  # of 17,280 attempts, with four timers each


def test_a_command_that_is_under_way_is_seen_and_feels_what_happens() -> None:
    container = unready(exec={"command": ["sleep", "60"]}, periodSeconds=10, timeoutSeconds=5)
    requests = [
        (0, pod(container)),
        (HOUR + 2 * SECOND, command("ps")),
        (HOUR + 3 * SECOND, command("pkill -f 'sleep 60'")),
    ]
    outputs = play(requests, HOUR + 20 * SECOND)
    (seen,) = [o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "session"]
    assert "sleep 60" in seen
    ends = [(o.at, o.body["output"]) for o in outputs if isinstance(o, Trace) and o.kind == "probe"]
    assert (DEFAULT_START + HOUR + 3 * SECOND, "") in ends


def test_what_commands_leave_behind_is_there_when_somebody_looks() -> None:
    command_line = ["sh", "-c", "sleep 35; true"]
    container = unready(exec={"command": command_line}, periodSeconds=10) | {
        "command": ["sh", "-c", "while true; do sleep 3600; done"]
    }
    requests = [(0, pod(container)), (HOUR, command("ps")), (2 * HOUR, command("ps"))]
    counted, played = (play(requests, 2 * HOUR + SECOND, one_by_one=one) for one in (False, True))
    texts = [o.body["text"] for o in counted if isinstance(o, Trace) and o.kind == "session"]
    assert texts == [o.body["text"] for o in played if isinstance(o, Trace) and o.kind == "session"]
    assert [text.count("sleep 35") for text in texts] == [3, 3]


@pytest.mark.parametrize(
    "text", ["echo here > /proc/1/fd/1", "kill -USR1 1", "echo x > /tmp/fifo"], ids=["its output", "a signal", "a pipe"]
)
def test_what_a_probe_does_to_the_container_is_done_each_time(text: str) -> None:
    script = "mkfifo /tmp/fifo; trap 'echo usr1' USR1; while :; do read x < /tmp/fifo; echo $x; done"
    container = unready(exec={"command": ["sh", "-c", text]}, periodSeconds=10) | {"command": ["sh", "-c", script]}
    outputs = play([(0, pod(container))], 10 * MINUTE)
    assert sum(isinstance(o, Trace) and o.kind == "output" for o in outputs) >= 58


@pytest.mark.parametrize(
    "handler",
    [
        {"tcpSocket": {"port": 80, "host": "10.244.0.3"}},
        {"httpGet": {"port": 80, "host": "nowhere.example"}},
        {"httpGet": {"port": 80, "host": "127.0.0.1"}},
        {"exec": {"command": ["nslookup", "shop"]}},
        {"exec": {"command": ["wget", "-qO-", "http://localhost"]}},
        {"exec": {"command": ["nc", "-z", "-w", "1", "10.244.0.3", "80"]}},
    ],
    ids=lambda handler: str(next(iter(handler.values()))),
)
def test_a_probe_that_asks_elsewhere_for_a_day_costs_its_events(handler: dict[str, Any]) -> None:
    container = unready() | {"readinessProbe": None, "livenessProbe": handler | {"failureThreshold": 10**6}}
    engine = Engine.new(Config(DEFAULT_START))
    engine.request(DEFAULT_START, pod(container))
    engine.advance(DEFAULT_START + HOUR)
    before = engine._kernel.agenda.number
    engine.advance(DEFAULT_START + 25 * HOUR)
    assert engine._kernel.agenda.number - before <= 24 * 60  # of 8,640 attempts


@pytest.mark.parametrize(
    "handler", [{"tcpSocket": {"port": 80, "host": "10.244.0.3"}}, {"exec": {"command": ["nc", "-z", "shop", "80"]}}], ids=str
)
def test_a_probe_that_asks_elsewhere_sees_what_changes_there(handler: dict[str, Any]) -> None:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    requests = [
        (0, pod(unready(**handler))),
        (10 * SECOND, Request("create", "services", namespace="default", body=SERVICE | {"spec": spec})),
        (HOUR, other()),
    ]
    outputs = play(requests, HOUR + 10 * MINUTE)
    told = [o for o in outputs if isinstance(o, Trace) and o.kind == "probe" and o.pod == "web"]
    found = [(o.at - DEFAULT_START - HOUR) // SECOND for o in told if o.body["result"] == "success"]
    lost = [
        (o.at - DEFAULT_START - HOUR) // SECOND for o in told if o.body["result"] == "failure" and o.at > DEFAULT_START + HOUR
    ]
    assert 20 <= found[0] <= 26
    assert any(220 <= at <= 230 for at in lost)


def test_a_threshold_far_away_is_reached_to_the_tick() -> None:
    probe = {"exec": {"command": ["cat", "/nowhere"]}, "periodSeconds": 3, "failureThreshold": 10_000}
    container = {"name": "a", "image": "busybox", "command": ["sleep", "1000000000"], "livenessProbe": probe}
    outputs = play([(0, pod(container))], 10 * HOUR)
    (killed,) = [o for o in outputs if isinstance(o, Change) and o.type == "ADDED" and o.object.get("reason") == "Killing"]
    attempts = [o for o in outputs if isinstance(o, Trace) and o.kind == "probe"]
    assert killed.at - attempts[0].at == pytest.approx(9_999 * 3 * SECOND, abs=SECOND)
    assert attempts[1].body["run"] == 10_000


def test_what_wakes_a_failing_probe_is_the_cause_of_what_it_finds() -> None:
    requests = [(0, pod(unready(exec={"command": ["cat", "/tmp/ok"]}))), (HOUR, command("touch /tmp/ok"))]
    outputs = play(requests, HOUR + 10 * SECOND)
    by_index = {output.index: output for output in outputs}
    found = next(o for o in outputs if isinstance(o, Trace) and o.kind == "probe" and o.body["result"] == "success")
    cause = by_index[found.cause]
    assert isinstance(cause, Trace)
    assert (cause.kind, cause.body["phase"]) == ("exec", "started")
    assert found.at - cause.at <= SECOND


def test_a_command_that_is_not_there_is_told_once_and_not_at_every_attempt() -> None:
    outputs = play([(0, pod(unready(exec={"command": ["curl", "localhost"]}, periodSeconds=60)))], HOUR)
    texts = {o.body["output"] for o in outputs if isinstance(o, Trace) and o.kind == "probe"}
    assert texts == {'exec: "curl": executable file not found in $PATH'}


@pytest.mark.parametrize(("handler", "each"), [(HANDLERS[0], 1), (HANDLERS[1], 1), (HANDLERS[2], 3)])
def test_attempts_that_are_not_played_take_numbers_of_processes(handler: dict[str, Any], each: int) -> None:
    requests = [(0, pod(unready(**handler))), (HOUR, command("echo $$"))]
    (said,) = [o.body["text"] for o in play(requests, HOUR + SECOND) if isinstance(o, Trace) and o.kind == "session"]
    assert 3_590 * each < int(said) < 3_800 * each


def test_attempts_under_way_are_counted_once_they_are_over() -> None:
    slow = {"exec": {"command": ["sh", "-c", "sleep 0.4; true"]}, "periodSeconds": 1}
    fails = {"exec": {"command": ["cat", "/tmp/no"]}, "periodSeconds": 5}
    command = ["sh", "-c", "sleep 60; date; sleep 1000"]
    container = {"name": "a", "image": "busybox", "command": command, "readinessProbe": fails, "livenessProbe": slow}
    played = told(play([(0, pod(container))], 2 * MINUTE))
    assert any(b'"kind":"output"' in output for output in played)
    assert played == told(play([(0, pod(container))], 2 * MINUTE, one_by_one=True))


def test_no_attempts_are_counted_while_their_kubelet_is_down() -> None:
    probe = {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 1}
    command = ["sh", "-c", "sleep 300; date; sleep 1000"]
    container = {"name": "a", "image": "busybox", "command": command, "readinessProbe": probe}
    requests = [(0, pod(container)), (30 * SECOND, fault("KubeletDown", node="node1"))]
    played = told(play(requests, 6 * MINUTE))
    assert b'"kind":"output"' in played[-1]
    assert played == told(play(requests, 6 * MINUTE, one_by_one=True))
