"""bash's `select`: the menu, the question, the answer."""

from __future__ import annotations

from typing import Any

from lifecycle.programs import streams
from lifecycle.programs.editor.keys import columns
from lifecycle.programs.shell.frames import expander_of, guarded
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Frame, Loop
from lifecycle.programs.terminal import terminal_of

WIDTH, TAB = 80, 8
_AROUND = 2
"""What stands behind a number, and between two columns."""


def do_select(turn: Turn, frame: Frame, step: Any) -> None:
    _, command, count, again, out = step
    expander = expander_of(turn, count)
    words = list(turn.shell.args) if command is None else guarded(turn, lambda: expander.fields(command))
    frame.loops.append(Loop(again, out, words, len(turn.shell.restore), len(frame.cases)))
    turn.shell.status = 0
    if not words:
        frame.pc = out


def do_choose(turn: Turn, frame: Frame, step: Any) -> None:
    """Ask, and wait for the answer; an empty one has the menu shown again, the end of the input ends the loop."""
    _, name, out = step
    loop = frame.loops[-1]
    if not loop.asked:
        prompt = turn.parameter("PS3")
        turn.write(2, ("" if loop.listed else menu(loop.words, _width(turn))) + ("#? " if prompt is None else prompt))
        loop.asked = loop.listed = True
    line = streams.read(turn.machine, turn.process, 0, line=True)
    if line is None:
        frame.pc -= 1
        return
    loop.asked = False
    if not line:
        turn.write(1, "\n")
        turn.shell.status, frame.pc = 1, out
        return
    answer = line.removesuffix("\n")
    turn.set_checked("REPLY", answer)
    if not answer:
        loop.listed = False
        frame.pc -= 1
        return
    number = answer.strip(" \t")
    chosen = int(number) if number.isdecimal() and len(number) < 10 else 0
    turn.set_checked(name, loop.words[chosen - 1] if 0 < chosen <= len(loop.words) else "")


def _width(turn: Turn) -> int:
    given = turn.get_text("COLUMNS")
    found = terminal_of(turn.machine, turn.process)
    return int(given) if given.isdecimal() and len(given) < 6 else (found.columns if found else 0) or WIDTH


def menu(words: list[str], width: int) -> str:
    """Return the choices with their numbers, in columns, down each first."""
    digits = len(str(len(words)))
    size = max(map(columns, words)) + digits + 2 * _AROUND
    count = max(width // size, 1)
    rows = -(-len(words) // count)
    if rows == 1:
        rows = len(words)
    return "".join(_row(words, row, rows, size, digits) for row in range(rows))


def _row(words: list[str], row: int, rows: int, size: int, digits: int) -> str:
    out, at = "", 0
    for place in range(row, len(words), rows):
        numbers = digits if at else len(str(rows))
        out += f"{place + 1:{numbers}}) {words[place]}"
        end = at + numbers + _AROUND + columns(words[place])
        at += size
        if place + rows < len(words):
            out += _blanks(end, at)
    return out + "\n"


def _blanks(column: int, to: int) -> str:
    out = ""
    while column < to:
        tab = to // TAB > column // TAB
        out += "\t" if tab else " "
        column += TAB - column % TAB if tab else 1
    return out
