"""The four kinds of patches."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1.json_patch import PatchFailed, json_apply
from lifecycle.core_v1.patch import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, Patched, patch
from lifecycle.core_v1.schema import KINDS, type_of
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.strategic_patch import BadPatch, strategic_apply

POD = KINDS["v1", "Pod"]


def pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def names(items: list[dict[str, Any]]) -> str:
    return "".join(item["name"] for item in items)


def strategic(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return strategic_apply(old, new, type_of(POD))


@pytest.mark.parametrize(
    ("target", "operation", "result"),
    [
        ({"a": 1}, {"op": "add", "path": "/b", "value": 2}, {"a": 1, "b": 2}),
        ({"a": [1, 3]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2, 3]}),
        ({"a": [1]}, {"op": "add", "path": "/a/-", "value": 2}, {"a": [1, 2]}),
        ({"a": [1]}, {"op": "add", "path": "/a/1", "value": 2}, {"a": [1, 2]}),
        ({"a": [1, 2]}, {"op": "remove", "path": "/a/-1"}, {"a": [1]}),
        ({"a": {"b": 1, "c": 2}}, {"op": "remove", "path": "/a/b"}, {"a": {"c": 2}}),
        ({"a": [{"b": 1}]}, {"op": "replace", "path": "/a/0/b", "value": None}, {"a": [{"b": None}]}),
        ({"a": [{"b": 1}]}, {"op": "remove", "path": "/a/0/b"}, {"a": [{}]}),
        ({"a": 1}, {"op": "move", "from": "/a", "path": "/b"}, {"b": 1}),
        ({"a": [1]}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": [1], "b": [1]}),
        ({"a/b": 1, "m~n": 2}, {"op": "replace", "path": "/a~1b", "value": 3}, {"a/b": 3, "m~n": 2}),
        ({"a/b": 1, "m~n": 2}, {"op": "test", "path": "/m~0n", "value": 2}, {"a/b": 1, "m~n": 2}),
        ({}, {"op": "test", "path": "/a", "value": None}, {}),
    ],
)
def test_json_patch_does_what_the_rfc_says(target: Any, operation: Any, result: Any) -> None:
    assert json_apply(target, [operation]) == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nope"},
        {"op": "replace", "path": "/a/7", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "add", "path": "/a/9", "value": 1},
        {"op": "test", "path": "/a/0", "value": True},
        {"op": "move", "path": "/a"},
        {"op": "jump", "path": "/a"},
        {"op": "add", "path": "a", "value": 1},
        {"op": "remove", "path": ""},
        "add",
    ],
)
def test_json_patch_that_leads_nowhere_is_rejected_as_a_whole(operation: Any) -> None:
    target = {"a": [1]}
    with pytest.raises(PatchFailed, match="operation 1"):
        json_apply(target, [{"op": "add", "path": "/b", "value": 1}, operation])
    assert target == {"a": [1]}
    answer = patch(POD, pod(), [operation], JSON_PATCH)
    assert isinstance(answer, Status)
    assert (answer.code, answer.reason) == (422, "Invalid")


def test_items_of_lists_merge_by_their_keys() -> None:
    old = pod(containers=[{"name": "a", "image": "x", "env": [{"name": "V", "value": "1"}]}, {"name": "b", "image": "y"}])
    new = strategic(old, {"spec": {"containers": [{"name": "a", "image": "z", "env": [{"name": "W", "value": "2"}]}]}})
    assert new["spec"]["containers"] == [
        {"name": "a", "image": "z", "env": [{"name": "W", "value": "2"}, {"name": "V", "value": "1"}]},
        {"name": "b", "image": "y"},
    ]
    assert old["spec"]["containers"][0]["image"] == "x"


def test_lists_without_a_key_are_replaced_and_maps_merge() -> None:
    old = pod(containers=[{"name": "a", "command": ["x", "y"]}], tolerations=[{"key": "a"}], nodeSelector={"a": "1", "b": "2"})
    change = {
        "spec": {
            "containers": [{"name": "a", "command": ["z"]}],
            "tolerations": [{"key": "b"}],
            "nodeSelector": {"b": None, "c": "3"},
        }
    }
    assert strategic(old, change)["spec"] == {
        "containers": [{"name": "a", "command": ["z"]}],
        "tolerations": [{"key": "b"}],
        "nodeSelector": {"a": "1", "c": "3"},
    }


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ([{"name": "b", "$patch": "delete"}], "ac"),
        ([{"$patch": "replace"}, {"name": "d"}], "d"),
        ([{"name": "c", "image": "z"}, {"name": "a", "image": "z"}], "bca"),
        ([{"name": "d"}], "dabc"),
    ],
)
def test_directives_on_items_and_the_order_without_one(change: list[Any], result: str) -> None:
    old = pod(containers=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
    assert names(strategic(old, {"spec": {"containers": change}})["spec"]["containers"]) == result


@pytest.mark.parametrize(
    ("order", "change", "result"),
    [
        ("ca", None, "bca"),
        ("cba", [], "cba"),
        ("dab", [{"name": "d"}], "dabc"),
        ("adb", [{"name": "d"}, {"name": "b", "image": "z"}], "adbc"),
        ("xab", None, "abc"),
        ("ab", [{"name": "c", "$patch": "delete"}], "ab"),
    ],
)
def test_set_element_order_puts_items_in_order(order: str, change: list[Any] | None, result: str) -> None:
    old = pod(containers=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
    spec: dict[str, Any] = {"$setElementOrder/containers": [{"name": name} for name in order]}
    if change is not None:
        spec["containers"] = change
    assert names(strategic(old, {"spec": spec})["spec"]["containers"]) == result


def test_primitive_lists_are_sets_from_which_items_can_be_taken() -> None:
    old = {"metadata": {"finalizers": ["a/1", "a/2"]}}
    assert strategic(old, {"metadata": {"finalizers": ["a/2", "a/3"]}})["metadata"]["finalizers"] == ["a/1", "a/2", "a/3"]
    taken = strategic(old, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/1"]}})
    assert taken["metadata"]["finalizers"] == ["a/2"]


def test_retain_keys_let_a_volume_change_its_source() -> None:
    old = pod(volumes=[{"name": "v", "emptyDir": {}}])
    volume = {"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}
    assert strategic(old, {"spec": {"volumes": [volume]}})["spec"]["volumes"] == [{"name": "v", "hostPath": {"path": "/x"}}]


def test_maps_may_be_replaced_or_emptied() -> None:
    old = pod(nodeSelector={"a": "1"}, securityContext={"runAsUser": 1, "fsGroup": 2})
    change = {"nodeSelector": {"$patch": "replace", "b": "2"}, "securityContext": {"$patch": "delete"}}
    assert strategic(old, {"spec": change})["spec"] == {"nodeSelector": {"b": "2"}, "securityContext": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": {"containers": [{"image": "x"}]}}, "map: map[image:x] does not contain declared merge key: name"),
        ({"spec": {"$patch": "explode"}}, "unknown patch type: explode in map: map[$patch:explode]"),
        (
            {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b"}]}},
            "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
        ),
        ({"spec": {"$setElementOrder/containers": 1}}, "invalid patch format of setElementOrder list"),
        ({"spec": {"containers": ["a"]}}, "expected a map, but received a string"),
    ],
)
def test_a_strategic_patch_that_makes_no_sense_is_a_bad_request(change: Any, message: str) -> None:
    old = pod(containers=[{"name": "a"}])
    with pytest.raises(BadPatch):
        strategic(old, change)
    answer = patch(POD, old, change, STRATEGIC_MERGE_PATCH)
    assert isinstance(answer, Status)
    assert (answer.code, answer.message) == (400, message)


def test_what_strict_decoding_minds_in_the_outcome_is_invalid_with_neither_kind_nor_name() -> None:
    answer = patch(POD, pod(), {"spec": {"foo": 1}}, STRATEGIC_MERGE_PATCH, "Strict")
    assert isinstance(answer, Status)
    assert (
        answer.message
        == ' "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo"'
    )
    assert answer.details == {
        "causes": [
            {
                "reason": "FieldValueInvalid",
                "message": 'Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo"',
                "field": "patch",
            }
        ]
    }
    lenient = patch(POD, pod(), {"spec": {"foo": 1}}, MERGE_PATCH)
    assert isinstance(lenient, Patched)
    assert lenient.warnings == ('unknown field "spec.foo"',)
    assert "foo" not in lenient.object["spec"]


def test_a_patch_may_not_give_a_field_another_type() -> None:
    answer = patch(POD, pod(), {"spec": {"nodeName": 5}}, MERGE_PATCH)
    assert isinstance(answer, Status)
    assert answer.code == 422
    assert "json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string" in answer.message


@pytest.mark.parametrize(("content_type", "body"), [(JSON_PATCH, {}), (MERGE_PATCH, []), (STRATEGIC_MERGE_PATCH, "x")])
def test_a_body_of_the_wrong_shape_is_a_bad_request(content_type: str, body: Any) -> None:
    answer = patch(POD, pod(), body, content_type)
    assert isinstance(answer, Status)
    assert answer.code == 400


def test_another_content_type_is_not_supported() -> None:
    answer = patch(POD, pod(), {}, "text/plain")
    assert isinstance(answer, Status)
    assert answer.code == 415
