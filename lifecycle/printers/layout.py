"""Text in columns: what Go's tab writers make of the TABs that kubectl writes.

A cell ends with a TAB; what follows the last TAB of a line belongs to no column. A column is a run of consecutive lines that
have a cell there, and is as wide as its widest cell and the padding.

Kubernetes: kubectl/pkg/describe, cli-runtime/pkg/printers.
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
    return aligned("\n".join(lines), minimum=6, padding=3) + "\n"


def aligned(text: str, minimum: int, padding: int) -> str:
    """Replace the TABs of a text by as many spaces as its columns need."""
    blocks = text.split("\f")
    return "\n".join(
        _aligned([line.split("\t") for line in block.replace("\v", "\t").split("\n")], minimum, padding) for block in blocks
    )


def _aligned(lines: list[list[str]], minimum: int, padding: int) -> str:
    widths: list[list[int]] = [[0] * (len(cells) - 1) for cells in lines]
    _measure(lines, widths, 0, len(lines), 0, minimum, padding)
    return "\n".join(
        cells[0] if len(cells) == 1 else "".join(map(str.ljust, cells, width)) + cells[-1]
        for cells, width in zip(lines, widths, strict=True)
    )


def _measure(
    lines: list[list[str]], widths: list[list[int]], start: int, end: int, column: int, minimum: int, padding: int
) -> None:
    """Find the width of each run of lines that have a cell in this column, and within it of the columns to its right."""
    at = start
    while at < end:
        if len(widths[at]) <= column:
            at += 1
            continue
        first = at
        widest = 0
        while at < end and len(widths[at]) > column:
            widest = max(widest, len(lines[at][column]))
            at += 1
        width = max(minimum, widest + padding)
        for row in widths[first:at]:
            row[column] = width
        _measure(lines, widths, first, at, column + 1, minimum, padding)
