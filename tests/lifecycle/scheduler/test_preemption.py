"""Who has to go so that a Pod of higher priority fits, and what is said and done about it."""

from __future__ import annotations

from typing import Any

from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.controllers.disruption import Disruption
from lifecycle.scheduler.room import Scheduler
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod


def cluster(*names: str) -> Rooms:
    rooms = Rooms()
    rooms.kernel.rooms["scheduler"] = Scheduler(rooms.kernel)
    for number, name in enumerate(names):
        rooms.api.create("nodes", whole_node(default_node(name), number, "2026-01-01T00:00:00Z"))
    for name, value in (("high", 100), ("middle", 50)):
        body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value}
        rooms.request("create", "priorityclasses", body, group_version="scheduling.k8s.io/v1")
    return rooms


def create(rooms: Rooms, name: str, cpu: str, priority: str = "", running_on: str = "", **spec: Any) -> None:
    """Create a Pod and let the scheduler see to it; one that is to run does so at once."""
    container = {"name": "app", "image": "nginx:1.25", "resources": {"requests": {"cpu": cpu}}}
    more = {"priorityClassName": priority} if priority else {}
    placed = {"nodeName": running_on} if running_on else {}
    answer = rooms.request("create", "pods", pod(name, containers=[container], **more, **placed, **spec))
    assert answer.code == 201, answer.body
    rooms.run(1)


def get(rooms: Rooms, name: str) -> Object:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    return found


def end(rooms: Rooms, name: str) -> None:
    """Let a Pod be gone, as its kubelet would."""
    rooms.api.remove("pods", "default", name)
    rooms.run(1)


def scheduled(obj: Object) -> str:
    (condition,) = [c for c in obj["status"]["conditions"] if c["type"] == "PodScheduled"]
    return str(condition.get("message", condition["status"]))


def leaving(rooms: Rooms) -> list[str]:
    return [p["metadata"]["name"] for p in rooms.api.list("pods") if "deletionTimestamp" in p["metadata"]]


def test_a_pod_of_lower_priority_is_told_deleted_and_said_to_be_preempted():
    rooms = cluster("node1")
    create(rooms, "low", "1500m")
    create(rooms, "top", "1500m", "high")
    low, top = get(rooms, "low"), get(rooms, "top")
    assert leaving(rooms) == ["low"]
    assert low["status"]["conditions"][-1]["reason"] == "PreemptionByScheduler"
    assert top["status"]["nominatedNodeName"] == "node1"
    assert scheduled(top) == "0/1 nodes are available: 1 Insufficient cpu."
    (event,) = [e for e in rooms.events() if e["reason"] == "Preempted"]
    assert event["message"] == f"Preempted by pod {top['metadata']['uid']} on node node1"
    assert (event["involvedObject"]["name"], event["action"], event["type"]) == ("low", "Preempting", "Normal")


def test_the_place_is_taken_as_soon_as_it_is_free_and_the_nomination_ends():
    rooms = cluster("node1")
    create(rooms, "low", "1500m")
    create(rooms, "top", "1500m", "high")
    end(rooms, "low")
    assert get(rooms, "top")["spec"]["nodeName"] == "node1"
    assert "nominatedNodeName" not in get(rooms, "top")["status"]


def test_while_its_victim_is_leaving_a_pod_preempts_nobody_else():
    rooms = cluster("node1")
    create(rooms, "low", "1500m")
    create(rooms, "tiny", "100m")
    create(rooms, "top", "1500m", "high")
    end(rooms, "tiny")
    assert leaving(rooms) == ["low"]
    assert scheduled(get(rooms, "top")).endswith("preemption: not eligible due to a terminating pod on the nominated node.")


def test_a_place_that_was_made_for_one_is_not_given_to_a_lesser_one():
    rooms = cluster("node1")
    create(rooms, "low", "1500m")
    create(rooms, "top", "1500m", "high")
    end(rooms, "low")
    rooms.api.remove("pods", "default", "top")
    rooms.run(1)
    create(rooms, "low", "1500m")
    create(rooms, "top", "1500m", "high")
    create(rooms, "small", "400m")
    assert "nodeName" not in get(rooms, "small")["spec"]
    end(rooms, "low")
    assert get(rooms, "top")["spec"]["nodeName"] == "node1"


