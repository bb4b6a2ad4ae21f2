"""What commands do where they are started at a terminal, against what the real ones did there.

`at_terminals.json` holds what was typed and what busybox 1.35 in ash, and coreutils and ncurses in bash 5.2, showed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.lifecycle.programs.test_editor import shell_at
from tests.lifecycle.programs.test_sessions import masked

TYPED = msgspec.json.decode(Path(__file__).with_name("at_terminals.json").read_bytes())


@pytest.mark.parametrize("case", TYPED, ids=[f"{case['case']}-{case['shell']}" for case in TYPED])
def test_a_command_at_a_terminal_does_what_the_real_one_does(case: dict[str, Any]) -> None:
    session = shell_at(case["shell"], case["columns"])
    assert session.shown() == case["typed"][0][1]
    for typed, shown in case["typed"][1:]:
        session = session.saved_and_restored()
        session.type(typed)
        session.pass_time(0.3)
        assert (typed, masked(session.shown())) == (typed, masked(shown))
    assert session.code == case["code"]


def test_busybox_colours_names_by_their_kind() -> None:
    session = shell_at("ash")
    session.type("mkdir d; touch f x; chmod +x x; ln -s f l; clear\r")
    session.shown()
    session.type("ls\r")
    assert session.shown() == "ls\r\n\x1b[1;34md\x1b[m  \x1b[0;0mf\x1b[m  \x1b[1;36ml\x1b[m  \x1b[1;32mx\x1b[m\r\n/w # "
    session.type("ls | cat\r")
    assert session.shown() == "ls | cat\r\nd\r\nf\r\nl\r\nx\r\n/w # "


def test_coreutils_colour_names_where_they_are_asked_to() -> None:
    session = shell_at("bash")
    session.type("mkdir d; touch f; clear\r")
    session.shown()
    session.type("ls --color=auto; ls --color=never\r")
    assert "\x1b[01;34md\x1b[0m  f\r\nd  f\r\n" in session.shown()


def test_a_window_of_another_size_lists_names_in_other_columns() -> None:
    session = shell_at("bash")
    session.type("touch {a..z}{a..z}\r")
    session.resize(24, 20)
    session.shown()
    session.type("ls | wc -l; ls | head -1; ls\r")
    rows = session.shown().split("\r\n")
    assert max(map(len, rows)) <= 40
    assert len(rows) > 130


def test_a_terminal_of_no_known_size_is_taken_for_one_of_eighty_columns() -> None:
    session = shell_at("bash", 0)
    session.type("clear; tput cols; stty size\r")
    assert "80\r\n24 0\r\n" in session.shown()


def test_a_question_that_was_interrupted_is_asked_anew() -> None:
    session = shell_at("bash")
    session.type("read -p 'Name: ' x\r")
    assert session.shown().endswith("Name: ")
    session.type("\x03")
    session.shown()
    session.type("read -p 'Name: ' x\r")
    assert session.shown().endswith("Name: ")
    session.type("bob\recho [$x]\r")
    assert "[bob]\r\n" in session.shown()
