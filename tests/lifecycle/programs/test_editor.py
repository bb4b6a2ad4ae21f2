"""The editors of lines in ash and bash, against what the real ones did with the same keys.

`editors.json` holds what was typed, key by key, and what busybox 1.35 and bash 5.2 wrote (TERM=xterm, UTF-8).
"""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lifecycle.programs.screen import Screen
from tests.lifecycle.programs.test_sessions import masked
from tests.lifecycle.programs.world import Session, World

TYPED = msgspec.json.decode(Path(__file__).with_name("editors.json").read_bytes())
IMAGES = {"ash": "busybox", "bash": "debian", "dash": "debian"}
NAMES = {"ash": "sh", "bash": "bash", "dash": "dash"}
UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~"


def shell_at(shell: str, columns: int = 80, image: str = "", **more: Any) -> Session:
    world = World()
    container = world.container(image or IMAGES[shell], "sleep", "infinity", working_dir="/w", **more)
    return world.session(container, NAMES[shell], tty=True, columns=columns)


@pytest.mark.parametrize("case", TYPED, ids=[f"{case['case']}-{case['shell']}" for case in TYPED])
def test_keys_do_what_they_do_in_the_real_editor(case: dict[str, Any]) -> None:
    session = shell_at(case["shell"], case["columns"])
    for typed, shown in case["typed"]:
        session.type(typed)
        session.pass_time(0.3)
        assert (typed, masked(session.shown())) == (typed, masked(shown))
    assert session.code == case["code"]


@pytest.mark.parametrize("case", TYPED, ids=[f"{case['case']}-{case['shell']}" for case in TYPED])
def test_an_edited_line_goes_on_identically_after_it_was_saved(case: dict[str, Any]) -> None:
    session = shell_at(case["shell"], case["columns"])
    session.shown()
    for typed, shown in case["typed"][1:]:
        session = session.saved_and_restored()
        session.type(typed)
        session.pass_time(0.3)
        assert (typed, masked(session.shown())) == (typed, masked(shown))


def editing(session: Session) -> Any:
    """Return the line that is being edited."""
    processes = session.world.programs.state.containers[session.container].processes.values()
    return next(process.shell.input.editing for process in processes if process.shell and process.shell.input)


def rendered(prompt: str, text: str, cursor: int, width: int) -> tuple[str, tuple[int, int]]:
    """Return what a screen shows of a prompt and a line, and where the cursor is."""
    screen = Screen(width)
    screen.write(prompt)
    for i, character in enumerate(text):
        if i == cursor:
            place = _at(screen, character)
        screen.write(character)
    return screen.text(), place if cursor < len(text) else _at(screen, " ")


def _at(screen: Screen, character: str) -> tuple[int, int]:
    """Return where the next character comes: in the next row where it does not fit any more."""
    beyond = screen.column + (2 if character in "中文字" else 1) > screen.width
    return (screen.row + 1, 0) if beyond else screen.place


def is_wide_at_the_edge(text: str, width: int) -> bool:
    """Say whether a wide character of a text comes where one column is left in the row."""
    column = 0
    for character in text:
        size = 2 if character in "中文字" else 1
        if column + size > width:
            return True
        column = (column + size) % width
    return False


