"""How a command is written: a function of a Call that returns its exit status, or None while it waits.

A command that waits is called again when it may go on; what it must remember is in `data`. It is never anything but a
function, so that a process can be saved at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lifecycle.clock import SECOND, Micros
from lifecycle.programs import opening, pipes, streams
from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.capabilities import bits
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.paths import join
from lifecycle.programs.state import Process
from lifecycle.programs.view import View

if TYPE_CHECKING:
    from lifecycle.programs.exchange import Reached
    from lifecycle.programs.machine import Machine

Command = Callable[["Call"], "int | None"]
Handler = Callable[["Call", str], bool]

COMMANDS: dict[str, Command] = {}
HANDLERS: dict[str, Handler] = {}


def command(*names: str) -> Callable[[Command], Command]:
    """Register a function as what some programs do."""

    def register(function: Command) -> Command:
        for name in names:
            COMMANDS[name] = function
        return function

    return register


def handler(*names: str) -> Callable[[Handler], Handler]:
    """Register what programs do on a signal; False means the default action."""

    def register(function: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = function
        return function

    return register


MAX_READ = 60_000
"""The most work that one command's input may be."""


def lines_of(text: str, keepends: bool = False) -> list[str]:
    """Return a text's lines, with or without their newlines; other ends of lines than a newline are none here."""
    lines = text.split("\n")
    last = lines.pop()
    if keepends:
        lines = [line + "\n" for line in lines]
    return [*lines, last] if last else lines


def text_work(text: str) -> int:
    """Return how many steps it counts for to work on a text line by line."""
    return 1 + len(text) // CHARACTERS_A_STEP * 4 + text.count("\n") // 4


