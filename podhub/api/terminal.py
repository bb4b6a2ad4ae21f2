"""A terminal's line discipline: what is typed is echoed, edited, and handed on line by line.

Linux: termios(3), canonical mode
"""

from __future__ import annotations

END, INTERRUPT, ERASE, KILL = 4, 3, (8, 127), 21


class Terminal:
    """The terminal of one session."""

    def __init__(self) -> None:
        self._line = bytearray()

    def typed(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """Take what is typed; return what to echo, the lines that are whole, and whether this is all there is to come."""
        echo, lines = bytearray(), bytearray()
        for byte in data:
            if byte in (10, 13):
                lines += bytes(self._line) + b"\n"
                self._line.clear()
                echo += b"\r\n"
            elif byte in ERASE:
                if self._line:
                    self._line.pop()
                    echo += b"\b \b"
            elif byte == KILL:
                echo += b"\b \b" * len(self._line)
                self._line.clear()
            elif byte == END:
                if not self._line:
                    return bytes(echo), bytes(lines), True
                lines += self._line
                self._line.clear()
            elif byte == INTERRUPT:
                self._line.clear()
                echo += b"^C\r\n"
                return bytes(echo), bytes(lines), True
            else:
                self._line.append(byte)
                echo.append(byte)
        return bytes(echo), bytes(lines), False

    def shown(self, data: bytes) -> bytes:
        """Return output as a terminal shows it."""
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
