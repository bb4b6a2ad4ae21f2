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


def test_a_critical_pod_may_write_too_much(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(writes=20_000_000)
    limited = container(resources={"limits": {"ephemeral-storage": "10Mi"}})
    cluster.create(limited, priorityClassName="system-node-critical")
    cluster.run(60)
    assert cluster.status()["phase"] == "Running"


def test_one_limit_in_a_pod_limits_all_that_the_pod_writes(cluster: Cluster) -> None:
    cluster.behaviors["other"] = Behavior(writes=20_000_000, term=(0.0, 1))
    cluster.create(container(resources={"limits": {"ephemeral-storage": "10Mi"}}), container("other"))
    cluster.run(20)
    assert cluster.status()["message"] == "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. "


def test_an_init_container_that_writes_more_than_its_pod_may_is_evicted(cluster: Cluster) -> None:
    cluster.behaviors["first"] = Behavior(writes=20_000_000, term=(0.0, 1))
    cluster.create(init=(container("first", resources={"limits": {"ephemeral-storage": "10Mi"}}),))
    cluster.run(20)
    message = "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. "
    assert (cluster.status()["reason"], cluster.status()["message"]) == ("Evicted", message)


# Pressure on the node

MI, GI = 1 << 20, 1 << 30
LEFT = 24_684_084 * 1024 - 512 * MI
"""What the node's own programs leave of its memory."""


def fill(cluster: Cluster, name: str, memory: int, **spec: object) -> None:
    """Create a Pod whose one container holds so much memory."""
    request = {"resources": spec.pop("resources")} if "resources" in spec else {}
    cluster.behaviors[name] = Behavior(memory=memory, term=(0.0, 143))
    cluster.create(container(name, **request), name=name, **spec)


def node_condition(cluster: Cluster, type: str) -> str:
    node = cluster.api.get("nodes", "", "node1")
    assert node
    return next(str(c["status"]) for c in node["status"]["conditions"] if c["type"] == type)


def test_a_node_short_of_memory_evicts_who_uses_more_than_it_asked_for(cluster: Cluster) -> None:
    fill(cluster, "modest", 4 * GI, resources={"requests": {"memory": "5Gi"}})
    fill(cluster, "greedy", LEFT - 4 * GI - 60 * MI)
    cluster.run(30)
    used = LEFT - 4 * GI - 60 * MI
    message = (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi. "
        f"Container greedy was using {used // 1024}Ki, request is 0, has larger consumption of memory. "
    )
    status = cluster.status("greedy")
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", message)
    target = status["conditions"][0]
    assert (target["type"], target["status"], target["reason"]) == ("DisruptionTarget", "True", "TerminationByKubelet")
    assert target["message"] == message
    assert cluster.times("EvictionThresholdMet", "Attempting to reclaim memory")
    evicted = next(c.object for c in cluster.changes("Event") if c.object["reason"] == "Evicted")
    assert evicted["metadata"]["annotations"] == {
        "offending_containers": "greedy",
        "offending_containers_usage": f"{used // 1024}Ki",
        "starved_resource": "memory",
    }
    assert cluster.status("modest")["phase"] == "Running"


def test_memory_pressure_holds_for_five_minutes_after_the_last_round_that_found_it(cluster: Cluster) -> None:
    fill(cluster, "greedy", LEFT - 60 * MI)
    cluster.run(25)
    assert node_condition(cluster, "MemoryPressure") == "True"
    found, told = cluster.times("EvictionThresholdMet")[0], cluster.times("NodeHasInsufficientMemory")[0]
    assert 0 <= told - found <= 10
    cluster.run(400)
    assert node_condition(cluster, "MemoryPressure") == "False"
    over = cluster.times("NodeHasSufficientMemory", "Node node1 status is now: NodeHasSufficientMemory")[0]
    assert 300 <= over - found <= 320
    assert cluster.kernel.agenda.at_rest()


def test_one_pod_goes_a_round_the_lowest_priority_first(cluster: Cluster) -> None:
    for name, priority in (("high", 100), ("low", 1), ("middle", 50)):
        body = {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}, "value": priority}
        version = "scheduling.k8s.io/v1"
        assert cluster.request("create", "priorityclasses", body, namespace="", group_version=version).code == 201
        fill(cluster, name, LEFT // 3 - 10 * MI, priorityClassName=name)
    cluster.run(30)
    phases = {name: cluster.status(name)["phase"] for name in ("high", "low", "middle")}
    assert phases == {"high": "Running", "low": "Failed", "middle": "Running"}


def test_a_critical_pod_is_never_evicted_and_the_round_comes_again(cluster: Cluster) -> None:
    fill(cluster, "vital", LEFT - 10 * MI, priorityClassName="system-node-critical")
    cluster.run(45)
    assert cluster.status("vital")["phase"] == "Running"
    assert len(cluster.times("EvictionThresholdMet")) >= 3
    assert cluster.kernel.agenda.at_rest()


def test_under_memory_pressure_only_best_effort_pods_are_refused(cluster: Cluster) -> None:
    fill(cluster, "vital", LEFT - 10 * MI, priorityClassName="system-node-critical")
    cluster.run(25)
    cluster.create(name="late")
    cluster.create(container(resources={"requests": {"memory": "1Mi"}}), name="burstable")
    cluster.run(2)
    status = cluster.status("late")
    assert (status["reason"], status["message"]) == (
        "Evicted",
        "Pod was rejected: The node had condition: [MemoryPressure]. ",
    )
    assert cluster.status("burstable")["phase"] == "Running"


def test_a_full_disk_costs_the_pod_that_wrote_most(cluster: Cluster) -> None:
    disk = 264_212_084 * 1024
    cluster.behaviors["app"] = Behavior(writes=disk - 8 * GI - disk // 20, term=(0.0, 1))
    cluster.create(name="writer")
    cluster.behaviors["other"] = Behavior(writes=1000)
    cluster.create(container("other"), name="other")
    cluster.run(30)
    message = cluster.status("writer")["message"]
    assert message.startswith("The node was low on resource: ephemeral-storage. Threshold quantity: 27055317804, available: ")
    assert node_condition(cluster, "DiskPressure") == "True"
    assert cluster.times("NodeHasDiskPressure")
    assert cluster.status("other")["phase"] == "Running"


def test_images_that_nobody_uses_go_before_any_pod(cluster: Cluster) -> None:
    disk = 264_212_084 * 1024
    cluster.create(container(image="slow:1"), name="first")
    cluster.run(10)
    node = cluster.kubelet.state.nodes["node1"]
    node.images["docker.io/library/huge:1"] = disk
    node.detected["docker.io/library/huge:1"] = 0
    cluster.kubelet.eviction.look(node)
    cluster.run(10)
    assert list(node.images) == ["docker.io/library/slow:1"]
    assert cluster.times("EvictionThresholdMet", "Attempting to reclaim ephemeral-storage")
    assert not cluster.times("Evicted")


def test_a_collection_that_frees_too_little_says_so_and_a_second_one_says_more(cluster: Cluster) -> None:
    disk = 264_212_084 * 1024
    cluster.behaviors["app"] = Behavior(writes=disk - 8 * GI - disk * 155 // 1000)
    cluster.create()
    cluster.run(301)
    message = "Insufficient free disk space on the node's image filesystem (85% of 252.0 GiB used)."
    assert len(cluster.times("FreeDiskSpaceFailed", message)) == 1
    assert not cluster.times("ImageGCFailed")
    cluster.run(300)
    assert len(cluster.times("ImageGCFailed", message)) == 1
    assert not cluster.times("EvictionThresholdMet")


def test_pressure_ends_with_a_kubelet_that_stops(cluster: Cluster) -> None:
    fill(cluster, "vital", LEFT - 10 * MI, priorityClassName="system-node-critical")
    cluster.run(25)
    cluster.kubelet.stop("node1")
    rounds = len(cluster.times("EvictionThresholdMet"))
    cluster.run(30)
    assert len(cluster.times("EvictionThresholdMet")) == rounds
    assert cluster.kubelet.state.nodes["node1"].eviction.round is None


def test_a_save_in_the_midst_of_pressure_changes_nothing() -> None:
    def events(saves: bool) -> list[str]:
        cluster = Cluster()
        fill(cluster, "greedy", LEFT - 60 * MI)
        for _ in range(40):
            cluster.run(10)
            if saves:
                outputs = cluster.kernel.outputs
                cluster.save_and_restore()
                assert len(cluster.kernel.outputs) == len(outputs)
        return cluster.reasons()

    assert events(saves=True) == events(saves=False)
