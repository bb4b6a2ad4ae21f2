from typing import Any, Literal

import pytest

from lifecycle.clock import MINUTE, SECOND, from_seconds
from lifecycle.printers.timeline import WIDTH, Timeline, offset
from lifecycle.wire import Change, Output, Trace

START = 1_767_225_600 * SECOND


def change(
    at: float, obj: dict[str, Any], type: Literal["ADDED", "MODIFIED", "DELETED"] = "MODIFIED", cause: int = 1
) -> Change:
    return Change(1, START + from_seconds(at), cause, type, obj)


def trace(at: float, kind: str, container: str = "app", **body: Any) -> Trace:
    return Trace(1, START + from_seconds(at), 1, kind, "default", "web", "u", container, body)


def pod(
    name: str = "web", namespace: str = "default", node: str = "", statuses: Any = (), metadata: Any = None, **status: Any
) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **(metadata or {})},
        "spec": {"containers": [{"name": "app"}], **({"nodeName": node} if node else {})},
        "status": {"phase": "Pending", "containerStatuses": list(statuses), **status},
    }


def app(restarts: int = 0, ready: bool = False, last: Any = None, **state: Any) -> dict[str, Any]:
    return {
        "name": "app",
        "restartCount": restarts,
        "ready": ready,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def told(*outputs: Output) -> list[str]:
    """Return the lines of a timeline with single spaces."""
    return [" ".join(line.split()) for line in Timeline(START).lines(outputs)]


def test_a_life_is_told_by_what_differs() -> None:
    scheduled = {"type": "PodScheduled", "status": "True"}
    not_ready = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}, scheduled]
    ready = [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}, scheduled]
    error = {"exitCode": 137, "reason": "Error"}
    deleting = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}
    assert told(
        change(0, pod(), "ADDED"),
        change(0.1, pod(node="node1", conditions=[scheduled])),
        change(0.2, pod(node="node1", statuses=[app(waiting={"reason": "ContainerCreating"})], conditions=not_ready)),
        change(1, pod(node="node1", statuses=[app(ready=True, running={})], phase="Running", conditions=ready)),
        change(1.5, pod(node="node1", statuses=[app(running={})], phase="Running", conditions=ready)),
        change(2, pod(node="node1", statuses=[app(1, last=error, running={})], phase="Running", conditions=ready)),
        change(3, pod(node="node1", statuses=[app(1, terminated=error)], phase="Failed", conditions=ready, metadata=deleting)),
        change(4, pod(node="node1", metadata=deleting), "DELETED"),
    ) == [
        "0.000s pod web created",
        "0.100s pod web bound to node1",
        "0.100s condition web PodScheduled is True",
        "0.200s container [app] waiting: ContainerCreating",
        "1.000s container [app] running, ready",
        "1.000s condition web Ready, ContainersReady are True",
        "1.000s phase web Pending -> Running (STATUS Running)",
        "1.500s container [app] no longer ready",
        "2.000s container [app] running (restart 1; before: exit 137, Error)",
        "3.000s pod web being deleted, with 30 s to end",
        "3.000s container [app] ended: exit 137, Error",
        "3.000s phase web Running -> Failed (STATUS Error)",
        "4.000s pod web gone",
    ]


def test_a_condition_tells_why_it_is_not_met() -> None:
    unschedulable = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
    assert told(change(0, pod(conditions=[unschedulable]), "ADDED"))[1] == "0.000s condition web PodScheduled is False: no room"


