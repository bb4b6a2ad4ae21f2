"""less and more, against what busybox 1.35's and util-linux's showed."""

from __future__ import annotations

import pytest

from tests.lifecycle.programs.screen import Screen
from tests.lifecycle.programs.world import Session, World

LINES = "".join(f"line {n}\n" for n in range(1, 61))


def opened(text: str, *command: str, image: str = "busybox") -> Session:
    world = World()
    container = world.container(image, "sleep", "infinity", working_dir="/w")
    world.exec(container, "sh", "-c", 'printf %s "$1" > /w/n.txt', "sh", text)
    session = world.session(container, *command, tty=True)
    session.resize(24, 80)
    session.pass_time(0)
    return session


@pytest.mark.parametrize("command", [("less", "n.txt"), ("sh", "-c", "cat n.txt | less")])
def test_less_shows_page_by_page(command: tuple[str, ...]) -> None:
    session, screen = opened(LINES, *command), Screen(80)
    name = "n.txt" if len(command) == 2 else "standard input"
    typed = [
        ("", "line 1", "line 23", name),
        (" ", "line 24", "line 46", ":"),
        ("j", "line 25", "line 47", ":"),
        ("b", "line 2", "line 24", ":"),
        ("G", "line 40", "~", "(END)"),
        ("g", "line 1", "line 23", name),
        ("/line 3\r", "line 3", "line 25", ":"),
        ("n", "line 30", "line 52", ":"),
        ("k", "line 29", "line 51", ":"),
    ]
    for keys, *shown in typed:
        if keys:
            session = session.saved_and_restored()
            session.type(keys)
        screen.write(session.shown())
        rows = screen.text().split("\n")
        assert [keys, rows[0], rows[22], rows[23]] == [keys, *shown]
    session.type("q")
    assert session.code == 0


def test_more_asks_after_each_page() -> None:
    session = opened(LINES, "more", "n.txt", image="debian")
    assert session.shown().endswith("line 23\r\n\x1b[7m--More--(37%)\x1b[27m")
    session.type("\r")
    assert session.shown() == "\r\x1b[Kline 24\r\n\x1b[7m--More--(38%)\x1b[27m"
    session.type("  ")
    assert session.shown().endswith("line 60\r\n")
    assert session.code == 0


def test_more_ends_where_all_is_shown() -> None:
    session = opened("a\nb\n", "more", "n.txt")
    assert session.shown() == "a\r\nb\r\n"
    assert session.code == 0


@pytest.mark.parametrize("pager", ["less", "more"])
def test_without_a_terminal_a_text_is_shown_as_it_is(pager: str) -> None:
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    assert world.exec(container, "sh", "-c", f"seq 100 | {pager} | tail -1").stdout == "100\n"
    missing = world.exec(container, pager, "/nosuch")
    assert (missing.code, missing.stderr) == (1, f"{pager}: can't open '/nosuch': No such file or directory\n")
