"""A terminal's screen, as far as shells use it: what somebody sees after all that was written."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z@])|\x1b.|[\s\S]")


class Screen:
    """Rows without a bottom, `width` columns wide; the last column wraps when the next character comes, as an xterm's does."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        for found in _TOKEN.finditer(text):
            if found.group(2):
                self._control(found.group(1), found.group(2))
            elif len(found.group()) == 1:
                self._put(found.group())

    def text(self) -> str:
        """What stands there, row by row, without blanks at the ends."""
        return "\n".join("".join(row).rstrip() for row in self.rows).rstrip("\n")

    @property
    def place(self) -> tuple[int, int]:
        return self.row, self.column

    def _put(self, character: str) -> None:
        if character == "\n":
            self._to(self.row + 1, self.column)
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(min(self.column, self.width - 1) - 1, 0)
        elif character >= " ":
            self._show(character)

    def _show(self, character: str) -> None:
        size = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if self.column + size > self.width:
            self._to(self.row + 1, 0)
        row = self.rows[self.row]
        row += [" "] * (self.column - len(row))
        row[self.column : self.column + size] = [character] + [""] * (size - 1)
        self.column += size

    def _to(self, row: int, column: int) -> None:
        while len(self.rows) <= row:
            self.rows.append([])
        self.row, self.column = row, column

    def _control(self, numbers: str, letter: str) -> None:
        count = int(numbers) if numbers.isdigit() else 1
        row = self.rows[self.row]
        match letter:
            case "A":
                self.row = max(self.row - count, 0)
            case "C":
                self.column = min(self.column + count, self.width - 1)
            case "D":
                self.column = max(min(self.column, self.width - 1) - count, 0)
            case "K" | "J":
                del row[self.column :]
                if letter == "J":
                    del self.rows[self.row + 1 :]
            case "P":
                del row[self.column : self.column + count]
            case "@":
                row[self.column : self.column] = [" "] * count
                del row[self.width :]
            case "H" if ";" in numbers:
                row_number, _, column_number = numbers.partition(";")
                self._to(int(row_number) - 1, max(int(column_number) - 1, 0))
            case "H":
                self.rows, self.row, self.column = [[]], 0, 0
