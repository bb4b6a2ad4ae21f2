"""What is asked of the API server, and what it answers."""

from __future__ import annotations

import pytest

from lifecycle.apiserver import requests
from lifecycle.wire import Object
from tests.lifecycle.apiserver.conftest import config_map, run_pod, stored
from tests.lifecycle.rooms import pod

NO_SUCH_PATH = "the server could not find the requested resource"


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


def test_a_name_is_taken_as_long_as_what_has_it_is_being_deleted(rooms):
    body = {**config_map("held"), "metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    assert rooms.request("create", "configmaps", body).code == 201
    assert rooms.request("delete", "configmaps", name="held").code == 200
    answer = rooms.request("create", "configmaps", body)
    assert (answer.code, answer.body["message"]) == (409, 'object is being deleted: configmaps "held" already exists')


def test_a_name_that_is_taken_and_was_to_be_generated_may_be_tried_again(rooms):
    body = {**config_map("taken"), "metadata": {"name": "taken", "generateName": "t-"}}
    assert rooms.request("create", "configmaps", body).code == 201
    answer = rooms.request("create", "configmaps", body)
    why = "the server was not able to generate a unique name for the object"
    assert (answer.code, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == f'configmaps "taken" already exists, {why}'
    assert answer.body["details"] == {"name": "taken", "kind": "configmaps", "retryAfterSeconds": 1}


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


def test_a_cluster_holds_so_many_pods_and_no_more(rooms, monkeypatch):
    monkeypatch.setattr(requests, "MOST_PODS", 2)
    codes = [rooms.request("create", "pods", pod(f"web-{n}")).code for n in range(3)]
    assert codes == [201, 201, 429]
    rooms.request("delete", "pods", name="web-0")
    assert rooms.request("create", "pods", pod("web-3")).code == 201


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


OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}
TWICE = (
    ".metadata.ownerReferences contains duplicate entries{}; API server dedups owner references in 1.20+, "
    "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u"
)


def test_an_owner_that_is_named_twice_counts_once_and_is_warned_of(rooms):
    body = {**config_map(), "metadata": {"name": "settings", "ownerReferences": [OWNER, OWNER, {**OWNER, "uid": "v"}]}}
    made = rooms.request("create", "configmaps", body)
    assert made.warnings == (TWICE.format(""),)
    assert [owner["uid"] for owner in made.body["metadata"]["ownerReferences"]] == ["u", "v"]
    patch = {"metadata": {"ownerReferences": [OWNER, OWNER]}}
    patched = rooms.request("patch", "configmaps", patch, name="settings", content_type="application/merge-patch+json")
    assert patched.warnings == (TWICE.format(" after mutating admission happens"),)
    assert patched.body["metadata"]["ownerReferences"] == [OWNER]


def test_an_event_of_another_group_than_that_which_is_asked_is_refused(rooms):
    body = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}, "regarding": {"namespace": "default"}}
    answer = rooms.request("create", "events", body)
    message = "the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)"
    assert (answer.code, answer.body["message"]) == (400, message)
