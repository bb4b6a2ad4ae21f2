"""vi, against what busybox 1.35 showed: `vi.json` has what was typed, the rows that showed text, and the cursor."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.programs.vi.colon import Asked
from lifecycle.programs.vi.keys import keys_of
from lifecycle.programs.vi.normal import press
from lifecycle.programs.vi.screen import show
from lifecycle.programs.vi.text import Editor
from tests.lifecycle.programs.screen import Screen
from tests.lifecycle.programs.world import Session, World

TYPED = msgspec.json.decode(Path(__file__).with_name("vi.json").read_bytes())


def opened(text: str | None, *args: str) -> Session:
    world = World()
    container = world.container("busybox", "sleep", "infinity", working_dir="/w")
    if text is not None:
        world.exec(container, "sh", "-c", 'printf %s "$1" > /w/v2.txt', "sh", text)
    session = world.session(container, "vi", *args, tty=True)
    session.resize(24, 80)
    return session


@pytest.mark.parametrize("case", TYPED, ids=[case["case"] for case in TYPED])
def test_keys_do_what_they_do_in_busyboxs_vi(case: dict[str, Any]) -> None:
    session, screen = opened(case["text"], *case["args"]), Screen(80)
    for keys, rows, cursor in case["typed"]:
        if keys is not None:
            session = session.saved_and_restored()
            session.type(keys)
        screen.write(session.shown())
        shown = [row for row in screen.text().split("\n") if row not in ("~", "")]
        assert (keys, shown, list(screen.place)) == (keys, rows, cursor)
    file = session.world.exec(session.container, "cat", "/w/v2.txt")
    assert file.stdout == case["end"]


def test_leaving_gives_the_screen_back() -> None:
    session = opened("a\n", "v2.txt")
    session.type(":q\r")
    assert session.shown().endswith("\x1b[24;1H\x1b[K\x1b[?1049l")
    assert session.code == 0


def test_a_last_change_is_made_again() -> None:
    session = opened("a b c\n", "v2.txt")
    session.type("dw")
    session.type(".:wq\r")
    assert session.world.exec(session.container, "cat", "/w/v2.txt").stdout == "c\n"


def test_vi_without_a_terminal_says_what_it_misses() -> None:
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    assert world.exec(container, "vi", "/x").stderr == "vi: can't read user input\n"


def test_what_cannot_be_written_is_said() -> None:
    session = opened("a\n", "/nosuch/file")
    session.type("ix\x1b:wq\r")
    assert "'/nosuch/file' No such file or directory" in session.shown()
    assert session.code is None
    session.type(":q!\r")
    assert session.code == 0


def test_the_text_is_drawn_anew_in_a_window_of_another_size() -> None:
    session = opened("one\n", "v2.txt")
    session.shown()
    session.resize(10, 40)
    session.pass_time(0)
    assert "\x1b[10;1H\x1b[K- v2.txt 1/1 100%" in session.shown()


@given(
    st.text("abc {}\n\t", max_size=60),
    st.text("hjklwbe0$^Gg{}%fa;,ixXdyc<>pPuJ~rDCsSoOAIR.:/?nNZ12\x1b\r\x7f\x02\x04\x06 qw", max_size=40),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_leaves_the_cursor_in_the_text(text: str, keys: str) -> None:
    editor = Editor("f")
    editor.begin(text)
    for key in keys_of(keys):
        with suppress(Asked):
            press(editor, key)
        assert 0 <= editor.row < len(editor.lines)
        assert 0 <= editor.column <= len(editor.here)
        show(editor)
        if editor.done is not None:
            return
