"""Values as Go prints them."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1 import go_value


def test_gos_rendering_of_maps_sorts_keys() -> None:
    assert go_value.plain({"b": [1, None], "a": {"x": True}}) == "map[a:map[x:true] b:[1 <nil>]]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (8080, "8080"),
        (1_000_000, "1e+06"),
        (123_456_789, "1.23456789e+08"),
        (0.5, "0.5"),
        (0.00001, "1e-05"),
        (-2_500_000, "-2.5e+06"),
    ],
)
def test_numbers_of_yaml_are_floats(value: float, shown: str) -> None:
    assert go_value.reference(value) == f"&{{{shown}}}"
    assert go_value.syntax(value) == shown


@pytest.mark.parametrize(
    ("value", "shown", "type"),
    [
        (
            {"b": [1, "x"], "a": None},
            'map[string]interface {}{"a":interface {}(nil), "b":[]interface {}{1, "x"}}',
            "map[string]interface {}",
        ),
        ([True], "[]interface {}{true}", "[]interface {}"),
        ('"', '"\\""', "string"),
        (1, "1", "float64"),
        (None, "interface {}(nil)", "<nil>"),
    ],
)
def test_values_are_shown_with_their_types(value: Any, shown: str, type: str) -> None:
    assert (go_value.syntax(value), go_value.type_name(value)) == (shown, type)
