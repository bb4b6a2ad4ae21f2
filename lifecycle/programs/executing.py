"""Executing programs, as execve does after a search in PATH: which file a name means, and what a process is from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.paths import join
from lifecycle.programs.state import Process

if TYPE_CHECKING:
    from lifecycle.programs.images.image import Program
    from lifecycle.programs.machine import Machine

MAX_ARGUMENT = 128 << 10
MAX_ARGUMENTS = 2 << 20
"""How long one argument may be, and all of them with the environment (Linux: MAX_ARG_STRLEN, and a quarter of the stack)."""
EXECUTE_STEPS = 25
STEPS_AN_ARGUMENT = 4
"""What executing a program with its arguments counts for among the steps."""
LONG_PATH = 256
"""From so many characters on the directories of PATH count for a step each."""
SHELLS = frozenset({"ash", "dash", "bash"})
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ExecError(Exception):
    """Why a program cannot be executed: `status` is the shell's (126 or 127), `code` the errno.

    `interpreter` is the one that a script's first line names, where that cannot be executed.
    """

    def __init__(self, status: int, code: str, interpreter: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.interpreter = interpreter


def lookup(machine: Machine, process: Process, name: str, env: dict[str, str]) -> Node:
    """Return the file that a command's name means. Raises: ExecError."""
    if "/" in name:
        return _executable(machine, join(process.cwd, name))
    program = _program(machine, process, name, env)
    if program is None:
        raise ExecError(127, "ENOENT")
    return program.node


def which(machine: Machine, process: Process, name: str, env: dict[str, str]) -> str | None:
    """Return where on PATH a command is (the name itself where it holds a slash)."""
    if "/" in name:
        return name
    program = _program(machine, process, name, env)
    return None if program is None else program.path


def _program(machine: Machine, process: Process, name: str, env: dict[str, str]) -> Program | None:
    directories = env.get("PATH", DEFAULT_PATH)
    if len(directories) > LONG_PATH:
        machine.work(directories.count(":"))
    return machine.view.program(directories, name, process.cwd)


def _executable(machine: Machine, path: str) -> Node:
    try:
        node = machine.view.find(path)[1]
    except FileError as error:
        raise ExecError(127 if error.code == "ENOENT" else 126, error.code) from error
    if not node.executable:
        raise ExecError(126, "EISDIR" if node.kind == "d" else "EACCES")
    return node


def execute(machine: Machine, process: Process, argv: list[str], env: dict[str, str], depth: int = 0) -> None:
    """Let a process run another program. Raises: ExecError."""
    node = lookup(machine, process, argv[0], env)
    size = sum(map(len, argv)) + sum(map(len, env.values()))
    machine.work(EXECUTE_STEPS + STEPS_AN_ARGUMENT * len(argv) + size // CHARACTERS_A_STEP)
    if size >= MAX_ARGUMENT and (size > MAX_ARGUMENTS or max(map(len, (*argv, *env.values()))) >= MAX_ARGUMENT):
        raise ExecError(126, "E2BIG")
    if not node.program:
        return _interpret(machine, process, argv, env, node, depth)
    process.argv, process.env, process.shell = argv, env, None
    process.program, process.flavor, process.data = node.program, node.flavor, {}
    process.waiting = "open" if process.waiting == "open" else ""
    if process.program in SHELLS:
        machine.room.begin_shell(machine, process)


def _interpret(machine: Machine, process: Process, argv: list[str], env: dict[str, str], node: Node, depth: int) -> None:
    """Run a script by its first line; one without such a line is the shell's to run."""
    path = which(machine, process, argv[0], env) or argv[0]
    line = node.text.partition("\n")[0]
    if not line.startswith("#!") or depth > 4:
        raise ExecError(126, "ENOEXEC")
    interpreter, _, option = line[2:].strip(" \t").replace("\t", " ").partition(" ")  # a \r belongs to the name
    if not interpreter:
        raise ExecError(126, "ENOEXEC")
    words = [interpreter, option.strip()] if option else [interpreter]
    try:
        execute(machine, process, [*words, path, *argv[1:]], env, depth + 1)
    except ExecError as error:
        if error.code != "ENOENT":
            raise
        raise ExecError(error.status, error.code, interpreter) from None
