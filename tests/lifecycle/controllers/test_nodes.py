"""What becomes of nodes that fall silent, and of the Pods on them."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.controllers.bootstrap import default_node, whole_node
from lifecycle.controllers.heartbeats import renewed
from lifecycle.controllers.nodelifecycle import NodeLifecycle
from lifecycle.controllers.podgc import PodGC
from lifecycle.controllers.tainteviction import TaintEviction, tolerated_for
from lifecycle.controllers.ttl import TTL
from lifecycle.wire import DEFAULT_START, Object
from tests.lifecycle.rooms import Rooms, pod, seconds

READY = {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}


def cluster(*names: str) -> Rooms:
    rooms = Rooms()
    for name, room in (("nodelifecycle", NodeLifecycle), ("tainteviction", TaintEviction), ("podgc", PodGC)):
        rooms.kernel.rooms[name] = room(rooms.kernel)
    for number, name in enumerate(names):
        rooms.api.create("nodes", whole_node(default_node(name), number, "2026-01-01T00:00:00Z"))
    return rooms


def ready_pod(rooms: Rooms, name: str = "web", node: str = "a", **spec: Any) -> None:
    rooms.request("create", "pods", pod(name, nodeName=node, **spec))
    old = get(rooms, name)
    rooms.api.update("pods", {**old, "status": {**old["status"], "phase": "Running", "conditions": [READY]}})


def get(rooms: Rooms, name: str = "web") -> Object:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    return found


def node(rooms: Rooms, name: str = "a") -> Object:
    found = rooms.api.get("nodes", "", name)
    assert found is not None
    return found


def taints(rooms: Rooms, name: str = "a") -> list[tuple[str, str]]:
    return [(taint["key"], taint["effect"]) for taint in node(rooms, name)["spec"].get("taints", [])]


def condition(obj: Object, type: str) -> dict[str, Any]:
    (found,) = [c for c in obj["status"]["conditions"] if c["type"] == type]
    return dict(found)


def stop_kubelet(rooms: Rooms, name: str = "a") -> None:
    rooms.kernel.rooms["nodelifecycle"].kubelet_stopped(name)


def start_kubelet(rooms: Rooms, name: str = "a") -> None:
    rooms.kernel.rooms["nodelifecycle"].kubelet_started(name)


def events(rooms: Rooms) -> list[tuple[str, str]]:
    return [(event["reason"], event["message"]) for event in sorted(rooms.events(), key=lambda e: e["metadata"]["name"])]


def test_a_cordoned_node_gets_its_taint_and_loses_it_again():
    rooms = cluster("a")
    rooms.api.update("nodes", {**node(rooms), "spec": {"unschedulable": True}})
    assert taints(rooms) == []
    rooms.run(1)
    assert taints(rooms) == [("node.kubernetes.io/unschedulable", "NoSchedule")]
    rooms.api.update("nodes", {**node(rooms), "spec": {"taints": node(rooms)["spec"]["taints"]}})
    rooms.run(1)
    assert taints(rooms) == []


def test_a_taint_of_somebodys_own_stays():
    rooms = cluster("a")
    own = {"key": "gpu", "effect": "NoSchedule"}
    rooms.api.update("nodes", {**node(rooms), "spec": {"unschedulable": True, "taints": [own]}})
    rooms.run(1)
    assert taints(rooms) == [("gpu", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule")]


@pytest.mark.parametrize("stopped_at", [0.0, 3.7, 15.0, 29.9, 60.0])
def test_a_silent_node_is_noticed_after_forty_to_fifty_five_seconds(stopped_at):
    rooms = cluster("a")
    rooms.run(stopped_at)
    stop_kubelet(rooms)
    rooms.run(60)
    (change, *_) = [c for c in rooms.changes("Node") if condition(c.object, "Ready")["status"] == "Unknown"]
    assert 40 <= seconds(change.at) - stopped_at <= 55
    unknown = {c["type"]: (c["status"], c["reason"]) for c in change.object["status"]["conditions"]}
    assert set(unknown.values()) == {("Unknown", "NodeStatusUnknown")}
    assert len(unknown) == 4


def test_its_pods_are_no_longer_ready_and_all_else_of_them_stays():
    rooms = cluster("a")
    ready_pod(rooms)
    stop_kubelet(rooms)
    rooms.run(60)
    left = get(rooms)
    ready = condition(left, "Ready")
    assert ready["status"] == "False"
    assert "reason" not in ready
    assert ready["lastTransitionTime"] > READY["lastTransitionTime"]
    assert left["status"]["phase"] == "Running"
    assert ("NodeNotReady", "Node is not ready") in events(rooms)
    assert ("NodeNotReady", "Node a status is now: NodeNotReady") in events(rooms)


def test_the_only_node_of_a_cluster_is_not_emptied():
    rooms = cluster("a")
    ready_pod(rooms)
    stop_kubelet(rooms)
    rooms.run(600)
    assert taints(rooms) == [("node.kubernetes.io/unreachable", "NoSchedule")]
    assert "deletionTimestamp" not in get(rooms)["metadata"]


def test_where_another_node_is_well_pods_leave_after_what_they_tolerate():
    rooms = cluster("a", "b")
    ready_pod(rooms, "default-tolerations")
    ready_pod(rooms, "twenty", tolerations=[{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 20}])
    ready_pod(rooms, "for-ever", tolerations=[{"operator": "Exists"}])
    ready_pod(rooms, "elsewhere", "b")
    stop_kubelet(rooms)
    rooms.run(60)
    assert ("node.kubernetes.io/unreachable", "NoExecute") in taints(rooms)
    rooms.run(20)
    assert "deletionTimestamp" in get(rooms, "twenty")["metadata"]
    assert "deletionTimestamp" not in get(rooms, "default-tolerations")["metadata"]
    rooms.run(300)
    assert "deletionTimestamp" in get(rooms, "default-tolerations")["metadata"]
    for name in ("for-ever", "elsewhere"):
        assert "deletionTimestamp" not in get(rooms, name)["metadata"]
    target = condition(get(rooms, "twenty"), "DisruptionTarget")
    assert target["reason"] == "DeletionByTaintManager"
    assert target["message"] == "Taint manager: deleting due to NoExecute taint"
    (event,) = [e for e in rooms.events() if e["message"] == "Marking for deletion Pod default/twenty"]
    assert (event["reason"], event["source"]) == ("TaintManagerEviction", {"component": "taint-eviction-controller"})
    assert "uid" not in event["involvedObject"]


def test_a_node_that_is_back_in_time_keeps_its_pods():
    rooms = cluster("a", "b")
    ready_pod(rooms)
    stop_kubelet(rooms)
    rooms.run(100)
    start_kubelet(rooms)
    assert condition(node(rooms), "Ready")["status"] == "True"
    rooms.run(6)
    assert taints(rooms) == []
    assert ("TaintManagerEviction", "Cancelling deletion of Pod default/web") in events(rooms)
    rooms.run(600)
    assert "deletionTimestamp" not in get(rooms)["metadata"]


def test_a_kubelet_that_is_back_before_anybody_noticed_changes_nothing():
    rooms = cluster("a")
    rooms.kernel.outputs.clear()
    stop_kubelet(rooms)
    rooms.run(20)
    start_kubelet(rooms)
    rooms.run(100)
    assert {output.object["kind"] for output in rooms.kernel.outputs} == {"Lease"}


def test_a_lease_says_when_it_was_renewed_last_once_its_kubelet_is_silent():
    rooms = cluster("a")
    (lease,) = rooms.api.list("leases", "kube-node-lease")
    assert lease["spec"] == {"holderIdentity": "a", "leaseDurationSeconds": 40}
    shown = renewed(lease, DEFAULT_START, DEFAULT_START + 37 * SECOND)
    assert shown["spec"]["renewTime"] == "2026-01-01T00:00:34.000000Z"
    rooms.run(20)
    stop_kubelet(rooms)
    silent = rooms.api.get("leases", "kube-node-lease", "a")
    assert renewed(silent, DEFAULT_START, DEFAULT_START + 900 * SECOND)["spec"]["renewTime"] == "2026-01-01T00:00:14.000000Z"
    start_kubelet(rooms)
    assert rooms.api.get("leases", "kube-node-lease", "a") == lease
    rooms.api.remove("nodes", "", "a")
    assert not list(rooms.api.list("leases"))


def test_the_pods_of_a_node_that_is_gone_are_failed_and_taken_away():
    rooms = cluster("a", "b")
    ready_pod(rooms)
    rooms.run(5)
    rooms.api.remove("nodes", "", "a")
    rooms.run(39)
    assert get(rooms)["status"]["phase"] == "Running"
    rooms.run(21)
    assert rooms.api.get("pods", "default", "web") is None
    failed = [c.object for c in rooms.changes("Pod") if c.object["status"].get("phase") == "Failed"]
    assert condition(failed[0], "DisruptionTarget")["message"] == "PodGC: node no longer exists"
    assert not [e for e in rooms.events() if e["source"].get("component") == "podgc"]


def test_a_pod_put_on_a_node_that_never_was_is_taken_away():
    rooms = cluster("a")
    rooms.request("create", "pods", pod(nodeName="nowhere"))
    rooms.run(61)
    assert rooms.api.get("pods", "default", "web") is None


def test_a_node_out_of_service_lets_go_of_pods_that_are_being_deleted():
    rooms = cluster("a", "b")
    ready_pod(rooms)
    ready_pod(rooms, "stays", tolerations=[{"operator": "Exists"}])
    stop_kubelet(rooms)
    rooms.run(60)
    rooms.request("delete", "pods", name="web")
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    rooms.api.update("nodes", {**node(rooms), "spec": {"taints": [*node(rooms)["spec"]["taints"], taint]}})
    rooms.run(21)
    assert rooms.api.get("pods", "default", "web") is None
    assert get(rooms, "stays")
    rooms.request("delete", "pods", name="stays")
    rooms.run(21)
    assert rooms.api.get("pods", "default", "stays") is None
    said = [c.get("reason") for one in rooms.changes("Pod") for c in one.object["status"].get("conditions") or ()]
    assert "DeletionByPodGC" not in said


def test_an_eviction_that_is_due_later_is_taken_back_before_one_that_is_due_now():
    rooms = cluster("a")
    ready_pod(rooms, tolerations=[{"key": "first", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}])
    first = {"key": "first", "effect": "NoExecute"}
    rooms.api.update("nodes", {**node(rooms), "spec": {"taints": [first]}})
    rooms.run(10)
    rooms.api.update("nodes", {**node(rooms), "spec": {"taints": [first, {"key": "second", "effect": "NoExecute"}]}})
    rooms.run(1)
    told = [event["message"] for event in rooms.events() if event["reason"] == "TaintManagerEviction"]
    assert sorted(told) == ["Cancelling deletion of Pod default/web", "Marking for deletion Pod default/web"]


@pytest.mark.parametrize(
    ("tolerations", "limit"),
    [
        ([], 0),
        ([{"key": "x", "operator": "Exists"}], None),
        ([{"key": "x", "operator": "Exists", "tolerationSeconds": 30}], 30),
        ([{"key": "x", "operator": "Exists", "tolerationSeconds": -5}], 0),
        ([{"key": "x", "operator": "Equal", "value": "v", "effect": "NoExecute"}], None),
        ([{"key": "x", "operator": "Equal", "value": "other"}], 0),
        ([{"key": "x", "operator": "Exists", "effect": "NoSchedule"}], 0),
        ([{"operator": "Exists", "tolerationSeconds": 7}, {"key": "x", "operator": "Exists"}], 7),
    ],
)
def test_the_first_toleration_that_matches_says_how_long(tolerations, limit):
    assert tolerated_for(tolerations, [{"key": "x", "value": "v", "effect": "NoExecute"}]) == limit


def no_execute(rooms: Rooms, name: str) -> list[str]:
    return [key for key, effect in taints(rooms, name) if effect == "NoExecute"]


def test_nodes_of_one_zone_are_emptied_one_after_another():
    rooms = cluster("a", "b", "c", "d", "e")
    for name in ("a", "b"):
        stop_kubelet(rooms, name)
    rooms.run(58)
    tainted = [name for name in ("a", "b") if no_execute(rooms, name)]
    assert tainted == ["a"]
    rooms.run(10)
    assert no_execute(rooms, "b")


def test_where_most_of_a_zone_is_not_well_nothing_is_evicted_until_that_is_better():
    rooms = cluster("a", "b", "c", "d", "e")
    for name in ("a", "b", "c"):
        stop_kubelet(rooms, name)
    rooms.run(120)
    assert not any(no_execute(rooms, name) for name in ("a", "b", "c"))
    start_kubelet(rooms, "c")
    rooms.run(30)
    assert [name for name in ("a", "b", "c") if no_execute(rooms, name)] == ["a", "b"]


def test_a_node_whose_kubelet_says_that_it_is_not_ready_has_no_ready_pods():
    rooms = cluster("a", "b")
    ready_pod(rooms)
    sick = node(rooms)
    conditions = [{**one, "status": "False"} if one["type"] == "Ready" else one for one in sick["status"]["conditions"]]
    rooms.api.update("nodes", {**sick, "status": {**sick["status"], "conditions": conditions}})
    rooms.run(6)
    assert no_execute(rooms, "a") == ["node.kubernetes.io/not-ready"]
    assert condition(get(rooms), "Ready")["status"] == "False"
    assert ("NodeNotReady", "Node is not ready") in events(rooms)


def test_that_a_node_has_come_or_gone_is_said():
    rooms = cluster("a")
    rooms.run(1)
    rooms.api.create("nodes", whole_node(default_node("late"), 1, "2026-01-01T00:00:01Z"))
    rooms.run(6)
    rooms.api.remove("nodes", "", "late")
    rooms.run(6)
    assert sorted(events(rooms)) == [
        ("RegisteredNode", "Node late event: Registered Node late in Controller"),
        ("RemovingNode", "Node late event: Removing Node late from Controller"),
    ]


def test_how_long_kubelets_may_keep_what_they_have_read_grows_with_the_cluster():
    rooms = Rooms()
    rooms.kernel.rooms["ttl"] = TTL(rooms.kernel)

    def seconds(name: str) -> str:
        node = rooms.api.get("nodes", "", name)
        assert node is not None
        return str(node["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"])

    for n in range(101):
        rooms.api.create("nodes", whole_node(default_node(f"n{n:03}"), n, "2026-01-01T00:00:00Z"))
    rooms.run(1)
    assert {seconds("n000"), seconds("n100")} == {"15"}
    for n in range(90, 101):
        rooms.api.remove("nodes", "", f"n{n:03}")
    rooms.run(1)
    assert seconds("n000") == "15"
    rooms.api.remove("nodes", "", "n089")
    rooms.run(1)
    assert seconds("n000") == "0"
