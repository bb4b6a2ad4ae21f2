"""`jsonpath.jsonl` holds templates, and what kubectl 1.32 made of them and the Pod beside it: text, or why there is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.printers import jsonpath
from lifecycle.printers.jsonpath import Unanswerable
from lifecycle.printers.jsonpath_syntax import BadTemplate, parse, parse_relaxed

DATA = Path(__file__).parents[2] / "data" / "printers"
POD = json.loads((DATA / "jsonpath-pod.json").read_text())
CASES = [json.loads(line) for line in (DATA / "jsonpath.jsonl").read_text().splitlines()]


def made_of(template: str) -> dict[str, str]:
    try:
        return {"text": jsonpath.render(parse(template), POD)}
    except BadTemplate as wrong:
        return {"unreadable": str(wrong)}
    except Unanswerable as wrong:
        return {"unanswerable": str(wrong)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["template"])
def test_a_template_makes_of_a_pod_what_kubectl_makes_of_it(case: dict[str, str]) -> None:
    assert {"template": case["template"], **made_of(case["template"])} == case


@given(st.text(alphabet="{}[]()?@$.*'\"\\,:-<>=!~ \n0a\u00e9rangeendtrue", max_size=40))
def test_any_text_is_a_template_or_told_to_be_none(template: str) -> None:
    assert made_of("{" + template)
    assert made_of("{range .status.conditions[*]}{" + template)


def test_what_has_no_order_comes_by_name() -> None:
    assert jsonpath.render(parse("{.b.*} {..x}"), {"b": {"z": {"x": 1}, "a": {"x": 2}}}) == '{"x":2} {"x":1} 2 1'


def test_all_that_an_action_finds_is_a_json_list() -> None:
    found = jsonpath.json_form(parse("{.a[*]}{.nope}"), {"a": [{"b": "<"}, None]})
    assert found == '[\n    {\n        "b": "\\u003c"\n    },\n    null\n]\n[]\n'


@pytest.mark.parametrize("path", ["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"])
def test_a_columns_path_goes_without_braces_and_dot(path: str) -> None:
    found: list[Any] = list(jsonpath.find(parse_relaxed(path), POD))
    assert found == [["web"]]
