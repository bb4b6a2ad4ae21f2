"""Every recorded life, played by the engine as `podhub run` plays it, is lived as the real one was.

The cases were recorded beside each other on one node. Where a life was touched by another case (a Pod that waits for room is
looked at again when any Pod of the node ends), that case is played beside it, at the distance in time that the two really had.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifecycle.clock import SECOND, parse_rfc3339
from podhub import cli
from tests.lifecycle.fidelity import Line, differences

RECORDINGS = Path(__file__).resolve().parents[1] / "data" / "recordings"

BESIDE = {"toobig-cpu": "img-invalid", "preempt": "restart-always-1"}
"""Which case's Pod ended while the other's waited to be scheduled: at 1.2 s, and at 14.6 s."""

CASES = sorted(path.parent for path in RECORDINGS.glob("*/requests.yaml"))


def recorded(case: Path) -> list[Line]:
    lines = [json.loads(line) for file in case.glob("*.jsonl") for line in file.read_bytes().splitlines()]
    return sorted(lines, key=lambda line: float(line["t"]))


def watched(printed: bytes) -> list[Line]:
    return sorted((json.loads(line) for line in printed.splitlines()), key=lambda line: float(line["t"]))


def began(case: Path) -> float:
    """Return the wall time of a case's first request, in seconds."""
    first = json.loads((case / "pods.jsonl").read_bytes().splitlines()[0])
    return parse_rfc3339(first["received"]) / SECOND - float(first["t"])


def together(case: Path, other: Path, folder: Path) -> tuple[Path, Path, float]:
    """Write what was asked and pulled in both cases into one file each; return them and how much later `case` begins now."""
    later = max(0.0, began(case) - began(other))
    asked = [line | {"t": line["t"] + later} for line in yaml.safe_load((case / "requests.yaml").read_text())]
    sooner = later + began(other) - began(case)
    asked += [line | {"t": line["t"] + sooner} for line in yaml.safe_load((other / "requests.yaml").read_text())]
    images = {}
    for one in (other, case):
        images |= yaml.safe_load((one / "images.yaml").read_text())
    requests, pulled = folder / "requests.yaml", folder / "images.yaml"
    requests.write_text(yaml.safe_dump(sorted(asked, key=lambda line: float(line["t"]))))
    pulled.write_text(yaml.safe_dump(images))
    return requests, pulled, later


def played(case: Path, until: float, folder: Path, printed: pytest.CaptureFixture[bytes]) -> list[Line]:
    requests, images, later = case / "requests.yaml", case / "images.yaml", 0.0
    if case.name in BESIDE:
        requests, images, later = together(case, RECORDINGS / BESIDE[case.name], folder)
    asked = ["--requests", requests, "--images", images, "--until", until + later, "-o", "watch"]
    assert cli.main(["run", *map(str, asked)]) == 0
    lines = [line | {"t": line["t"] - later} for line in watched(printed.readouterr().out)]
    return [line for line in lines if line["object"]["metadata"].get("namespace") == case.name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_recorded_life_is_lived_again(case: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = recorded(case)
    until = max(line["t"] for line in lines) + 5
    different = differences(lines, played(case, until, tmp_path, capfdbinary))
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
