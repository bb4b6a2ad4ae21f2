"""Somebody at a terminal: a program under a pseudo terminal, what is typed to it and what it shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Mapping
from types import TracebackType


class Typist:
    """A program that runs under a terminal of 24 lines of 80 characters."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.fd)

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def see(self, text: str, seconds: float = 15) -> str:
        """Wait until a text is shown; return what was shown up to its end since the last call."""
        until = time.monotonic() + seconds
        while text not in self.shown:
            assert self._read(until - time.monotonic()), f"{text!r} is not shown, but {self.shown!r}"
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def ask(self, line: str, prompt: str) -> str:
        """Type a line and return what is shown from its end up to the next prompt."""
        self.type(line + "\r")
        self.see("\r\n")
        return self.see(prompt).removesuffix(prompt)

    def code(self, seconds: float = 15) -> int:
        """Wait for the program's end and return its exit code."""
        until = time.monotonic() + seconds
        while self._read(until - time.monotonic()):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, seconds: float) -> bool:
        """Read what comes; False at the end, or where nothing comes in time."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)
