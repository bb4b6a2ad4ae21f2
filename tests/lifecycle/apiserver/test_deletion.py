"""What is deleted when, and what is left of it until then."""

from __future__ import annotations

import pytest

from tests.lifecycle.apiserver.conftest import config_map, run_pod, stored
from tests.lifecycle.rooms import pod


def test_a_graceful_delete_marks_the_pod_and_leaves_it(rooms):
    run_pod(rooms)
    rooms.run(10)
    answer = rooms.request("delete", "pods", name="web")
    metadata = answer.body["metadata"]
    assert (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) == ("2026-01-01T00:00:40Z", 30)
    assert metadata["generation"] == 2
    assert answer.body["status"]["phase"] == "Running"
    assert rooms.changes("Pod")[-1].type == "MODIFIED"


@pytest.mark.parametrize(
    ("options", "grace", "until"),
    [
        ({"gracePeriodSeconds": 5}, 5, "2026-01-01T00:00:05Z"),
        ({"gracePeriodSeconds": -1}, 1, "2026-01-01T00:00:01Z"),
        ({}, 40, "2026-01-01T00:00:40Z"),
    ],
)
def test_the_grace_is_what_is_asked_for_else_the_pods_own(rooms, options, grace, until):
    run_pod(rooms, terminationGracePeriodSeconds=40)
    metadata = rooms.request("delete", "pods", options, name="web").body["metadata"]
    assert (metadata["deletionGracePeriodSeconds"], metadata["deletionTimestamp"]) == (grace, until)


def test_a_grace_may_stand_in_the_query(rooms):
    run_pod(rooms)
    answer = rooms.request("delete", "pods", name="web", query={"gracePeriodSeconds": ["7"]})
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 7


def test_a_grace_that_is_no_number_is_refused(rooms):
    run_pod(rooms)
    assert rooms.request("delete", "pods", {"gracePeriodSeconds": "soon"}, name="web").code == 400


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_goes_at_once(rooms, phase):
    run_pod(rooms, phase=phase)
    rooms.request("delete", "pods", name="web")
    modified, deleted = rooms.changes("Pod")[-2:]
    assert (modified.type, deleted.type) == ("MODIFIED", "DELETED")
    assert deleted.object["metadata"]["deletionGracePeriodSeconds"] == 0
    assert rooms.api.get("pods", "default", "web") is None


def test_a_pod_that_is_on_no_node_goes_at_once(rooms):
    rooms.request("create", "pods", pod())
    answer = rooms.request("delete", "pods", name="web")
    assert rooms.changes("Pod")[-1].type == "DELETED"
    assert answer.changed == rooms.changes("Pod")[-1].index


def test_a_forced_delete_frees_the_name(rooms):
    first = run_pod(rooms)
    rooms.request("delete", "pods", {"gracePeriodSeconds": 0}, name="web")
    again = rooms.request("create", "pods", pod())
    assert again.code == 201
    assert again.body["metadata"]["uid"] != first["metadata"]["uid"]


def test_a_second_delete_can_only_shorten_the_grace(rooms):
    run_pod(rooms)
    rooms.request("delete", "pods", {"gracePeriodSeconds": 40}, name="web")
    rooms.run(6)
    for options in ({}, {"gracePeriodSeconds": 50}):
        assert rooms.request("delete", "pods", options, name="web").changed is None
    metadata = rooms.request("delete", "pods", {"gracePeriodSeconds": 20}, name="web").body["metadata"]
    assert (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) == ("2026-01-01T00:00:20Z", 20)
    assert metadata["generation"] == 2


def test_a_grace_shortened_to_before_now_ends_now(rooms):
    run_pod(rooms)
    rooms.request("delete", "pods", {"gracePeriodSeconds": 40}, name="web")
    rooms.run(6)
    metadata = rooms.request("delete", "pods", {"gracePeriodSeconds": 3}, name="web").body["metadata"]
    assert (metadata["deletionTimestamp"], metadata["deletionGracePeriodSeconds"]) == ("2026-01-01T00:00:06Z", 1)


def test_a_finalizer_holds_a_pod_back_until_it_is_taken_away(rooms):
    body = pod()
    rooms.request("create", "pods", {**body, "metadata": {"name": "web", "finalizers": ["example.com/hold"]}})
    rooms.request("delete", "pods", name="web")
    held = stored(rooms)
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    patch = {"metadata": {"finalizers": None}}
    answer = rooms.request("patch", "pods", patch, name="web", content_type="application/merge-patch+json")
    assert answer.code == 200
    assert rooms.changes("Pod")[-1].type == "DELETED"
    assert rooms.api.get("pods", "default", "web") is None


def test_a_precondition_on_the_uid_or_version_that_does_not_hold_is_a_conflict(rooms):
    answer = rooms.request("create", "configmaps", config_map())
    uid, version = answer.body["metadata"]["uid"], str(answer.changed)
    other = f"the UID in the precondition (another) does not match the UID in record ({uid}). "
    newer = f"the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version}). "
    for wrong, why in (
        ({"uid": "another"}, other + "The object might have been deleted and then recreated"),
        ({"resourceVersion": "1"}, newer + "The object might have been modified"),
    ):
        refused = rooms.request("delete", "configmaps", {"preconditions": wrong}, name="settings")
        assert (refused.code, refused.body["reason"]) == (409, "Conflict")
        assert refused.body["message"] == f'Operation cannot be fulfilled on ConfigMap "settings": {why}'
    options = {"preconditions": {"uid": uid, "resourceVersion": version}}
    done = rooms.request("delete", "configmaps", options, name="settings")
    assert (done.code, done.body["status"], done.body["details"]["uid"]) == (200, "Success", uid)


def test_deleting_a_collection_takes_what_its_selectors_match(rooms):
    for name, tier in (("a", "front"), ("b", "back"), ("c", "front")):
        rooms.request("create", "configmaps", {**config_map(name), "metadata": {"name": name, "labels": {"tier": tier}}})
    answer = rooms.request("deletecollection", "configmaps", query={"labelSelector": ["tier in (front, side)"]})
    assert len(answer.body["items"]) == 2
    assert [obj["metadata"]["name"] for obj in rooms.api.list("configmaps", "default")] == ["b"]


def test_options_of_a_delete_are_read_as_go_does(rooms):
    run_pod(rooms)
    refused = rooms.request("delete", "pods", {"gracePeriodSeconds": "soon"}, name="web")
    assert refused.body["message"] == (
        "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"
    )
    refused = rooms.request("delete", "pods", name="web", query={"gracePeriodSeconds": ["x"]})
    assert refused.body["message"] == 'strconv.ParseInt: parsing "x": invalid syntax'
