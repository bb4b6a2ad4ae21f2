"""In-place resize: allocated if the node has it, given to containers with or without a restart."""

from __future__ import annotations

import json

import pytest

from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster, container


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def resources(cpu: str, memory: str = "64Mi") -> Object:
    return {"limits": {"cpu": cpu, "memory": memory}, "requests": {"cpu": cpu, "memory": memory}}


def create(cluster: Cluster, name: str = "web", cpu: str = "200m") -> None:
    policy = [
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "RestartContainer"},
    ]
    cluster.create(container(resources=resources(cpu), resizePolicy=policy), name=name)
    cluster.run(5)


def resize(cluster: Cluster, to: Object) -> None:
    pod = cluster.pod()
    assert pod
    spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], "resources": to}]}
    metadata = {**pod["metadata"], "generation": pod["metadata"]["generation"] + 1}
    cluster.api.update("pods", {**pod, "metadata": metadata, "spec": spec})


def resize_condition(cluster: Cluster) -> Object | None:
    return next((c for c in cluster.status()["conditions"] if "Resize" in c["type"]), None)


def test_cpu_is_given_to_a_running_container(cluster: Cluster) -> None:
    create(cluster)
    resize(cluster, resources("300m"))
    cluster.run(0.03)
    condition = resize_condition(cluster)
    assert condition
    assert condition["type"] == "PodResizeInProgress"
    cluster.run(3)
    assert resize_condition(cluster) is None
    assert cluster.container()["restartCount"] == 0
    assert cluster.container()["resources"] == resources("300m")
    assert cluster.status()["resources"] == resources("300m")
    assert [r for r in cluster.reasons() if "Resize" in r] == ["ResizeStarted", "ResizeCompleted"]


def test_memory_that_asks_for_it_restarts_the_container(cluster: Cluster) -> None:
    create(cluster)
    resize(cluster, resources("200m", "96Mi"))
    cluster.run(5)
    assert cluster.times("Killing", "Container app resize requires restart")
    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["resources"] == resources("200m", "96Mi")
    assert cluster.reasons()[-1] == "ResizeCompleted"


def test_more_than_the_node_has_is_infeasible(cluster: Cluster) -> None:
    create(cluster)
    resize(cluster, resources("64"))
    cluster.run(3)
    condition = resize_condition(cluster)
    assert condition
    assert (condition["type"], condition["reason"]) == ("PodResizePending", "Infeasible")
    assert condition["message"] == "Node didn't have enough capacity: cpu, requested: 64000, capacity: 2000"
    assert cluster.container()["resources"] == resources("200m")
    (event,) = [c.object["message"] for c in cluster.changes("Event") if c.object["reason"] == "ResizeInfeasible"]
    assert json.loads(event.partition(": ")[2])["generation"] == 2


def test_more_than_is_free_is_deferred_until_there_is_room(cluster: Cluster) -> None:
    create(cluster)
    create(cluster, "other", "1500m")
    resize(cluster, resources("1"))
    cluster.run(3)
    condition = resize_condition(cluster)
    assert condition
    assert condition["reason"] == "Deferred"
    cluster.delete("other")
    cluster.run(5)
    assert resize_condition(cluster) is None
    assert cluster.container()["resources"] == resources("1")
