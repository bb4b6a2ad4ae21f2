"""Every rule once: one mistake in an object that is otherwise right, and all that the API server tells of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifecycle.core_v1 import Accepted, Status, accept, accept_update, field
from tests.lifecycle.core_v1.test_validation import with_change

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "refusals.yaml").read_text())


def causes(answer: Accepted | Status) -> list[str]:
    if isinstance(answer, Accepted):
        return []
    assert answer.code == 422, answer
    assert answer.details
    return [f"{cause['field']}: {cause['message']}" for cause in answer.details["causes"]]


def put(obj: dict[str, Any], path: str, value: Any) -> None:
    """Set one field of an object (None: take it away); a path's last list index may be one past the end."""
    target: Any = obj
    *steps, last = field.parse(path)
    for step in steps:
        target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
    if isinstance(target, list) and last == len(target):
        target.append(value)
    elif value is None:
        del target[last]
    else:
        target[last] = value


def stored(obj: dict[str, Any]) -> dict[str, Any]:
    made = accept(obj, namespace="default", suffix=lambda what: "abcde")
    assert isinstance(made, Accepted), made
    status = {"status": {**made.object.get("status", {}), **obj["status"]}} if "status" in obj else {}
    metadata = {**made.object["metadata"], "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {**made.object, "metadata": metadata, **status}


def shown(case: dict[str, Any]) -> str:
    return f"{case['object']['kind'] if 'object' in case else 'Pod'}-{case.get('set', '')}"


@pytest.mark.parametrize("case", CASES["pods"], ids=shown)
def test_what_is_wrong_with_a_new_pod(case: dict[str, Any]) -> None:
    assert causes(accept(with_change(case["set"], case["to"]), namespace="default")) == case["causes"]


@pytest.mark.parametrize("case", CASES["kinds"], ids=shown)
def test_what_is_wrong_with_a_new_object(case: dict[str, Any]) -> None:
    assert causes(accept(case["object"], namespace="default")) == case["causes"]


@pytest.mark.parametrize("case", CASES["updates"], ids=shown)
def test_what_is_wrong_with_a_change(case: dict[str, Any]) -> None:
    old = stored(case["object"])
    new = copy.deepcopy(old)
    put(new, case["set"], case["to"])
    assert causes(accept_update(new, old, subresource=case.get("subresource", ""))) == case["causes"]
