"""Scripts against what the real shells did with them.

`shells.json` (and `tools.json`, for sed, awk, find and the like) holds scripts and what busybox 1.35 (ash), dash 0.5.12 and
bash 5.2 printed and returned for them, each in an empty directory, without a locale. Pids in messages are masked.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tests.lifecycle.programs.world import World

CASES = [
    case for name in ("shells.json", "tools.json") for case in msgspec.json.decode(Path(__file__).with_name(name).read_bytes())
]
IMAGES = {"ash": "busybox", "dash": "debian", "bash": "debian"}
NAMES = {"ash": "sh", "dash": "sh", "bash": "bash"}


def masked(text: str) -> str:
    if "erminated" not in text and "Killed" not in text:
        return text
    return re.sub(r"\b\d{1,7}\b(?= +(Terminated|Killed))", "N", re.sub(r" {2,}", " ", text))


@pytest.mark.parametrize("case", CASES, ids=[f"{case['shell']}-{i}" for i, case in enumerate(CASES)])
def test_a_script_does_what_the_real_shell_does(case: dict[str, object]) -> None:
    world = World()
    shell = str(case["shell"])
    container = world.container(IMAGES[shell], "sleep", "infinity", working_dir="/w")
    result = world.exec(container, NAMES[shell], "-c", str(case["script"]))
    assert (masked(result.stdout), masked(result.stderr), result.code) == (case["stdout"], case["stderr"], case["code"])