def test_events_tell_their_type_container_and_count() -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "web", "fieldPath": "spec.containers{app}"}
    event = {
        "kind": "Event",
        "metadata": {"name": "e"},
        "type": "Warning",
        "reason": "BackOff",
        "message": "no ",
        "involvedObject": about,
    }
    assert told(change(0, event, "ADDED"), change(1, {**event, "type": "Normal", "count": 2}), change(2, event, "DELETED")) == [
        "0.000s warning web[app] BackOff: no",
        "1.000s event [app] BackOff (x2): no",
    ]


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (
            "probe",
            {"probe": "liveness", "result": "failure", "run": 3, "output": "cat: no\n", "every": 5},
            "probe web[app] liveness failure (x3): cat: no; next every 5 s",
        ),
        ("probe", {"probe": "startup", "result": "success", "run": 1, "every": None}, "probe web[app] startup success"),
        ("hook", {"hook": "preStop", "phase": "failed", "message": "exit 1"}, "hook web[app] preStop failed: exit 1"),
        ("pull", {"image": "nginx", "phase": "started", "message": ""}, "pull web[app] nginx started"),
        ("signal", {"signal": "SIGTERM", "grace": 30, "why": "deleted"}, "signal web[app] SIGTERM, 30 s to end: deleted"),
        (
            "exit",
            {"exitCode": 137, "signal": "SIGKILL", "reason": "Error", "pid": 1},
            "exit web[app] process 1 ended with 137 by SIGKILL: Error",
        ),
        ("exec", {"command": ["sh", "-c", "x"], "phase": "ended", "exitCode": 2}, "exec web[app] sh -c x: ended, exit 2"),
        ("portforward", {"port": 81, "phase": "ended", "message": "refused"}, "portforward web[app] port 81: ended: refused"),
        ("proxy", {"method": "GET", "path": "/", "port": 80, "phase": "started"}, "proxy web[app] GET / to port 80"),
        ("proxy", {"status": 404, "phase": "ended", "message": ""}, "proxy web[app] status 404"),
        ("assumption", {"about": "image", "text": "it listens on 80"}, "assumed web[app] it listens on 80"),
        ("limit", {"limit": "steps", "text": "stopped"}, "limit web[app] stopped"),
        ("decision", {"by": "kubelet", "text": "waits"}, "decision web[app] kubelet: waits"),
        ("news", {"b": 1, "a": 2}, "news web[app] a: 2, b: 1"),
    ],
)
def test_a_trace_is_one_sentence(kind: str, body: dict[str, Any], text: str) -> None:
    assert told(trace(0, kind, **body)) == [f"0.000s {text}"]


def test_output_keeps_its_lines_and_moves_no_cursor() -> None:
    assert told(trace(0, "output", stream="stdout", text="one\n\x1b[1mtwo\a\n")) == ["0.000s output web[app] one", "^[[1mtwo?"]


def test_what_was_there_from_the_start_is_no_news() -> None:
    node = {"kind": "Node", "metadata": {"name": "node1"}}
    assert told(change(0, node, "ADDED", cause=0)) == []
    assert told(change(0, node, "ADDED")) == ["0.000s node node1 created"]


def test_a_node_tells_its_conditions_and_taints() -> None:
    def node(status: str, *taints: str) -> dict[str, Any]:
        spec = {"taints": [{"key": key, "effect": "NoExecute"} for key in taints]}
        return {
            "kind": "Node",
            "metadata": {"name": "n"},
            "spec": spec,
            "status": {"conditions": [{"type": "Ready", "status": status}]},
        }

    assert told(change(0, node("True"), "ADDED", 0), change(1, node("Unknown")), change(2, node("Unknown", "gone"))) == [
        "1.000s node n Ready is Unknown",
        "2.000s node n taints: gone:NoExecute",
    ]


def test_endpoints_tell_who_serves() -> None:
    def endpoint_slice(**conditions: bool) -> dict[str, Any]:
        metadata = {"name": "web-1", "namespace": "default"}
        return {
            "kind": "EndpointSlice",
            "metadata": metadata,
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}],
        }

    assert told(
        change(0, endpoint_slice(), "ADDED"),
        change(1, endpoint_slice(ready=True, serving=True)),
        change(2, endpoint_slice(serving=True, terminating=True)),
    ) == [
        "0.000s endpointslice web-1 created",
        "1.000s endpoints web-1 10.0.0.1 ready",
        "2.000s endpoints web-1 10.0.0.1 serving, terminating",
    ]


def test_another_namespace_is_named() -> None:
    lines = told(change(0, pod(), "ADDED"), change(1, pod(namespace="other"), "ADDED"))
    assert lines == ["0.000s pod web created", "1.000s pod other/web created"]


def test_a_line_is_never_wider_than_asked_for() -> None:
    text = "word " * 60 + "x" * 150
    for width in (80, WIDTH):
        lines = list(Timeline(START, width).lines([trace(0, "decision", container="c" * 90, by="kubelet", text=text)]))
        assert max(map(len, lines)) <= width
        assert "".join(line.split("kubelet:")[-1].strip() for line in lines).replace(" ", "").endswith("x" * 150)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0.000s"),
        (from_seconds(35.5025), "35.502s"),
        (10 * MINUTE - 1, "599.999s"),
        (10 * MINUTE, "10m00.0s"),
        (from_seconds(725.55), "12m05.5s"),
        (61 * MINUTE + 5 * SECOND, "1h01m05s"),
    ],
)
def test_offsets_lose_digits_as_they_grow(span: int, text: str) -> None:
    assert offset(span) == text
