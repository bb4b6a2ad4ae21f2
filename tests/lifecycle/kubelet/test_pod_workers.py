"""Pod workers: what a life looks like from the API, and when calls follow each other."""

from __future__ import annotations

import itertools

import pytest

from lifecycle.clock import SECOND
from lifecycle.wire import DEFAULT_START
from tests.lifecycle.kubelet.cluster import Cluster, container, probe
from tests.lifecycle.kubelet.fake_programs import Behavior
from tests.lifecycle.kubelet.invariants import check


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_pod_is_pending_then_has_a_sandbox_then_runs(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    phases = [(v["status"]["phase"], "podIP" in v["status"]) for v in cluster.versions()]
    assert phases == [("Pending", False), ("Pending", False), ("Pending", False), ("Running", True)]
    assert cluster.reasons() == ["Pulled", "Created", "Started"]
    assert cluster.condition("Ready") == "True"


def test_an_exit_is_seen_at_the_next_relist_and_the_phase_only_later(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(3.0, 0))
    cluster.create(restartPolicy="Never")
    cluster.run(10)
    first, last = cluster.versions()[-2:]
    assert (first["status"]["phase"], last["status"]["phase"]) == ("Running", "Succeeded")
    assert "terminated" in first["status"]["containerStatuses"][0]["state"]
    at = [c.at for c in cluster.changes("Pod")][-2:]
    assert 900_000 <= at[1] - at[0] <= 1_300_000
    check(cluster.versions())


def test_a_container_that_exits_at_once_is_seen_running_and_then_exited(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(0.001, 1))
    cluster.create(restartPolicy="Never")
    cluster.run(5)
    states = [next(iter(v["status"]["containerStatuses"][0]["state"])) for v in cluster.versions()[1:]]
    assert list(dict.fromkeys(states)) == ["waiting", "running", "terminated"]
    terminated = cluster.container()["state"]["terminated"]
    assert terminated["startedAt"] == terminated["finishedAt"]
    check(cluster.versions())


def test_what_one_relist_finds_makes_one_sync(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(0.001, 1))
    cluster.create()
    cluster.run(9)
    assert len(cluster.times("Started")) == 2
    assert len(cluster.times("BackOff")) == 1
    assert "terminated" in cluster.container()["state"]


@pytest.mark.parametrize(("containers", "kept"), [(1, 4096), (3, 4096), (4, 3072)])
def test_the_messages_of_all_containers_share_one_limit(cluster: Cluster, containers: int, kept: int) -> None:
    names = [f"c{i}" for i in range(containers)]
    cluster.behaviors |= {name: Behavior(exits=(1, 1), message="x" * 5000) for name in names}
    cluster.create(*(container(name) for name in names), restartPolicy="Never")
    cluster.run(8)
    assert [len(cluster.container(name)["state"]["terminated"]["message"]) for name in names] == [kept] * containers


def test_a_failed_pod_keeps_its_object(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1.0, 3))
    cluster.create(restartPolicy="Never")
    cluster.run(60)
    assert cluster.status()["phase"] == "Failed"
    assert cluster.container()["state"]["terminated"]["exitCode"] == 3
    assert cluster.kernel.agenda.at_rest()


