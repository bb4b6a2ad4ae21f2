"""What becomes of statuses that somebody else has written."""

from __future__ import annotations

import pytest

from lifecycle.apiserver.conditions import with_condition
from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.create()
    cluster.run(5)
    return cluster


def write(cluster: Cluster, status: Object) -> None:
    pod = cluster.pod()
    assert pod
    cluster.api.update("pods", {**pod, "status": status})


def test_a_status_that_is_not_true_is_put_right_within_ten_seconds(cluster: Cluster) -> None:
    right = cluster.status()
    write(cluster, {**right, "phase": "Pending", "podIP": "1.2.3.4"})
    assert cluster.status()["phase"] == "Pending"
    cluster.run(10)
    assert cluster.status() == right


def test_conditions_of_others_stay(cluster: Cluster) -> None:
    gate = {"type": "example.com/ready", "status": "True"}
    write(cluster, with_condition(cluster.status(), gate, cluster.kernel.now))
    versions = len(cluster.versions())
    cluster.run(30)
    assert len(cluster.versions()) == versions
    assert cluster.condition("example.com/ready") == "True"


def test_a_condition_of_the_kubelet_that_somebody_turns_is_turned_back(cluster: Cluster) -> None:
    ready = next(c for c in cluster.status()["conditions"] if c["type"] == "Ready")
    write(cluster, with_condition(cluster.status(), {**ready, "status": "False"}, cluster.kernel.now))
    assert cluster.condition("Ready") == "False"
    cluster.run(10)
    assert cluster.condition("Ready") == "True"


def test_nothing_is_put_right_while_the_kubelet_is_down(cluster: Cluster) -> None:
    cluster.kubelet.stop("node1")
    write(cluster, {**cluster.status(), "podIP": "1.2.3.4"})
    cluster.run(30)
    assert cluster.status()["podIP"] == "1.2.3.4"
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status()["podIP"] != "1.2.3.4"
