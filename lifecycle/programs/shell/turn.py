"""One shell at work: its variables and words, seen from the machine that runs it. Made anew for each turn, never saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lifecycle.clock import SECOND
from lifecycle.programs.budget import ITEMS_A_STEP, ITEMS_SORTED_A_STEP
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell.arithmetic import ArithmeticError_, evaluate
from lifecycle.programs.state import Process, Shell
from lifecycle.programs.view import View

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


MAX_VALUE = 4 << 20


class ShellExit(Exception):
    """The shell ends with this status: because of an error, which an interactive one survives, or as it was `asked` to."""

    def __init__(self, status: int, asked: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.asked = asked


class Replaced(Exception):
    """The shell has become another program."""


class Turn:
    """A shell while it runs."""

    def __init__(self, machine: Machine, process: Process) -> None:
        assert process.shell is not None
        self.machine = machine
        self.process = process
        self.shell: Shell = process.shell
        self.view: View = machine.view

    # ── variables ────────────────────────────────────────────────────────────────────────────────────────────────────

    def parameter(self, name: str) -> str | None:
        """Return a parameter's value, special ones included; None where it is not set."""
        shell = self.shell
        value = shell.vars.get(name)
        if value is not None:
            return value if isinstance(value, str) else (value.get("0") if isinstance(value, dict) else None)
        if name.isdigit():
            number = int(name)
            if number == 0:
                return shell.name
            return shell.args[number - 1] if number <= len(shell.args) else None
        special = _SPECIAL.get(name)
        return special(self) if special else None

    def get_text(self, name: str) -> str:
        return self.parameter(name) or ""

    def set_checked(self, name: str, value: str) -> None:
        """Set a variable. Raises: ShellExit where it is read-only."""
        if name in self.shell.readonly:
            text = "readonly variable" if self.shell.dialect == "bash" else "is read only"
            self.complain(f"{name}: {text}")
            raise ShellExit(1 if self.shell.dialect == "bash" else 2)
        if len(value) > MAX_VALUE:
            self.machine.limit("bytes", "4 MiB in one variable", "the shell ends as when it is out of memory")
            self.complain("out of memory")
            raise ShellExit(2)
        if name in self.shell.attributes:
            value = self._attributed(name, value)
        held = self.shell.vars.get(name)
        if isinstance(held, dict):
            held["0"] = value
        else:
            self.shell.vars[name] = value
        if "a" in self.shell.options:
            self.shell.exported.add(name)

    def _attributed(self, name: str, value: str) -> str:
        """Return what becomes of a value in a variable that `declare -i`, `-l` or `-u` was for."""
        letters = self.shell.attributes[name]
        if "i" in letters:
            return str(evaluate(value, self.get_text, self.set_checked))
        return value.upper() if "u" in letters else value.lower()

    def unset(self, name: str) -> None:
        self.shell.vars.pop(name, None)
        self.shell.attributes.pop(name, None)
        self.shell.exported.discard(name)

    def array(self, name: str) -> list[str]:
        value = self.shell.vars.get(name)
        if isinstance(value, dict):
            self.machine.work(len(value) // ITEMS_SORTED_A_STEP)
            return [value[key] for key in self._keys(value)]
        return [] if value is None else [value]

    def keys(self, name: str) -> list[str]:
        """Return an array's subscripts, in order."""
        value = self.shell.vars.get(name)
        if isinstance(value, dict):
            self.machine.work(len(value) // ITEMS_SORTED_A_STEP)
            return self._keys(value)
        return ["0"] if value is not None else []

    def _keys(self, value: dict[str, str]) -> list[str]:
        return sorted(value, key=lambda key: (0, int(key), "") if key.isdigit() else (1, 0, key))

    def element(self, name: str, subscript: str) -> str | None:
        value: Any = self.shell.vars.get(name)
        if subscript in ("@", "*"):
            return " ".join(self.array(name))
        if not isinstance(value, dict):
            return (value if value is not None else self.parameter(name)) if subscript == "0" else None
        return value.get(self.subscript(name, value, subscript))

    def subscript(self, name: str, value: dict[str, str], text: str) -> str:
        """Return an array's key: a number's value, or the text as it stands in an associative array."""
        if name in self.shell.associative:
            return text
        try:
            number = evaluate(text, self.get_text, self.set_checked)
        except ArithmeticError_:
            return text
        return str(number if number >= 0 else max((int(k) for k in value if k.isdigit()), default=-1) + 1 + number)

    def environment(self) -> dict[str, str]:
        """Return what a child process gets."""
        shell = self.shell
        self.machine.work(len(shell.vars) // ITEMS_A_STEP)
        return {name: value for name, value in shell.vars.items() if name in shell.exported and isinstance(value, str)}

    # ── words for people ─────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, fd: int, text: str) -> bool:
        """Write text; False where nobody reads or nothing is open (the shell has been told then)."""
        return self.machine.write(self.process, fd, text)

    @property
    def line(self) -> int:
        """The line that complaints name; 0 where they name none."""
        shell = self.shell
        if shell.input is None or shell.dialect == "dash":
            return shell.line
        return 0 if shell.input.interactive else shell.line + (shell.dialect == "ash")

    def complain(self, text: str) -> None:
        """Say something on standard error as the shell itself."""
        self.write(2, words.prefix(self.shell.dialect, self.shell.name, self.line) + text + "\n")

    def complain_as(self, command: str, text: str) -> None:
        """Say something on standard error as a builtin command."""
        self.write(2, words.builtin_prefix(self.shell.dialect, self.shell.name, command, self.line) + text + "\n")

    def unbound(self, name: str) -> str:
        return f"{name}: unbound variable" if self.shell.dialect == "bash" else f"{name}: parameter not set"

    def missing(self, name: str, text: str, op: str) -> str:
        if text:
            return f"{name}: {text}"
        if self.shell.dialect == "bash":
            return f"{name}: parameter {'null or not set' if op[0] == ':' else 'not set'}"
        return f"{name}: parameter not set" + (" or null" if op[0] == ":" else "")

    def clock(self, form: str, seconds: str) -> str:
        """Return a moment (-1: now; -2: when the shell began) in a format of strftime, in the zone that TZ names."""
        if seconds in ("-1", ""):
            self.machine.moves(self.process)
            at = self.machine.kernel.now
        else:
            number = int(seconds) if re.fullmatch(r"-?\d{1,11}", seconds) else 0
            at = self.shell.seconds if number == -2 else number * SECOND
        return strftime(form, at, zone(self.environment()))

    def random(self) -> str:
        self.shell.random += 1
        self.machine.moves(self.process)
        key = (self.machine.state.spec.id, self.process.pid, self.shell.random)
        return str(self.machine.kernel.seeds.number(32768, "random", *key))

    def seconds(self) -> str:
        self.machine.moves(self.process)
        return str((self.machine.kernel.now - self.shell.seconds) // SECOND)


def _function_name(turn: Turn) -> str | None:
    return next((frame.name for frame in reversed(turn.shell.frames) if frame.kind == "function"), None)


_SPECIAL: dict[str, Any] = {
    "FUNCNAME": lambda turn: _function_name(turn) if turn.shell.dialect == "bash" else None,
    "BASH_SUBSHELL": lambda turn: str(turn.shell.subshell) if turn.shell.dialect == "bash" else None,
    "?": lambda turn: str(turn.shell.status),
    "#": lambda turn: str(len(turn.shell.args)),
    "$": lambda turn: str(turn.shell.root_pid),
    "!": lambda turn: str(turn.shell.background) if turn.shell.background else "",
    "-": lambda turn: "".join(sorted(option for option in turn.shell.options if len(option) == 1)),
    "@": lambda turn: " ".join(turn.shell.args),
    "*": lambda turn: turn.shell.vars.get("IFS", " ")[:1].join(turn.shell.args),
    "PWD": lambda turn: turn.process.cwd,
    "PPID": lambda turn: str(turn.process.ppid),
    "LINENO": lambda turn: str(turn.shell.line),
    "RANDOM": lambda turn: turn.random() if turn.shell.dialect != "dash" else None,
    "SECONDS": lambda turn: turn.seconds() if turn.shell.dialect == "bash" else None,
    "BASHPID": lambda turn: str(turn.process.pid) if turn.shell.dialect == "bash" else None,
    "BASH_VERSION": lambda turn: "5.2.15(1)-release" if turn.shell.dialect == "bash" else None,
    "HOSTNAME": lambda turn: turn.machine.hostname() if turn.shell.dialect in ("bash", "ash") else None,
    "UID": lambda turn: str(turn.process.user) if turn.shell.dialect == "bash" else None,
    "EUID": lambda turn: str(turn.process.user) if turn.shell.dialect == "bash" else None,
    "EPOCHSECONDS": lambda turn: str(turn.machine.kernel.now // SECOND) if turn.shell.dialect == "bash" else None,
    "OPTIND": lambda turn: "1",
    "OSTYPE": lambda turn: "linux-gnu" if turn.shell.dialect == "bash" else None,
    "BASH": lambda turn: "/bin/bash" if turn.shell.dialect == "bash" else None,
}


def number(turn: Turn, argv: list[str], default: int) -> int:
    """Return a builtin's numeric argument. Raises: ShellExit where it is none."""
    if len(argv) < 2:
        return default
    if not re.fullmatch(r"[-+]?[0-9]{1,1000}", argv[1]) or (argv[1][0] == "-" and turn.shell.dialect != "bash"):
        text = f"{argv[1]}: numeric argument required" if turn.shell.dialect == "bash" else f"Illegal number: {argv[1]}"
        turn.complain_as(argv[0], text)
        raise ShellExit(2, asked=argv[0] == "exit" and turn.shell.dialect == "bash")
    return int(argv[1])