def test_a_deleted_pod_is_killed_and_then_gone(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    cluster.delete()
    cluster.run(5)
    assert cluster.pod() is None
    last = cluster.versions()[-1]
    assert last["status"]["phase"] == "Succeeded"
    assert last["metadata"]["deletionGracePeriodSeconds"] == 0
    assert cluster.times("Killing")[0] == pytest.approx(5, abs=0.1)


def test_taking_down_the_sandbox_takes_its_time_though_nothing_runs(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(0.2, 1))
    cluster.create()
    cluster.run(8)
    asked = cluster.kernel.now
    cluster.delete()
    cluster.run(5)
    stopped = next(c.at for c in cluster.changes("Pod") if c.object["status"]["phase"] == "Failed")
    assert 50_000 <= stopped - asked <= 100_000


def test_a_pod_whose_containers_ignore_the_signal_is_killed_after_its_grace(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(term=None)
    cluster.create(terminationGracePeriodSeconds=7)
    cluster.run(5)
    cluster.delete()
    cluster.run(6.9)
    assert cluster.status()["phase"] == "Running"
    cluster.run(2)
    assert cluster.versions()[-1]["status"]["phase"] == "Failed"
    assert cluster.pod() is None
    assert [t.body["signal"] for t in cluster.traces("signal")] == ["SIGTERM", "SIGKILL"]


def test_a_second_delete_with_less_grace_does_not_shorten_a_kill_under_way(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(term=None)
    cluster.create(terminationGracePeriodSeconds=20)
    cluster.run(5)
    cluster.delete()
    cluster.run(2)
    cluster.delete(grace=3)
    cluster.run(15)
    assert cluster.pod() is not None
    cluster.run(5)
    assert cluster.pod() is None


def test_a_pod_removed_by_force_is_still_killed_on_its_node(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    cluster.delete(grace=0)
    assert cluster.pod() is None
    cluster.run(5)
    assert cluster.reasons()[-1] == "Killing"
    assert not cluster.kubelet.state.pods
    assert not cluster.programs.state.processes


def test_a_pod_deleted_before_it_is_ever_started_goes_without_a_kill(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(0.03)
    cluster.delete()
    cluster.run(10)
    assert cluster.pod() is None
    check(cluster.versions())


def test_a_deadline_ends_a_pod_and_is_told_four_times(cluster: Cluster) -> None:
    cluster.create(activeDeadlineSeconds=5)
    cluster.run(12)
    assert cluster.status()["phase"] == "Failed"
    assert cluster.status()["reason"] == "DeadlineExceeded"
    assert len(cluster.times("DeadlineExceeded")) == 4
    assert 5 <= cluster.times("DeadlineExceeded")[0] <= 6.1


def test_a_deadline_that_passes_after_the_end_changes_nothing(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1.0, 0))
    cluster.create(restartPolicy="Never", activeDeadlineSeconds=3)
    cluster.run(10)
    assert cluster.status()["phase"] == "Succeeded"
    assert cluster.times("DeadlineExceeded") == []


def test_the_kubelet_forgets_a_pod_that_is_gone(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(3)
    cluster.delete()
    cluster.run(10)
    assert not cluster.kubelet.state.pods
    assert not cluster.kubelet.state.nodes["node1"].ips
    assert cluster.kernel.agenda.at_rest()


def test_an_idle_pod_needs_no_timers(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(30)
    assert cluster.kernel.agenda.at_rest()


def test_two_containers_are_shown_running_together(cluster: Cluster) -> None:
    cluster.create(container("a"), container("b", image="slow:1"))
    cluster.run(3)
    assert "waiting" in cluster.container("a")["state"]
    cluster.run(3)
    assert "running" in cluster.container("a")["state"]
    assert "running" in cluster.container("b")["state"]


def test_a_kubelet_that_was_away_finds_what_happened_meanwhile(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(20.0, 0))
    cluster.create(restartPolicy="Never")
    cluster.run(5)
    cluster.kubelet.stop("node1")
    cluster.run(30)
    assert "running" in cluster.container()["state"]
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status()["phase"] == "Succeeded"
    finished = cluster.container()["state"]["terminated"]["finishedAt"]
    assert finished == "2026-01-01T00:00:20Z"


def test_a_kubelet_that_comes_back_counts_its_events_anew(cluster: Cluster) -> None:
    cluster.create(container(image="gone:1"))
    cluster.run(5)
    cluster.kubelet.stop("node1")
    cluster.run(1)
    cluster.kubelet.start("node1")
    cluster.run(5)
    last = {c.object["metadata"]["name"]: c.object for c in cluster.changes("Event") if c.object["reason"] == "Pulling"}
    assert [event["count"] for event in last.values()] == [1, 1]


def test_a_pod_bound_to_a_node_whose_kubelet_is_away_starts_when_it_is_back(cluster: Cluster) -> None:
    cluster.kubelet.stop("node1")
    cluster.create()
    cluster.run(20)
    assert "startTime" not in cluster.status()
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"


def test_a_kubelet_takes_up_its_pods_a_second_after_its_start(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(20.0, 0))
    cluster.create(restartPolicy="Never")
    cluster.run(5)
    cluster.kubelet.stop("node1")
    cluster.run(25)
    cluster.kubelet.start("node1")
    cluster.run(5)
    seen = next(c.at for c in cluster.changes("Pod") if "finishedAt" in str(c.object["status"]))
    assert (seen - DEFAULT_START) / SECOND - cluster.times("Starting")[0] == pytest.approx(1, abs=0.01)


def test_what_happens_while_a_kubelet_starts_waits_until_it_lists_its_pods(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(9.9, 0))
    cluster.create(container(), container("b"))
    cluster.run(8)
    cluster.kubelet.stop("node1")
    cluster.run(1.9)
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert len(cluster.times("Started")) == 3
    check(cluster.versions())


def test_a_kubelet_that_stops_while_it_starts_takes_up_nothing(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(6.0, 0))
    cluster.create()
    cluster.run(5)
    for _ in range(3):
        cluster.kubelet.stop("node1")
        cluster.run(2)
        cluster.kubelet.start("node1")
        cluster.run(0.9)
    cluster.kubelet.stop("node1")
    cluster.run(20)
    assert "running" in cluster.container()["state"]
    cluster.kubelet.start("node1")
    cluster.run(3)
    assert cluster.container()["restartCount"] == 1


@pytest.mark.parametrize("after", [0.15, 0.3, 0.6])
def test_a_deleted_pod_whose_kubelet_stops_before_its_end_goes_when_it_is_back(cluster: Cluster, after: float) -> None:
    cluster.create()
    cluster.run(5)
    cluster.delete()
    cluster.run(after)
    cluster.kubelet.stop("node1")
    cluster.run(60)
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.pod() is None
    assert not cluster.kubelet.state.pods


def test_the_last_that_a_kubelet_has_sent_of_a_pod_arrives_though_it_stops(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    cluster.delete()
    while cluster.kubelet.state.pods and next(iter(cluster.kubelet.state.pods.values())).worker.phase != "finished":
        cluster.run(0.001)
    assert cluster.pod()
    cluster.kubelet.stop("node1")
    cluster.run(5)
    assert cluster.pod() is None
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert not cluster.kubelet.state.pods


def test_a_pod_that_was_over_stays_when_its_kubelet_is_back(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(2.0, 0))
    cluster.create(restartPolicy="Never")
    cluster.run(8)
    before = cluster.versions()
    cluster.kubelet.stop("node1")
    cluster.run(5)
    cluster.kubelet.start("node1")
    cluster.run(20)
    assert cluster.versions() == before


def test_relists_wander_through_the_seconds(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(30.0, 1))
    cluster.create()
    cluster.run(200)
    seen: dict[int, int] = {}
    for change in cluster.changes("Pod"):
        [status] = change.object["status"].get("containerStatuses") or [{"state": {}}]
        if "terminated" in status["state"]:
            seen.setdefault(status["restartCount"], change.at % SECOND)
    assert len(seen) == 4
    assert len(set(seen.values())) == 4


def test_a_saved_kubelet_goes_on_as_if_nothing_had_happened() -> None:
    lives = []
    for pause in (0.0, 0.35, 0.47, 4.2, 15.0):
        cluster = Cluster()
        cluster.behaviors["app"] = Behavior(exits=(3.0, 1))
        cluster.create()
        cluster.run(pause)
        cluster.save_and_restore()
        cluster.run(60 - pause)
        lives.append([(c.at, c.object) for c in cluster.changes("Pod")])
    assert all(life == lives[0] for life in lives)


def test_a_crash_loop_is_at_rest_once_its_back_off_grows_no_more(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1.0, 1))
    cluster.create()
    cluster.run(330)
    assert not cluster.kernel.agenda.at_rest()
    cluster.run(400)
    assert cluster.kernel.agenda.at_rest()


def test_a_configuration_that_stays_wrong_is_at_rest(cluster: Cluster) -> None:
    cluster.create(container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "gone", "key": "k"}}}]))
    cluster.run(40)
    assert cluster.kernel.agenda.at_rest()


def test_a_pod_that_is_never_ready_is_at_rest(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"check": ((0.0, 1),)})
    cluster.create(container(readinessProbe=probe(every=5)))
    cluster.run(60)
    assert cluster.kernel.agenda.at_rest()
    assert len(cluster.times("Unhealthy")) > 10


