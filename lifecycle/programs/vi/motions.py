"""Where motions lead: by characters, words, lines, paragraphs, brackets, and to what is sought."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs.regex import RegexError
from lifecycle.programs.vi.keys import BACKSPACE
from lifecycle.programs.vi.text import Editor

Move = tuple[int, int, str]
"""Where a motion leads: line, column, and whether an operator takes whole lines, the last character too, or neither."""

LINES, WITH, UP_TO = "lines", "with", "up to"


def motion(editor: Editor, keys: str, count: int, counted: bool) -> Move | None:
    """Return where a motion leads; None for what is none, and for one that leads nowhere."""
    row, column, line = editor.row, editor.column, editor.here
    simple: dict[str, Callable[[], Move]] = {
        "h": lambda: (row, max(column - count, 0), UP_TO),
        "l": lambda: (row, min(column + count, len(line)), UP_TO),
        " ": lambda: (row, min(column + count, len(line)), UP_TO),
        "j": lambda: (row + count, column, LINES),
        "\n": lambda: (row + count, column, LINES),
        "k": lambda: (row - count, column, LINES),
        "0": lambda: (row, 0, UP_TO),
        "^": lambda: (row, editor.indent(row), UP_TO),
        "$": lambda: _end_of_line(editor, row + count - 1),
        "G": lambda: _line(editor, count - 1 if counted else len(editor.lines) - 1),
        "gg": lambda: _line(editor, count - 1),
        "H": lambda: _line(editor, editor.top + count - 1),
        "L": lambda: _line(editor, min(editor.top + editor.rows - 2, len(editor.lines) - 1)),
        "M": lambda: _line(editor, min(editor.top + (editor.rows - 2) // 2, len(editor.lines) - 1)),
        "+": lambda: _line(editor, row + count),
        "\r": lambda: _line(editor, row + count),
        "-": lambda: _line(editor, row - count),
        "w": lambda: (*_words(editor, count, _NEXT_WORD), UP_TO),
        "W": lambda: (*_words(editor, count, _NEXT_WORD_), UP_TO),
        "b": lambda: (*_words_back(editor, count, _WORD), UP_TO),
        "B": lambda: (*_words_back(editor, count, _WORD_), UP_TO),
        "e": lambda: (*_word_ends(editor, count, _WORD), WITH),
        "E": lambda: (*_word_ends(editor, count, _WORD_), WITH),
        "}": lambda: (_paragraph(editor, 1), 0, UP_TO),
        "{": lambda: (_paragraph(editor, -1), 0, UP_TO),
        "%": lambda: (*(_bracket(editor) or (row, column)), WITH),
    }
    if keys in BACKSPACE:
        return row, max(column - count, 0), UP_TO
    if keys in simple:
        return simple[keys]()
    if keys in (";", ",") and editor.found:
        kind = editor.found[0].swapcase() if keys == "," else editor.found[0]
        return _character(editor, kind, editor.found[1], count)
    if len(keys) == 2 and keys[0] in "fFtT":
        editor.found = keys
        return _character(editor, keys[0], keys[1], count)
    return _sought(editor, keys) if keys in ("n", "N") else None


def _line(editor: Editor, row: int) -> Move:
    row = min(max(row, 0), len(editor.lines) - 1)
    return row, editor.indent(row), LINES


def _end_of_line(editor: Editor, row: int) -> Move:
    row = min(row, len(editor.lines) - 1)
    return row, max(len(editor.lines[row]) - 1, 0), WITH


_WORD = re.compile(r"\w+|[^\w\s]+")
_WORD_ = re.compile(r"\S+")
_NEXT_WORD = re.compile(r"(?:\w+|[^\w\s]+)?\s*")
_NEXT_WORD_ = re.compile(r"\S*\s*")


def _words(editor: Editor, count: int, expression: re.Pattern[str]) -> tuple[int, int]:
    text, at = "\n".join(editor.lines), editor.offset(editor.row, editor.column)
    for _ in range(count):
        found = expression.match(text, at)
        assert found is not None
        at = found.end()
    return editor.place(at)


def _words_back(editor: Editor, count: int, expression: re.Pattern[str]) -> tuple[int, int]:
    text, at = "\n".join(editor.lines), editor.offset(editor.row, editor.column)
    starts = [found.start() for found in expression.finditer(text, 0, at)]
    return editor.place(starts[-min(count, len(starts))] if starts else 0)


def _word_ends(editor: Editor, count: int, expression: re.Pattern[str]) -> tuple[int, int]:
    text, at = "\n".join(editor.lines), editor.offset(editor.row, editor.column)
    ends = [found.end() - 1 for found in expression.finditer(text) if found.end() - 1 > at]
    return editor.place(ends[min(count, len(ends)) - 1] if ends else at)


def _paragraph(editor: Editor, by: int) -> int:
    """Return the next empty line, or the text's end in that direction."""
    row = editor.row + by
    while 0 < row < len(editor.lines) - 1 and editor.lines[row]:
        row += by
    return min(max(row, 0), len(editor.lines) - 1)


_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BACK = {closing: opening for opening, closing in _PAIRS.items()}


def _bracket(editor: Editor) -> tuple[int, int] | None:
    """Return where the other bracket of a pair is."""
    text, at = "\n".join(editor.lines), editor.offset(editor.row, editor.column)
    own = text[at : at + 1]
    other, by = (_PAIRS[own], 1) if own in _PAIRS else (_BACK.get(own, ""), -1)
    depth = 0
    while other and 0 <= at < len(text):
        depth += (text[at] == own) - (text[at] == other)
        if not depth:
            return editor.place(at)
        at += by
    return None


def _character(editor: Editor, kind: str, wanted: str, count: int) -> Move | None:
    """Return where a character stands in the line: f and t after the cursor, F and T before it."""
    at = editor.column
    for _ in range(count):
        at = editor.here.find(wanted, at + 1) if kind in "ft" else editor.here.rfind(wanted, 0, max(at, 0))
        if at < 0:
            return None
    at += {"t": -1, "T": 1}.get(kind, 0)
    return editor.row, at, WITH if kind in "ft" else UP_TO


def _sought(editor: Editor, keys: str) -> Move | None:
    try:
        found = editor.seek(editor.forward == (keys == "n")) if editor.sought else None
    except RegexError:
        found = None
    if found is None:
        editor.say("Pattern not found" if editor.sought else "No previous search")
        return None
    forward = editor.forward == (keys == "n")
    if (found > (editor.row, editor.column)) != forward:
        editor.say("search hit BOTTOM, continuing at TOP" if forward else "search hit TOP, continuing at BOTTOM")
    return (*found, UP_TO)
