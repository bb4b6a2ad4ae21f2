"""What keys do: commands, as long as nothing is typed into the text."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs.vi import colon
from lifecycle.programs.vi.inserting import begin, type_key
from lifecycle.programs.vi.keys import ARROWS, ENTER, ESCAPE, PAGES, keys_of
from lifecycle.programs.vi.motions import motion
from lifecycle.programs.vi.operators import operate, operate_text
from lifecycle.programs.vi.text import Editor

_COMMAND = re.compile(r"([1-9]\d*)?(?:([dcy<>])([1-9]\d*)?)?(.*)", re.DOTALL)
MOST_TIMES = 10_000
"""How often a command is repeated, at most."""


def press(editor: Editor, key: str) -> None:
    """Do what a key does."""
    if editor.mode in (":", "/", "?"):
        colon.press(editor, key)
        return
    name = key[2:] if len(key) > 1 else ""
    if editor.mode:
        type_key(editor, key, ARROWS.get(name, ""))
    else:
        _command(editor, ARROWS.get(name) or PAGES.get(name) or key)


def _command(editor: Editor, key: str) -> None:
    """Take a key of a command; it is done once it is whole."""
    if key == ESCAPE:
        editor.keys = ""
        return
    editor.keys += key
    found = _COMMAND.fullmatch(editor.keys)
    assert found is not None
    first, operator, second, rest = found.groups()
    if not rest or (len(rest) == 1 and rest in "gfFtTrZ" and not (operator and rest in "rZ")):
        return
    count = min(int(first or 1) * int(second or 1), MOST_TIMES)
    keys, editor.keys = editor.keys, ""
    if operator:
        operate(editor, operator, rest, count, bool(first or second))
    elif (move := motion(editor, rest, count, bool(first))) is not None:
        row, column, _ = move
        _go(editor, rest, row, column)
    elif rest == ".":
        _repeat(editor)
        return
    elif rest in _SIMPLE:
        _SIMPLE[rest](editor, count)
    elif rest[0] == "r" and len(rest) == 2:
        _replace(editor, rest[1], count)
    changed = operator in ("d", "c", "<", ">") or rest[0] in "xXDCsSJ~pPriIaAoOR"
    if changed:
        editor.doing = keys
        if not editor.mode:
            editor.last, editor.doing = keys, ""


def _go(editor: Editor, keys: str, row: int, column: int) -> None:
    if keys in ("j", "k", "\n", "\x0e", "\x10"):
        editor.go_vertically(row - editor.row)
    else:
        editor.go(row, column)
        editor.wanted = 1 << 30 if keys == "$" else editor.column


def _repeat(editor: Editor) -> None:
    keys = editor.last
    for key in keys_of(keys):
        press(editor, key)
    editor.last = keys


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cut_characters(editor: Editor, count: int, before: bool = False) -> None:
    column = max(editor.column - count, 0) if before else editor.column
    end = editor.column if before else min(editor.column + count, len(editor.here))
    if column < end:
        editor.keep()
        editor.yanked = editor.cut((editor.row, column), (editor.row, end))
        editor.go(editor.row, column)


def _put(editor: Editor, after: bool) -> None:
    text = editor.yanked
    if not text:
        editor.say("Nothing in register D", True)
        return
    editor.keep()
    if text.endswith("\n"):
        row = editor.row + after
        editor.lines[row:row] = text[:-1].split("\n")
        editor.go_to_line(row)
    else:
        row, column = editor.row, min(editor.column + after, len(editor.here))
        editor.column = column
        editor.insert(text)
        editor.go(editor.row, editor.column - 1)
    editor.say(f"Put {text.count(chr(10))} lines ({len(text)} chars) from [D]")


def _join(editor: Editor, count: int) -> None:
    for _ in range(max(count - 1, 1)):
        if editor.row + 1 >= len(editor.lines):
            return
        editor.keep()
        column, after = len(editor.here), editor.lines.pop(editor.row + 1).lstrip(" \t")
        editor.lines[editor.row] += f" {after}" if after else ""
        editor.go(editor.row, column + 1)


def _swap_case(editor: Editor, count: int) -> None:
    end = min(editor.column + count, len(editor.here))
    if end > editor.column:
        editor.keep()
        line = editor.here
        editor.lines[editor.row] = line[: editor.column] + line[editor.column : end].swapcase() + line[end:]
        editor.go(editor.row, end)


def _replace(editor: Editor, key: str, count: int) -> None:
    end = editor.column + count
    if end <= len(editor.here):
        editor.keep()
        new = "\n" if key in ENTER else key * count
        line = editor.here
        editor.lines[editor.row : editor.row + 1] = (line[: editor.column] + new + line[end:]).split("\n")
        editor.go(editor.row, end - 1)


def _insert_at(editor: Editor, column: int) -> None:
    begin(editor)
    editor.column = column


def _open_line(editor: Editor, row: int) -> None:
    editor.keep()
    begin(editor)
    editor.kept = editor.versions[-1]
    editor.lines.insert(row, "")
    editor.row, editor.column = row, 0


def _substitute_line(editor: Editor) -> None:
    begin(editor)
    editor.yanked = editor.here + "\n"
    editor.lines[editor.row], editor.column = "", 0


def _to_the_end(editor: Editor, operator: str) -> None:
    if editor.here:
        operate_text(editor, operator, (editor.row, editor.column), (editor.row, len(editor.here)))
    elif operator == "c":
        begin(editor)
    editor.say("")


def _substitute(editor: Editor, count: int) -> None:
    end = min(editor.column + count, len(editor.here))
    operate_text(editor, "c", (editor.row, editor.column), (editor.row, end))


def _scroll(editor: Editor, by: int) -> None:
    """Move the text on the screen, and the cursor with it where it would be outside."""
    last = len(editor.lines) - 1
    editor.top = min(max(editor.top + by, 0), last)
    row = min(max(editor.row, editor.top), min(editor.top + editor.rows - 2, last))
    editor.go_vertically(row - editor.row)


def _line_below(editor: Editor, sign: str) -> None:
    editor.mode, editor.line = sign, ""


def _save_and_leave(editor: Editor) -> None:
    colon.run(editor, "x")


_SIMPLE: dict[str, Callable[[Editor, int], None]] = {
    "i": lambda editor, _: _insert_at(editor, editor.column),
    "I": lambda editor, _: _insert_at(editor, editor.indent(editor.row) if editor.here.strip() else len(editor.here)),
    "a": lambda editor, _: _insert_at(editor, min(editor.column + 1, len(editor.here))),
    "A": lambda editor, _: _insert_at(editor, len(editor.here)),
    "o": lambda editor, _: _open_line(editor, editor.row + 1),
    "O": lambda editor, _: _open_line(editor, editor.row),
    "R": lambda editor, _: begin(editor, "replace"),
    "x": _cut_characters,
    "X": lambda editor, count: _cut_characters(editor, count, True),
    "D": lambda editor, _: _to_the_end(editor, "d"),
    "C": lambda editor, _: _to_the_end(editor, "c"),
    "s": _substitute,
    "S": lambda editor, _: _substitute_line(editor),
    "Y": lambda editor, count: operate(editor, "y", "y", count, True),
    "J": _join,
    "~": _swap_case,
    "u": lambda editor, _: editor.undo(),
    "p": lambda editor, _: _put(editor, True),
    "P": lambda editor, _: _put(editor, False),
    ":": lambda editor, _: _line_below(editor, ":"),
    "/": lambda editor, _: _line_below(editor, "/"),
    "?": lambda editor, _: _line_below(editor, "?"),
    "ZZ": lambda editor, _: _save_and_leave(editor),
    "ZQ": lambda editor, _: colon.run(editor, "q!"),
    "\x06": lambda editor, _: _scroll(editor, editor.rows - 2),
    "\x02": lambda editor, _: _scroll(editor, 2 - editor.rows),
    "\x04": lambda editor, _: _scroll(editor, (editor.rows - 2) // 2),
    "\x15": lambda editor, _: _scroll(editor, -((editor.rows - 2) // 2)),
    "\x05": lambda editor, count: _scroll(editor, count),
    "\x19": lambda editor, count: _scroll(editor, -count),
    "\x0c": lambda editor, _: editor.shown.clear(),
    "\x12": lambda editor, _: editor.shown.clear(),
    "\x07": lambda editor, _: editor.say(""),
}
