"""What a kubelet does not take."""

from __future__ import annotations

import pytest

from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster, container


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        (
            {"nodeSelector": {"disk": "ssd"}},
            "NodeAffinity",
            "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        ),
        (
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            "SysctlForbidden",
            'forbidden sysctl: "kernel.msgmax" not allowlisted',
        ),
        (
            {"containers": [container(resources={"requests": {"cpu": "3"}})]},
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
        ),
        (
            {"nodeSelector": {"kubernetes.io/os": "windows"}},
            "PodOSSelectorNodeLabelDoesNotMatch",
            "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
        ),
        ({"os": {"name": "windows"}}, "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"),
        (
            {"containers": [container(resources={"requests": {"memory": "1Ti", "cpu": "3"}})]},
            "OutOfcpu",
            "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
        ),
    ],
    ids=["selector", "sysctl", "cpu", "os label", "os", "memory and cpu"],
)
def test_a_pod_that_does_not_fit_is_rejected(cluster: Cluster, spec: Object, reason: str, message: str) -> None:
    containers = spec.pop("containers", [container()])
    cluster.create(*containers, **spec)
    cluster.run(5)
    status = cluster.status()
    assert (status["phase"], status["reason"]) == ("Failed", reason)
    assert status["message"] == f"Pod was rejected: {message}"
    assert "conditions" not in status
    assert cluster.reasons() == [reason]


def test_a_host_port_that_is_taken_is_refused_until_it_is_free(cluster: Cluster) -> None:
    port = [{"containerPort": 80, "hostPort": 8080}]
    cluster.create(container(ports=port), name="one")
    cluster.run(3)
    cluster.create(container(ports=port), name="two")
    cluster.run(3)
    assert cluster.status("two")["reason"] == "NodePorts"
    cluster.delete("one")
    cluster.run(5)
    cluster.create(container(ports=port), name="three")
    cluster.run(3)
    assert cluster.status("three")["phase"] == "Running"


def test_a_node_under_memory_pressure_takes_only_pods_that_ask_for_something(cluster: Cluster) -> None:
    node = cluster.api.get("nodes", "", "node1")
    conditions = [{**c, "status": "True"} if c["type"] == "MemoryPressure" else c for c in node["status"]["conditions"]]
    cluster.api.update("nodes", {**node, "status": {**node["status"], "conditions": conditions}})
    cluster.create(name="idle")
    cluster.create(container(resources={"requests": {"cpu": "100m"}}), name="asking")
    cluster.run(3)
    assert cluster.status("idle")["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
    assert cluster.status("idle")["reason"] == "Evicted"
    assert cluster.status("asking")["phase"] == "Running"


def test_an_extended_resource_that_the_node_does_not_know_is_no_reason(cluster: Cluster) -> None:
    amount = {"example.com/gpu": "1"}
    cluster.create(container(resources={"limits": amount, "requests": amount}))
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"


def test_a_pod_that_is_to_go_and_does_not_fit_goes(cluster: Cluster) -> None:
    cluster.create(container(resources={"requests": {"cpu": "3"}}))
    cluster.delete()
    assert cluster.pod()
    cluster.run(1)
    assert cluster.pod() is None


def test_a_pod_that_a_kubelet_no_longer_takes_keeps_its_start_and_what_others_say_of_it(cluster: Cluster) -> None:
    cluster.create(nodeSelector={"kubernetes.io/hostname": "node1"})
    cluster.run(5)
    pod, node = cluster.pod(), cluster.api.get("nodes", "", "node1")
    assert pod
    assert node
    gate = {"type": "example.com/gate", "status": "True"}
    status = {**pod["status"], "conditions": [gate, *pod["status"]["conditions"]]}
    cluster.api.update("pods", {**pod, "status": status})
    cluster.kubelet.stop("node1")
    labels = {**node["metadata"]["labels"], "kubernetes.io/hostname": "other"}
    cluster.api.update("nodes", {**node, "metadata": {**node["metadata"], "labels": labels}})
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status()["reason"] == "NodeAffinity"
    assert cluster.status()["startTime"] == pod["status"]["startTime"]
    assert cluster.status()["conditions"] == [gate]
    assert not cluster.programs.state.processes
    assert cluster.reasons()[-2:] == ["NodeAffinity", "Killing"]
    cluster.delete()
    assert cluster.pod() is None
    cluster.run(1)
    assert not cluster.kubelet.state.pods
