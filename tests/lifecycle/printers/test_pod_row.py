"""STATUS, READY and RESTARTS for the situations that a Pod goes through."""

from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.pod_row import pod_cells

NOW = parse_rfc3339("2026-01-01T01:00:00Z")
ENDED = "2026-01-01T00:59:48Z"


def status(name: str, restarts: int = 0, **state: Any) -> dict[str, Any]:
    """Return a container's status; with restarts, the run before this one ended twelve seconds ago."""
    last = {"terminated": {"exitCode": 1, "finishedAt": ENDED}} if restarts else {}
    more = {key: state.pop(key) for key in ("ready", "started") if key in state}
    return {"name": name, "restartCount": restarts, "state": state, "lastState": last, **more}


def waiting(reason: str) -> dict[str, Any]:
    return {"reason": reason}


def terminated(code: int, reason: str = "", signal: int = 0) -> dict[str, Any]:
    return {"exitCode": code, "reason": reason, "signal": signal}


def pod(
    phase: str = "Running",
    containers: tuple[dict[str, Any], ...] = (),
    init: tuple[dict[str, Any], ...] = (),
    sidecars: tuple[str, ...] = (),
    of: int = 1,
    deleted: bool = False,
    **more: Any,
) -> dict[str, Any]:
    conditions = [{"type": key, "status": value} for key, value in more.pop("conditions", {}).items()]
    init_specs = [{"name": s["name"], **({"restartPolicy": "Always"} if s["name"] in sidecars else {})} for s in init]
    return {
        "metadata": {"name": "web", **({"deletionTimestamp": ENDED} if deleted else {})},
        "spec": {"containers": [{"name": f"c{i}"} for i in range(of)], "initContainers": init_specs},
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": list(init),
            "conditions": [*conditions, *more.pop("raw_conditions", ())],
            **more,
        },
    }


UP = status("c0", running={}, ready=True)
GATED = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
READY_SIDECAR = status("s", running={}, ready=True, started=True)

