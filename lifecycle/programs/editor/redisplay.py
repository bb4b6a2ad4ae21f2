"""How bash's editor brings the screen from one line to the next with few bytes (readline: display.c, on an xterm).

A row is a list of cells, one for each character; what a window's width does not hold goes on in the next row.
"""

from __future__ import annotations

import re

from lifecycle.programs.editor.keys import characters, columns, width
from lifecycle.programs.state import Line

MARKED = "\x01"
"""Stands before the character of a cell that is shown in reverse video."""
Row = list[str]


def cell_width(cell: str) -> int:
    return columns(cell) if "\x1b" in cell else width(cell.removeprefix(MARKED))


def span(cells: Row) -> int:
    """Return how many columns cells take."""
    return sum(map(cell_width, cells))


def drawn(cells: Row) -> str:
    """Return cells as a terminal is told of them."""
    out, marked = "", False
    for cell in cells:
        if (cell[0] == MARKED) != marked:
            marked = not marked
            out += "\x1b[7m" if marked else "\x1b[27m"
        out += cell.removeprefix(MARKED)
    return out + ("\x1b[27m" if marked else "")


class Layout:
    """A prompt and a line as rows of a window; where the cursor is among them."""

    def __init__(self, prompt: list[str], line: Line, size: int) -> None:
        self.rows: list[Row] = [[]]
        self.padded: set[int] = set()
        """The rows that begin with a character that was too wide for the end of the one before."""
        self.used = 0
        self.size = size
        for cell in prompt:
            self._add([cell])
        start, end = line.marked
        self.row = self.column = 0
        for at, character in enumerate(line.characters):
            cells = _cells(character, self.used)
            if start <= at < end:
                cells = [MARKED + cell for cell in cells]
            self._add(cells, line.cursor == at)
        if line.cursor >= len(line.characters):
            self.row, self.column = len(self.rows) - 1, self.used

    def _add(self, cells: Row, here: bool = False) -> None:
        for i, cell in enumerate(cells):
            size = cell_width(cell)
            if cell.removeprefix(MARKED) == "\n":
                if here:
                    self.row, self.column = len(self.rows) - 1, self.used
                self.rows.append([])
                self.used = 0
                continue
            if self.used + size > self.size:
                self.rows[-1] += [" "] * (self.size - self.used)
                self.padded.add(len(self.rows))
                self.rows.append([])
                self.used = 0
            if here and not i:
                self.row, self.column = len(self.rows) - 1, self.used
            self.rows[-1].append(cell)
            self.used += size
            if self.used >= self.size:
                self.rows.append([])
                self.used = 0


def _cells(character: str, column: int) -> Row:
    """Return what a character of a line looks like: a tab as spaces, control characters as ^A."""
    if character == "\t":
        return [" "] * (8 - column % 8)
    if character < " " and character != "\n":
        return ["^", chr(ord(character) ^ 0x40)]
    return ["^", "?"] if character == "\x7f" else [character]


