"""Redirections, and what is put back after a command: descriptors and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs import opening, streams
from lifecycle.programs.files import FileError
from lifecycle.programs.paths import join
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell.expand import Expander
from lifecycle.programs.shell.syntax import Redirect
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Open, Process, Undo

if TYPE_CHECKING:
    pass


def undo_to(turn: Turn, depth: int) -> None:
    """Put back what was redirected or set for the commands since."""
    shell, process = turn.shell, turn.process
    while len(shell.restore) > depth:
        undo = shell.restore.pop()
        for fd, number in reversed(undo.fds.items()):
            streams.close(turn.machine, process, fd)
            if number is not None:
                process.fds[fd] = number
        for name, value in undo.vars.items():
            if value is None:
                shell.vars.pop(name, None)
            else:
                shell.vars[name] = value
            if name not in undo.exported:
                shell.exported.discard(name)


def redirect(turn: Turn, process: Process, redirects: list[tuple[int, str, str]], undo: Undo | None) -> bool:
    """Carry out redirections, noting in `undo` what was there; False where one failed (the shell has complained)."""
    for fd, op, target in redirects:
        if undo is not None:
            for one in (1, 2) if op.startswith("&") else (fd,):
                if one not in undo.fds:
                    undo.fds[one] = process.fds.pop(one, None)
                    if undo.fds[one] is not None:
                        process.fds[one] = undo.fds[one]  # type: ignore[assignment]
                        turn.machine.state.opens[process.fds[one]].refs += 1
        if not _one(turn, process, fd, op, target):
            return False
    return True


def _one(turn: Turn, process: Process, fd: int, op: str, target: str) -> bool:
    machine, shell = turn.machine, turn.shell
    machine.work(4)
    try:
        if op in ("<<", "<<<"):
            streams.set_fd(machine, process, fd, Open("text", text=target + ("\n" if op == "<<<" else "")))
        elif op in ("<&", ">&") and (target.isdigit() or target == "-"):
            if target == "-":
                streams.close(machine, process, fd)
            else:
                streams.dup(machine, process, int(target), fd)
        else:
            _open(turn, process, fd, op, target)
    except FileError as error:
        if error.code == "EBADF":
            turn.complain(f"{target}: Bad file descriptor")
        else:
            said = words.cannot_open if op in ("<", "<>") else words.cannot_create
            turn.complain(said(shell.dialect, target, error.code, error.text))
        return False
    return True


def _open(turn: Turn, process: Process, fd: int, op: str, target: str) -> None:
    machine = turn.machine
    both = op in ("&>", "&>>", ">&")
    mode = {"<": "r", "<>": "+", ">>": "a", "&>>": "a"}.get(op, "w")
    if not target:
        raise FileError("ENOENT")
    if op == ">" and "C" in turn.shell.options and machine.view.get(join(process.cwd, target)) is not None:
        raise FileError("EEXIST")
    streams.set_fd(machine, process, 1 if both else fd, opening.open_path(machine, process, join(process.cwd, target), mode))
    if both:
        streams.dup(machine, process, 1, 2)


def expanded(turn: Turn, expander: Expander, redirects: tuple[Redirect, ...]) -> list[tuple[int, str, str]]:
    return [(one.fd, one.op, expander.text(one.target)) for one in redirects]
