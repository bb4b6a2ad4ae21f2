from __future__ import annotations

from podhub.api.terminal import Terminal


def test_lines_are_echoed_edited_and_handed_on_whole() -> None:
    terminal = Terminal()
    assert terminal.typed(b"ls -x\x7fl") == (b"ls -x\b \bl", b"", False)
    assert terminal.typed(b"\r") == (b"\r\n", b"ls -l\n", False)


def test_control_d_on_an_empty_line_ends_the_input() -> None:
    terminal = Terminal()
    assert terminal.typed(b"a\x04") == (b"a", b"a", False)
    assert terminal.typed(b"\x04") == (b"", b"", True)


def test_output_has_carriage_returns() -> None:
    assert Terminal().shown(b"a\nb\r\n") == b"a\r\nb\r\n"
