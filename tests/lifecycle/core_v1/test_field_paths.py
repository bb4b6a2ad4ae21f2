"""Fields one by one: what differs between two objects is what all of their fields tell, wherever they differ."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.core_v1.field_paths import changes, leaves
from lifecycle.core_v1.schema import KINDS

REAL: list[dict[str, Any]] = json.loads((Path(__file__).parent / "real_objects.json").read_text())
VALUES: tuple[Any, ...] = (None, {}, [], "", "other", 7, {"a": "b"}, [{"name": "c", "type": "Ready"}])


@st.composite
def altered(draw: st.DrawFn, obj: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which some parts are left out, doubled, turned around or replaced."""
    new = copy.deepcopy(obj)
    for _ in range(draw(st.integers(0, 3))):
        part: Any = new
        for _ in range(draw(st.integers(0, 5))):
            inner = [v for v in (part.values() if isinstance(part, dict) else part) if v and isinstance(v, (dict, list))]
            if inner:
                part = draw(st.sampled_from(inner))
        _alter(draw, part)
    return new


def _alter(draw: st.DrawFn, part: Any) -> None:
    place = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part)))) if part else None
    if place is None:
        return
    match draw(st.sampled_from(("leave out", "replace", "turn around"))):
        case "leave out":
            del part[place]
        case "replace" if isinstance(part, dict):
            part[place] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        case _ if isinstance(part, list):
            part.reverse()


@given(st.data(), st.sampled_from(REAL), st.booleans())
@settings(max_examples=200, deadline=None)
def test_changes_are_what_all_fields_of_both_objects_tell(data: st.DataObject, real: dict[str, Any], status: bool) -> None:
    kind = KINDS[real["apiVersion"], real["kind"]]
    old, new = data.draw(altered(real)), data.draw(altered(real))
    try:
        before, after = leaves(kind, old, status), leaves(kind, new, status)
    except (TypeError, AttributeError):
        return  # what no request brings this far: a list of something else than structs
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    assert changes(kind, old, new, status) == (changed, before.keys() - after.keys())
