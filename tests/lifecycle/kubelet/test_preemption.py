"""Critical Pods for which a kubelet makes room."""

from __future__ import annotations

import pytest

from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster, container
from tests.lifecycle.kubelet.fake_programs import Behavior

MESSAGE = "Preempted in order to admit critical pod"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def pod(cluster: Cluster, name: str, requests: Object, limits: Object | None = None, **spec: object) -> None:
    resources = {"requests": requests, **({"limits": limits} if limits else {})}
    cluster.behaviors[name] = Behavior(term=(3.0, 143))
    cluster.create(container(name, resources=resources), name=name, **spec)


def critical(cluster: Cluster, cpu: str, **spec: object) -> None:
    pod(cluster, "critical", {"cpu": cpu}, priorityClassName="system-node-critical", **spec)


def test_a_critical_pod_that_does_not_fit_makes_another_leave(cluster: Cluster) -> None:
    pod(cluster, "other", {"cpu": "1500m"})
    cluster.run(5)
    critical(cluster, "1")
    cluster.run(10)
    status = cluster.status("other")
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Preempting", MESSAGE)
    target = status["conditions"][0]
    assert (target["type"], target["reason"]) == ("DisruptionTarget", "TerminationByKubelet")
    assert target["message"] == "Pod was preempted by Kubelet to accommodate a critical pod."
    assert cluster.times("Preempting", MESSAGE) == [pytest.approx(5.006, abs=0.1)]
    assert cluster.status("critical")["phase"] == "Running"


def test_a_critical_pod_waits_until_its_victims_have_ended(cluster: Cluster) -> None:
    pod(cluster, "other", {"cpu": "2"})
    cluster.run(5)
    critical(cluster, "1")
    cluster.run(2)
    assert cluster.status("critical")["phase"] == "Pending"
    assert "conditions" not in cluster.status("critical")
    cluster.save_and_restore()
    cluster.run(8)
    assert cluster.status("critical")["phase"] == "Running"


def test_victims_are_few_and_of_the_lowest_class(cluster: Cluster) -> None:
    pod(cluster, "guaranteed", {"cpu": "1", "memory": "1Mi"}, limits={"cpu": "1", "memory": "1Mi"})
    pod(cluster, "small", {"cpu": "200m"})
    pod(cluster, "large", {"cpu": "700m"})
    cluster.run(5)
    critical(cluster, "700m")
    cluster.run(10)
    phases = {name: cluster.status(name)["phase"] for name in ("guaranteed", "small", "large", "critical")}
    assert phases == {"guaranteed": "Running", "small": "Running", "large": "Failed", "critical": "Running"}


def test_victims_leave_one_after_the_other(cluster: Cluster) -> None:
    for name in ("one", "two"):
        pod(cluster, name, {"cpu": "1"})
    cluster.run(5)
    critical(cluster, "2")
    cluster.run(20)
    first, second = cluster.times("Preempting")
    assert second - first >= 3
    assert cluster.status("critical")["phase"] == "Running"


def test_a_critical_pod_for_which_nobody_can_leave_is_rejected(cluster: Cluster) -> None:
    critical(cluster, "3")
    cluster.run(5)
    assert cluster.status("critical")["reason"] == "UnexpectedAdmissionError"
    assert cluster.status("critical")["message"] == (
        "Pod was rejected: Unexpected error while attempting to recover from admission failure: preemption: error finding a "
        "set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]"
    )


def test_a_critical_pod_that_fits_nowhere_for_another_reason_makes_nobody_leave(cluster: Cluster) -> None:
    pod(cluster, "other", {"cpu": "2"})
    cluster.run(5)
    critical(cluster, "1", nodeSelector={"disk": "ssd"})
    cluster.run(10)
    assert cluster.status("critical")["reason"] == "NodeAffinity"
    assert cluster.status("other")["phase"] == "Running"


def test_a_critical_pod_that_is_deleted_while_it_waits_goes_when_its_turn_comes(cluster: Cluster) -> None:
    pod(cluster, "other", {"cpu": "2"})
    cluster.run(5)
    critical(cluster, "1")
    cluster.run(1)
    cluster.delete("critical")
    cluster.run(20)
    assert cluster.pod("critical") is None
    assert cluster.kubelet.state.nodes["node1"].preempting == {}


def test_a_kubelet_that_starts_again_has_room_for_the_pods_that_it_has(cluster: Cluster) -> None:
    pod(cluster, "large", {"cpu": "1500m"})
    cluster.run(5)
    cluster.kubelet.stop("node1")
    cluster.run(5)
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status("large")["phase"] == "Running"
    assert not cluster.times("OutOfcpu")
