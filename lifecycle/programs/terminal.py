"""Terminals: what is typed is echoed, edited and read line by line, some keys send signals, output gets carriage returns.

Where a shell edits its lines itself (`editor`) it gets the keys as they come, and nothing is echoed.
Linux: termios(3), canonical mode and the other one
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifecycle.programs import output
from lifecycle.programs.interface import WindowSize
from lifecycle.programs.state import Open, Process, Terminal

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

INTERRUPT = "\x03"
SIGNALS = {INTERRUPT: "SIGINT", "\x1c": "SIGQUIT", "\x1a": "SIGTSTP"}
END, ERASE_WORD, KILL = "\x04", "\x17", "\x15"
ERASE = "\x7f\x08"
LONGEST, WAITING, KEYS = 4095, 4096, 64 << 10
"""Characters of a line, lines and keys that wait to be read; what is typed beyond is lost."""


def terminal_of(machine: Machine, process: Process) -> Terminal | None:
    """Return the terminal that a process has open, if any."""
    opened = opened_by(machine, process)
    return machine.state.terminals.get(opened.pos) if opened else None


def opened_by(machine: Machine, process: Process, *fds: int) -> Open | None:
    """Return the open terminal at the first of some descriptors (none given: the standard ones) that has one."""
    for fd in fds or (0, 1, 2):
        opened = machine.state.opens.get(process.fds.get(fd, 0))
        if opened is not None and opened.kind == "tty":
            return opened
    return None


def is_terminal(machine: Machine, process: Process, fd: int) -> bool:
    return opened_by(machine, process, fd) is not None


# ── output ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def show(machine: Machine, number: int, text: str, pid: int = 1) -> None:
    """Show what a program writes, or the terminal itself echoes."""
    text = text.replace("\n", "\r\n")
    if not text:
        return
    if number:
        output.tell(machine, number, "stdout", text)
    else:
        output.log(machine, "stdout", text, pid)


# ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def type_text(machine: Machine, number: int, text: str) -> None:
    """Take what somebody types."""
    terminal = machine.state.terminals[number]
    if terminal.raw and INTERRUPT in text:
        terminal.keys = ""
    if terminal.raw and not terminal.signals:
        terminal.keys += text[: KEYS - len(terminal.keys)]
        _wake(machine, terminal)
        return
    echo = ""
    for key in text:
        echo += _typed(terminal, "\n" if key == "\r" else key)
        if key in SIGNALS:
            show(machine, number, echo)
            echo = ""
            signal_group(machine, terminal.foreground, SIGNALS[key])
    show(machine, number, echo)
    _wake(machine, terminal)


def _typed(terminal: Terminal, key: str) -> str:
    """Take a key; return what is echoed."""
    if key in SIGNALS:
        terminal.line, terminal.lines, terminal.keys = "", [], ""
        return "" if terminal.silent else _echoed(key)
    if terminal.raw:
        terminal.keys += key
        return ""
    echo = _edited(terminal, key)
    return "" if terminal.silent else echo


def _edited(terminal: Terminal, key: str) -> str:
    """Change the line as a key asks for it; return what is echoed."""
    if key in ("\n", END):
        _end_line(terminal, key.strip(END))
        return key.strip(END)
    if key in ERASE:
        return _erase(terminal, _last_character(terminal.line))
    if key == ERASE_WORD:
        return _erase(terminal, terminal.line[terminal.line.rstrip().rfind(" ") + 1 :])
    if key == KILL:
        return _erase(terminal, terminal.line)
    if len(terminal.line) >= LONGEST:
        return ""
    terminal.line += key
    return _echoed(key)


def _end_line(terminal: Terminal, end: str) -> None:
    if len(terminal.lines) < WAITING:
        terminal.lines.append(terminal.line + end)
    terminal.line = ""


def _last_character(line: str) -> str:
    """Return the last character of a line, which is UTF-8 in bytes."""
    found = re.search(r"(?:[\xc0-\xff][\x80-\xbf]*|.)$", line[-4:])
    return found.group() if found else ""


def _erase(terminal: Terminal, text: str) -> str:
    terminal.line = terminal.line[: len(terminal.line) - len(text)]
    return "\b \b" * sum(len(_echoed(key)) for key in text if not "\x80" <= key <= "\xbf")


def _echoed(key: str) -> str:
    """Return what a key looks like: control characters as ^C."""
    return f"^{chr(ord(key) ^ 0x40)}" if (key < " " and key not in "\t\n") or key == "\x7f" else key


def hang_up(machine: Machine, number: int) -> None:
    """Let whoever reads find the end: nobody is at the terminal any more."""
    terminal = machine.state.terminals[number]
    terminal.closed = True
    _wake(machine, terminal)


def resize(machine: Machine, number: int, size: WindowSize) -> None:
    """Give the terminal another size; the programs in front are told."""
    terminal = machine.state.terminals[number]
    if (terminal.rows, terminal.columns) != (size.rows, size.columns):
        terminal.rows, terminal.columns = size.rows, size.columns
        signal_group(machine, terminal.foreground, "SIGWINCH")


def signal_group(machine: Machine, group: int, signal: str) -> None:
    """Send a signal to each process of a group."""
    for process in list(machine.state.processes.values()):
        if process.group == group:
            machine.signal(process, signal)


# ── modes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_raw(terminal: Terminal) -> None:
    """Let a program read keys as they come; what was typed ahead is read so, too."""
    if not terminal.raw:
        terminal.raw = True
        ahead = "".join(line if line.endswith("\n") else line + END for line in terminal.lines)
        terminal.keys, terminal.lines, terminal.line = ahead + terminal.line, [], ""


def make_cooked(terminal: Terminal) -> None:
    """Let programs read lines again; keys that were typed ahead are lines, or the beginning of one, that was not echoed."""
    terminal.raw = terminal.signals = False
    *lines, terminal.line = terminal.keys.replace("\r", "\n").split("\n")
    terminal.lines, terminal.keys = [line + "\n" for line in lines], ""


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(machine: Machine, process: Process, number: int) -> str | None:
    """Return the next line (or the keys there are); empty at the end of input; None: wait, you will be woken."""
    terminal = machine.state.terminals.get(number)
    if terminal is None:
        return ""
    if terminal.keys:
        keys, terminal.keys = terminal.keys, ""
        return keys
    if terminal.lines:
        return terminal.lines.pop(0)
    if not terminal.closed:
        wait(terminal, process)
        return None
    return ""


def wait(terminal: Terminal, process: Process, state: str = "read") -> None:
    """Have a process wait until there is something to read; or, in another state, be called at once when it comes."""
    process.waiting = state
    if process.pid not in terminal.waiting:
        terminal.waiting.append(process.pid)


def _wake(machine: Machine, terminal: Terminal) -> None:
    if not (terminal.lines or terminal.keys or terminal.closed):
        return
    waiting, terminal.waiting = terminal.waiting, []
    for pid in waiting:
        process = machine.state.processes.get(pid)
        if process is not None and process.waiting in ("read", "builtin", "spin") and process.code is None:
            machine.ready(process)