class Screen:
    """The terminal as far as the editor knows it: the rows that it shows, and the cursor."""

    def __init__(self, line: Line, size: int) -> None:
        self.line = line
        self.size = size
        self.out: list[str] = []
        self.padded: set[int] = set()

    def update(self, layout: Layout) -> None:
        """Show a layout instead of what is shown now."""
        shown, rows, self.padded = self.line.rows, layout.rows, layout.padded
        for number, row in enumerate(rows):
            self._update_row(number, shown[number] if number < len(shown) else [], row, len(rows))
        for number in range(len(rows), len(shown)):
            self._go_to_row(number)
            self._go_to_column(0)
            self.out.append("\x1b[K")
        self.line.rows = rows
        self._go_to_row(layout.row)
        self._go_to_column(layout.column)

    def rewrite(self, layout: Layout) -> None:
        """Write a single row anew, whatever it has in common with what is shown."""
        if len(layout.rows) == 1 and len(self.line.rows) == 1:
            self._go_to_column(0)
            self._write(layout.rows[0])
            if span(layout.rows[0]) < span(self.line.rows[0]):
                self.out.append("\x1b[K")
            self.line.rows = layout.rows

    def _update_row(self, number: int, old: Row, new: Row, count: int) -> None:
        line = self.line
        if line.column >= self.size and line.row == number - 1:
            wrapped = self._wrap(old, new, number in self.padded)
            if wrapped is None:
                return
            old = wrapped
        same = _same_start(old, new)
        if same == len(old) == len(new):
            return
        tail = _same_end(old, new, same)
        self._go_to_row(number)
        self._go_to_column(span(old[:same]))
        middle = new[same : len(new) - tail]
        wider = span(middle) - span(old[same : len(old) - tail])
        if wider > 0:
            if tail and not (number >= len(line.rows) - 1 and count > len(line.rows)):
                self.out.append(f"\x1b[{wider}@")
                self._write(middle)
            else:
                self._write(new[same:])
        elif 2 * span(new[same:]) >= -wider:
            self.out.append(f"\x1b[{-wider}P" if wider else "")
            self._write(middle)
        else:
            self._write(new[same:])
            left = span(old) - span(new)
            if left > 0 and number < count - 1:
                self._write([" "] * left)
            elif left > 0:
                self.out.append("\x1b[K")

    def _wrap(self, old: Row, new: Row, padded: bool) -> Row | None:
        """Leave the end of a full row by writing the first character of the next one.

        Returns what that row shows now; None: it is done.
        """
        line = self.line
        if padded:
            self.out.append("\x1b[K")
        line.row, line.column = line.row + 1, 0
        self._write(new[:1] or [" "])
        if not new or span(new[:1]) == span(old[:1]):
            return [*new[:1], *old[1:]] if new and old else old
        self._write(new[1:])
        if span(new) < span(old):
            self.out.append("\x1b[K")
        return None

    def _write(self, cells: Row) -> None:
        self.out.append(drawn(cells))
        self.line.column += span(cells)

    def _go_to_row(self, row: int) -> None:
        line = self.line
        if row > line.row:
            self.out.append("\n" * (row - line.row) + "\r")
            line.column = 0
        else:
            self.out.append("\x1b[A" * (line.row - row))
        line.row = row

    def _go_to_column(self, column: int) -> None:
        line = self.line
        if line.column != column and (column == 0 or column + 1 < line.column - column or line.column >= self.size):
            self.out.append("\r")
            line.column = 0
        self.out.append("\x1b[C" * (column - line.column) + "\b" * (line.column - column))
        line.column = column

    def leave(self) -> None:
        """Go to the row below all that is shown."""
        line = self.line
        full = len(line.rows) > 1 and not line.rows[-1] and line.column == 0
        last = len(line.rows) - 1 - full
        self._go_to_row(last)
        if full:
            self._go_to_column(self.size - 1)
            self.out.append("\x1b[K" + drawn(line.rows[last][-1:]))
        if line.rows and (line.rows[last] or line.column):
            self.out.append("\n")
        self.forget()

    def forget(self) -> None:
        """Know of nothing on the screen any more: the cursor is at the start of an empty row."""
        self.line.rows, self.line.row, self.line.column = [], 0, 0


def _same_start(old: Row, new: Row) -> int:
    """Return how many cells are the same from the start on; a character that only combines counts with the one before."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    if same and any(same < len(row) and not cell_width(row[same]) for row in (old, new)):
        same -= 1
    return same


def _same_end(old: Row, new: Row, same: int) -> int:
    """Return how many cells are the same at the end; readline takes that for nothing where no blank is among them."""
    count = 0
    while count < min(len(old), len(new)) - same and old[-1 - count] == new[-1 - count]:
        count += 1
    limit = min(len(old), len(new)) - same
    matched = old[len(old) - count + (count == limit) :]
    return count if " " in matched else 0


_HIDDEN = re.compile(r"(\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\a]*\a))")


def prompt_cells(text: str) -> Row:
    """Return the cells of a prompt; what terminals do not show is a cell without width."""
    return [cell for i, piece in enumerate(_HIDDEN.split(text)) for cell in ([piece] if i % 2 else characters(piece))]
