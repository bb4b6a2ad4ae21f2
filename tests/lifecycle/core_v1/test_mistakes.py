"""Manifests, wrong and right, and what a real Kubernetes 1.36 said to each of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lifecycle.core_v1 import Status, accept, check, manifests
from lifecycle.core_v1.schema import kind_of

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "mistakes.json").read_text())
POD = kind_of("v1", "Pod")


def having(field: str) -> list[Any]:
    return [pytest.param(case, id=case["case"]) for case in CASES if field in case]


def documents(text: str) -> list[dict[str, Any]]:
    return [document.value for document in manifests.parse(text).documents]


def without_chance(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object without ids, times and random suffixes."""
    obj = json.loads(re.sub(r"kube-api-access-[a-z0-9]{5}", "kube-api-access-x", json.dumps(obj)))
    for name in ("uid", "creationTimestamp", "resourceVersion", "managedFields", "generation"):
        obj["metadata"].pop(name, None)
    if "generateName" in obj["metadata"]:
        obj["metadata"]["name"] = "generated"
    return obj


@pytest.mark.parametrize("case", having("status"))
def test_a_mistake_gets_the_status_that_kubernetes_gave(case: dict[str, Any]) -> None:
    (manifest,) = documents(case["manifest"])
    answer = accept(manifest, "Strict", expected=POD, namespace="default")
    assert isinstance(answer, Status)
    real = case["status"]
    assert {field: answer.object().get(field) for field in ("kind", "status", "message", "reason", "code", "details")} == {
        field: real.get(field) for field in ("kind", "status", "message", "reason", "code", "details")
    }


@pytest.mark.parametrize("case", having("status"))
def test_a_mistake_is_shown_at_a_line_before_anything_is_sent(case: dict[str, Any]) -> None:
    problems = check(case["manifest"]).problems
    assert problems
    lines = case["manifest"].count("\n") + 1
    assert all(1 <= problem.line <= lines and problem.what_to_do for problem in problems)


@pytest.mark.parametrize("case", having("defaulted"))
def test_what_is_accepted_is_defaulted_as_kubernetes_did(case: dict[str, Any]) -> None:
    answers = [accept(manifest, "Strict", expected=POD, namespace="default") for manifest in documents(case["manifest"])]
    accepted = [answer for answer in answers if not isinstance(answer, Status)]
    assert [without_chance(answer.object) for answer in accepted] == [without_chance(obj) for obj in case["defaulted"]]
    warned = [line.removeprefix("Warning: ") for line in case["kubectl"]["stderr"].splitlines() if line.startswith("Warning")]
    assert [text for answer in accepted for text in answer.warnings] == warned


@pytest.mark.parametrize("case", having("defaulted"))
def test_what_kubernetes_accepts_has_no_problems(case: dict[str, Any]) -> None:
    assert not check(case["manifest"]).problems


@pytest.mark.parametrize("case", [case for case in having("kubectl") if not {"status", "defaulted"} & case.values[0].keys()])
def test_what_kubectl_refuses_itself_is_a_problem(case: dict[str, Any]) -> None:
    assert case["kubectl"]["exit"] == 1
    assert check(case["manifest"]).problems
