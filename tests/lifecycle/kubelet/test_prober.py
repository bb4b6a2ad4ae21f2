"""Probes: when they are tried, what is counted, what comes of it."""

from __future__ import annotations

import itertools

import pytest

from lifecycle.clock import SECOND
from tests.lifecycle.kubelet.cluster import Cluster, container, probe
from tests.lifecycle.kubelet.fake_programs import Behavior


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def fails_after(seconds: float, **more: object) -> Behavior:
    return Behavior(answers={"check": ((0.0, 0), (seconds, 1))}, **more)  # type: ignore[arg-type]


def test_a_liveness_failure_restarts_the_container_in_one_sync(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(12)
    cluster.create(container(livenessProbe=probe(every=5, failureThreshold=2)))
    cluster.run(28)
    assert cluster.container()["restartCount"] == 1
    assert len(cluster.times("Unhealthy")) == 2
    killing = cluster.times("Killing", "failed liveness probe, will be restarted")
    assert killing == [pytest.approx(cluster.times("Unhealthy")[1], abs=0.01)]
    assert all(c["ready"] for v in cluster.versions()[4:] for c in v["status"]["containerStatuses"])


def test_ticks_keep_the_phase_of_the_workers_start(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(3, term=None)
    cluster.create(container(livenessProbe=probe(every=4, failureThreshold=1, terminationGracePeriodSeconds=5)))
    cluster.run(40)
    times = cluster.times("Unhealthy")
    assert len(times) >= 3
    assert all((t - times[0]) % 4 == pytest.approx(0, abs=0.001) for t in times)


def test_the_probes_own_grace_holds_for_a_kill_by_it(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(3, term=None)
    cluster.create(container(livenessProbe=probe(every=4, failureThreshold=1, terminationGracePeriodSeconds=5)))
    cluster.run(20)
    signals = [(t.body["signal"], t.at) for t in cluster.traces("signal")][:2]
    assert signals[1][1] - signals[0][1] == 5_000_000


def test_the_initial_delay_is_looked_at_only_at_ticks(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(0)
    cluster.create(container(livenessProbe=probe(every=10, initialDelaySeconds=11, failureThreshold=9)))
    cluster.run(45)
    times = cluster.times("Unhealthy")
    assert times[0] == pytest.approx(20.35, abs=0.2)
    assert len(times) == 3


def test_readiness_is_probed_at_once_when_a_container_runs(cluster: Cluster) -> None:
    cluster.create(container(readinessProbe=probe(every=30)))
    cluster.run(2)
    assert cluster.condition("Ready") == "True"


def test_a_readiness_failure_keeps_the_container_running(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 0), (7, 1), (31, 0))})
    cluster.create(container(readinessProbe=probe(every=5, failureThreshold=2)))
    cluster.run(20)
    assert cluster.condition("Ready") == "False"
    assert cluster.container()["restartCount"] == 0
    assert cluster.container()["started"]
    cluster.run(20)
    assert cluster.condition("Ready") == "True"


def test_a_trigger_that_comes_during_an_attempt_waits_until_that_is_over(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 1),)}, hook_takes=3.0)
    cluster.create(container(readinessProbe=probe(every=60, timeoutSeconds=5)))
    cluster.run(2)
    pod = next(iter(cluster.kubelet.state.pods.values()))
    cluster.kubelet.on_probe(pod.uid, "app/readiness", True)
    cluster.run(10)
    first, second, *_ = cluster.times("Unhealthy")
    assert second - first == pytest.approx(3, abs=0.1)


def test_a_pod_that_turns_unready_is_probed_once_more_at_once(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 0), (7, 1))})
    cluster.create(container(readinessProbe=probe(every=5, failureThreshold=2)))
    cluster.run(22)
    times = cluster.times("Unhealthy")
    assert times[1] - times[0] == pytest.approx(5, abs=0.01)
    assert times[2] - times[1] < 0.1
    assert times[3] - times[2] == pytest.approx(5, abs=0.01)


def test_a_success_threshold_counts_for_readiness(cluster: Cluster) -> None:
    cluster.create(container(readinessProbe=probe(every=4, successThreshold=3)))
    cluster.run(20)
    assert cluster.condition("Ready") == "True"
    assert len(cluster.versions()) <= 8


