"""What real kubectl printed for quotas, limits, budgets, classes, volumes and claims, with the other objects that it asked for.

It has the resources of one limit in any order; here they stand sorted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.printers.describe import RELATED, describe

DATA = Path(__file__).parents[2] / "data" / "printers" / "limits_and_storage.jsonl"
PRINTED = [json.loads(line) for line in DATA.read_text().splitlines()]


@pytest.mark.parametrize("case", PRINTED, ids=lambda case: case["args"])
def test_an_object_is_described_as_kubectl_does(case: dict[str, Any]) -> None:
    obj = case["object"]
    assert set(case["related"]) == set(RELATED.get(obj["kind"], ()))
    text = describe(obj, None, 0, case["related"])
    assert _sorted_limits(text) == _sorted_limits(case["text"])


def _sorted_limits(text: str) -> list[str]:
    """Return a text's lines, those of limits (which begin with a type and a resource) sorted."""
    lines = text.splitlines()
    limits = [line for line in lines if line.split()[:1] in (["Container"], ["Pod"], ["PersistentVolumeClaim"])]
    return [line for line in lines if line not in limits] + sorted(limits)


def test_a_namespace_tells_only_of_its_own_limits() -> None:
    case = next(case for case in PRINTED if case["args"] == "describe ns/default")
    other = {**case["object"], "metadata": {**case["object"]["metadata"], "name": "other"}}
    text = describe(other, None, 0, case["related"])
    assert "\nNo resource quota.\n\nNo LimitRange resource.\n" in text
