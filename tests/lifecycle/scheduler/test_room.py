"""Which node a Pod goes to, and what is said where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.engine import Engine
from lifecycle.scheduler.room import Scheduler
from lifecycle.wire import DEFAULT_START, Change, Config, Object, Output, Request
from tests.lifecycle.rooms import Rooms, pod, seconds

NOT_HELPFUL = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
NO_VICTIMS = "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."


def cluster(*nodes: Object, **config: Any) -> Rooms:
    rooms = Rooms(**config)
    rooms.kernel.rooms["scheduler"] = Scheduler(rooms.kernel)
    for number, one in enumerate(nodes):
        rooms.api.create("nodes", whole_node(one, number, "2026-01-01T00:00:00Z"))
    return rooms


def node(name: str = "node1", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    made = default_node(name)
    return {**made, "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


def asking(cpu: str, name: str = "web", **spec: Any) -> Object:
    container = {"name": "app", "image": "nginx:1.25", "resources": {"requests": {"cpu": cpu}}}
    return pod(name, containers=[container], **spec)


def with_host_port(port: int, name: str) -> Object:
    container = {"name": "app", "image": "nginx:1.25", "ports": [{"containerPort": 80, "hostPort": port}]}
    return pod(name, containers=[container])


def play(rooms: Rooms, body: Object, for_seconds: float = 1) -> Object:
    """Create a Pod, let time pass, and return the Pod."""
    answer = rooms.request("create", "pods", body)
    assert answer.code == 201, answer.body
    rooms.run(for_seconds)
    return get(rooms, body["metadata"]["name"])


def get(rooms: Rooms, name: str) -> Object:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    return found


def scheduled(obj: Object) -> dict[str, Any]:
    (condition,) = [c for c in obj["status"]["conditions"] if c["type"] == "PodScheduled"]
    return dict(condition)


def reasons(rooms: Rooms, name: str = "web") -> list[str]:
    events = [change for change in rooms.changes("Event") if change.object["involvedObject"]["name"] == name]
    return [change.object["reason"] for change in events if change.type == "ADDED"]


def test_a_pod_is_bound_and_then_an_event_says_so():
    rooms = cluster(node())
    bound = play(rooms, pod())
    assert bound["spec"]["nodeName"] == "node1"
    assert scheduled(bound) == {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    (event,) = rooms.events()
    assert event["message"] == "Successfully assigned default/web to node1"
    assert (event["reason"], event["action"], event["type"]) == ("Scheduled", "Binding", "Normal")
    assert bound["metadata"]["generation"] == 1


def test_pods_are_taken_up_one_after_another():
    rooms = cluster(node())
    for n in range(3):
        rooms.request("create", "pods", pod(f"web-{n}"))
    rooms.run(1)
    bound = [change for change in rooms.changes("Pod") if change.type == "MODIFIED"]
    assert [change.object["metadata"]["name"] for change in bound] == ["web-0", "web-1", "web-2"]
    assert len({change.at for change in bound}) == 3


def test_the_higher_priority_goes_first():
    rooms = cluster(node())
    priority_class = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 10}
    rooms.request("create", "priorityclasses", priority_class, group_version="scheduling.k8s.io/v1")
    rooms.request("create", "pods", pod("low"))
    rooms.request("create", "pods", pod("high", priorityClassName="high"))
    rooms.run(1)
    bound = [change.object["metadata"]["name"] for change in rooms.changes("Pod") if change.type == "MODIFIED"]
    assert bound == ["high", "low"]


@pytest.mark.parametrize(
    ("the_node", "the_pod", "text"),
    [
        (node(), asking("2500m"), f"1 Insufficient cpu. no new claims to deallocate, {NOT_HELPFUL}"),
        (
            node(),
            pod(nodeSelector={"disk": "ssd"}),
            f"1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, {NOT_HELPFUL}",
        ),
        (
            node(unschedulable=True),
            pod(),
            f"1 node(s) were unschedulable. no new claims to deallocate, {NOT_HELPFUL}",
        ),
        (
            node(taints=[{"key": "gpu", "effect": "NoSchedule"}]),
            pod(),
            f"1 node(s) had untolerated taint(s). no new claims to deallocate, {NOT_HELPFUL}",
        ),
        (
            node(),
            asking("2500m", preemptionPolicy="PreemptLowerPriority", nodeSelector={"disk": "ssd"}),
            f"1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, {NOT_HELPFUL}",
        ),
    ],
    ids=["cpu", "node selector", "cordoned", "taint", "the first filter that fails counts"],
)
def test_what_stands_in_the_way_is_said_in_an_event_and_in_the_condition(the_node, the_pod, text):
    rooms = cluster(the_node)
    left = play(rooms, the_pod)
    condition = scheduled(left)
    assert condition["message"] == f"0/1 nodes are available: {text}"
    assert (condition["status"], condition["reason"], condition["observedGeneration"]) == ("False", "Unschedulable", 1)
    (event,) = rooms.events()
    assert (event["reason"], event["type"], event["message"]) == ("FailedScheduling", "Warning", condition["message"])
    first, then = rooms.changes("Event")[0], rooms.changes("Pod")[-1]
    assert first.index < then.index


def test_where_the_resources_are_taken_by_others_preemption_was_tried():
    rooms = cluster(node())
    play(rooms, asking("1500m", "first"))
    left = play(rooms, asking("1500m"))
    message = scheduled(left)["message"]
    assert message == f"0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, {NO_VICTIMS}"


def test_a_host_port_is_given_once():
    rooms = cluster(node())
    play(rooms, with_host_port(8080, "first"))
    left = play(rooms, with_host_port(8080, "web"))
    assert "1 node(s) didn't have free ports for the requested pod ports." in scheduled(left)["message"]
    assert play(rooms, with_host_port(8081, "third"))["spec"]["nodeName"] == "node1"


def test_reasons_of_several_nodes_are_counted_and_sorted():
    rooms = cluster(node("a", unschedulable=True), node("b"), node("c"))
    left = play(rooms, asking("64"))
    assert scheduled(left)["message"].startswith("0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. ")


def test_without_any_node_the_scheduler_says_so():
    rooms = cluster()
    assert scheduled(play(rooms, pod()))["message"] == "no nodes available to schedule pods"


def test_a_pod_that_waits_is_bound_when_a_label_makes_its_node_fit():
    rooms = cluster(node())
    play(rooms, pod(nodeSelector={"disk": "ssd"}))
    rooms.run(39)
    old = rooms.api.get("nodes", "", "node1")
    rooms.api.update("nodes", {**old, "metadata": {**old["metadata"], "labels": {**old["metadata"]["labels"], "disk": "ssd"}}})
    rooms.run(1)
    assert get(rooms, "web")["spec"]["nodeName"] == "node1"
    assert reasons(rooms) == ["FailedScheduling", "Scheduled"]


def test_a_change_of_a_node_that_cannot_help_brings_no_new_attempt():
    rooms = cluster(node())
    play(rooms, pod(nodeSelector={"disk": "ssd"}))
    old = rooms.api.get("nodes", "", "node1")
    rooms.api.update("nodes", {**old, "metadata": {**old["metadata"], "labels": {**old["metadata"]["labels"], "disk": "hdd"}}})
    rooms.run(10)
    assert reasons(rooms) == ["FailedScheduling"]


def test_the_end_of_another_pod_frees_its_place():
    rooms = cluster(node())
    first = play(rooms, asking("1500m", "first"))
    play(rooms, asking("1500m"))
    rooms.api.update("pods", {**first, "status": {**first["status"], "phase": "Succeeded"}})
    rooms.run(1)
    assert get(rooms, "web")["spec"]["nodeName"] == "node1"


def test_a_pod_that_nothing_helps_is_tried_again_after_five_minutes():
    rooms = cluster(node())
    play(rooms, asking("64"))
    rooms.run(299)
    assert reasons(rooms) == ["FailedScheduling"]
    rooms.run(31)
    assert reasons(rooms) == ["FailedScheduling", "FailedScheduling"]
    at = [seconds(change.at) for change in rooms.changes("Event")]
    assert at == pytest.approx([0.004, 330.004])


def test_retries_go_on_at_rest():
    rooms = cluster(node())
    play(rooms, asking("64"))
    assert rooms.kernel.agenda.at_rest()


def test_a_gated_pod_waits_without_a_word_until_its_gate_is_lifted():
    rooms = cluster(node())
    gated = play(rooms, pod(schedulingGates=[{"name": "example.com/wait"}]))
    assert scheduled(gated)["reason"] == "SchedulingGated"
    assert rooms.events() == []
    rooms.api.update("pods", {**gated, "spec": {**gated["spec"], "schedulingGates": []}})
    rooms.run(1)
    assert get(rooms, "web")["spec"]["nodeName"] == "node1"


def test_a_pod_with_a_node_name_is_left_alone_but_takes_its_place():
    rooms = cluster(node())
    placed = play(rooms, asking("1500m", "first", nodeName="node1"))
    assert "conditions" not in placed["status"]
    assert rooms.events() == []
    assert "Insufficient cpu" in scheduled(play(rooms, asking("1")))["message"]


def test_a_pod_for_another_scheduler_is_left_alone():
    rooms = cluster(node())
    assert "nodeName" not in play(rooms, pod(schedulerName="mine"))["spec"]


def test_a_pod_that_was_deleted_while_it_waited_is_forgotten():
    rooms = cluster(node())
    play(rooms, asking("64"))
    rooms.request("delete", "pods", name="web")
    rooms.run(700)
    assert reasons(rooms) == ["FailedScheduling"]


def test_pods_are_spread_over_nodes_that_have_more_room():
    rooms = cluster(node("a"), node("b"))
    names = [play(rooms, asking("500m", f"web-{n}"))["spec"]["nodeName"] for n in range(4)]
    assert sorted(names) == ["a", "a", "b", "b"]


def test_a_restored_scheduler_knows_what_is_taken():
    rooms = cluster(node())
    play(rooms, asking("1500m", "first"))
    again = Scheduler(rooms.kernel, rooms.kernel.rooms["scheduler"].state)
    assert again.cache.nodes["node1"].requested["cpu"] == 1500


def test_an_engine_that_is_restored_between_any_two_pods_chooses_as_one_that_is_not():
    def chosen(restoring: bool) -> list[str]:
        engine = Engine.new(Config(DEFAULT_START, nodes=(default_node("c"), default_node("a"), default_node("b"))))
        outputs: list[Output] = []
        for n in range(8):
            engine.request(engine.now, Request("create", "pods", namespace="default", body=asking("100m", f"web-{n}")))
            outputs += engine.advance(engine.now + SECOND)
            if restoring:
                engine = Engine.restore(engine.save())
        pods = [o.object for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
        return list({p["metadata"]["name"]: p["spec"]["nodeName"] for p in pods if "nodeName" in p["spec"]}.values())

    assert len(chosen(restoring=False)) == 8
    assert chosen(restoring=True) == chosen(restoring=False)


def test_a_pod_gets_the_labels_that_say_where_its_node_is():
    zone = {"topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1", "disk": "ssd"}
    rooms = cluster(node(labels=zone))
    bound = play(rooms, {**pod(), "metadata": {"name": "web", "labels": {"app": "web"}}})
    assert bound["metadata"]["labels"] == {
        "app": "web",
        "topology.kubernetes.io/region": "r1",
        "topology.kubernetes.io/zone": "z1",
    }


def test_a_pod_that_names_nodes_by_field_is_told_of_the_others_in_one_word():
    rooms = cluster(node("a"), node("b"), node("c"))
    field = {"key": "metadata.name", "operator": "In", "values": ["a"]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    left = play(rooms, asking("50", affinity=affinity))
    assert scheduled(left)["message"].startswith(
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
    )
    assert play(rooms, asking("1", "fits", affinity=affinity))["spec"]["nodeName"] == "a"


def test_a_pod_whose_terms_name_no_node_at_all_is_told_so():
    rooms = cluster(node("a"))
    fields = [{"key": "metadata.name", "operator": "In", "values": [name]} for name in ("a", "b")]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    left = play(rooms, pod(affinity=affinity))
    assert scheduled(left)["message"] == "0/1 nodes are available: pod affinity terms conflict. not found"


def attempts(rooms: Rooms, name: str) -> int:
    """Return how often it was said that a Pod fits nowhere."""
    events = [e for e in rooms.events() if e["involvedObject"]["name"] == name and e["reason"] == "FailedScheduling"]
    return sum((event.get("series") or {}).get("count", 1) for event in events)


def change_node(rooms: Rooms, name: str, **parts: Any) -> None:
    old = rooms.api.get("nodes", "", name)
    assert old is not None
    rooms.api.update("nodes", {**old, **{part: {**old[part], **more} for part, more in parts.items()}})
    rooms.run(1)


def test_only_what_may_help_wakes_a_pod_that_waits():
    rooms = cluster(node("a", taints=[{"key": "gpu", "effect": "NoSchedule"}]))
    play(rooms, pod())
    before = attempts(rooms, "web")
    change_node(rooms, "a", metadata={"labels": {"disk": "ssd"}})
    change_node(rooms, "a", spec={"taints": [{"key": "other", "effect": "NoSchedule"}]})
    assert attempts(rooms, "web") == before
    change_node(rooms, "a", spec={"taints": []})
    assert get(rooms, "web")["spec"]["nodeName"] == "a"


def test_a_toleration_that_is_added_wakes_the_pod_itself():
    rooms = cluster(node("a", taints=[{"key": "gpu", "effect": "NoSchedule"}]))
    old = play(rooms, pod())
    spec = {**old["spec"], "tolerations": [*old["spec"]["tolerations"], {"key": "gpu", "operator": "Exists"}]}
    rooms.api.update("pods", {**old, "spec": spec})
    rooms.run(1)
    assert get(rooms, "web")["spec"]["nodeName"] == "a"


def test_labels_that_change_wake_only_pods_to_which_labels_matter():
    rooms = cluster(node("a"))
    old = play(rooms, asking("50"))
    before = attempts(rooms, "web")
    rooms.api.update("pods", {**old, "metadata": {**old["metadata"], "labels": {"app": "new"}}})
    rooms.run(1)
    assert attempts(rooms, "web") == before


def test_pods_of_a_service_go_to_different_nodes_of_different_zones():
    zones = {f"n{i}": {"topology.kubernetes.io/zone": f"z{i % 2}"} for i in range(4)}
    rooms = cluster(*(node(name, labels) for name, labels in zones.items()))
    service = {"kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    assert rooms.request("create", "services", service).code == 201
    chosen = []
    for n in range(4):
        chosen.append(play(rooms, {**pod(f"web-{n}"), "metadata": {"name": f"web-{n}", "labels": {"app": "web"}}}))
    assert len({one["spec"]["nodeName"] for one in chosen}) == 4
    assert zones[chosen[0]["spec"]["nodeName"]] != zones[chosen[1]["spec"]["nodeName"]]


def test_a_pod_that_goes_right_after_a_restore_makes_room_for_one_that_waits():
    engine = Engine.new(Config(DEFAULT_START))
    for name in ("first", "second"):
        engine.request(engine.now, Request("create", "pods", namespace="default", body=asking("1500m", name)))
        engine.advance(engine.now + SECOND)
    engine = Engine.restore(engine.save())
    gone = Request("delete", "pods", namespace="default", name="first", body={"gracePeriodSeconds": 0})
    engine.request(engine.now, gone)
    outputs = engine.advance(engine.now + 2 * SECOND)
    pods = [o.object for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
    assert any(one["metadata"]["name"] == "second" and one["spec"].get("nodeName") == "node1" for one in pods)
