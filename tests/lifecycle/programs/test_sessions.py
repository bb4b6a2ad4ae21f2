"""What people type into shells, against what the real shells did with it.

`terminals.json` holds what was typed at a terminal and what busybox 1.35 (ash), dash 0.5.12 and bash 5.2 showed, some tenths
of a second later; `standard_input.json` scripts that came through a pipe. Pids are masked.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.lifecycle.programs.world import Session, World

HERE = Path(__file__).parent
TYPED = msgspec.json.decode((HERE / "terminals.json").read_bytes())
SCRIPTS = msgspec.json.decode((HERE / "standard_input.json").read_bytes())
IMAGES = {"ash": "busybox", "dash": "debian", "bash": "debian"}
NAMES = {"ash": "sh", "dash": "dash", "bash": "bash"}


def session(shell: str, tty: bool, world: World | None = None) -> Session:
    world = world or World()
    container = world.container(IMAGES[shell], "sleep", "infinity", working_dir="/w")
    return world.session(container, NAMES[shell], tty=tty)


def masked(text: str) -> str:
    return re.sub(r"(?<=\] )\d+(?=\r)|\d{3,}(?=\r\n)", "N", text)


@pytest.mark.parametrize("case", TYPED, ids=[f"{case['case']}-{case['shell']}" for case in TYPED])
def test_a_terminal_shows_what_the_real_one_shows(case: dict[str, Any]) -> None:
    shell = session(case["shell"], tty=True)
    shell.pass_time(0.5)
    assert shell.shown() == case["typed"][0][1]
    for typed, shown in case["typed"][1:]:
        seconds = 0.3
        if isinstance(typed, list):
            typed, seconds = typed
        shell.type(typed)
        shell.pass_time(seconds + 0.002)
        assert (typed, masked(shell.shown())) == (typed, masked(shown))
    assert shell.code == case["code"]


def results(case: dict[str, Any], size: int) -> dict[str, Any]:
    """Run a script that comes in pieces of a size."""
    shell, script = session(case["shell"], tty=False), case["stdin"]
    for at in range(0, len(script), size):
        shell.type(script[at : at + size])
    shell.type("", end=True)
    shell.pass_time(20)
    return {**case, **shell.written, "code": shell.code}


@pytest.mark.parametrize("case", SCRIPTS, ids=[f"{case['shell']}-{i}" for i, case in enumerate(SCRIPTS)])
def test_a_script_on_standard_input_does_what_the_real_shell_does(case: dict[str, Any]) -> None:
    assert results(case, 1 << 20) == case


@pytest.mark.parametrize("case", [case for case in SCRIPTS if case["shell"] == "bash"])
def test_bash_does_not_mind_how_its_input_comes(case: dict[str, Any]) -> None:
    assert results(case, 7) == case


@pytest.mark.parametrize("shell", ["ash", "dash", "bash"])
def test_a_session_goes_on_identically_after_it_was_saved(shell: str) -> None:
    case = next(case for case in TYPED if case["shell"] == shell and case["case"] == "interrupts")
    found = session(shell, tty=True)
    found.pass_time(0.5)
    for typed, shown in case["typed"][1:]:
        found = found.saved_and_restored()
        found.shown()
        found.type(typed)
        found.pass_time(0.3)
        assert masked(found.shown()) == masked(shown)


@pytest.mark.parametrize(
    ("shell", "shown"), [("ash", "\r/w # abc\x1b[J"), ("dash", ""), ("bash", "\r\x1b[K\rroot@pod:/w# abc")]
)
def test_a_prompt_is_shown_again_in_a_window_of_another_size(shell: str, shown: str) -> None:
    found = session(shell, tty=True)
    found.type("abc")
    found.shown()
    found.resize(50, 132)
    found.resize(50, 132)
    assert found.shown() == shown


def test_a_loop_that_is_busy_for_ever_can_be_interrupted() -> None:
    shell = session("ash", tty=True)
    shell.type("while :; do :; done\r")
    shell.pass_time(20)
    shell.shown()
    shell.type("\x03")
    shell.type("echo free\r")
    assert shell.shown().endswith("free\r\n/w # ")


def test_keys_without_end_take_no_more_than_their_share() -> None:
    shell = session("dash", tty=True)
    shell.type("sleep 100\r")
    begun = time.process_time()
    for keys in ("a" * 100_000 + "\x7f" * 100_000, "a b " * 25_000 + "\x17" * 50_000, "\r" * 100_000, "\x15\x04" * 50_000):
        shell.type(keys)
    shell.type("\x03")
    shell.pass_time(5)
    assert shell.shown().endswith("^C\r\n# ")
    assert time.process_time() - begun < 10


def test_words_and_characters_are_taken_back() -> None:
    shell = session("dash", tty=True)
    shell.type("echo one two\x17\x17xé\x7fy\r")
    assert shell.shown().endswith("\r\nxy\r\n# ")


def test_who_is_cut_off_leaves_no_shell_behind() -> None:
    shell = session("bash", tty=True)
    shell.type("cat\r")
    shell.type("", end=True)
    assert shell.code == 0


def test_keys_interrupt_a_command_that_is_no_shell() -> None:
    world = World()
    cat = world.session(world.container("busybox", "sleep", "infinity"), "cat", tty=True)
    cat.type("abc\r")
    cat.type("\x03")
    assert cat.shown() == "abc\r\nabc\r\n^C"
    assert cat.code == 130


def test_a_long_command_is_read_in_the_time_its_length_takes() -> None:
    shell = session("bash", tty=False)
    shell.type("f() {\n" + "echo line\n" * 5_000)
    shell.type("}\nf | wc -l\n")
    shell.type("", end=True)
    shell.pass_time(5)
    assert shell.written["stdout"] == "5000\n"
