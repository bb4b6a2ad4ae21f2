"""What is asked of the API server, and what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.apiserver import requests
from lifecycle.controllers.bootstrap import namespace
from lifecycle.controllers.namespaces import Namespaces
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod

NO_SUCH_PATH = "the server could not find the requested resource"


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


def config_map(name: str = "settings", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def stored(rooms: Rooms, name: str = "web") -> Object:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    return found


def run_pod(rooms: Rooms, name: str = "web", phase: str = "Running", **spec: Any) -> Object:
    """Create a Pod that is on a node and in a phase."""
    rooms.request("create", "pods", pod(name, nodeName="node1", **spec))
    old = stored(rooms, name)
    updated: Object = rooms.api.update("pods", {**old, "status": {**old["status"], "phase": phase}})
    return updated


def test_a_created_pod_gets_what_the_api_server_adds(rooms):
    answer = rooms.request("create", "pods", pod())
    assert answer.code == 201
    metadata = answer.body["metadata"]
    assert (metadata["namespace"], metadata["generation"]) == ("default", 1)
    assert metadata["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert len(metadata["uid"]) == 36
    assert answer.body["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert answer.body["spec"]["tolerations"][0]["tolerationSeconds"] == 300
    (change,) = rooms.changes("Pod")
    assert (change.type, change.cause, change.index) == ("ADDED", answer.index, answer.changed)
    assert "resourceVersion" not in change.object["metadata"]


def test_the_request_is_not_altered(rooms):
    body = pod()
    rooms.request("create", "pods", body)
    assert body == pod()


def test_a_generated_name_is_made_from_its_beginning_and_is_free(rooms):
    body = {**pod(), "metadata": {"generateName": "web-"}}
    names = {rooms.request("create", "pods", body).body["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("verb", "resource", "more", "code", "message"),
    [
        ("create", "pods", {"body": pod("there")}, 409, 'pods "there" already exists'),
        ("create", "pods", {"body": pod(), "namespace": "nowhere"}, 404, 'namespaces "nowhere" not found'),
        ("delete", "pods", {"name": "gone"}, 404, 'pods "gone" not found'),
        ("update", "pods", {"name": "gone", "body": pod("gone")}, 404, 'pods "gone" not found'),
        ("create", "pods", {"name": "gone", "subresource": "eviction"}, 404, 'pods "gone" not found'),
        ("delete", "faults", {"name": "x", "group_version": "podhub.dev/v1"}, 404, 'faults.podhub.dev "x" not found'),
        ("create", "gizmos", {"body": {}}, 404, NO_SUCH_PATH),
        ("create", "pods", {"body": pod(), "group_version": "v2"}, 404, NO_SUCH_PATH),
        ("create", "pods", {"name": "there", "subresource": "nothing"}, 404, NO_SUCH_PATH),
        ("create", "pods", {"body": pod("Bad_Name")}, 422, None),
        ("create", "pods", {"body": "no object"}, 400, None),
        ("create", "pods", {"body": None}, 400, None),
        ("watch", "pods", {}, 405, None),
    ],
)  # fmt: skip
def test_what_cannot_be_done_gets_kubernetes_own_status_and_changes_nothing(rooms, verb, resource, more, code, message):
    rooms.request("create", "pods", pod("there"))
    before = len(rooms.kernel.outputs)
    answer = rooms.request(verb, resource, more.pop("body", None), **more)
    assert (answer.code, answer.body["kind"], answer.body["status"]) == (code, "Status", "Failure")
    assert answer.body["code"] == code
    if message:
        assert answer.body["message"] == message
    assert answer.changed is None
    assert len(rooms.kernel.outputs) == before


@pytest.mark.parametrize("body", [[], 5, "x", {"spec": 5}, {"metadata": []}, {"metadata": {"namespace": 3}}, {"kind": []}])
def test_a_body_of_any_shape_is_answered(rooms, body):
    assert 400 <= rooms.request("create", "pods", body).code < 500


def test_every_request_has_a_number_of_its_own(rooms):
    first = rooms.request("delete", "pods", name="gone")
    second = rooms.request("delete", "pods", name="gone")
    assert second.index == first.index + 1


def test_a_request_about_the_cluster_is_numbered_and_changes_nothing(rooms):
    answer = rooms.request("update", "clusters", {"speed": 10}, subresource="speed")
    assert answer.code == 200
    assert rooms.kernel.outputs == []


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


def test_an_update_of_an_older_version_is_a_conflict(rooms):
    created = rooms.request("create", "configmaps", config_map(a="1"))
    body = {**config_map(a="2"), "metadata": {"name": "settings", "resourceVersion": str(created.changed)}}
    first = rooms.request("update", "configmaps", body, name="settings")
    assert (first.code, first.body["data"]) == (200, {"a": "2"})
    second = rooms.request("update", "configmaps", body, name="settings")
    assert second.code == 409
    assert "the object has been modified" in second.body["message"]


def test_an_update_that_changes_nothing_puts_nothing_out(rooms):
    rooms.request("create", "configmaps", config_map(a="1"))
    answer = rooms.request("update", "configmaps", config_map(a="1"), name="settings")
    assert (answer.code, answer.changed) == (200, None)


def test_a_pods_image_may_be_changed_and_counts_as_a_generation(rooms):
    rooms.request("create", "pods", pod())
    new = stored(rooms)
    new = {**new, "spec": {**new["spec"], "containers": [{**new["spec"]["containers"][0], "image": "nginx:1.26"}]}}
    answer = rooms.request("update", "pods", new, name="web")
    assert (answer.code, answer.body["metadata"]["generation"]) == (200, 2)


def test_what_may_not_be_changed_is_refused(rooms):
    rooms.request("create", "pods", pod())
    new = {**stored(rooms), "spec": {**stored(rooms)["spec"], "restartPolicy": "Never"}}
    answer = rooms.request("update", "pods", new, name="web")
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")


def test_the_status_is_written_through_its_subresource_alone(rooms):
    rooms.request("create", "pods", pod())
    new = {**stored(rooms), "status": {"phase": "Running", "qosClass": "BestEffort"}}
    assert rooms.request("update", "pods", new, name="web").changed is None
    answer = rooms.request("update", "pods", new, name="web", subresource="status")
    assert answer.body["status"]["phase"] == "Running"
    assert answer.body["metadata"]["generation"] == 1


def test_deleting_a_collection_takes_what_its_selectors_match(rooms):
    for name, tier in (("a", "front"), ("b", "back"), ("c", "front")):
        rooms.request("create", "configmaps", {**config_map(name), "metadata": {"name": name, "labels": {"tier": tier}}})
    answer = rooms.request("deletecollection", "configmaps", query={"labelSelector": ["tier in (front, side)"]})
    assert len(answer.body["items"]) == 2
    assert [obj["metadata"]["name"] for obj in rooms.api.list("configmaps", "default")] == ["b"]


def test_eviction_says_why_and_deletes(rooms):
    run_pod(rooms)
    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "web"}}
    answer = rooms.request("create", "pods", eviction, name="web", subresource="eviction")
    assert (answer.code, answer.body["status"]) == (201, "Success")
    (condition,) = stored(rooms)["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("DisruptionTarget", "EvictionByEvictionAPI")
    assert condition["message"] == "Eviction API: evicting"
    assert stored(rooms)["metadata"]["deletionGracePeriodSeconds"] == 30


def test_a_binding_puts_a_pod_on_a_node_once(rooms):
    rooms.request("create", "pods", pod())
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web"}, "target": {"kind": "Node", "name": "node7"}}
    assert rooms.request("create", "pods", body, name="web", subresource="binding").code == 201
    assert stored(rooms)["spec"]["nodeName"] == "node7"
    again = rooms.request("create", "pods", body, name="web", subresource="binding")
    assert again.body["message"] == (
        'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "node7"'
    )


@pytest.mark.parametrize(
    ("name", "target", "code", "message"),
    [
        ("other", {"name": "node7"}, 400, "name in URL does not match name in Binding object"),
        ("web", {}, 500, "target.name: Required value"),
        (
            "web",
            {"kind": "Service", "name": "x"},
            500,
            'target.kind: Unsupported value: "Service": supported values: "Node", "<empty>"',
        ),
        (
            "web",
            {"name": "node7"},
            409,
            'Operation cannot be fulfilled on pods/binding "web": pod web has non-empty .spec.schedulingGates',
        ),
    ],
)
def test_a_binding_that_cannot_be_is_refused(rooms, name, target, code, message):
    rooms.request("create", "pods", pod(schedulingGates=[{"name": "a/b"}]))
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
    answer = rooms.request("create", "pods", body, name="web", subresource="binding")
    assert (answer.code, answer.body["message"]) == (code, message)


def test_a_binding_brings_labels_and_annotations(rooms):
    rooms.request("create", "pods", {**pod(), "metadata": {"name": "web", "labels": {"app": "web"}}})
    metadata = {"name": "web", "labels": {"app": "api", "zone": "a"}, "annotations": {"by": "me"}}
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": {"name": "node7"}}
    assert rooms.request("create", "pods", body, name="web", subresource="binding").code == 201
    assert stored(rooms)["metadata"]["labels"] == {"app": "api", "zone": "a"}
    assert stored(rooms)["metadata"]["annotations"] == {"by": "me"}


def test_a_binding_may_say_which_pod_it_means(rooms):
    made = rooms.request("create", "pods", pod())
    uid, version = made.body["metadata"]["uid"], str(made.changed)

    def bind(**metadata: str) -> Any:
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "web", **metadata}, "target": {"name": "node7"}}
        return rooms.request("create", "pods", body, name="web", subresource="binding")

    prefix = (
        'Operation cannot be fulfilled on pods "web": StorageError: invalid object, Code: 4, Key: /registry/pods/default/web, '
    )
    for wrong, why in (
        ({"uid": "x"}, f"UID in precondition: x, UID in object meta: {uid}"),
        ({"resourceVersion": "1"}, f"ResourceVersion in precondition: 1, ResourceVersion in object meta: {version}"),
    ):
        refused = bind(**wrong)
        told = f"{prefix}ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: {why}"
        assert (refused.code, refused.body["message"]) == (409, told)
    assert bind(uid=uid, resourceVersion=version).code == 201


@pytest.mark.parametrize(
    ("subresource", "body", "message"),
    [
        (
            "binding",
            {"target": {"name": 5}},
            'Binding in version "v1" cannot be handled as a Binding: '
            "json: cannot unmarshal number into Go struct field ObjectReference.target.name of type string",
        ),
        (
            "eviction",
            {"metadata": {"name": "web"}, "deleteOptions": {"gracePeriodSeconds": "soon"}},
            'Eviction in version "v1" cannot be handled as a Eviction: json: cannot unmarshal string into Go struct field '
            "DeleteOptions.deleteOptions.gracePeriodSeconds of type int64",
        ),
        ("eviction", {}, "name in URL does not match name in Eviction object"),
        ("eviction", {"metadata": {"name": "other"}}, "name in URL does not match name in Eviction object"),
    ],
)
def test_what_is_no_binding_or_eviction_is_told_in_gos_words(rooms, subresource, body, message):
    rooms.request("create", "pods", pod())
    answer = rooms.request("create", "pods", body, name="web", subresource=subresource)
    assert (answer.code, answer.body["message"]) == (400, message)


def test_an_eviction_says_how_the_pod_is_deleted(rooms):
    run_pod(rooms)
    eviction = {"metadata": {"name": "web"}, "deleteOptions": {"gracePeriodSeconds": 7}}
    assert rooms.request("create", "pods", eviction, name="web", subresource="eviction").code == 201
    assert stored(rooms)["metadata"]["deletionGracePeriodSeconds"] == 7


def test_options_of_a_delete_are_read_as_go_does(rooms):
    run_pod(rooms)
    refused = rooms.request("delete", "pods", {"gracePeriodSeconds": "soon"}, name="web")
    assert refused.body["message"] == (
        "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"
    )
    refused = rooms.request("delete", "pods", name="web", query={"gracePeriodSeconds": ["x"]})
    assert refused.body["message"] == 'strconv.ParseInt: parsing "x": invalid syntax'


@pytest.mark.parametrize(
    ("resource", "group_version", "kind", "fields"),
    [
        ("leases", "coordination.k8s.io/v1", "Lease", {"spec": {"holderIdentity": "me"}}),
        ("services", "v1", "Service", {"spec": {"ports": [{"port": 80}]}}),
        ("limitranges", "v1", "LimitRange", {"spec": {"limits": []}}),
        ("endpoints", "v1", "Endpoints", {}),
        ("events", "v1", "Event", {"involvedObject": {"namespace": "default"}, "reason": "r"}),
    ],
)
def test_a_put_makes_some_kinds_of_objects(rooms, resource, group_version, kind, fields):
    body = {"apiVersion": group_version, "kind": kind, "metadata": {"name": "new", "resourceVersion": "5"}, **fields}
    answer = rooms.request("update", resource, body, name="new", group_version=group_version)
    assert (answer.code, answer.body["metadata"]["name"]) == (201, "new")
    assert rooms.api.get(resource, "default", "new")


def test_a_put_that_means_a_certain_object_makes_none(rooms):
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "new", "uid": "x"}}
    answer = rooms.request("update", "leases", body, name="new", group_version="coordination.k8s.io/v1")
    assert answer.code == 409
    assert answer.body["message"].endswith("Precondition failed: UID in precondition: x, UID in object meta: ")


def test_a_name_that_is_taken_and_was_to_be_generated_may_be_tried_again(rooms):
    body = {**config_map("taken"), "metadata": {"name": "taken", "generateName": "t-"}}
    assert rooms.request("create", "configmaps", body).code == 201
    answer = rooms.request("create", "configmaps", body)
    why = "the server was not able to generate a unique name for the object"
    assert (answer.code, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == f'configmaps "taken" already exists, {why}'
    assert answer.body["details"] == {"name": "taken", "kind": "configmaps", "retryAfterSeconds": 1}


def test_an_eviction_of_another_pod_of_that_name_is_a_conflict(rooms):
    run_pod(rooms)
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web"},
        "deleteOptions": {"preconditions": {"uid": "x"}},
    }
    answer = rooms.request("create", "pods", eviction, name="web", subresource="eviction")
    assert answer.code == 409
    assert answer.body["message"].startswith(
        'Operation cannot be fulfilled on Pod "web": the UID in the precondition (x) does not match the UID in record'
    )


def test_an_update_that_is_meant_for_another_object_is_a_conflict(rooms):
    run_pod(rooms)
    body = {**stored(rooms), "metadata": {"name": "web", "uid": "x"}}
    answer = rooms.request("update", "pods", body, name="web")
    assert answer.code == 409
    assert answer.body["message"].startswith(
        'Operation cannot be fulfilled on pods "web": StorageError: invalid object, Code: 4, Key: /registry/pods/default/web, '
        "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: "
    )


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({}, 400, "you must specify at least 1 command for the container"),
        ({"command": ["ls"], "container": ["other"]}, 400, "container other is not valid for pod web"),
        ({"command": ["ls"]}, 500, 'unable to upgrade connection: container not found ("app")'),
    ],
)
def test_a_command_that_cannot_be_run_is_refused(rooms, query, code, message):
    run_pod(rooms)
    answer = rooms.request("create", "pods", name="web", subresource="exec", query=query)
    assert answer.code == code
    assert message in answer.body["message"]


def test_an_event_of_the_newer_group_is_stored_as_all_others_and_answered_as_it_was_asked(rooms):
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "action": "Looking",
        "reason": "Seen",
        "type": "Normal",
        "note": "a note",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "web"},
        "reportingController": "example.com/looker",
        "reportingInstance": "looker-1",
    }
    answer = rooms.request("create", "events", body, group_version="events.k8s.io/v1")
    assert (answer.code, answer.body["note"]) == (201, "a note")
    stored_event = rooms.api.get("events", "default", "e")
    assert (stored_event["apiVersion"], stored_event["message"]) == ("v1", "a note")
    assert stored_event["involvedObject"]["name"] == "web"
    patch = {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}}
    ask = {"name": "e", "group_version": "events.k8s.io/v1", "content_type": "application/merge-patch+json"}
    again = rooms.request("patch", "events", patch, **ask)
    assert (again.code, again.body["series"]["count"], again.body["note"]) == (200, 2, "a note")
    assert rooms.api.get("events", "default", "e")["series"]["count"] == 2


@pytest.mark.parametrize("subresource", ["eviction", "binding"])
@pytest.mark.parametrize("body", [[], 5, {"target": 5, "deleteOptions": 5}])
def test_a_body_that_is_no_eviction_or_binding_is_refused(rooms, subresource, body):
    rooms.request("create", "pods", pod())
    assert rooms.request("create", "pods", body, name="web", subresource=subresource).code == 400


def test_a_cluster_holds_so_many_pods_and_no_more(rooms, monkeypatch):
    monkeypatch.setattr(requests, "MOST_PODS", 2)
    codes = [rooms.request("create", "pods", pod(f"web-{n}")).code for n in range(3)]
    assert codes == [201, 201, 429]
    rooms.request("delete", "pods", name="web-0")
    assert rooms.request("create", "pods", pod("web-3")).code == 201


def test_an_applied_object_is_created_where_there_is_none(rooms):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"}}
    ask = {"name": "settings", "content_type": "application/apply-patch+yaml", "query": {"fieldManager": ["test"]}}
    assert rooms.request("patch", "configmaps", body, **ask).code == 201
    again = rooms.request("patch", "configmaps", {**body, "data": {"a": "2"}}, **ask)
    assert (again.code, again.body["data"]) == (200, {"a": "2"})


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/merge-patch+json", {"metadata": {"labels": {"tier": "front"}}}),
        ("application/strategic-merge-patch+json", {"metadata": {"labels": {"tier": "front"}}}),
        ("application/json-patch+json", [{"op": "add", "path": "/metadata/labels", "value": {"tier": "front"}}]),
    ],
)
def test_every_kind_of_patch_changes_an_object_once(rooms, content_type, body):
    run_pod(rooms)
    first = rooms.request("patch", "pods", body, name="web", content_type=content_type)
    assert first.body["metadata"]["labels"] == {"tier": "front"}
    assert rooms.changes("Pod")[-1].index == first.changed
    assert rooms.request("patch", "pods", body, name="web", content_type=content_type).changed is None


def test_a_patch_of_an_older_version_is_a_conflict(rooms):
    run_pod(rooms)
    body = {"metadata": {"resourceVersion": "1", "labels": {"a": "b"}}}
    answer = rooms.request("patch", "pods", body, name="web", content_type="application/merge-patch+json")
    assert answer.code == 409


def test_an_update_of_a_budget_says_which_version_it_is_of(rooms):
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": {"minAvailable": 1}}
    made = rooms.request("create", "poddisruptionbudgets", budget, group_version="policy/v1")
    answer = rooms.request("update", "poddisruptionbudgets", budget, name="b", group_version="policy/v1")
    assert (answer.code, answer.body["message"]) == (
        422,
        'poddisruptionbudgets.policy "b" is invalid: '
        "metadata.resourceVersion: Invalid value: 0: must be specified for an update",
    )
    assert answer.body["details"]["kind"] == "poddisruptionbudgets"
    budget["metadata"]["resourceVersion"] = str(made.changed)
    assert rooms.request("update", "poddisruptionbudgets", budget, name="b", group_version="policy/v1").code == 200


def test_a_second_default_priority_class_is_refused(rooms):
    def priority_class(name: str) -> Object:
        return {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": 1,
            "globalDefault": True,
        }

    group = {"group_version": "scheduling.k8s.io/v1"}
    assert rooms.request("create", "priorityclasses", priority_class("one"), **group).code == 201
    answer = rooms.request("create", "priorityclasses", priority_class("two"), **group)
    assert answer.body["message"] == (
        'priorityclasses.scheduling.k8s.io "two" is forbidden: '
        "PriorityClass one is already marked as default. Only one default can exist"
    )


def test_a_class_may_not_be_patched_into_a_second_default(rooms):
    group = {"group_version": "scheduling.k8s.io/v1"}
    for name, default in (("one", True), ("two", False)):
        body = {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": 1,
            "globalDefault": default,
        }
        assert rooms.request("create", "priorityclasses", body, **group).code == 201

    def patch(name: str) -> Any:
        body = {"globalDefault": True, "description": "x"}
        return rooms.request("patch", "priorityclasses", body, name=name, content_type="application/merge-patch+json", **group)

    assert patch("one").code == 200
    assert patch("two").body["message"] == (
        'priorityclasses.scheduling.k8s.io "two" is forbidden: '
        "PriorityClass one is already marked as default. Only one default can exist"
    )


def test_a_claim_may_not_grow_beyond_what_a_limit_range_allows(rooms):
    limits = [{"type": "PersistentVolumeClaim", "max": {"storage": "2Gi"}}]
    limit_range = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": limits}}
    assert rooms.request("create", "limitranges", limit_range).code == 201
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "grows"},
        "provisioner": "p",
        "allowVolumeExpansion": True,
    }
    assert rooms.request("create", "storageclasses", storage_class, group_version="storage.k8s.io/v1").code == 201
    spec = {"storageClassName": "grows", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec}
    assert rooms.request("create", "persistentvolumeclaims", claim).code == 201
    old = rooms.api.get("persistentvolumeclaims", "default", "c")
    rooms.api.update("persistentvolumeclaims", {**old, "status": {"phase": "Bound"}})
    patch = {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}
    answer = rooms.request("patch", "persistentvolumeclaims", patch, name="c", content_type="application/merge-patch+json")
    assert "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi" in answer.body["message"]


def test_a_service_gets_an_address_of_its_own(rooms):
    def service(name: str) -> Object:
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "NodePort"}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}

    bodies = [rooms.request("create", "services", service(name)).body for name in ("a", "b", "c")]
    assert len({body["spec"]["clusterIP"] for body in bodies}) == 3
    assert all(body["spec"]["clusterIP"].startswith("10.96.") for body in bodies)
    assert len({body["spec"]["ports"][0]["nodePort"] for body in bodies}) == 3
    assert bodies[0]["status"] == {"loadBalancer": {}}


def test_a_fault_of_no_known_type_is_refused_at_its_field(rooms):
    fault = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "f"}, "spec": {"type": "Earthquake"}}
    answer = rooms.request("create", "faults", fault, group_version="podhub.dev/v1")
    assert answer.code == 422
    assert answer.body["details"]["causes"][0]["field"] == "spec.type"


class TestNamespaces:
    @pytest.fixture
    def rooms(self) -> Rooms:
        rooms = Rooms()
        rooms.kernel.rooms["namespaces"] = Namespaces(rooms.kernel)
        rooms.api.create("namespaces", namespace("shop"))
        return rooms

    def test_a_new_one_holds_a_service_account_and_the_root_certificate(self, rooms):
        assert rooms.api.get("serviceaccounts", "shop", "default")
        assert rooms.api.get("configmaps", "shop", "kube-root-ca.crt")["data"]["ca.crt"]

    def test_what_it_must_hold_comes_back_when_somebody_deletes_it(self, rooms):
        rooms.request("delete", "serviceaccounts", name="default", namespace="shop")
        assert rooms.api.get("serviceaccounts", "shop", "default") is None
        rooms.run(1)
        assert rooms.api.get("serviceaccounts", "shop", "default")

    @pytest.mark.parametrize("name", ["default", "kube-system"])
    def test_some_may_not_be_deleted(self, rooms, name):
        if name != "default":
            rooms.api.create("namespaces", namespace(name))
        answer = rooms.request("delete", "namespaces", name=name, namespace="")
        assert answer.body["message"] == f'namespaces "{name}" is forbidden: this namespace may not be deleted'

    def test_a_deleted_one_takes_all_that_is_in_it_away(self, rooms):
        rooms.request("create", "configmaps", config_map(), namespace="shop")
        rooms.request("create", "pods", pod(), namespace="shop")
        answer = rooms.request("delete", "namespaces", name="shop", namespace="")
        assert answer.body["status"]["phase"] == "Terminating"
        rooms.run(6)
        assert rooms.api.get("namespaces", "", "shop") is None
        assert not list(rooms.api.list("pods", "shop"))
        assert not list(rooms.api.list("configmaps", "shop"))

    def test_one_that_is_ending_takes_nothing_new_and_waits_for_what_is_left(self, rooms):
        rooms.request("create", "pods", pod(nodeName="node1"), namespace="shop")
        rooms.request("delete", "namespaces", name="shop", namespace="")
        rooms.run(1)
        refused = rooms.request("create", "configmaps", config_map(), namespace="shop")
        assert (refused.code, refused.body["reason"]) == (403, "Forbidden")
        assert "because it is being terminated" in refused.body["message"]
        rooms.api.remove("pods", "shop", "web")
        rooms.run(6)
        assert rooms.api.get("namespaces", "", "shop") is None


def test_an_apply_under_another_name_is_refused(rooms):
    def apply(name: str, own: str = "") -> Any:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": own}}
        query = {"fieldManager": ["me"]}
        return rooms.request("patch", "configmaps", body, name=name, query=query, content_type="application/apply-patch+yaml")

    message = apply("a", "b").body["message"]
    assert message == "the name of the object (b) does not match the name on the URL (a)"
    assert "undeterminable" in apply("a").body["message"]
    assert apply("a", "a").code == 201


def test_what_is_applied_has_no_unknown_fields(rooms):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"}, "daat": {}}
    apply = {"content_type": "application/apply-patch+yaml", "query": {"fieldManager": ["me"]}}
    answer = rooms.request("patch", "configmaps", body, name="settings", **apply)
    assert (answer.code, answer.body["message"]) == (
        500,
        "failed to create typed patch object (default/settings; /v1, Kind=ConfigMap): .daat: field not declared in schema",
    )
