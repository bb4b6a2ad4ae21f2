"""In-place resize: allocated if the node has it, given to containers with or without a restart."""

from __future__ import annotations

import json

import pytest

from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster, container
from tests.lifecycle.kubelet.fake_programs import Behavior


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
    wanted = '{"limits":{"cpu":"64","memory":"64Mi"},"requests":{"cpu":"64","memory":"64Mi"}}'
    error = "Node didn't have enough capacity: cpu, requested: 64000, capacity: 2000"
    summary = f'{{"containers":[{{"name":"app","resources":{wanted}}}],"generation":2,"error":"{error}"}}'
    assert event == f"Pod resize Infeasible: {summary}"


def test_a_resize_is_told_of_with_init_containers_in_their_own_list(cluster: Cluster) -> None:
    cluster.create(container(resources=resources("200m")), init=(container("first"),))
    cluster.run(5)
    resize(cluster, resources("300m"))
    cluster.run(3)
    (event,) = [c.object["message"] for c in cluster.changes("Event") if c.object["reason"] == "ResizeStarted"]
    assert next(iter(json.loads(event.partition(": ")[2]).items())) == ("initContainers", [{"name": "first", "resources": {}}])


def test_what_a_node_has_not_at_all_counts_before_what_others_have(cluster: Cluster) -> None:
    create(cluster)
    create(cluster, "other", "1500m")
    resize(cluster, resources("1", "1000Gi"))
    cluster.run(3)
    condition = resize_condition(cluster)
    assert condition
    assert condition["reason"] == "Infeasible"
    assert condition["message"].startswith("Node didn't have enough capacity: memory, requested: 1073741824000, ")
    resize(cluster, resources("64", "1000Gi"))
    cluster.run(3)
    condition = resize_condition(cluster)
    assert condition
    assert condition["message"].startswith("Node didn't have enough capacity: memory, ")


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


def test_a_pending_resize_is_so_since_its_reason_whatever_its_message(cluster: Cluster) -> None:
    create(cluster)
    create(cluster, "other", "1500m")
    seen = []
    for cpu in ("1", "1500m", "64"):
        resize(cluster, resources(cpu))
        cluster.run(10)
        condition = resize_condition(cluster)
        assert condition
        seen.append((condition["reason"], condition["lastTransitionTime"], condition["lastProbeTime"]))
    first, second, third = seen
    assert [reason for reason, *_ in seen] == ["Deferred", "Deferred", "Infeasible"]
    assert first[1] == first[2] == second[1] < second[2] < third[1] == third[2]


