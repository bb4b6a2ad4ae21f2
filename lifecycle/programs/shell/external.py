"""Programs that a shell starts, and what it says where it cannot."""

from __future__ import annotations

from lifecycle.programs import executing, streams
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.images import catalogue
from lifecycle.programs.paths import join
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell.frames import leave
from lifecycle.programs.shell.job_control import put_in_front
from lifecycle.programs.shell.redirects import redirect
from lifecycle.programs.shell.turn import Replaced, ShellExit, Turn
from lifecycle.programs.state import Frame, Process


def external(turn: Turn, frame: Frame, argv: list[str], last: bool, opens: list[tuple[int, str, str]]) -> None:
    """Run a program in a process of its own, or in the shell's where it is the `last` command."""
    machine, process, shell = turn.machine, turn.process, turn.shell
    if last and _may_exec(turn, frame):
        target = process
    else:
        try:
            target = machine.spawn(process, argv)
        except ExecError:
            turn.complain(cannot_fork(shell.dialect))
            raise ShellExit(2 if shell.dialect != "bash" else 254) from None
    if not redirect(turn, target, opens, None):
        _gone(turn, target, words.redirection_status(shell.dialect))
        return
    try:
        run_program(turn, target, argv)
    except ExecError as error:
        if error.code != "ENOENT" or catalogue.config(machine.state.spec.image).known:
            _say_not_run(turn, target, argv[0], error)
            _gone(turn, target, 126 if error.interpreter and shell.dialect == "bash" else error.status)
            return
        _assume(turn, target, argv, last and process.pid == machine.state.first)
    if target is process:
        machine.queue.append(process.pid)
        raise Replaced
    put_in_front(turn, target)
    process.waiting, process.wait_for = "child", [target.pid]
    machine.queue.append(target.pid)


def _assume(turn: Turn, target: Process, argv: list[str], final: bool) -> None:
    """Let a program of an unknown image be what is assumed: the server itself as the script's last command, else a tool."""
    target.argv, target.env, target.shell, target.data = argv, turn.environment(), None, {}
    target.program = "assumed" if final else "unknown-exec"


def _may_exec(turn: Turn, frame: Frame) -> bool:
    """Say whether the shell may turn into its last command instead of waiting for it."""
    shell = turn.shell
    if len(shell.frames) != 1 or frame.kind != "script" or any(shell.traps.values()) or frame.loops:
        return False
    if len(shell.restore) > 1 or (shell.restore and shell.restore[-1].fds):
        return False
    return bool(shell.subshell) or shell.dialect != "dash" or shell.frames[0].pc <= 2


def cannot_fork(dialect: str) -> str:
    return {"ash": "can't fork: Resource temporarily unavailable", "dash": "Cannot fork"}.get(
        dialect, "fork: retry: Resource temporarily unavailable"
    )


def _gone(turn: Turn, target: Process, status: int) -> None:
    """A command could not be run: its process, or the shell that would have become it, has this status."""
    turn.shell.status = status
    if target is turn.process:
        leave(turn, status)
        return
    streams.close_all(turn.machine, target)
    target.code = status
    turn.machine.reap(target)


def _say_not_run(turn: Turn, target: Process, name: str, error: ExecError) -> None:
    shell = turn.shell
    if error.interpreter and shell.dialect == "bash":
        text = f"{name}: {error.interpreter.replace(chr(13), '^M')}: bad interpreter: No such file or directory"
    elif error.code == "ENOENT":
        text = words.not_found(shell.dialect, name, "/" in name)
    elif error.code == "EISDIR":
        text = f"{name}: {'Is a directory' if shell.dialect == 'bash' else 'Permission denied'}"
    else:
        text = f"{name}: {FileError(error.code).text}"
    said = words.prefix(shell.dialect, shell.name, turn.line) + text + "\n"
    turn.machine.write(target, 2, said)


def run_program(turn: Turn, target: Process, argv: list[str]) -> None:
    """Let a process execute a program; a text without `#!` runs as a script of this shell. Raises: ExecError."""
    machine, shell = turn.machine, turn.shell
    env = turn.environment()
    try:
        executing.execute(machine, target, argv, env)
    except ExecError as error:
        if error.code != "ENOEXEC":
            raise
        path = executing.which(machine, target, argv[0], env) or argv[0]
        node = machine.view.find(join(target.cwd, path))[1]
        target.argv, target.env = [shell.dialect, path, *argv[1:]], env
        machine.room.load_shell(machine, target, shell.dialect, path, node.content, argv[1:])
