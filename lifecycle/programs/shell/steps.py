"""The loop that takes a compiled script's steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifecycle.programs.shell import control, forks, idle, menus, simple
from lifecycle.programs.shell.builtins import BUILTINS
from lifecycle.programs.shell.compile import compile_script
from lifecycle.programs.shell.frames import abandon, leave, push
from lifecycle.programs.shell.job_control import interactive
from lifecycle.programs.shell.turn import Replaced, ShellExit, Turn
from lifecycle.programs.state import Frame, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

STEPS: dict[str, Callable[[Turn, Frame, Any], None]] = {
    name[3:]: value
    for family in (simple, forks, idle, control, menus)
    for name, value in vars(family).items()
    if name.startswith("do_") and callable(value)
}

TURN = 500
"""How many steps a shell takes before it asks whether it may take more."""


def run_shell(machine: Machine, process: Process) -> None:
    """Let a shell go on until it waits or ends."""
    turn = Turn(machine, process)
    shell = turn.shell
    budget = machine.state.budget
    stop = budget.done + TURN
    try:
        if shell.builtin:
            _resume_builtin(turn)
        while process.code is None and not process.waiting:
            if process.pending:
                _trap(turn)
            frame = shell.frames[-1]
            steps = compile_script(frame.code, shell.dialect).steps
            while True:
                step = steps[frame.pc]
                frame.pc += 1
                budget.done += 1
                STEPS[step[0]](turn, frame, step)
                if process.waiting or process.code is not None or process.pending or shell.frames[-1] is not frame:
                    break
                if budget.done >= stop:
                    if not machine.spend(process, 0):
                        return
                    stop = budget.done + TURN
    except Replaced:
        return
    except ShellExit as error:
        _give_up(turn, error)
    except (ValueError, LookupError, ArithmeticError, RecursionError):
        turn.complain("bad number")  # or an expression that is none, or too deep
        _give_up(turn, ShellExit(2))


def _give_up(turn: Turn, error: ShellExit) -> None:
    """Let a shell end, or an interactive one read its next command."""
    if interactive(turn.shell) and not error.asked:
        abandon(turn, 1 if turn.shell.dialect == "bash" else error.status)
    else:
        leave(turn, error.status)
    if turn.process.code is None and not turn.process.waiting:
        turn.machine.ready(turn.process)


def _resume_builtin(turn: Turn) -> None:
    argv, turn.shell.builtin = turn.shell.builtin, []
    status = BUILTINS[argv[0]](turn, argv)
    if status is not None:
        turn.shell.status = status


def _trap(turn: Turn) -> None:
    signal = turn.process.pending.pop(0)
    action = turn.shell.traps.get(signal, "")
    if action:
        push(turn, Frame(action, "trap", status=turn.shell.status))
