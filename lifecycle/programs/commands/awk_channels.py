"""What an awk program reads from and writes to: its input, files, and other programs at the end of a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifecycle.programs import opening, pipes, regex, streams
from lifecycle.programs.commands.awk_grammar import AwkError, unescaped
from lifecycle.programs.commands.awk_values import from_input
from lifecycle.programs.commands.call import Call, text_work
from lifecycle.programs.commands.children import start_child
from lifecycle.programs.files import FileError
from lifecycle.programs.state import Open

if TYPE_CHECKING:
    from lifecycle.programs.commands.awk_machine import Awk

MAX_BUFFER = 4 << 20


class Wait(Exception):
    """There is no more input now, a child has not ended yet, or no more work may be done."""


class Channels:
    """The open ends. `files` in the command's data says what is open under a name: its descriptor, and the child there."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.data = call.data
        self.files: dict[str, list[int]] = call.data["files"]
        self.buffers: dict[str, str] = call.data["buffers"]

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def main_record(self, awk: Awk) -> str | float | None:
        """Return the next record of the input; 0 at its end; None: wait."""
        names: list[str] = self.data["names"]
        while True:
            if "input" not in self.data and not self._next_input(awk, names):
                return 0.0
            record = self._record(self.data["input"], awk.text(awk.vars["RS"]))
            if record is None or isinstance(record, str):
                return record
            self.next_file()

    def _next_input(self, awk: Awk, names: list[str]) -> bool:
        """Open the next file named, or standard input where none is; assignments among the names take place on the way."""
        while names:
            name = names.pop(0)
            assigned = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", name, re.S)
            if assigned:
                awk.hold("global", assigned.group(1), from_input(unescaped(assigned.group(2))))
            elif name:
                self.data["read_any"] = True
                fd = 0 if name in ("-", "/dev/stdin") else self._opened(name, "r")
                if fd is not None:
                    awk.vars["FILENAME"], awk.vars["FNR"] = name, 0.0
                    self.data["input"] = fd
                    return True
        if self.data.get("read_any"):
            return False
        self.data["read_any"], self.data["input"] = True, 0
        return True

    def _opened(self, name: str, mode: str) -> int | None:
        """Open a file and return its descriptor, or None after a complaint."""
        try:
            opened = opening.open_path(self.call.machine, self.call.process, self.call.path(name), mode)
            if opened.kind == "directory":
                raise FileError("EISDIR")
        except FileError as error:
            self.data["failed"] = True
            if self.call.busybox:
                self.call.fail(f"{name}: {error.text}")
            else:
                self.call.fail(f'cannot open "{name}" ({error.text})')
            return None
        return self._descriptor(opened)

    def _descriptor(self, opened: Open) -> int:
        fd: int = self.data["fresh"]
        self.data["fresh"] += 1
        streams.set_fd(self.call.machine, self.call.process, fd, opened)
        return fd

    def next_file(self) -> None:
        fd = self.data.pop("input", 0)
        self.buffers.pop(str(fd), None)
        if fd:
            streams.close(self.call.machine, self.call.process, fd)

    def record(self, source: str, name: str, separator: str) -> str | float | None:
        """Return a record of a file or of a program's output; 0 at the end, -1 where it cannot be read; None: wait."""
        if name not in self.files:
            if source == "command":
                self._start(name, True)
            else:
                if name in ("-", "/dev/stdin"):
                    self.files[name] = [0, 0]
                else:
                    failed = self.data.get("failed", False)
                    if self.call.view.get(self.call.path(name)) is None and not name.startswith("/proc/"):
                        return -1.0
                    fd = self._opened(name, "r")
                    if fd is None:
                        self.data["failed"] = failed
                        return -1.0
                    self.files[name] = [fd, 0]
        return self._record(self.files[name][0], separator)

    def _record(self, fd: int, separator: str) -> str | float | None:
        """Return what comes before the next separator: a newline, a character, an expression, or blank lines (`""`)."""
        machine, process = self.call.machine, self.call.process
        if separator == "\n" and str(fd) not in self.buffers:
            line = streams.read(machine, process, fd, line=True)
            if not line:
                return None if line is None else 0.0
            machine.work(text_work(line))
            return line.removesuffix("\n")
        while True:
            buffer = self.buffers.get(str(fd), "")
            if separator == "":
                buffer = buffer.lstrip("\n")
            found = self._divided(buffer, separator)
            if found is not None and len(buffer) < MAX_BUFFER:
                self.buffers[str(fd)] = found[1]
                return found[0]
            piece = streams.read(machine, process, fd, most=32 << 10) if len(buffer) < MAX_BUFFER else ""
            if piece is None:
                self.buffers[str(fd)] = buffer
                return None
            if not piece:
                self.buffers[str(fd)] = ""
                return buffer.removesuffix("\n") if buffer else 0.0
            machine.work(text_work(piece))
            self.buffers[str(fd)] = buffer + piece

    def _divided(self, buffer: str, separator: str) -> tuple[str, str] | None:
        self.call.machine.work(len(buffer) // 8192)
        if separator == "":
            match = re.search(r"\n\n+(?=[^\n])", buffer)
            return (buffer[: match.start()], buffer[match.end() :]) if match else None
        if len(separator) == 1:
            head, found, rest = buffer.partition(separator)
            return (head, rest) if found else None
        expression = regex.compiled(separator, True).search(buffer)
        if expression is None or expression.end == expression.start or expression.end == len(buffer):
            return None
        return buffer[: expression.start], buffer[expression.end :]

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, op: str, name: str, piece: str) -> bool:
        """Write to a file or to a program; False: wait, there is no room now."""
        machine, process = self.call.machine, self.call.process
        if name in ("/dev/stdout", "-", "/dev/stderr") and op != "|":
            machine.write(process, 2 if name == "/dev/stderr" else 1, piece)
            return True
        if name not in self.files:
            if op == "|":
                self._start(name, False)
            else:
                fd = self._opened(name, "a" if op == ">>" else "w")
                if fd is None:
                    raise AwkError(f"cannot open {name}")
                self.files[name] = [fd, 0]
        fd = self.files[name][0]
        if op == "|" and pipes.pipe_full(machine, process, fd):
            return False
        machine.write(process, fd, piece)
        return True

    # ── other programs ───────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, line: str, reading: bool) -> None:
        """Start a program with a pipe to it, or from it."""
        machine = self.call.machine
        end, start = pipes.make_pipe(machine)
        mine, its = (end, start) if reading else (start, end)
        fd = self._descriptor(mine)
        machine.work(len(self.files) // 4)
        others = [held for held, _ in self.files.values() if held > 2]
        self.data.setdefault("ended", {})
        started = start_child(self.call, ["sh", "-c", line], {1 if reading else 0: its}, (fd, *others))
        self.files[line] = [fd, 0 if isinstance(started, int) else started.pid]

    def system(self, line: str) -> float | None:
        """Run a program; its status, or None while it runs."""
        if "system" not in self.data:
            self.data.setdefault("ended", {})
            started = start_child(self.call, ["sh", "-c", line])
            self.data["system"] = -started if isinstance(started, int) else started.pid
        status = self._ended(self.data["system"])
        if status is not None:
            del self.data["system"]
        return status

    def _ended(self, child: int) -> float | None:
        """Return a child's status (0 and below: it could not be started), or None while it runs."""
        if child <= 0:
            return float(-child)
        ended: dict[str, int] = self.data.setdefault("ended", {})
        if str(child) in ended:
            return float(ended.pop(str(child)))
        self.call.process.waiting = "children"
        return None

    def close(self, name: str) -> float | None:
        """Close what is open under a name; its status, -1 where there is nothing; None: wait."""
        if name not in self.files:
            return -1.0
        fd, child = self.files[name]
        if fd:
            streams.close(self.call.machine, self.call.process, fd)
            self.files[name][0] = 0
            self.buffers.pop(str(fd), None)
        status = self._ended(child) if child else 0.0
        if status is not None:
            del self.files[name]
        return status

    def close_all(self) -> bool:
        """Close everything; False while a program that was written to has not ended."""
        return all(self.close(name) is not None for name in list(self.files))
