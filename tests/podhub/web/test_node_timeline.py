"""A node's lanes and bars, from Nodes and Pods as the API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from podhub.web.node_timeline import bars, condition_look, lanes, node_look, resident_bars


def node(ready: str = "True", cordoned: bool = False, **conditions: str) -> dict[str, Any]:
    told = {"MemoryPressure": "False", **conditions, "Ready": ready}
    return {
        "metadata": {"name": "node1", "uid": "n"},
        "spec": {"unschedulable": True, "taints": [{"key": "spare", "effect": "NoSchedule"}]} if cordoned else {},
        "status": {"conditions": [{"type": type, "status": status, "reason": "Told"} for type, status in told.items()]},
    }


@pytest.mark.parametrize(
    ("told", "word", "look"),
    [
        (node(), "Ready", "ready"),
        (node("False"), "NotReady", "failed"),
        (node("Unknown"), "NotReady", "failed"),
        (node(cordoned=True), "Ready,SchedulingDisabled", "unready"),
        (node("False", cordoned=True), "NotReady,SchedulingDisabled", "failed"),
        ({"metadata": {"name": "new"}}, "Unknown", "unknown"),
    ],
    ids=["ready", "not ready", "not heard of", "cordoned", "cordoned and down", "without a status"],
)
def test_a_node_looks_as_kubectl_calls_it(told: dict[str, Any], word: str, look: str) -> None:
    assert node_look(told) == look
    assert bars(told)["node"][0].word == word


@pytest.mark.parametrize(
    ("type", "status", "look"),
    [
        ("Ready", "True", "ready"),
        ("MemoryPressure", "True", "backoff"),
        ("MemoryPressure", "False", "ready"),
        ("NetworkUnavailable", "True", "backoff"),
        ("DiskPressure", "Unknown", "unknown"),
    ],
)
def test_pressure_is_bad_news(type: str, status: str, look: str) -> None:
    assert condition_look({"type": type, "status": status}) == look


def test_the_nodes_own_lanes_come_first_and_others_conditions_after_the_kubelets() -> None:
    found = [lane.id for lane in lanes(node(KernelDeadlock="False"), [("default", "web")])]
    conditions = ["condition/Ready", "condition/MemoryPressure", "condition/DiskPressure", "condition/PIDPressure"]
    assert found == ["node", *conditions, "condition/KernelDeadlock", "resident/default/web", "events"]


def test_where_the_log_holds_no_node_its_pods_alone_have_lanes() -> None:
    assert [lane.id for lane in lanes(None, [("default", "web")])] == ["resident/default/web", "events"]


def test_what_taints_a_node_has_is_told_with_its_bar() -> None:
    assert bars(node(cordoned=True))["node"][0].detail == "spare:NoSchedule"


def test_a_pod_has_no_bar_before_it_is_on_the_node() -> None:
    pod = {"metadata": {"name": "web", "namespace": "default", "uid": "p"}, "spec": {"containers": []}, "status": {}}
    assert resident_bars(pod, "node1") == {}
    assert resident_bars({**pod, "spec": {"containers": [], "nodeName": "node2"}}, "node1") == {}
    found = resident_bars({**pod, "spec": {"containers": [], "nodeName": "node1"}}, "node1")
    assert list(found) == ["resident/default/web"]
