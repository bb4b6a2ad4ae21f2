"""RFC 7386, and finding the patch between two values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.core_v1.merge_patch import merge_apply, merge_diff, same

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab", max_size=2)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("abcd"), v, max_size=3))
OBJECTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_apply_does_what_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_apply(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_a_patch_that_is_found_gives_the_new_object_back_to_the_byte(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = canonical(old)
    patch = merge_diff(old, new)
    if patch is not None:
        assert canonical(merge_apply(old, patch)) == canonical(new)
    assert canonical(old) == before


@given(OBJECTS)
def test_nothing_to_say_is_an_empty_patch(value: dict[str, Any]) -> None:
    assert merge_diff(value, value) == {}


def test_a_patch_holds_only_what_differs() -> None:
    old = {"metadata": {"name": "a", "labels": {"x": "1", "y": "2"}}, "status": {"phase": "Pending"}}
    new = {"metadata": {"name": "a", "labels": {"x": "1"}}, "status": {"phase": "Running"}}
    assert merge_diff(old, new) == {"metadata": {"labels": {"y": None}}, "status": {"phase": "Running"}}


@pytest.mark.parametrize(
    ("old", "new"),
    [({}, {"a": None}), ({"a": 1}, {"a": None}), ({"a": 1}, {"a": {"b": None}}), ({"a": {"b": 1}}, {"a": {"b": None}})],
)
def test_a_null_that_comes_about_cannot_be_said(old: Any, new: Any) -> None:
    assert merge_diff(old, new) is None


def test_a_null_that_was_there_and_one_inside_a_list_are_no_hindrance() -> None:
    assert merge_diff({"a": None}, {"a": None, "b": [None]}) == {"b": [None]}


def test_values_that_only_python_holds_equal_differ() -> None:
    assert not any((same(1, 1.0), same(1, True), same(0.0, -0.0), same([1], [True]), same({"a": 0}, {"a": False})))
    assert merge_diff({"a": 1}, {"a": True}) == {"a": True}
