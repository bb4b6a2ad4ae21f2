"""What a change altered, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from podhub.web.differences import differences


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({}, {"a": {"b": 1}}, [("a", None, {"b": 1})]),
        ({"a": [1, 2]}, {"a": [1]}, [("a", [1, 2], [1])]),
        ({"a": [{"name": "x", "v": 1}, {"name": "y", "v": 1}]}, {"a": [{"name": "y", "v": 2}]}, None),
        ({"metadata": {"resourceVersion": "1"}}, {"metadata": {"resourceVersion": "2"}}, []),
    ],
)
def test_fields_are_told_by_path(old: Any, new: Any, expected: list[tuple[str, Any, Any]] | None) -> None:
    found = [tuple(each) for each in differences(old, new)]
    if expected is None:
        assert found == [("a[x]", {"name": "x", "v": 1}, None), ("a[y].v", 1, 2)]
    else:
        assert found == expected


def test_items_are_matched_by_type_where_they_have_no_name() -> None:
    old = [{"type": "Ready", "status": "False"}, {"type": "Initialized", "status": "True"}]
    new = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}]
    assert [tuple(each) for each in differences({"conditions": old}, {"conditions": new})] == [
        ("conditions[Ready].status", "False", "True")
    ]