def test_a_limit_below_what_is_in_use_waits_until_less_is(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(memory=48 << 20)
    cluster.create(container(resources=resources("200m")))
    cluster.run(5)
    resize(cluster, resources("200m", "32Mi"))
    cluster.run(17)
    condition = resize_condition(cluster)
    assert condition
    assert (condition["type"], condition["reason"]) == ("PodResizeInProgress", "Error")
    assert condition["message"] == "attempting to set pod memory limit (33554432) below current usage (50331648)"
    assert cluster.container()["resources"] == resources("200m")
    assert len(cluster.times("ResizeError", "Pod resize error: {")) == 1
    cluster.run(40)
    assert len(cluster.times("ResizeError")) == 1
    assert cluster.kernel.agenda.at_rest()
    cluster.behaviors["app"] = Behavior(memory=8 << 20)
    cluster.run(20)
    assert resize_condition(cluster) is None
    assert cluster.container()["resources"] == resources("200m", "32Mi")


def test_one_container_of_several_is_named(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(memory=48 << 20)
    cluster.create(container(resources=resources("200m")), container("other"))
    cluster.run(5)
    pod = cluster.pod()
    assert pod
    first, second = pod["spec"]["containers"]
    spec = {**pod["spec"], "containers": [{**first, "resources": resources("200m", "32Mi")}, second]}
    cluster.api.update("pods", {**pod, "metadata": {**pod["metadata"], "generation": 2}, "spec": spec})
    cluster.run(17)
    condition = resize_condition(cluster)
    assert condition
    assert condition["message"] == ('attempting to set container "app" memory limit (33554432) below current usage (50331648)')


def test_room_that_a_smaller_pod_leaves_is_given_to_one_that_waits(cluster: Cluster) -> None:
    create(cluster)
    create(cluster, "other", "1500m")
    resize(cluster, resources("1"))
    cluster.run(3)
    assert resize_condition(cluster)
    other = cluster.pod("other")
    assert other
    smaller = {**other["spec"], "containers": [{**other["spec"]["containers"][0], "resources": resources("500m")}]}
    cluster.api.update("pods", {**other, "metadata": {**other["metadata"], "generation": 2}, "spec": smaller})
    cluster.run(5)
    assert resize_condition(cluster) is None
    assert cluster.container()["resources"] == resources("1")


WHOLE = {"limits": {"cpu": "500m", "memory": "200Mi"}, "requests": {"cpu": "200m", "memory": "100Mi"}}


def resize_whole(cluster: Cluster, to: Object) -> None:
    pod = cluster.pod()
    assert pod
    metadata = {**pod["metadata"], "generation": pod["metadata"]["generation"] + 1}
    cluster.api.update("pods", {**pod, "metadata": metadata, "spec": {**pod["spec"], "resources": to}})
    cluster.run(5)


def test_what_a_pod_names_for_itself_goes_before_what_its_containers_have_together(cluster: Cluster) -> None:
    cluster.create(container(resources={"requests": {"cpu": "50m", "ephemeral-storage": "1Mi"}}), resources=WHOLE)
    cluster.run(5)
    assert cluster.status()["resources"] == {**WHOLE, "requests": {**WHOLE["requests"], "ephemeral-storage": "1Mi"}}
    assert cluster.status()["allocatedResources"] == {**WHOLE["requests"], "ephemeral-storage": "1Mi"}


def test_the_overhead_of_running_a_pod_is_part_of_what_it_has(cluster: Cluster) -> None:
    limited = container(resources={"limits": {"cpu": "100m"}, "requests": {"cpu": "100m"}})
    overhead = {"podFixed": {"cpu": "50m", "memory": "8Mi"}}
    cluster.api.create(
        "runtimeclasses", {"kind": "RuntimeClass", "metadata": {"name": "vm"}, "handler": "vm", "overhead": overhead}
    )
    cluster.create(limited, runtimeClassName="vm")
    cluster.run(5)
    assert cluster.status()["resources"] == {"limits": {"cpu": "150m"}, "requests": {"cpu": "150m", "memory": "8Mi"}}
    assert cluster.status()["allocatedResources"] == {"cpu": "150m", "memory": "8Mi"}


def test_what_a_pod_names_for_itself_is_resized_in_place(cluster: Cluster) -> None:
    cluster.create(resources=WHOLE)
    cluster.run(5)
    more = {**WHOLE, "limits": {"cpu": "1", "memory": "300Mi"}, "requests": {"cpu": "700m", "memory": "100Mi"}}
    resize_whole(cluster, more)
    assert cluster.status()["resources"] == more
    assert cluster.status()["allocatedResources"] == more["requests"]
    assert cluster.container()["restartCount"] == 0
    assert [reason for reason in cluster.reasons() if "Resize" in reason] == ["ResizeStarted", "ResizeCompleted"]
    assert cluster.kubelet.node_info("node1").requested["cpu"] == 700


def test_more_for_a_pod_than_its_node_has_is_infeasible(cluster: Cluster) -> None:
    cluster.create(resources=WHOLE)
    cluster.run(5)
    resize_whole(cluster, {"limits": {"cpu": "80"}, "requests": {"cpu": "80"}})
    condition = resize_condition(cluster)
    assert condition
    assert (condition["type"], condition["reason"]) == ("PodResizePending", "Infeasible")
    assert condition["message"].startswith("Node didn't have enough capacity: cpu, requested: 80000, capacity: ")
    assert cluster.status()["resources"] == WHOLE


def test_a_container_that_does_not_run_has_at_once_what_is_asked_for(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1, 1))
    create(cluster)
    cluster.run(3)
    assert "running" not in cluster.container()["state"]
    resize(cluster, resources("300m"))
    cluster.run(0.5)
    assert [r for r in cluster.reasons() if "Resize" in r] == ["ResizeStarted", "ResizeCompleted"]
    assert not [c for v in cluster.versions() for c in v["status"].get("conditions", ()) if "Resize" in c["type"]]
    assert cluster.container()["resources"] == resources("300m")


def test_a_container_that_is_started_again_has_what_was_allocated_while_more_is_not_to_be_had(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(8, 1))
    create(cluster)
    resize(cluster, resources("64"))
    cluster.run(10)
    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["resources"] == resources("200m")
    assert cluster.container()["allocatedResources"] == resources("200m")["requests"]


def test_an_init_container_is_resized_while_it_runs(cluster: Cluster) -> None:
    cluster.behaviors["a"] = Behavior(exits=(60, 0))
    cluster.create(init=(container("a", resources=resources("200m")),))
    cluster.run(5)
    pod = cluster.pod()
    assert pod
    spec = {**pod["spec"], "initContainers": [{**pod["spec"]["initContainers"][0], "resources": resources("300m")}]}
    cluster.api.update("pods", {**pod, "metadata": {**pod["metadata"], "generation": 2}, "spec": spec})
    cluster.run(5)
    assert cluster.container("a")["resources"] == resources("300m")
    assert [r for r in cluster.reasons() if "Resize" in r] == ["ResizeStarted", "ResizeCompleted"]


def test_a_pod_that_asks_for_too_much_while_its_kubelet_is_away_keeps_what_it_has(cluster: Cluster) -> None:
    create(cluster)
    started = cluster.status()["startTime"]
    cluster.kubelet.stop("node1")
    resize(cluster, resources("64"))
    cluster.kubelet.start("node1")
    cluster.run(5)
    assert cluster.status()["phase"] == "Running"
    assert cluster.status()["startTime"] == started
    condition = resize_condition(cluster)
    assert condition
    assert condition["reason"] == "Infeasible"
    assert cluster.kubelet.node_info("node1").requested["cpu"] == 200


def test_a_pods_own_limit_below_what_it_uses_waits_until_it_uses_less(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(memory=150 << 20)
    cluster.create(resources=WHOLE)
    cluster.run(5)
    less = {**WHOLE, "limits": {"cpu": "500m", "memory": "128Mi"}}
    resize_whole(cluster, less)
    cluster.run(12)
    condition = resize_condition(cluster)
    assert condition
    assert (condition["type"], condition["reason"]) == ("PodResizeInProgress", "Error")
    assert condition["message"] == "attempting to set pod memory limit (134217728) below current usage (157286400)"
    cluster.behaviors["app"] = Behavior(memory=50 << 20)
    cluster.run(20)
    assert resize_condition(cluster) is None
    assert cluster.reasons()[-1] == "ResizeCompleted"
    assert cluster.status()["resources"] == less
