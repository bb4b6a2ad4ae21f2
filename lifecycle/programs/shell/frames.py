"""Pieces of code in progress: begun, ended, and the shell's own end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lifecycle.programs.regex import RegexError
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell.arithmetic import ArithmeticError_
from lifecycle.programs.shell.expand import Expander, ExpansionError
from lifecycle.programs.shell.redirects import undo_to
from lifecycle.programs.shell.turn import ShellExit, Turn
from lifecycle.programs.state import Frame

MAX_FRAMES = 1_000
COMPILE_STEPS = 20
COMPILED_A_STEP = 2
"""What reading a script that is made on the way counts for: so many steps, and one for so many characters."""


def push(turn: Turn, frame: Frame) -> None:
    """Begin a piece of code. Raises: ShellExit where the nesting is too deep."""
    if len(turn.shell.frames) >= MAX_FRAMES:
        turn.machine.limit("nesting", f"{MAX_FRAMES:,} nested calls", "the shell ends as after running out of stack")
        raise ShellExit(139)
    if frame.kind in ("eval", "source", "trap"):
        turn.machine.work(COMPILE_STEPS + len(frame.code) // COMPILED_A_STEP)
    frame.depth = len(turn.shell.restore)
    frame.tested = frame.tested or (bool(turn.shell.frames) and turn.shell.frames[-1].tested)
    turn.shell.frames.append(frame)


def told_of(turn: Turn, frame: Frame, what: str) -> bool:
    """Run bash's trap for ERR or DEBUG, and then the step that is being taken once more; False where there is nothing to run.

    Functions do not inherit them without `set -E` or `-T`, and an action tells of nothing.
    """
    shell = turn.shell
    action = shell.traps.get(what)
    if any(one.kind == "trap" for one in shell.frames):
        return False
    if shell.told == what or not action:
        shell.told = ""
        return False
    if any(one.kind == "function" for one in shell.frames) and ("E" if what == "ERR" else "T") not in shell.options:
        return False
    shell.told = what
    frame.pc -= 1
    push(turn, Frame(action, "trap", status=shell.status))
    return True


def pop(turn: Turn) -> None:
    """End the innermost piece of code and put back what it had changed for itself."""
    shell = turn.shell
    frame = shell.frames.pop()
    undo_to(turn, frame.depth)
    if frame.args is not None:
        shell.args = frame.args
    for name, value in (frame.local or {}).items():
        if value is None:
            shell.vars.pop(name, None)
        else:
            shell.vars[name] = value
    if frame.kind == "trap":
        shell.status = frame.status


def pop_call(turn: Turn) -> None:
    """End a function or a sourced file; the trap RETURN runs behind it, still with its variables, where it is not hidden."""
    shell = turn.shell
    frame = shell.frames[-1]
    action = shell.traps.get("RETURN") if _shows_return(turn, frame) else ""
    if not action:
        pop(turn)
        return
    trap = Frame(action, "trap", status=shell.status, args=frame.args, local=frame.local)
    frame.args = frame.local = None
    pop(turn)
    push(turn, trap)


def _shows_return(turn: Turn, frame: Frame) -> bool:
    """Say whether the end of a piece of code is told to the trap RETURN: functions hide it but where they set it themselves."""
    frames, options = turn.shell.frames, turn.shell.options
    if frame.kind not in ("function", "source") or any(one.kind == "trap" for one in frames):
        return False
    function = next((one for one in reversed(frames) if one.kind == "function"), None)
    return function is None or function.returns or "T" in options


def leave(turn: Turn, status: int) -> None:
    """End the shell: its EXIT trap first, then the process."""
    shell = turn.shell
    shell.status = status
    action = shell.traps.pop("EXIT", None)
    undo_to(turn, 0)
    shell.frames = []
    if action:
        shell.frames = [Frame(action, "exit", status=status)]
        return
    turn.machine.end(turn.process, status)


def abandon(turn: Turn, status: int) -> None:
    """Drop the command that an interactive shell is at, whatever was begun for it; it reads the next one then."""
    shell = turn.shell
    while len(shell.frames) > 1:
        pop(turn)
    undo_to(turn, 0)
    shell.status, shell.values, shell.builtin, shell.pids = status, [], [], []


def expander_of(turn: Turn, count: int) -> Expander:
    """Return what expands a step's words; it takes the last `count` outputs of command substitutions."""
    values = turn.shell.values
    if not count:
        return Expander(turn, [])
    mine = values[-count:]
    del values[-count:]
    return Expander(turn, mine)


def guarded(turn: Turn, make: Callable[[], Any]) -> Any:
    """Expand something; an error in it ends the shell."""
    try:
        return make()
    except ExpansionError as error:
        turn.complain(str(error))
        raise ShellExit(
            2 if turn.shell.dialect != "bash" else 1 if turn.shell.input or "e" in turn.shell.options else 127
        ) from error
    except ArithmeticError_ as error:
        turn.complain(words.arithmetic(turn.shell.dialect, error.kind, error.token, error.token))
        raise ShellExit(1 if turn.shell.dialect == "bash" else 2) from error
    except (RecursionError, RegexError, OverflowError) as error:
        turn.complain("out of memory")
        raise ShellExit(2) from error
