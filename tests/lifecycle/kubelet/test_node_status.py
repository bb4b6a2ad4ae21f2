"""What a kubelet says of its node, and a network plugin that is not ready."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Object, Request
from tests.lifecycle.kubelet.cluster import Cluster, container

TEXT = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def ready(cluster: Cluster) -> Object:
    node = cluster.api.get("nodes", "", "node1")
    assert node
    found: Object = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    return found


def test_a_node_without_a_network_is_not_ready_until_it_has_one(cluster: Cluster) -> None:
    cluster.kubelet.node_status.network_lost("node1", "f")
    cluster.run(11)
    assert (ready(cluster)["status"], ready(cluster)["reason"], ready(cluster)["message"]) == ("False", "KubeletNotReady", TEXT)
    assert cluster.times("NodeNotReady", "Node node1 status is now: NodeNotReady")
    cluster.kubelet.node_status.network_found("node1", "f")
    cluster.run(11)
    assert ready(cluster)["status"] == "True"
    assert cluster.times("NodeReady")


def test_a_new_pod_waits_for_the_network_and_tries_every_second_or_two(cluster: Cluster) -> None:
    cluster.kubelet.node_status.network_lost("node1", "f")
    cluster.create()
    cluster.run(20)
    times = cluster.times("NetworkNotReady", f"network is not ready: {TEXT}")
    assert all(1 <= b - a <= 3 for a, b in itertools.pairwise(times))
    assert cluster.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert cluster.condition("PodReadyToStartContainers") == "False"
    assert cluster.kernel.agenda.at_rest()
    cluster.kubelet.node_status.network_found("node1", "f")
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"


def test_a_pod_on_the_hosts_network_does_not_mind(cluster: Cluster) -> None:
    cluster.kubelet.node_status.network_lost("node1", "f")
    cluster.create(hostNetwork=True)
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"


def test_a_pod_that_runs_is_told_with_its_next_sync_and_runs_on(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    cluster.kubelet.node_status.network_lost("node1", "f")
    cluster.run(95)
    assert cluster.times("NetworkNotReady")
    assert cluster.condition("Ready") == "True"


def test_a_kubelet_that_starts_again_says_how_its_node_is(cluster: Cluster) -> None:
    cluster.kubelet.node_status.network_lost("node1", "f")
    cluster.run(11)
    cluster.kubelet.stop("node1")
    cluster.kubelet.node_status.network_found("node1", "f")
    cluster.run(30)
    assert ready(cluster)["status"] == "False"
    cluster.kubelet.start("node1")
    cluster.run(11)
    assert ready(cluster)["status"] == "True"


def test_a_memory_limit_that_is_too_low_for_the_runtime_itself_is_a_start_error(cluster: Cluster) -> None:
    cluster.create(container(resources={"limits": {"memory": "1Mi"}}))
    cluster.run(4)
    text = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        "unable to start container process: container init was OOM-killed (memory limit too low?): unknown"
    )
    assert cluster.times("Failed", f"Error: {text}")
    ended = cluster.container()["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"], ended["message"]) == ("StartError", 128, text)


def test_a_kubelet_that_starts_says_so(cluster: Cluster) -> None:
    cluster.kubelet.stop("node1")
    cluster.run(1)
    cluster.kubelet.start("node1")
    cluster.run(1)
    told = ["Starting", "NodeAllocatableEnforced", "NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"]
    assert cluster.reasons() == told


def test_a_kubelet_lets_pods_have_the_extended_resources_that_somebody_says_its_node_has() -> None:
    engine = Engine.new(Config(DEFAULT_START))
    path = "/status/capacity/example.com~1dongle"
    container = {"name": "c", "image": "nginx", "resources": {"limits": {"example.com/dongle": "3"}}}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    patch: Any = [{"op": "add", "path": path, "value": "4"}]
    asked = Request(
        "patch", "nodes", name="node1", subresource="status", content_type="application/json-patch+json", body=patch
    )
    assert engine.request(DEFAULT_START + SECOND, asked).code == 200
    outputs = engine.advance(DEFAULT_START + 30 * SECOND)
    nodes = [one.object for one in outputs if isinstance(one, Change) and one.object["kind"] == "Node"]
    assert nodes[-1]["status"]["allocatable"]["example.com/dongle"] == "4"
    pods = [one.object for one in outputs if isinstance(one, Change) and one.object["kind"] == "Pod"]
    assert pods[-1]["status"]["phase"] == "Running"
