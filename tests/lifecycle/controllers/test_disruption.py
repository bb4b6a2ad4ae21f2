"""PodDisruptionBudgets: what they count, and whom they let go."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.controllers.disruption import Disruption
from lifecycle.wire import Answer, Object
from tests.lifecycle.rooms import Rooms, pod

POLICY = "policy/v1"


@pytest.fixture
def rooms() -> Rooms:
    rooms = Rooms()
    rooms.kernel.rooms["disruption"] = Disruption(rooms.kernel)
    return rooms


def add_budget(rooms: Rooms, name: str = "web", **spec: Any) -> None:
    selector = {"matchLabels": {"app": "web"}}
    body = {
        "apiVersion": POLICY,
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": selector, **spec},
    }
    answer = rooms.request("create", "poddisruptionbudgets", body, group_version=POLICY)
    assert answer.code == 201, answer.body


def add_pod(rooms: Rooms, name: str, ready: bool = True, **metadata: Any) -> None:
    """Create a Pod that runs on a node."""
    body = pod(name, nodeName="node1")
    body["metadata"] |= {"labels": {"app": "web"}, **metadata}
    answer = rooms.request("create", "pods", body)
    assert answer.code == 201, answer.body
    set_ready(rooms, name, ready)


def set_ready(rooms: Rooms, name: str, ready: bool) -> None:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    rooms.api.update("pods", {**found, "status": {**found["status"], "phase": "Running", "conditions": [condition]}})


def status(rooms: Rooms, name: str = "web") -> tuple[int, int, int, int]:
    """Return allowed disruptions, healthy, desired and expected Pods."""
    rooms.run(1)
    found = rooms.api.get("poddisruptionbudgets", "default", name)
    assert found is not None
    now = found["status"]
    return now["disruptionsAllowed"], now["currentHealthy"], now["desiredHealthy"], now["expectedPods"]


def condition(rooms: Rooms) -> tuple[str, str]:
    found = rooms.api.get("poddisruptionbudgets", "default", "web")
    assert found is not None
    (one,) = found["status"]["conditions"]
    return one["status"], one["reason"]


def evict(rooms: Rooms, name: str) -> Answer:
    body = {"apiVersion": POLICY, "kind": "Eviction", "metadata": {"name": name}}
    return rooms.request("create", "pods", body, name=name, subresource="eviction")


def test_as_many_may_go_as_are_well_beyond_those_that_must_stay(rooms):
    add_budget(rooms, minAvailable=2)
    assert status(rooms) == (0, 0, 2, 0)
    assert condition(rooms) == ("False", "InsufficientPods")
    for n in range(3):
        add_pod(rooms, f"web-{n}")
    assert status(rooms) == (1, 3, 2, 3)
    assert condition(rooms) == ("True", "SufficientPods")
    set_ready(rooms, "web-0", False)
    assert status(rooms) == (0, 2, 2, 3)


def test_an_eviction_that_would_leave_too_few_is_put_off(rooms):
    add_budget(rooms, minAvailable=1)
    add_pod(rooms, "web-0")
    status(rooms)
    refused = evict(rooms, "web-0")
    assert refused.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "reason": "TooManyRequests",
        "details": {
            "causes": [
                {
                    "reason": "DisruptionBudget",
                    "message": "The disruption budget web needs 1 healthy pods and has 1 currently",
                }
            ]
        },
        "code": 429,
    }
    add_pod(rooms, "web-1")
    status(rooms)
    assert evict(rooms, "web-0").code == 201
    assert rooms.api.get("pods", "default", "web-0")["metadata"]["deletionTimestamp"]


def test_of_two_evictions_in_one_instant_only_the_first_is_let_through(rooms):
    add_budget(rooms, minAvailable=1)
    for n in range(2):
        add_pod(rooms, f"web-{n}")
    status(rooms)
    assert [evict(rooms, f"web-{n}").code for n in range(2)] == [201, 429]
    assert condition(rooms) == ("False", "InsufficientPods")


def test_a_budget_that_was_not_looked_at_yet_lets_nobody_go(rooms):
    add_pod(rooms, "web-0")
    add_budget(rooms, minAvailable=0)
    answer = evict(rooms, "web-0")
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget web is still being processed by the server."}
    assert (answer.code, answer.body["details"]) == (429, {"causes": [cause], "retryAfterSeconds": 10})


def test_a_pod_that_two_budgets_are_about_cannot_be_evicted(rooms):
    add_budget(rooms, "one", minAvailable=0)
    add_budget(rooms, "two", minAvailable=0)
    add_pod(rooms, "web-0")
    rooms.run(1)
    answer = evict(rooms, "web-0")
    assert (answer.code, answer.body["message"]) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    )
    events = [event["message"] for event in rooms.events() if event["reason"] == "MultiplePodDisruptionBudgets"]
    assert events[0] == 'Pod "default"/"web-0" matches multiple PodDisruptionBudgets.  Chose "one" arbitrarily.'


@pytest.mark.parametrize(
    ("spec", "ready", "code"),
    [
        ({"minAvailable": 1}, 1, 201),
        ({"minAvailable": 2}, 1, 429),
        ({"minAvailable": 2, "unhealthyPodEvictionPolicy": "AlwaysAllow"}, 1, 201),
        ({"minAvailable": 0}, 0, 429),
    ],
    ids=["enough others are well", "too few are well", "always", "none need be well"],
)
def test_whether_a_pod_that_is_not_well_may_go(rooms, spec, ready, code):
    add_budget(rooms, **spec)
    add_pod(rooms, "sick", ready=False)
    for n in range(ready):
        add_pod(rooms, f"web-{n}")
    status(rooms)
    assert evict(rooms, "sick").code == code


def test_a_pod_that_has_ended_or_not_begun_needs_no_leave(rooms):
    add_budget(rooms, minAvailable=3)
    rooms.request("create", "pods", {**pod("new"), "metadata": {"name": "new", "labels": {"app": "web"}}})
    status(rooms)
    assert evict(rooms, "new").code == 201


def test_what_is_reckoned_from_controllers_cannot_be_for_pods_that_have_none(rooms):
    add_pod(rooms, "web-0")
    add_budget(rooms, maxUnavailable=1)
    assert status(rooms) == (0, 1, 0, 0)
    (event,) = [event for event in rooms.events() if event["reason"] == "UnmanagedPods"]
    selector = "&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}"
    assert event["message"].startswith(f"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be")
    assert event["source"] == {"component": "controllermanager"}


def test_a_controller_that_is_not_there_is_said(rooms):
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1", "controller": True}
    add_pod(rooms, "web-0", ownerReferences=[owner])
    add_budget(rooms, minAvailable="50%")
    assert status(rooms)[0] == 0
    assert condition(rooms) == ("False", "SyncFailed")


def test_a_pod_that_was_let_go_and_stays_counts_again_after_two_minutes(rooms):
    add_budget(rooms, minAvailable=1)
    for n in range(2):
        add_pod(rooms, f"web-{n}")
    status(rooms)
    budget = rooms.api.get("poddisruptionbudgets", "default", "web")
    given = {**budget["status"], "disruptedPods": {"web-0": "2026-01-01T00:00:01Z"}}
    rooms.api.update("poddisruptionbudgets", {**budget, "status": given})
    assert status(rooms) == (0, 1, 1, 2)
    rooms.run(121)
    assert status(rooms) == (1, 2, 1, 2)
    assert [event["reason"] for event in rooms.events() if event["involvedObject"]["name"] == "web-0"] == ["NotDeleted"]


def test_a_disruption_of_which_nothing_comes_is_taken_back(rooms):
    add_pod(rooms, "web-0")
    found: Object = rooms.api.get("pods", "default", "web-0")
    target = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "x"}
    rooms.api.update("pods", {**found, "status": {**found["status"], "conditions": [target]}})
    rooms.run(110)
    assert rooms.api.get("pods", "default", "web-0")["status"]["conditions"][0]["status"] == "True"
    rooms.run(11)
    assert rooms.api.get("pods", "default", "web-0")["status"]["conditions"][0]["status"] == "False"
