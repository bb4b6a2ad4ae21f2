"""Who manages which fields, and what an apply takes away, keeps and refuses."""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import managed_fields
from lifecycle.core_v1.schema import KINDS
from lifecycle.core_v1.status import Status

CONFIG_MAP = KINDS["v1", "ConfigMap"]
POD = KINDS["v1", "Pod"]


def _config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def _pod(image: str, **labels: str) -> dict[str, Any]:
    container = {"name": "c", "image": image, "ports": [{"containerPort": 80}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": labels},
        "spec": {"containers": [container]},
    }


def _applied(body: dict[str, Any], manager: str) -> dict[str, Any]:
    managed = managed_fields.created(CONFIG_MAP, body, manager, 0)
    return {**body, "metadata": {**body["metadata"], "managedFields": managed}}


def test_what_an_apply_lists_no_more_is_taken_away() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    new = managed_fields.apply(CONFIG_MAP, live, _config_map(a="1"), "me", False, 1)
    assert not isinstance(new, Status)
    assert new["data"] == {"a": "1"}


def test_what_another_manager_holds_too_stays() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    shared = managed_fields.apply(CONFIG_MAP, live, _config_map(b="2"), "you", False, 1)
    assert not isinstance(shared, Status)
    left = managed_fields.apply(CONFIG_MAP, shared, _config_map(a="1"), "me", False, 2)
    assert not isinstance(left, Status)
    assert left["data"] == {"a": "1", "b": "2"}


def test_a_field_of_another_manager_is_a_conflict_until_it_is_forced() -> None:
    live = _applied(_config_map(a="1"), "me")
    refused = managed_fields.apply(CONFIG_MAP, live, _config_map(a="2"), "you", False, 1)
    assert isinstance(refused, Status)
    assert (refused.code, refused.message) == (409, 'Apply failed with 1 conflict: conflict with "me": .data.a')
    forced = managed_fields.apply(CONFIG_MAP, live, _config_map(a="2"), "you", True, 1)
    assert not isinstance(forced, Status)
    assert forced["data"] == {"a": "2"}
    assert [entry["manager"] for entry in forced["metadata"]["managedFields"]] == ["you"]


def test_the_same_apply_again_changes_nothing() -> None:
    live = _applied(_config_map(a="1"), "me")
    assert managed_fields.apply(CONFIG_MAP, live, _config_map(a="1"), "me", False, 5) == live


def test_an_object_that_nobody_applied_belongs_to_before_first_apply() -> None:
    refused = managed_fields.apply(POD, _pod("nginx:1"), _pod("nginx:2"), "me", False, 1)
    assert isinstance(refused, Status)
    field = '.spec.containers[name="c"].image'
    assert refused.message == f'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: {field}'
    assert refused.details == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "before-first-apply" using v1', "field": field}]
    }


def test_an_update_takes_over_what_it_changes() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    new = {**live, "data": {"a": "9", "b": "2"}}
    managed = managed_fields.updated(CONFIG_MAP, live, new, "editor", 1)
    assert [(entry["manager"], entry["operation"], entry["fieldsV1"]) for entry in managed] == [
        ("me", "Apply", {"f:data": {"f:b": {}}}),
        ("editor", "Update", {"f:data": {"f:a": {}}}),
    ]


def test_items_of_lists_are_named_by_their_keys() -> None:
    managed = managed_fields.created(POD, _pod("nginx", app="web"), "me", 0)
    container = managed[0]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert container["f:ports"] == {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    assert managed[0]["fieldsV1"]["f:metadata"] == {"f:labels": {"f:app": {}}}