def test_a_startup_probe_holds_the_others_back(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 1), (12, 0))})
    cluster.create(
        container(
            startupProbe=probe(every=5, failureThreshold=30),
            livenessProbe=probe(every=5, failureThreshold=1),
            readinessProbe=probe(),
        )
    )
    cluster.run(11)
    assert not cluster.container()["started"]
    assert {c.object["message"].split()[0] for c in cluster.changes("Event") if c.object["reason"] == "Unhealthy"} == {
        "Startup"
    }
    cluster.run(10)
    assert cluster.container()["started"]
    assert cluster.condition("Ready") == "True"
    assert cluster.container()["restartCount"] == 0


def test_attempts_after_a_kubelets_start_are_spread_over_the_period(cluster: Cluster) -> None:
    every = 10
    for i in range(8):
        cluster.create(container(readinessProbe=probe(every=every)), name=f"web-{i}")
    cluster.run(15)
    cluster.kubelet.stop("node1")
    cluster.run(15)
    cluster.kubelet.start("node1")
    cluster.run(3)
    begun = sorted(
        worker.origin % (every * SECOND) for pod in cluster.kubelet.state.pods.values() for worker in pod.probes.values()
    )
    gaps = [b - a for a, b in itertools.pairwise([*begun, begun[0] + every * SECOND])]
    assert max(gaps) < 2.5 * SECOND
    assert min(gaps) > 0.4 * SECOND


def test_a_probe_of_a_short_period_is_tried_at_once_after_a_kubelets_start(cluster: Cluster) -> None:
    cluster.create(container(readinessProbe=probe(every=1)))
    cluster.run(15)
    cluster.kubelet.stop("node1")
    cluster.run(15)
    cluster.kubelet.start("node1")
    cluster.run(1.8)
    [worker] = [worker for pod in cluster.kubelet.state.pods.values() for worker in pod.probes.values()]
    assert worker.origin < cluster.kernel.now


def test_a_container_that_had_not_started_when_its_kubelet_stopped_has_still_to_start(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 1), (50, 0))})
    cluster.create(container(startupProbe=probe(every=5, failureThreshold=30)))
    cluster.run(20)
    cluster.kubelet.stop("node1")
    cluster.run(2)
    cluster.kubelet.start("node1")
    cluster.run(15)
    assert not cluster.container()["started"]
    cluster.run(30)
    assert cluster.container()["started"]


def test_a_startup_failure_restarts_the_container(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 1),)})
    cluster.create(container(startupProbe=probe(every=3, failureThreshold=3)))
    cluster.run(14)
    assert cluster.times("Killing", "Container app failed startup probe, will be restarted")
    assert cluster.container()["restartCount"] == 1


def test_a_container_that_may_not_restart_stays_dead_after_a_liveness_failure(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(3, term=(0.0, 143))
    cluster.create(container(livenessProbe=probe(every=2, failureThreshold=1)), container("b"), restartPolicy="Never")
    cluster.run(12)
    assert cluster.times("Killing") == cluster.times("Killing", "Container app failed liveness probe")
    assert not cluster.times("Killing", "will be restarted")
    assert "terminated" in cluster.container()["state"]
    assert cluster.status()["phase"] == "Running"


def test_a_timeout_is_a_failure(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(hook_takes=10)
    cluster.create(container(livenessProbe=probe(every=5, failureThreshold=9)))
    cluster.run(8)
    assert cluster.times("Unhealthy", 'Liveness probe failed: command timed out: "check" timed out after 1s')


def test_a_port_that_is_not_declared_is_an_error_and_restarts_nothing(cluster: Cluster) -> None:
    cluster.create(container(livenessProbe={"httpGet": {"port": "nope"}, "periodSeconds": 2, "failureThreshold": 1}))
    cluster.run(7)
    assert len(cluster.times("Unhealthy", "errored and resulted in unknown state: strconv.Atoi")) == 3
    assert cluster.container()["restartCount"] == 0


def test_a_healthy_probe_needs_no_ticks(cluster: Cluster) -> None:
    cluster.create(container(livenessProbe=probe(every=1), readinessProbe=probe(every=1)))
    cluster.run(30)
    assert cluster.kernel.agenda.at_rest()
    assert len(cluster.traces("probe")) == 2


def test_a_parked_probe_goes_on_with_its_next_tick_when_something_changes(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(100.5)
    cluster.create(container(livenessProbe=probe(every=7, failureThreshold=1)))
    cluster.run(120)
    (first,) = cluster.times("Unhealthy")
    origin = cluster.kubelet.state.pods[next(iter(cluster.kubelet.state.pods))].probes["app/liveness"].origin
    assert round((first - (origin - 1_767_225_600_000_000) / 1e6) % 7, 3) in (0, 7)
    assert 100.5 < first < 109


def test_liveness_stops_and_readiness_goes_on_while_a_pod_ends(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 0), (10, 1))}, term=None)
    cluster.create(container(livenessProbe=probe(every=2), readinessProbe=probe(every=2)))
    cluster.run(9)
    cluster.delete()
    cluster.run(15)
    kinds = [c.object["message"].split()[0] for c in cluster.changes("Event") if c.object["reason"] == "Unhealthy"]
    assert set(kinds) == {"Readiness"}
    assert cluster.condition("Ready") == "False"


