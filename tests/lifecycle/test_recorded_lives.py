"""Every recorded life, played by the engine as `podhub run` plays it, is lived as the real one was."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from podhub import cli
from tests.lifecycle.fidelity import Line, differences

RECORDINGS = Path(__file__).resolve().parents[1] / "data" / "recordings"

CASES = sorted(path.parent for path in RECORDINGS.glob("*/requests.yaml"))


def recorded(case: Path) -> list[Line]:
    lines = [json.loads(line) for file in case.glob("*.jsonl") for line in file.read_bytes().splitlines()]
    return sorted(lines, key=lambda line: float(line["t"]))


def watched(printed: bytes) -> list[Line]:
    return sorted((json.loads(line) for line in printed.splitlines()), key=lambda line: float(line["t"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_recorded_life_is_lived_again(case: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = recorded(case)
    until = max(line["t"] for line in lines) + 5
    asked = ["--requests", case / "requests.yaml", "--images", case / "images.yaml", "--until", until, "-o", "watch"]
    assert cli.main(["run", *map(str, asked)]) == 0
    different = differences(lines, watched(capfdbinary.readouterr().out))
    assert not different, "\n".join(different)


@pytest.fixture
def life() -> list[Line]:
    return recorded(RECORDINGS / "liveness-exec")


def test_a_life_agrees_with_itself(life: list[Line]) -> None:
    assert differences(life, copy.deepcopy(life)) == []


def _without(life: list[Line], reason: str) -> list[Line]:
    return [line for line in life if line["object"].get("reason") != reason]


def test_an_event_that_is_missing_is_a_difference(life: list[Line]) -> None:
    assert "Killing" in differences(life, _without(life, "Killing"))[0]
    assert "Killing" in differences(_without(life, "Killing"), life)[0]


def test_a_state_that_comes_late_is_a_difference(life: list[Line]) -> None:
    late = [line | {"t": line["t"] + (5 if line["t"] > 20 else 0)} for line in life]
    assert any("in the recording" in text and "simulated, until" in text for text in differences(life, late))


def test_another_exit_code_is_a_difference(life: list[Line]) -> None:
    other: Any = json.loads(json.dumps(life).replace('"exitCode": 137', '"exitCode": 0'))
    assert any("only simulated" in text for text in differences(life, other))


def test_ids_and_addresses_are_no_difference(life: list[Line]) -> None:
    other = json.loads(json.dumps(life).replace("10.244.0.", "10.9.8."))
    assert differences(life, other) == []
