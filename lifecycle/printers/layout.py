"""Text in columns: what Go's tab writers make of the TABs that kubectl writes.

A cell ends with a TAB; what follows the last TAB of a line belongs to no column. A column is a run of consecutive lines that
have a cell there, and is as wide as its widest cell and the padding.

Where widths are remembered, a column of a table is as wide as one before it in the same place, which a line of a message may
have ended.

Kubernetes: kubectl/pkg/describe, cli-runtime/pkg/printers; github.com/liggitt/tabwriter.
"""

from __future__ import annotations

from collections.abc import Iterable

_TERMINAL = str.maketrans({"\x1b": "^[", "\r": "\\r"})


def escaped(text: str) -> str:
    """Return a text in which nothing can move a terminal's cursor."""
    return text.translate(_TERMINAL) if "\x1b" in text or "\r" in text else text


def described(*blocks: Iterable[str]) -> str:
    """Lay out the lines of a description, each block with columns of its own; every line ends with a newline."""
    return "".join(aligned(escaped("\n".join(lines)), minimum=0, padding=2) + "\n" for lines in blocks)


def tabled(lines: Iterable[str]) -> str:
    """Lay out the rows of a table as `kubectl get` does; every line ends with a newline."""
    return aligned("\n".join(lines), minimum=6, padding=3, remembered={}) + "\n"


def aligned(text: str, minimum: int, padding: int, remembered: dict[int, int] | None = None) -> str:
    """Replace the TABs of a text by as many spaces as its columns need; widths are `remembered` by column, or not (None)."""
    blocks = (Block(block, minimum, padding, remembered) for block in text.split("\f"))
    return "\n".join(map(str, blocks))


class Block:
    """Lines between two form feeds, and how wide each of their cells is to be."""

    def __init__(self, text: str, minimum: int, padding: int, remembered: dict[int, int] | None) -> None:
        self._lines = [line.split("\t") for line in text.replace("\v", "\t").split("\n")]
        self._widths: list[list[int]] = [[0] * (len(cells) - 1) for cells in self._lines]
        self._minimum, self._padding, self._remembered = minimum, padding, remembered
        self._measure(0, len(self._lines), 0)

    def __str__(self) -> str:
        return "\n".join(
            cells[0] if len(cells) == 1 else "".join(map(str.ljust, cells, width)) + cells[-1]
            for cells, width in zip(self._lines, self._widths, strict=True)
        )

    def _measure(self, start: int, end: int, column: int) -> None:
        """Find the width of each run of lines that have a cell in this column, and within it of the columns to its right."""
        at = start
        while at < end:
            if len(self._widths[at]) <= column:
                at += 1
                continue
            first = at
            while at < end and len(self._widths[at]) > column:
                at += 1
            width = self._width(max(len(cells[column]) for cells in self._lines[first:at]), column)
            for row in self._widths[first:at]:
                row[column] = width
            self._measure(first, at, column + 1)

    def _width(self, widest: int, column: int) -> int:
        width = max(self._minimum, widest + self._padding)
        if self._remembered is None:
            return width
        self._remembered[column] = max(width, self._remembered.get(column, 0))
        return self._remembered[column]
