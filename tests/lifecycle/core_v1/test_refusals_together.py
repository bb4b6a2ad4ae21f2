"""Several mistakes in one Pod: each is told of, in the order in which the API server looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lifecycle.core_v1 import Status, accept
from tests.lifecycle.core_v1.test_refusals import causes

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "together.yaml").read_text())


def pod(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_mistakes_are_told_in_order(case: dict[str, Any]) -> None:
    told = [cause for cause in causes(accept(pod(case["spec"]), namespace="default")) if "kube-api-access" not in cause]
    assert told == case["causes"]


def test_what_is_said_twice_stands_once_in_the_message_and_twice_in_the_causes() -> None:
    twice = {"name": "a", "image": "x", "resizePolicy": [{"resourceName": "gpu", "restartPolicy": "NotRequired"}] * 2}
    answer = accept(pod({"containers": [twice]}), namespace="default")
    assert isinstance(answer, Status)
    why = 'spec.containers[0].resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory"'
    assert answer.message.count(why) == 1
    assert causes(answer).count(why) == 2
