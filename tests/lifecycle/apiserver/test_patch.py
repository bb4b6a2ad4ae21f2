"""Patches and server-side apply: what they change, make and are refused for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.apiserver.conftest import run_pod


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
