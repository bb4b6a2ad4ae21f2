import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.describe import describe
from lifecycle.printers.fields import typed
from lifecycle.printers.happenings import Happenings
from lifecycle.printers.tables import table, table_text
from lifecycle.wire import Change

DATA = Path(__file__).parents[2] / "data" / "printers" / "objects.json"
OBJECTS = json.loads(DATA.read_text())["items"]
NOW = parse_rfc3339("2026-01-01T01:00:00Z")
NEEDED = {("kind",), ("metadata",), ("metadata", "name")}


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every field and item below a value stands."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from paths(inner, (*path, key))


PLACES = [(i, path) for i, obj in enumerate(OBJECTS) for path in paths(obj) if path not in NEEDED]


def test_null_is_unset_and_unset_is_empty_at_every_depth() -> None:
    fields = typed({"a": None, "b": [{"c": None, "d": 1}, None], "e": {}})
    assert fields == {"b": [{"d": 1}], "e": {}}
    assert (fields["a"], fields["b"][0]["c"], fields["e"]["f"]) == ("", "", "")
    assert fields.get("a") is None


@given(st.sampled_from(PLACES), st.booleans())
def test_no_missing_field_keeps_an_object_from_being_printed(place: tuple[int, tuple[Any, ...]], null: bool) -> None:
    number, (*way, last) = place
    obj = deepcopy(OBJECTS[number])
    holder = obj
    for key in way:
        holder = holder[key]
    if null:
        holder[last] = None
    else:
        del holder[last]
    events = [obj] if obj["kind"] == "Event" else []
    assert describe(obj, events, NOW, {"pods": [obj], "endpointslices": [obj]}).startswith("Name:")
    assert table_text(table(f"{obj['kind'].lower()}s", [obj], NOW), wide=True, show_labels=True)
    assert list(Happenings().of(Change(1, NOW, 1, "ADDED", obj))) or obj["kind"] == "Event"


def test_the_order_of_conditions_and_gates_needs_no_type() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "x"}, "spec": {"readinessGates": [{}]}, "status": {"conditions": [{}]}}
    assert "Readiness Gates:" in describe(pod, [], NOW, {})


@pytest.mark.parametrize("kind", ["Pod", "Service", "Node", "Namespace", "ConfigMap", "Secret", "EndpointSlice", "Widget"])
def test_an_object_with_nothing_but_a_name_is_described(kind: str) -> None:
    assert describe({"kind": kind, "metadata": {"name": "bare"}}, [], NOW, {}).split()[1] == "bare"
