"""The builtin read: a line, or a part of one, into variables."""

from __future__ import annotations

import re

from lifecycle.clock import SECOND
from lifecycle.programs import streams
from lifecycle.programs.editor.keys import characters
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.shell.variables import split_fields
from lifecycle.programs.state import Terminal
from lifecycle.programs.terminal import make_cooked, make_raw, opened_by, terminal_of, wait
from lifecycle.programs.terminal import read as read_terminal

TIMED_OUT = {"bash": 142, "ash": 1, "dash": 1}


def read(turn: Turn, argv: list[str]) -> int | None:
    options, names = _read_options(argv[1:])
    raw, array = "r" in options, options.get("a", "")
    fd = int(options["u"]) if options.get("u", "").isdigit() else 0
    until = (options["d"] or "\0")[0] if "d" in options and turn.shell.dialect == "bash" else "\n"
    count = options.get("n") or options.get("N") or ""
    most = int(count) if count.isdigit() and turn.shell.dialect != "dash" else 0
    typed = opened_by(turn.machine, turn.process, fd)
    if typed is not None:
        _prompt(turn, options.get("p", ""))
        line = _read_typed(turn, typed.pos, "s" in options, most)
    else:
        line = streams.read(turn.machine, turn.process, fd, line=True, most=most, until=until)
    if line is None:
        return _wait(turn, argv, options.get("t", ""), names, array)
    turn.process.data.pop("read_prompted", None)
    while not raw and line.endswith("\\\n"):
        more = streams.read(turn.machine, turn.process, fd, line=True)
        line = line[:-2] + (more or "")
        if not more:
            break
    _end_wait(turn)
    status = 0 if line.endswith(until) or (most and len(line) == most) else 1
    _assign_read(turn, line.removesuffix(until) if status == 0 else line, names, raw, array)
    return status


def _prompt(turn: Turn, text: str) -> None:
    """Show what is asked for, once."""
    if not turn.process.data.setdefault("read_prompted", False):
        turn.process.data["read_prompted"] = True
        turn.write(2, text)


def _first_keys(terminal: Terminal, most: int) -> str | None:
    """Take so many characters of what was typed, or what stands before the end of a line; None: there are not enough."""
    found = characters(terminal.keys.replace("\r", "\n"))
    size = min(found.index("\n") + 1 if "\n" in found else most, most)
    if len(found) < size and not terminal.closed:
        return None
    line = "".join(found[:size])
    terminal.keys = terminal.keys[len(line) :]
    return line


def _read_typed(turn: Turn, number: int, silent: bool, most: int) -> str | None:
    """Return a line from a terminal, or its first characters without waiting for its end; None: wait."""
    terminal = turn.machine.state.terminals.get(number)
    if terminal is None:
        return ""
    if silent and turn.shell.dialect != "dash":
        terminal.silent = True
    if most:
        make_raw(terminal)
        terminal.signals = True
        line = _first_keys(terminal, most)
        if line and not silent:
            turn.write(2, line)
    else:
        line = read_terminal(turn.machine, turn.process, number)
    if line is None:
        wait(terminal, turn.process)
        return None
    terminal.silent = False
    if most:
        make_cooked(terminal)
    return line


LONGEST = 1e9


def _wait(turn: Turn, argv: list[str], limit: str, names: list[str], array: str) -> int | None:
    """Wait for more to read, no longer than `-t` says."""
    process, now = turn.process, turn.machine.kernel.now
    if re.fullmatch(r"\d*\.?\d+", limit) and turn.shell.dialect != "dash":
        at = process.data.setdefault("read_until", now + round(min(float(limit), LONGEST) * SECOND))
        if now >= at:
            _end_wait(turn)
            _give_up(turn)
            process.waiting = ""
            _assign_read(turn, "", names, True, array)
            return TIMED_OUT[turn.shell.dialect]
        if process.timer is None:
            turn.machine.sleep_until(process, at)
    process.waiting = "builtin"
    turn.shell.builtin = argv
    return None


def _give_up(turn: Turn) -> None:
    """Leave the terminal as it was."""
    terminal = terminal_of(turn.machine, turn.process)
    turn.process.data.pop("read_prompted", None)
    if terminal is not None:
        terminal.silent = False
        make_cooked(terminal)


def _end_wait(turn: Turn) -> None:
    if turn.process.data.pop("read_until", None) is not None and turn.process.timer is not None:
        turn.machine.kernel.cancel(turn.process.timer)
        turn.process.timer = None


def _read_options(args: list[str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    left = list(args)
    while left and len(left[0]) > 1 and left[0][0] == "-":
        arg = left.pop(0)
        for i, letter in enumerate(arg[1:], 1):
            if letter in "ptndNiua":
                found[letter] = arg[i + 1 :] or (left.pop(0) if left else "")
                break
            found[letter] = ""
    return found, left


def _assign_read(turn: Turn, line: str, names: list[str], raw: bool, array: str) -> None:
    ifs = turn.shell.vars.get("IFS", " \t\n")
    if not raw:
        line = re.sub(r"\\(.)", r"\1", line)
    if array:
        turn.shell.vars[array] = {str(i): text for i, text in enumerate(split_fields(line, ifs, 0))}
        return
    names = names or ["REPLY"]
    pieces = split_fields(line, ifs, len(names)) if names != ["REPLY"] else [line]
    for i, name in enumerate(names):
        turn.set_checked(name, pieces[i] if i < len(pieces) else "")
