"""Builtins that say where a script goes on: exit, return, break and continue, eval, source, exec."""

from __future__ import annotations

from lifecycle.programs import executing
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.paths import join
from lifecycle.programs.shell import dialect
from lifecycle.programs.shell.external import run_program
from lifecycle.programs.shell.frames import leave, pop, pop_call, push
from lifecycle.programs.shell.job_control import interactive, may_leave
from lifecycle.programs.shell.redirects import undo_to
from lifecycle.programs.shell.turn import Replaced, ShellExit, Turn, number
from lifecycle.programs.state import Frame


def exit_(turn: Turn, argv: list[str]) -> int:
    shell = turn.shell
    if interactive(shell) and not may_leave(turn):
        return int(shell.dialect == "bash")
    trap = next((frame for frame in reversed(shell.frames) if frame.kind in ("trap", "exit")), None)
    raise ShellExit(number(turn, argv, trap.status if trap and len(argv) < 2 else shell.status) & 255, asked=True)


def return_(turn: Turn, argv: list[str]) -> None:
    shell = turn.shell
    status = number(turn, argv, shell.status) & 255
    while shell.frames:
        kind = shell.frames[-1].kind
        if kind == "script" and len(shell.frames) == 1:
            if shell.dialect == "bash" and not shell.subshell:
                turn.complain_as("return", "can only `return' from a function or sourced script")
                shell.status = 2
                return
            leave(turn, status)
            return
        if kind in ("function", "source"):
            shell.status = status
            pop_call(turn)
            break
        pop(turn)
    shell.status = status
    if not shell.frames:
        leave(turn, status)


def break_(turn: Turn, argv: list[str]) -> int | None:
    levels = max(number(turn, argv, 1), 1)
    while turn.shell.frames[-1].kind == "eval" and not turn.shell.frames[-1].loops and len(turn.shell.frames) > 1:
        turn.shell.frames.pop()
    frame = turn.shell.frames[-1]
    if not frame.loops:
        if turn.shell.dialect == "bash":
            turn.complain_as(argv[0], "only meaningful in a `for', `while', or `until' loop")
        return 0
    levels = min(levels, len(frame.loops))
    if levels > 1:
        del frame.loops[-(levels - 1) :]
    loop = frame.loops[-1]
    undo_to(turn, loop.depth)
    del frame.cases[loop.cases :]
    frame.pc = loop.out if argv[0] == "break" else loop.again
    return 0


def eval_(turn: Turn, argv: list[str]) -> int | None:
    text = " ".join(argv[1:])
    if not text.strip():
        return 0
    push(turn, Frame(text, "eval"))
    return None


def source(turn: Turn, argv: list[str]) -> int | None:
    if len(argv) < 2:
        turn.complain_as(argv[0], "filename argument required")
        return 2
    path = argv[1] if "/" in argv[1] else executing.which(turn.machine, turn.process, argv[1], turn.environment()) or argv[1]
    node = turn.view.get(join(turn.process.cwd, path))
    if node is None or node.kind != "f":
        return _not_sourced(turn, argv)
    frame = Frame(node.content, "source")
    if len(argv) > 2 and turn.shell.dialect != "dash":
        frame.args, turn.shell.args = turn.shell.args, argv[2:]
    push(turn, frame)
    return None


def _not_sourced(turn: Turn, argv: list[str]) -> int:
    if turn.shell.dialect == "bash":
        turn.complain(f"{argv[1]}: No such file or directory")
        return 1
    if turn.shell.dialect == "dash":
        turn.complain(
            f"{argv[0]}: cannot open {argv[1]}: No such file" if "/" in argv[1] else f"{argv[0]}: {argv[1]}: not found"
        )
    else:
        turn.complain_as(
            argv[0], f"can't open '{argv[1]}': No such file or directory" if "/" in argv[1] else f"{argv[1]}: not found"
        )
    raise ShellExit(2)


def exec_(turn: Turn, argv: list[str]) -> int | None:
    args = argv[1:]
    while args and args[0] in ("-a", "-c", "-l", "--"):
        args = args[2:] if args[0] == "-a" else args[1:]
    if not args:
        return 0
    try:
        run_program(turn, turn.process, args)
    except ExecError as error:
        if error.code == "ENOENT":
            path = "/" in args[0] and turn.shell.dialect == "bash"
            text = dialect.not_found("bash", args[0], True) if path else f"{args[0]}: not found"
        else:
            text = f"{args[0]}: {FileError(error.code).text}"
        if turn.shell.dialect == "bash" and "/" in args[0]:
            turn.complain(text if error.code != "ENOENT" else f"{args[0]}: No such file or directory")
        else:
            turn.complain_as("exec", text)
        raise ShellExit(error.status, asked=turn.shell.dialect != "bash") from None
    turn.machine.queue.append(turn.process.pid)
    raise Replaced
