"""Shells that read their commands from standard input, typed or not: the next command, prompts, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs import editor, streams
from lifecycle.programs.paths import join
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell import prompt
from lifecycle.programs.shell.frames import abandon, leave, push
from lifecycle.programs.shell.job_control import announce, give_up, interactive, may_leave
from lifecycle.programs.shell.parser import first_line
from lifecycle.programs.shell.syntax import SyntaxFault
from lifecycle.programs.shell.turn import ShellExit, Turn
from lifecycle.programs.shell.words import ParseError
from lifecycle.programs.state import Frame, Input, Process
from lifecycle.programs.terminal import is_terminal

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

BLOCKS = {"ash": 1023, "dash": 8191}
"""Characters that a shell reads at once, for itself alone; bash takes what it needs, and leaves its commands the rest."""

NO_JOB_CONTROL = {
    "ash": "{0}: can't access tty; job control turned off\n",
    "dash": "{0}: 0: can't access tty; job control turned off\n",
    "bash": (
        "{0}: cannot set terminal process group (-1): Inappropriate ioctl for device\n{0}: no job control in this shell\n"
    ),
}


def begin(machine: Machine, process: Process, forced: bool) -> None:
    """Have a shell read its commands. One at a terminal, or `forced` (-i), is interactive."""
    shell = process.shell
    assert shell is not None
    typed = is_terminal(machine, process, 0) and is_terminal(machine, process, 2)
    shell.input = Input(interactive=typed or forced)
    shell.frames = [Frame("", "input")]
    shell.options |= {"s"}
    if not shell.input.interactive:
        return
    shell.options |= {"i", "m"} if typed else {"i"}
    if not typed:
        machine.write(process, 2, NO_JOB_CONTROL[shell.dialect].format(shell.name))
    for name, value in prompt.defaults(shell.dialect, process.user).items():
        shell.vars.setdefault(name, value)
    for path in reversed(_startup_files(process)):
        node = machine.view.get(join(process.cwd, path))
        if node is not None and node.kind == "f":
            shell.frames.append(Frame(node.content, "source"))


def _startup_files(process: Process) -> list[str]:
    """Return what an interactive shell runs first; Debian's bash has a file for the whole system."""
    shell = process.shell
    assert shell is not None
    if shell.dialect != "bash":
        return [str(shell.vars["ENV"])] if shell.vars.get("ENV") else []
    home = shell.vars.get("HOME", "/")
    return [] if "--norc" in process.argv else ["/etc/bash.bashrc", f"{home}/.bashrc"]


def read_command(turn: Turn) -> None:
    """Begin the next command, wait where none has come yet, or end with the input."""
    source = turn.shell.input
    assert source is not None
    try:
        size = _typed(turn, source) if source.interactive else _read(turn, source)
    except ParseError as error:
        _complain(turn, source, error.fault)
        return
    if size is None:
        return
    code, source.text = source.text[:size], source.text[size:]
    line, source.line = source.line, source.line + code.count("\n")
    push(turn, Frame(code, "line", line=line))


def _size(turn: Turn, text: str, ended: bool) -> int | None:
    """Return the size of the first command of a text, None where it is not whole; reading costs its share of steps."""
    size = first_line(text, turn.shell.dialect, ended)
    turn.machine.work((len(text) if size is None else size) >> 6)
    return size


def _complain(turn: Turn, source: Input, fault: SyntaxFault) -> None:
    """Say what is wrong; that ends a shell that nobody types to."""
    shell = turn.shell
    line = -1 if source.interactive and shell.dialect == "bash" else source.line
    turn.write(2, words.syntax_error(shell.dialect, shell.name, fault, line, source=""))
    if not source.interactive:
        raise ShellExit(2)
    source.text, source.line = "", source.line + fault.line - 1
    abandon(turn, 2)


def _end(turn: Turn) -> None:
    """End at the end of the input."""
    shell = turn.shell
    if not interactive(shell):
        leave(turn, shell.status)
        return
    turn.write(2, "" if shell.dialect == "bash" else "\n")
    if may_leave(turn):
        leave(turn, shell.status)


# ── typed commands ───────────────────────────────────────────────────────────────────────────────────────────────────


def _typed(turn: Turn, source: Input) -> int | None:
    """Return the size of the next command in `source.text`, prompting for its lines; None: there is nothing to run yet."""
    while True:
        if not source.prompted:
            _prompt(turn, source)
        line = editor.read_line(turn, source) if source.editing else streams.read(turn.machine, turn.process, 0, line=True)
        if line is None:
            return None
        source.prompted = False
        if line == editor.INTERRUPTED:
            give_up(turn)
            return None
        if not line and not source.text:
            _end(turn)
            return None
        source.text += line
        size = _size(turn, source.text, ended=not line)
        if size is not None:
            return size


def _prompt(turn: Turn, source: Input) -> None:
    if not source.text:
        announce(turn)
    text = prompt.shown(turn, turn.get_text("PS2" if source.text else "PS1"))
    source.prompted = True
    if editor.used(turn):
        editor.begin(turn, source, text)
    else:
        turn.write(2, text)


def redraw(machine: Machine, process: Process) -> None:
    """Show the prompt and what is being typed once more, as editors of lines do when the window's size changes."""
    shell = process.shell
    if shell is not None and shell.input is not None and shell.input.editing is not None and process.waiting == "read":
        editor.redraw(Turn(machine, process), shell.input)


# ── scripts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(turn: Turn, source: Input) -> int | None:
    """Return the size of the next command in `source.text`, taking as much of the input as the real shell does."""
    machine, process, dialect = turn.machine, turn.process, turn.shell.dialect
    size = _size(turn, source.text, ended=False) if source.text else None
    if size is not None:
        return size
    found = streams.peek(machine, process, 0)
    if found is None:
        return _read_line(turn, source)
    text, ended = found
    size = _size(turn, source.text + text, ended)
    if size is None:
        source.text += streams.take(machine, process, 0, len(text)) if text else ""
        streams.read(machine, process, 0)
        return None
    missing = size - len(source.text)
    if missing > 0:
        block = BLOCKS.get(dialect, 1)
        source.text += streams.take(machine, process, 0, -(-missing // block) * block)
    if not size:
        _end(turn)
        return None
    return size


def _read_line(turn: Turn, source: Input) -> int | None:
    """The same, of what gives lines: a terminal, a device."""
    while True:
        line = streams.read(turn.machine, turn.process, 0, line=True)
        if line is None:
            return None
        source.text += line
        size = _size(turn, source.text, ended=not line)
        if not line and not source.text:
            _end(turn)
            return None
        if size is not None:
            return size