def test_each_sync_tells_of_a_missing_pull_secret(cluster: Cluster) -> None:
    cluster.create(imagePullSecrets=[{"name": "registry"}])
    cluster.run(300)
    told = cluster.times("FailedToRetrieveImagePullSecret", "(registry)")
    assert sum(at < 3 for at in told) == 2
    assert 3 <= sum(at > 3 for at in told) <= 5
    assert all(60 <= later - sooner <= 92 for sooner, later in itertools.pairwise(told[1:]))
    assert cluster.kernel.agenda.at_rest()


def test_a_pod_removed_while_its_kubelet_was_away_ends_as_its_containers_tell_of_it(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(term=None)
    hook = {"preStop": {"exec": {"command": ["check"]}}}
    cluster.create(container(lifecycle=hook), terminationGracePeriodSeconds=20)
    cluster.run(5)
    cluster.kubelet.stop("node1")
    cluster.delete(grace=0)
    cluster.run(5)
    cluster.kubelet.start("node1")
    cluster.run(10)
    (killing,) = [c for c in cluster.changes("Event") if c.object["reason"] == "Killing"]
    assert "resourceVersion" not in killing.object["involvedObject"]
    assert not cluster.traces("hook")
    terminated, killed = cluster.traces("signal")
    assert (terminated.body["signal"], killed.body["signal"]) == ("SIGTERM", "SIGKILL")
    assert terminated.at == killing.at == killed.at - 2 * SECOND
    assert 12 < (killing.at - DEFAULT_START) / SECOND < 13
    assert not cluster.kubelet.state.pods