MOVES = [UP, DOWN, RIGHT, LEFT, LEFT, HOME, END, "\x01", "\x05", "\x1bb", "\x1bf"]
CHANGES = [DELETE, "\x7f", "\x7f", "\x0b", "\x15", "\x17", "\x19", "\x1bd", "\x14"]
TEXTS = ["a", "b", "c", " ", "é", "中", "文字", "echo hello", "0123456789"]
KEYS = st.lists(st.sampled_from([*MOVES, *CHANGES, *TEXTS]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(shell=st.sampled_from(["ash", "bash"]), width=st.sampled_from([20, 23, 40]), keys=KEYS)
def test_the_screen_shows_the_line_and_the_cursor(shell: str, width: int, keys: list[str]) -> None:
    session = shell_at(shell, width)
    session.type("echo one two three four five six\r")
    session.type("\x0c")
    prompt = "/w # " if shell == "ash" else "root@pod:/w# "
    screen = Screen(width)
    screen.write(session.shown())
    for key in chain.from_iterable(one if one.isprintable() else [one] for one in keys):
        session.type(key)
        screen.write(session.shown())
        line = editing(session)
        text = "".join(line.characters).encode("latin-1").decode()
        if shell == "ash" and is_wide_at_the_edge(prompt + text, width):
            return  # busybox goes to the next row, and leaves in the last column what stood there
        shown, place = rendered(prompt, text, line.cursor, width)
        assert (screen.text(), screen.place) == (shown.rstrip(), place), (key, text, line.cursor)


@settings(max_examples=30, deadline=None)
@given(shell=st.sampled_from(["ash", "bash"]), keys=KEYS)
def test_keys_mean_the_same_however_they_come(shell: str, keys: list[str]) -> None:
    one, other = shell_at(shell), shell_at(shell)
    one.type("".join(keys))
    for byte in "".join(keys).encode():
        other.type(bytes([byte]))
        other = other.saved_and_restored()
    assert (editing(one).characters, editing(one).cursor) == (editing(other).characters, editing(other).cursor)


def test_what_a_shell_starts_reads_lines_that_the_terminal_echoes() -> None:
    session = shell_at("ash")
    session.type("cat\r")
    session.shown()
    session.type("ab\x7fc\r")
    assert session.shown() == "ab\b \bc\r\nac\r\n"
    session.type("\x04")
    session.type("x")
    assert session.shown() == "/w # x"


def test_what_is_typed_ahead_is_edited_when_its_turn_comes() -> None:
    session = shell_at("ash")
    session.shown()
    session.type("sleep 1\r")
    session.type("echo typed ahead\r")
    session.pass_time(2)
    assert session.shown() == "sleep 1\r\necho typed ahead\r\n/w # echo typed ahead\r\ntyped ahead\r\n/w # "


def test_each_shell_has_a_history_of_its_own() -> None:
    session = shell_at("bash")
    session.type("echo outer\rash() { :; }; bash\r" + UP)
    assert "outer" not in session.shown().rpartition("bash\r\n")[2]
    session.type("exit\r" + UP + UP)
    assert session.shown().endswith("echo outer")


def test_dash_has_no_editor() -> None:
    session = shell_at("dash")
    session.shown()
    session.type(UP)
    assert session.shown() == "^[[A"


def test_a_prompt_with_colours_takes_no_more_columns_than_are_seen() -> None:
    session = shell_at("bash", 20)
    session.type("PS1='\\[\\e[1;32m\\]ok\\[\\e[0m\\] '\r\x0c")
    screen = Screen(20)
    screen.write(session.shown().rpartition("\x1b[2J")[2].replace("\x1b[1;32m", "").replace("\x1b[0m", ""))
    session.type("0123456789abcdefghij" + HOME + "X" + END + "Y")
    screen.write(session.shown())
    assert screen.text() == "ok X0123456789abcdef\nghijY"


def test_many_names_are_listed_once_that_is_confirmed() -> None:
    session = shell_at("bash")
    session.type("touch $(seq 1000 1149); cd .\r")
    session.shown()
    session.type("ls 1\t\t")
    assert session.shown().endswith("Display all 150 possibilities? (y or n)")
    session.type("n")
    assert session.shown() == "\r\nroot@pod:/w# ls 1"
    session.type("\ty" if session.shown() else "\t")
    session.type("y")
    shown = session.shown()
    assert "1000  1" in shown
    assert shown.endswith("root@pod:/w# ls 1")


@pytest.mark.parametrize("shell", ["ash", "bash"])
def test_no_key_takes_more_than_its_share(shell: str) -> None:
    session = shell_at(shell)
    begun = time.process_time()
    for keys in ("a" * 100_000 + "\x01" + "b" * 10_000, "\x7f" * 20_000, (UP + DOWN) * 10_000, "\t" * 2_000, "\x1b[" * 50_000):
        session.type(keys)
        session.pass_time(300)
    session.type("\x03")
    session.pass_time(100)
    assert time.process_time() - begun < 20
    session.shown()
    session.type("echo alive\r")
    session.pass_time(10)
    assert "alive\r\n" in session.shown()


def test_a_menu_waits_for_its_answer_and_goes_on_after_it_was_saved() -> None:
    session = shell_at("bash")
    session.type("select x in one two; do echo got $x; break; done\r")
    assert session.shown().endswith("1) one\r\n2) two\r\n#? ")
    session = session.saved_and_restored()
    session.shown()
    session.type("\r")
    assert session.shown() == "\r\n1) one\r\n2) two\r\n#? "
    session.type("2\r")
    assert "got two\r\n" in session.shown()


def test_a_coprocess_answers_after_it_was_saved() -> None:
    session = shell_at("bash")
    session.type("coproc cat\r")
    session = session.saved_and_restored()
    session.type('echo hi >&${COPROC[1]}; read -u ${COPROC[0]} line; echo "<$line>"\r')
    session.pass_time(1)
    assert "<hi>\r\n" in session.shown()
