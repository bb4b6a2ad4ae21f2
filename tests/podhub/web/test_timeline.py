"""The timeline's lanes, bars and marks, from Pods as the API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from podhub.web.timeline import Version, bars, container_bar, event_mark, lanes, points, trace_mark


def pod(*, phase: str = "Running", containers: list[dict[str, Any]] | None = None, **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "default", **metadata},
        "spec": {
            "initContainers": [{"name": "fetch"}, {"name": "proxy", "restartPolicy": "Always"}],
            "containers": [{"name": "app"}],
            "readinessGates": [{"conditionType": "example.com/gate"}],
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "DisruptionTarget", "status": "True"}, {"type": "Ready", "status": "True"}],
            "containerStatuses": containers or [running()],
        },
    }


def running(name: str = "app", ready: bool = True, restarts: int = 0) -> dict[str, Any]:
    state = {"running": {"startedAt": "2026-11-21T08:00:00Z"}}
    return {"name": name, "state": state, "ready": ready, "restartCount": restarts, "containerID": f"c{restarts}"}


def test_lanes_stand_in_the_order_in_which_things_happen() -> None:
    assert [lane.id for lane in lanes(pod())] == [
        "pod",
        "condition/PodScheduled",
        "condition/PodReadyToStartContainers",
        "container/fetch",
        "container/proxy",
        "container/app",
        "condition/Initialized",
        "condition/ContainersReady",
        "condition/Ready",
        "condition/example.com/gate",
        "condition/DisruptionTarget",
        "events",
    ]


def test_each_probe_has_a_strip_below_its_container_where_attempts_are_known() -> None:
    probed = pod()
    probed["spec"]["containers"][0] |= {"livenessProbe": {}, "startupProbe": {}}
    strips = [(lane.id, lane.group, lane.label) for lane in lanes(probed) if lane.id.startswith("probe/")]
    assert strips == [("probe/app/startup", "containers", "startup"), ("probe/app/liveness", "containers", "liveness")]
    assert [lane.id for lane in lanes(probed)].index("probe/app/startup") == 6
    assert not [lane for lane in lanes(probed, probed=False) if lane.id.startswith("probe/")]


def test_a_probes_mark_says_how_it_goes_on() -> None:
    body = {"probe": "liveness", "result": "failure", "run": 1, "every": 5}
    mark = trace_mark(7, 9, "probe", "app", body, "it failed")
    assert mark is not None
    assert (mark.lane, mark.result, mark.every, mark.severity) == ("probe/app/liveness", "failure", 5, "Warning")
    ended = trace_mark(8, 9, "probe", "app", body | {"every": None}, "it failed")
    assert ended is not None
    assert ended.every == 0


def test_init_containers_are_numbered_and_sidecars_marked() -> None:
    assert [lane.note for lane in lanes(pod()) if lane.group == "init"] == ["1/2", "∞"]


@pytest.mark.parametrize(
    ("state", "ready", "deleted", "look", "word"),
    [
        ({"running": {}}, True, False, "ready", "Running"),
        ({"running": {}}, False, False, "unready", "Running"),
        ({"running": {}}, True, True, "terminating", "Running"),
        ({"waiting": {"reason": "ContainerCreating"}}, False, False, "waiting", "ContainerCreating"),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, False, False, "backoff", "CrashLoopBackOff"),
        ({"waiting": {"reason": "ErrImagePull"}}, False, False, "failed", "ErrImagePull"),
        ({"terminated": {"exitCode": 0, "reason": "Completed"}}, False, False, "succeeded", "Completed"),
        ({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, False, False, "failed", "OOMKilled (137)"),
        ({}, False, False, "waiting", "Waiting"),
    ],
)
def test_a_container_looks_as_its_state_says(state: dict[str, Any], ready: bool, deleted: bool, look: str, word: str) -> None:
    bar = container_bar({"name": "app", "state": state, "ready": ready, "restartCount": 0}, deleted)
    assert (bar.look, bar.word) == (look, word)


def test_a_condition_looks_by_whether_it_is_good_not_by_whether_it_is_true() -> None:
    looks = bars(pod())
    assert looks["condition/Ready"][0].look == "ready"
    assert looks["condition/DisruptionTarget"][0].look == "backoff"


def test_a_restart_begins_a_new_bar_though_it_looks_the_same() -> None:
    versions = [
        Version(1, 0, "ADDED", pod(containers=[running()])),
        Version(2, 10, "MODIFIED", pod(containers=[running(restarts=1)])),
    ]
    told = [
        (point.seq, point.bar.badge if point.bar else None) for point in points(versions, bars) if point.lane == "container/app"
    ]
    assert told == [(1, ""), (2, "↻1")]


def test_nothing_is_told_twice_and_an_end_ends_every_lane() -> None:
    same = pod()
    told = list(points([Version(2, 1, "MODIFIED", same), Version(3, 5, "DELETED", same)], bars, before=same))
    assert {point.seq for point in told} == {3}
    assert all(point.bar is None for point in told)
    assert {point.lane for point in told} == set(bars(same))


def test_events_are_counted_and_their_end_is_no_mark() -> None:
    event = {"reason": "Unhealthy", "type": "Warning", "count": 3, "message": "probe failed"}
    mark = event_mark(Version(7, 3, "MODIFIED", event))
    assert mark
    assert (mark.title, mark.severity) == ("Unhealthy ×3", "Warning")
    assert event_mark(Version(8, 4, "DELETED", event)) is None


def test_a_failed_probe_is_a_warning_and_output_is_no_mark() -> None:
    mark = trace_mark(1, 0, "probe", "app", {"probe": "liveness", "result": "failure"}, "liveness probe: failure")
    assert mark
    assert (mark.lane, mark.shape, mark.severity) == ("probe/app/liveness", "probe", "Warning")
    assert trace_mark(1, 0, "output", "app", {"text": "hello"}, "hello") is None


def test_what_a_recording_missed_is_drawn_as_not_observed() -> None:
    versions = [
        Version(1, 0, "ADDED", pod()),
        Version(2, 10, "GAP", {}),
        Version(3, 20, "MODIFIED", pod()),
    ]
    told = [point for point in points(versions, bars) if point.lane == "container/app"]
    assert [(point.at, point.bar and point.bar.look) for point in told] == [(0, "ready"), (10, "unknown"), (20, "ready")]
