"""Init containers, sidecars and their order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.kubelet.cluster import Cluster, container, probe
from tests.lifecycle.kubelet.fake_programs import Behavior
from tests.lifecycle.kubelet.invariants import check


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def sidecar(name: str, **more: object) -> dict[str, object]:
    return container(name, restartPolicy="Always", **more)


def test_init_containers_run_one_after_the_other_before_all_else(cluster: Cluster) -> None:
    cluster.behaviors |= {"a": Behavior(exits=(2, 0)), "b": Behavior(exits=(3, 0))}
    cluster.create(init=(container("a"), container("b")))
    cluster.run(3)
    assert "waiting" in cluster.container("b")["state"] or "running" in cluster.container("b")["state"]
    assert cluster.condition("Initialized") == "False"
    assert cluster.status()["phase"] == "Pending"
    cluster.run(10)
    started = [c.object["involvedObject"]["fieldPath"] for c in cluster.changes("Event") if c.object["reason"] == "Started"]
    assert started == ["spec.initContainers{a}", "spec.initContainers{b}", "spec.containers{app}"]
    assert cluster.condition("Initialized") == "True"
    check(cluster.versions())


def test_a_failing_init_container_is_tried_again_and_the_pod_stays_pending(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(exits=(1, 1))
    cluster.create(init=(container("a"),))
    cluster.run(30)
    assert cluster.status()["phase"] == "Pending"
    assert cluster.container("a")["restartCount"] >= 1


def test_a_failing_init_container_of_a_pod_that_never_restarts_fails_it(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(exits=(1, 1))
    cluster.create(init=(container("a"),), restartPolicy="Never")
    cluster.run(10)
    assert cluster.status()["phase"] == "Failed"
    assert cluster.container()["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_init_containers_whose_turn_never_came_go_on_waiting(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(exits=(1, 1))
    cluster.create(init=(container("a"), container("b")), restartPolicy="Never")
    cluster.run(10)
    assert cluster.container("b")["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_a_container_that_could_not_start_after_the_init_containers_is_of_unknown_end(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(exits=(1, 0))
    cluster.create(container(image="gone:1"), init=(container("a"),))
    cluster.run(10)
    cluster.delete()
    cluster.run(5)
    last = cluster.versions()[-1]["status"]
    assert last["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"
    assert last["initContainerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"


def test_a_sidecar_lets_the_next_container_start_as_soon_as_it_has_started(cluster: Cluster) -> None:
    cluster.create(init=(sidecar("log"),))
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"
    assert cluster.condition("Ready") == "True"
    assert cluster.container("log")["started"]


def test_a_sidecars_startup_probe_holds_the_next_container_back(cluster: Cluster) -> None:
    cluster.behaviors["log"] = Behavior(answers={"check": ((0, 1), (9, 0))})
    cluster.create(init=(sidecar("log", startupProbe=probe(every=2, failureThreshold=30)),))
    cluster.run(8)
    assert cluster.status()["phase"] == "Pending"
    cluster.run(6)
    assert cluster.status()["phase"] == "Running"


def test_sidecars_end_after_the_regular_containers_last_one_first(cluster: Cluster) -> None:
    cluster.behaviors |= {name: Behavior(term=(2, 0)) for name in ("app", "one", "two")}
    cluster.create(init=(sidecar("one"), sidecar("two")))
    cluster.run(5)
    cluster.delete()
    cluster.run(10)
    assert [t.container for t in cluster.traces("signal")] == ["app", "two", "one"]
    assert len(set(cluster.times("Killing"))) == 1


def test_a_finished_job_ends_its_sidecars_and_succeeds_whatever_they_exit_with(cluster: Cluster) -> None:
    cluster.behaviors |= {"app": Behavior(exits=(5, 0)), "log": Behavior(term=(0.5, 137))}
    cluster.create(init=(sidecar("log"),), restartPolicy="Never")
    cluster.run(15)
    assert cluster.status()["phase"] == "Succeeded"
    assert cluster.times("Killing", "Stopping container log")


def test_a_sidecar_that_ends_is_started_again_whatever_the_pods_policy(cluster: Cluster) -> None:
    cluster.behaviors["log"] = Behavior(exits=(3, 0))
    cluster.create(init=(sidecar("log"),), restartPolicy="Never")
    cluster.run(8)
    assert cluster.container("log")["restartCount"] == 1
    assert cluster.container()["restartCount"] == 0


def test_a_rule_restarts_all_containers_in_place(cluster: Cluster) -> None:
    cluster.behaviors |= {"a": Behavior(exits=(1, 0)), "w": Behavior(exits=(6, 88))}
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    cluster.create(
        container("w", restartPolicy="Never", restartPolicyRules=rules),
        container(),
        init=(container("a"),),
        restartPolicy="Never",
    )
    cluster.run(8)
    ip = cluster.status()["podIP"]
    cluster.run(8)
    assert cluster.status()["podIP"] == ip
    assert [cluster.container(name)["restartCount"] for name in ("a", "w", "app")] == [1, 1, 1]
    assert cluster.times("Killing", "killing")
    assert "RestartingAllContainers" in str(cluster.container()["lastState"])
    removed = [s for v in cluster.versions() for s in v["status"].get("containerStatuses", ()) if _removed(s)]
    assert {s["name"]: ("containerID" in s, bool(s["imageID"])) for s in removed} == {"w": (True, True), "app": (False, False)}


def test_a_rule_that_restarts_all_containers_knows_no_back_off(cluster: Cluster) -> None:
    cluster.behaviors |= {"a": Behavior(exits=(0.2, 0)), "w": Behavior(exits=(0.5, 88))}
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    cluster.create(
        container("w", restartPolicy="Never", restartPolicyRules=rules), init=(container("a"),), restartPolicy="Never"
    )
    cluster.run(60)
    assert cluster.container("w")["restartCount"] >= 15
    assert not cluster.times("BackOff")
    reasons = {s["state"].get("waiting", {}).get("reason") for v in cluster.versions() for s in _statuses(v)}
    assert "CrashLoopBackOff" not in reasons


@pytest.mark.parametrize("sources", [("w",), ("w", "x")])
def test_a_pod_restarts_all_its_containers_once_a_minute_in_the_end(cluster: Cluster, sources: tuple[str, ...]) -> None:
    cluster.behaviors |= {name: Behavior(exits=(0.01, 88)) for name in sources}
    rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]
    cluster.create(
        *(container(name, restartPolicy="Never", restartPolicyRules=rules) for name in sources), restartPolicy="Never"
    )
    cluster.run(1200)
    before = cluster.container("w")["restartCount"]
    assert 100 < before < 150
    cluster.run(600)
    assert 5 <= cluster.container("w")["restartCount"] - before <= 12
    assert [trace.body["limit"] for trace in cluster.traces("limit")] == ["restarts"]
    cluster.delete(grace=1)
    cluster.run(5)
    assert cluster.pod() is None


def _statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for group in ("initContainerStatuses", "containerStatuses") for one in pod["status"].get(group, ())]


def _removed(status: dict[str, Any]) -> bool:
    return bool(status["state"].get("waiting", {}).get("reason") == "RestartingAllContainers")


def test_an_ephemeral_container_runs_beside_and_is_never_restarted(cluster: Cluster) -> None:
    cluster.behaviors["debug"] = Behavior(exits=(2, 1))
    cluster.create()
    cluster.run(5)
    pod = cluster.pod()
    assert pod
    debug = [
        {"name": "debug", "image": "app:1", "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log"}
    ]
    cluster.api.update("pods", {**pod, "spec": {**pod["spec"], "ephemeralContainers": debug}})
    cluster.run(60)
    assert cluster.container("debug")["state"]["terminated"]["exitCode"] == 1
    assert cluster.condition("Ready") == "True"


def test_a_pod_that_was_initialized_stays_so_while_its_sidecar_and_its_container_wait(cluster: Cluster) -> None:
    cluster.behaviors |= {"log": Behavior(exits=(3, 1)), "app": Behavior(exits=(1, 1))}
    cluster.create(init=(sidecar("log", startupProbe=probe(every=1)),))
    cluster.run(60)
    states = [
        (
            c.object["status"],
            {s["name"]: s for g in ("initContainerStatuses", "containerStatuses") for s in c.object["status"][g]},
        )
        for c in cluster.changes("Pod")
        if "containerStatuses" in c.object["status"]
    ]
    both_wait = [status for status, named in states if all("waiting" in s["state"] and s["lastState"] for s in named.values())]
    assert both_wait
    assert all(c["status"] == "True" for status in both_wait for c in status["conditions"] if c["type"] == "Initialized")


def test_an_init_container_that_is_stopped_and_ends_well_does_not_give_the_others_their_turn(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(term=(0.0, 0))
    cluster.create(init=(container("a"),), activeDeadlineSeconds=5)
    cluster.run(15)
    assert cluster.container("a")["state"]["terminated"]["exitCode"] == 0
    assert cluster.container()["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert cluster.status()["phase"] == "Failed"