SITUATIONS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "unscheduled": (pod("Pending"), "0/1", "Pending", "0"),
    "gated": (pod("Pending", raw_conditions=[GATED]), "0/1", "SchedulingGated", "0"),
    "pulling": (pod("Pending", (status("c0", waiting=waiting("ContainerCreating")),)), "0/1", "ContainerCreating", "0"),
    "running": (pod(containers=(UP,)), "1/1", "Running", "0"),
    "running, not ready": (pod(containers=(status("c0", running={}),)), "0/1", "Running", "0"),
    "first of two init containers": (
        pod("Pending", init=(status("i", running={}), status("j", waiting=waiting("PodInitializing")))),
        "0/1",
        "Init:0/2",
        "0",
    ),
    "second init container failing": (
        pod(
            "Pending",
            init=(status("i", terminated=terminated(0, "Completed")), status("j", 4, waiting=waiting("CrashLoopBackOff"))),
        ),
        "0/1",
        "Init:CrashLoopBackOff",
        "4 (12s ago)",
    ),
    "init failed": (pod("Failed", init=(status("i", terminated=terminated(3, "Error")),)), "0/1", "Init:Error", "0"),
    "init exit code": (pod("Failed", init=(status("i", terminated=terminated(3)),)), "0/1", "Init:ExitCode:3", "0"),
    "init signal": (pod("Failed", init=(status("i", terminated=terminated(137, signal=9)),)), "0/1", "Init:Signal:9", "0"),
    "initialised": (
        pod(
            "Pending",
            (status("c0", waiting=waiting("PodInitializing")),),
            (status("i", 2, terminated=terminated(0, "Completed")),),
        ),
        "0/1",
        "PodInitializing",
        "0",
    ),
    "sidecar up, main not ready": (
        pod(containers=(status("c0", running={}),), init=(READY_SIDECAR,), sidecars=("s",)),
        "1/2",
        "Running",
        "0",
    ),
    "sidecar starting": (pod("Pending", init=(status("s", running={}),), sidecars=("s",)), "0/2", "Init:0/1", "0"),
    "sidecar restarted": (
        pod(containers=(UP,), init=({**READY_SIDECAR, **status("s", 2), "started": True},), sidecars=("s",)),
        "2/2",
        "Running",
        "2 (12s ago)",
    ),
    "init again after Initialized": (
        pod(containers=(UP,), init=(status("i", running={}),), conditions={"Initialized": "True"}),
        "1/1",
        "Init:0/1",
        "0",
    ),
    "back-off": (
        pod(containers=(status("c0", 3, waiting=waiting("CrashLoopBackOff")),)),
        "0/1",
        "CrashLoopBackOff",
        "3 (12s ago)",
    ),
    "failed": (pod("Failed", (status("c0", terminated=terminated(1, "Error")),)), "0/1", "Error", "0"),
    "exit code": (pod("Failed", (status("c0", terminated=terminated(1)),)), "0/1", "ExitCode:1", "0"),
    "signal": (pod("Failed", (status("c0", terminated=terminated(143, signal=15)),)), "0/1", "Signal:15", "0"),
    "completed": (pod("Succeeded", (status("c0", terminated=terminated(0, "Completed")),)), "0/1", "Completed", "0"),
    "one of two completed, Pod ready": (
        pod(containers=(status("c0", terminated=terminated(0, "Completed")), UP), of=2, conditions={"Ready": "True"}),
        "1/2",
        "Running",
        "0",
    ),
    "one of two completed, Pod not ready": (
        pod(containers=(status("c0", terminated=terminated(0, "Completed")), UP), of=2),
        "1/2",
        "NotReady",
        "0",
    ),
    "one completed, one failed": (
        pod(
            "Failed",
            (status("c0", terminated=terminated(0, "Completed")), status("c1", terminated=terminated(2, "Error"))),
            of=2,
        ),
        "0/2",
        "Error",
        "0",
    ),
    "deleted": (pod(containers=(UP,), deleted=True), "1/1", "Terminating", "0"),
    "deleted, ended": (
        pod("Succeeded", (status("c0", terminated=terminated(0, "Completed")),), deleted=True),
        "0/1",
        "Completed",
        "0",
    ),
    "deleted, node lost": (pod(containers=(UP,), deleted=True, reason="NodeLost"), "1/1", "Unknown", "0"),
    "evicted": (pod("Failed", reason="Evicted"), "0/1", "Evicted", "0"),
    "restarted, no word of when": (
        pod(containers=({**UP, "restartCount": 2},)),
        "1/1",
        "Running",
        "2",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_pods_row_tells_its_situation(situation: str) -> None:
    thing, ready, word, restarts = SITUATIONS[situation]
    assert pod_cells(thing, NOW)[1:4] == [ready, word, restarts]


def test_the_wide_cells_tell_where_the_pod_is() -> None:
    thing = pod(
        podIP="10.0.0.1", podIPs=[{"ip": "10.0.0.1"}, {"ip": "::1"}], nominatedNodeName="node2", conditions={"a": "True"}
    )
    thing["spec"] |= {"nodeName": "node1", "readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}]}
    assert pod_cells(thing, NOW)[4:] == ["<unknown>", "10.0.0.1", "node1", "node2", "1/2"]
    assert pod_cells(pod(), NOW)[5:] == ["<none>"] * 4


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}]}, "10.0.0.1"),
        ({"podIP": "9.9.9.9"}, "9.9.9.9"),
        ({"podIP": "9.9.9.9", "podIPs": [{"ip": "10.0.0.1"}]}, "9.9.9.9"),
    ],
)
def test_a_pod_that_an_older_kubelet_gave_one_address_shows_that(status: dict[str, Any], shown: str) -> None:
    assert pod_cells(pod(**status), NOW)[5] == shown