def test_who_killed_a_container_is_a_chain_of_causes(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(3)
    cluster.create(container(livenessProbe=probe(every=2, failureThreshold=1)))
    cluster.run(8)
    signal = cluster.traces("signal")[0]
    assert cluster.cause_chain(signal.index)[:3] == ["signal", "Killing", "probe"]


def test_what_a_probe_finds_follows_from_its_container_s_start_and_not_from_the_hook_before_it(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"prepare": ((0, 0),), "check": ((0.0, 1),)})
    hook = {"postStart": {"exec": {"command": ["prepare"]}}}
    cluster.create(container(lifecycle=hook, readinessProbe=probe(every=2), livenessProbe=probe(every=3, failureThreshold=9)))
    cluster.run(12)
    for type in ("readiness", "liveness"):
        first, *later = [trace for trace in cluster.traces("probe") if trace.body["probe"] == type]
        assert cluster.cause_chain(first.index)[:2] == ["probe", "Started"]
        assert all(cluster.cause_chain(trace.index)[:2] == ["probe", "probe"] for trace in later)


def test_probes_that_wait_for_the_startup_probe_follow_from_its_success(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0.0, 1), (3.0, 0))})
    cluster.create(container(startupProbe=probe(every=2), readinessProbe=probe(every=2), livenessProbe=probe(every=2)))
    cluster.run(12)
    waited = [trace for trace in cluster.traces("probe") if trace.body["probe"] != "startup"]
    assert {trace.body["probe"] for trace in waited} == {"readiness", "liveness"}
    for trace in waited:
        by = next(other for other in cluster.traces("probe") if other.index == trace.cause)
        assert (by.body["probe"], by.body["result"]) == ("startup", "success")


def test_a_probe_of_a_container_that_was_restarted_follows_from_the_new_start(cluster: Cluster) -> None:
    cluster.behaviors["app"] = fails_after(3)
    cluster.create(container(livenessProbe=probe(every=2, failureThreshold=1)))
    cluster.run(20)
    started = [change.index for change in cluster.changes("Event") if change.object["reason"] == "Started"]
    successes = [trace.cause for trace in cluster.traces("probe") if trace.body["result"] == "success"]
    assert successes[:2] == started[:2]


def test_a_sidecar_is_probed_for_life_until_it_is_dead(cluster: Cluster) -> None:
    cluster.behaviors |= {"log": Behavior(answers={"check": ((0, 0), (10, 1))}), "app": Behavior(term=None)}
    cluster.create(init=(container("log", restartPolicy="Always", livenessProbe=probe(every=2)),))
    cluster.run(9)
    cluster.delete()
    cluster.run(15)
    unhealthy = [c.object for c in cluster.changes("Event") if c.object["reason"] == "Unhealthy"]
    assert unhealthy[-1]["message"].startswith("Liveness probe failed")
    assert unhealthy[-1]["count"] == 3
    assert cluster.container("log")["restartCount"] == 0


def test_a_pod_whose_last_phase_is_known_is_probed_no_more_though_it_still_runs(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0, 0), (12.5, 1))}, term=None)
    cluster.create(container(readinessProbe=probe(every=2)), activeDeadlineSeconds=10)
    cluster.run(25)
    assert "running" in cluster.container()["state"]
    assert not cluster.times("Unhealthy")
