"""What operators (d, c, y, < and >) do with the text that a motion goes over, or with lines."""

from __future__ import annotations

import re

from lifecycle.programs.vi.inserting import begin
from lifecycle.programs.vi.motions import LINES, WITH, motion
from lifecycle.programs.vi.text import Editor


def operate(editor: Editor, operator: str, keys: str, count: int, counted: bool) -> None:
    """Do what an operator does with what the motion of some keys goes over; its own key means whole lines."""
    if keys == operator:
        first, last = editor.row, min(editor.row + count - 1, len(editor.lines) - 1)
        _operate_lines(editor, operator, first, last)
        return
    if operator == "c" and keys in ("w", "W") and editor.here[editor.column : editor.column + 1].strip():
        keys = {"w": "e", "W": "E"}[keys]
        editor.column -= 1  # the end of the word may be where the cursor is
        move = motion(editor, keys, count, counted)
        editor.column += 1
    else:
        move = motion(editor, keys, count, counted)
    if move is None:
        return
    row, column, how = move
    if how == LINES or operator in "<>":
        row = min(max(row, 0), len(editor.lines) - 1)
        _operate_lines(editor, operator, min(editor.row, row), max(editor.row, row))
        return
    if keys in ("w", "W") and row > editor.row:
        row, column = editor.row, len(editor.here)
    begin, end = sorted(((editor.row, editor.column), (row, column)))
    operate_text(editor, operator, begin, (end[0], min(end[1] + (how == WITH), len(editor.lines[end[0]]))))


def operate_text(editor: Editor, operator: str, first: tuple[int, int], last: tuple[int, int]) -> None:
    """Do what d, c or y does with the text between two places."""
    if operator == "y":
        copy = Editor(lines=list(editor.lines))
        editor.yanked = copy.cut(first, last)
        editor.go(*first)
        _count(editor, "Yank")
        return
    if operator == "c":
        begin(editor)
        editor.yanked = editor.cut(first, last)
        return
    editor.keep()
    editor.yanked = editor.cut(first, last)
    editor.go(*first)
    _count(editor, "Delete")


def _operate_lines(editor: Editor, operator: str, first: int, last: int) -> None:
    if operator == "y":
        editor.yanked = "".join(line + "\n" for line in editor.lines[first : last + 1])
        _count(editor, "Yank")
        return
    if operator == "c":
        begin(editor)
        editor.yanked = editor.cut_lines(first, last)
        editor.lines.insert(first, "") if editor.lines != [""] else None
        editor.row, editor.column = first, 0
        return
    editor.keep()
    if operator == "d":
        editor.yanked = editor.cut_lines(first, last)
        _count(editor, "Delete")
    else:
        for row in range(first, last + 1):
            editor.lines[row] = _shifted(editor.lines[row], operator)
    editor.go_to_line(first)


def _shifted(line: str, operator: str) -> str:
    if operator == ">":
        return f"\t{line}" if line else line
    return re.sub(r"^(?:\t| {1,8})", "", line)


def _count(editor: Editor, what: str) -> None:
    """Say how much was cut out or copied."""
    editor.say(f"{what} {editor.yanked.count(chr(10))} lines ({len(editor.yanked)} chars) from [D]")