def test_as_many_as_possible_stay_the_most_important_first():
    rooms = cluster("node1")
    create(rooms, "a", "500m")
    create(rooms, "b", "500m", "middle")
    create(rooms, "c", "500m")
    create(rooms, "top", "1400m", "high")
    assert leaving(rooms) == ["a", "c"]


def test_the_node_with_the_least_important_victims_is_chosen():
    rooms = cluster("a", "b", "c")
    create(rooms, "on-a", "1500m", "middle", running_on="a")
    create(rooms, "on-b", "1500m", running_on="b")
    create(rooms, "on-c", "1500m", "middle", running_on="c")
    create(rooms, "top", "1500m", "high")
    assert leaving(rooms) == ["on-b"]


def test_equals_are_not_preempted_and_the_message_says_what_was_tried():
    rooms = cluster("node1")
    create(rooms, "first", "1500m", "high")
    create(rooms, "second", "1500m", "high")
    assert leaving(rooms) == []
    assert scheduled(get(rooms, "second")) == (
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
        "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
    )


def test_a_pod_that_never_preempts_says_so():
    rooms = cluster("node1")
    body = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "polite"},
        "value": 100,
        "preemptionPolicy": "Never",
    }
    rooms.request("create", "priorityclasses", body, group_version="scheduling.k8s.io/v1")
    create(rooms, "low", "1500m")
    create(rooms, "top", "1500m", "polite")
    assert leaving(rooms) == []
    assert scheduled(get(rooms, "top")).endswith("preemption: not eligible due to preemptionPolicy=Never.")


def test_where_nobody_could_make_enough_room_nobody_has_to_go():
    rooms = cluster("node1")
    create(rooms, "low", "500m")
    create(rooms, "fixed", "1", "high")
    create(rooms, "top", "1500m", "high")
    assert leaving(rooms) == []
    assert scheduled(get(rooms, "top")).endswith("preemption: 0/1 nodes are available: 1 Insufficient cpu.")


def test_a_host_port_can_be_freed_by_preemption():
    rooms = cluster("node1")
    for name, priority in (("low", {}), ("top", {"priorityClassName": "high"})):
        container = {"name": "app", "image": "nginx:1.25", "ports": [{"containerPort": 80, "hostPort": 80}]}
        rooms.request("create", "pods", pod(name, containers=[container], **priority))
        rooms.run(1)
    assert leaving(rooms) == ["low"]


def test_a_missing_claim_is_said_at_once_and_its_coming_tried():
    rooms = cluster("node1")
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "nope"}}]
    rooms.request("create", "pods", pod("web", volumes=volumes))
    rooms.run(1)
    assert scheduled(get(rooms, "web")) == '0/1 nodes are available: persistentvolumeclaim "nope" not found. not found'
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "nope"}, "spec": spec}
    answer = rooms.request("create", "persistentvolumeclaims", claim)
    assert answer.code == 201, answer.body
    rooms.run(1)
    unbound = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert scheduled(get(rooms, "web")) == unbound


def test_those_go_first_whose_going_no_budget_forbids():
    rooms = cluster("node1")
    rooms.kernel.rooms["disruption"] = Disruption(rooms.kernel)
    budget = {"metadata": {"name": "all"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "kept"}}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", **budget}
    assert rooms.request("create", "poddisruptionbudgets", budget, group_version="policy/v1").code == 201
    for name, app in (("first", "other"), ("second", "kept")):
        container = {"name": "app", "image": "nginx:1.25", "resources": {"requests": {"cpu": "1"}}}
        body = pod(name, containers=[container])
        body["metadata"]["labels"] = {"app": app}
        rooms.request("create", "pods", body)
        rooms.run(1)
    create(rooms, "top", "1", "high")
    assert leaving(rooms) == ["first"]


def test_a_less_important_pod_gives_back_the_node_that_was_to_be_its():
    rooms = cluster("node1")
    create(rooms, "low", "1500m")
    create(rooms, "middle", "1500m", "middle")
    assert get(rooms, "middle")["status"]["nominatedNodeName"] == "node1"
    create(rooms, "top", "2", "high")
    assert "nominatedNodeName" not in get(rooms, "middle")["status"]
    assert get(rooms, "top")["status"]["nominatedNodeName"] == "node1"
