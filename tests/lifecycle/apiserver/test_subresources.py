"""Evictions and bindings: requests that do something with a Pod, and what they are refused for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.apiserver.conftest import run_pod, stored
from tests.lifecycle.rooms import pod


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


@pytest.mark.parametrize("subresource", ["eviction", "binding"])
@pytest.mark.parametrize("body", [[], 5, {"target": 5, "deleteOptions": 5}])
def test_a_body_that_is_no_eviction_or_binding_is_refused(rooms, subresource, body):
    rooms.request("create", "pods", pod())
    assert rooms.request("create", "pods", body, name="web", subresource=subresource).code == 400