class UsageError(Exception):
    """An option that a command does not have, or a missing operand. `text` is what the command says."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class NoSpace(Exception):
    """What a command writes does not fit on the device any more; the command ends."""


class _Joined(dict[str, str]):
    """Options of which some may come more than once."""

    def __init__(self, many: str) -> None:
        super().__init__()
        self.many = many

    def __setitem__(self, letter: str, value: str) -> None:
        super().__setitem__(letter, f"{self[letter]}\n{value}" if letter in self.many and letter in self else value)


class Call:
    """A command while it runs."""

    def __init__(self, machine: Machine, process: Process) -> None:
        self.machine = machine
        self.process = process
        self.args = process.argv[1:]
        self.data: dict[str, Any] = process.data
        self.view: View = machine.view

    @property
    def name(self) -> str:
        return self.process.argv[0].rpartition("/")[2]

    @property
    def busybox(self) -> bool:
        return self.process.flavor == "busybox"

    @property
    def now(self) -> Micros:
        return self.machine.kernel.now

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def out(self, text: str, zeros: int = 0) -> bool:
        """Write to standard output; False where nobody reads it. Raises: NoSpace."""
        written = self.machine.write(self.process, 1, text, zeros)
        if not written and streams.is_file(self.machine, self.process, 1):
            raise NoSpace
        return written

    def no_space(self) -> int:
        """Say that what was written does not fit."""
        to = "standard output" if self.busybox and self.name in ("head", "sort", "wc") else "write error"
        return self.fail(f"{to}: {FileError.TEXTS['ENOSPC']}")

    def out_zeros(self, size: int) -> bool | None:
        """Write NUL bytes to standard output; False where it failed; None: wait, and ask for the same again."""
        if not pipes.is_pipe(self.machine, self.process, 1):
            return self.out("", size)
        left: int = self.data.setdefault("zeros", size)
        while left > 0:
            if pipes.pipe_full(self.machine, self.process, 1) or not self.machine.spend(self.process, 1):
                return None
            if not self.out("\0" * min(left, pipes.PIPE_SIZE)):
                return False
            left = self.data["zeros"] = left - min(left, pipes.PIPE_SIZE)
        return True

    def err(self, text: str) -> None:
        self.machine.write(self.process, 2, text)

    def fail(self, text: str, status: int = 1) -> int:
        """Say `NAME: TEXT` on standard error and return a status."""
        self.err(f"{self.name}: {text}\n")
        return status

    def looks(self, reached: Reached) -> None:
        """Note that the result depends on where a connection comes to."""
        self.machine.looks(self.process, reached)

    def moves(self) -> None:
        """Note that the result depends on what changes by itself."""
        self.machine.moves(self.process)

    def assume(self, about: str, text: str) -> None:
        self.machine.assume(about, text)

    # ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def options(self, letters: str, long: dict[str, str] | None = None, many: str = "") -> tuple[dict[str, str], list[str]]:
        """Return the options (letter -> value, empty where it takes none) and operands, as getopt reads them.

        A colon after a letter means that it takes a value; `long` maps long names to letters. The values of the letters in
        `many` are joined by newlines. Raises: UsageError.
        """
        found: dict[str, str] = _Joined(many) if many else {}
        operands: list[str] = []
        args = list(self.args)
        while args:
            arg = args.pop(0)
            if arg == "--":
                operands.extend(args)
                break
            if arg.startswith("--"):
                self._long(arg[2:], args, found, letters, long or {})
            elif len(arg) > 1 and arg[0] == "-":
                self._short(arg, args, found, letters)
            else:
                operands.append(arg)
        return found, operands

    def _long(self, arg: str, args: list[str], found: dict[str, str], letters: str, long: dict[str, str]) -> None:
        name, equals, value = arg.partition("=")
        letter = long.get(name)
        if letter is None:
            raise UsageError(f"unrecognized option '--{name}'")
        if letter + ":" in letters and not equals:
            if not args:
                raise UsageError(f"option '--{name}' requires an argument")
            value = args.pop(0)
        found[letter] = value

    def _short(self, arg: str, args: list[str], found: dict[str, str], letters: str) -> None:
        for i, letter in enumerate(arg[1:], 1):
            at = letters.find(letter)
            if at < 0 or letter == ":":
                raise UsageError(f"invalid option -- '{letter}'")
            if letters[at + 1 : at + 2] != ":":
                found[letter] = found.get(letter, "") + "" if letter not in found else found[letter]
                continue
            value = arg[i + 1 :]
            if not value:
                if not args:
                    raise UsageError(f"option requires an argument -- '{letter}'")
                value = args.pop(0)
            found[letter] = value
            return

    # ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def path(self, name: str) -> str:
        return join(self.process.cwd, name)

    def find(self, name: str, follow: bool = True) -> Node:
        """Return a file's node. Raises: FileError."""
        if not name:
            raise FileError("ENOENT")
        return self.view.find(self.path(name), follow)[1]

    def read_file(self, name: str) -> str:
        """Return a file's content, special files included. Raises: FileError."""
        opened = opening.open_path(self.machine, self.process, self.path(name), "r")
        if opened.kind == "directory":
            raise FileError("EISDIR")
        fd = 1_000 + len(self.process.fds)
        streams.set_fd(self.machine, self.process, fd, opened)
        try:
            return self.afforded(streams.read(self.machine, self.process, fd) or "")
        finally:
            streams.close(self.machine, self.process, fd)

    def afforded(self, text: str) -> str:
        """Return as much of what a command reads as one command may work on, and count that."""
        done: int = self.data.get("read", 0)
        work = text_work(text)
        if done + work > MAX_READ:
            self.machine.limit("bytes", "what one command may read (some MiB, some 100,000 lines)", "the rest is not read")
            text = text[: max(len(text) * (MAX_READ - done) // work, 0)]
            work = MAX_READ - done
        self.data["read"] = done + work
        self.machine.work(work)
        return text

    def write_file(self, name: str, text: str, mode: str = "w") -> None:
        """Write a file. Raises: FileError."""
        opened = opening.open_path(self.machine, self.process, self.path(name), mode)
        fd = 1_000 + len(self.process.fds)
        streams.set_fd(self.machine, self.process, fd, opened)
        written = self.machine.write(self.process, fd, text)
        streams.close(self.machine, self.process, fd)
        if not written and opened.kind in ("file", "full"):
            raise FileError("ENOSPC")

    def stdin(self) -> str | None:
        """Return all of standard input once it has ended; None: wait."""
        pieces: list[str] = self.data.setdefault("stdin", [])
        while self.data.get("read", 0) < MAX_READ:
            piece = streams.read(self.machine, self.process, 0)
            if piece is None:
                return None
            if not piece:
                break
            pieces.append(self.afforded(piece))
            if not self.machine.spend(self.process, 0):
                return None
        return "".join(pieces)

    def lines(self) -> Iterator[str | None]:
        """Yield lines of standard input as they come (with their newline); None at the end of what there is now: wait."""
        while True:
            if not self.machine.spend(self.process, 0):
                yield None
                return
            piece = streams.read(self.machine, self.process, 0, line=True)
            if piece == "":
                return
            yield piece
            if piece is None:
                return

    def cannot_open(self, name: str, error: FileError) -> int:
        """Complain about a file in the command's words."""
        if error.code == "EISDIR":
            return self.fail("read error: Is a directory" if self.busybox and self.name == "cat" else f"{name}: Is a directory")
        if self.name == "sed" and not self.busybox:
            self.data["status"] = 2
            return self.fail(f"can't read {name}: {error.text}", 2)
        if self.busybox and self.name not in ("grep", "egrep", "fgrep", "head", "sort", "wc", "sed"):
            return self.fail(f"can't open '{name}': {error.text}")
        if not self.busybox and self.name in ("head", "tail"):
            return self.fail(f"cannot open '{name}' for reading: {error.text}")
        if not self.busybox and self.name == "sort":
            return self.fail(f"cannot read: {name}: {error.text}", 2)
        return self.fail(f"{name}: {error.text}")

    def may(self, capability: str) -> bool:
        """Say whether the process has a capability: those of its container, if it is root's."""
        return not self.process.user and bool(self.machine.state.spec.capabilities & bits((capability,)))

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def sleep(self, span: Micros) -> None:
        """Wait for a span; the command is called again then."""
        self.machine.sleep(self.process, span)

    def sleep_seconds(self, seconds: float) -> None:
        self.sleep(round(seconds * SECOND))

    def forever(self) -> None:
        """Wait for a signal."""
        self.process.waiting = "signal"
