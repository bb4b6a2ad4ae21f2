"""Evictions for local storage."""

from __future__ import annotations

import pytest

from tests.lifecycle.kubelet.cluster import Cluster, container
from tests.lifecycle.kubelet.fake_programs import Behavior


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_container_that_writes_too_much_is_evicted(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(writes=20_000_000, term=None)
    cluster.create(container(resources={"limits": {"ephemeral-storage": "10Mi"}}))
    cluster.run(20)
    message = "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. "
    status = cluster.status()
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", message)
    assert cluster.times("Evicted", message)
    assert [t.body["signal"] for t in cluster.traces("signal")] == ["SIGTERM", "SIGKILL"]


def test_an_evicted_pod_whose_containers_end_well_has_succeeded(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(writes=20_000_000, term=(0.0, 0))
    cluster.create(container(resources={"limits": {"ephemeral-storage": "10Mi"}}))
    cluster.run(20)
    assert cluster.status()["phase"] == "Succeeded"
    assert "reason" not in cluster.status()


def test_a_volume_is_measured_once_a_minute(cluster: Cluster) -> None:
    cluster.programs.usage_of_volumes = 5_000_000
    cluster.create(volumes=[{"name": "scratch", "emptyDir": {"sizeLimit": "1Mi"}}])
    cluster.run(75)
    assert cluster.times("Evicted", 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ')


def test_a_pod_within_its_limits_stays(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(writes=1000)
    cluster.create(container(resources={"limits": {"ephemeral-storage": "10Mi"}}))
    cluster.run(300)
    assert cluster.status()["phase"] == "Running"
    assert cluster.kernel.agenda.at_rest()
