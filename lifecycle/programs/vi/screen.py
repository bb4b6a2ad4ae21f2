"""The screen of vi: rows of text, tildes after its end, and the row that says where one is."""

from __future__ import annotations

import re

from lifecycle.programs.vi.text import Editor

BEGIN, END = "\x1b[?1049h\x1b[H\x1b[J", "\x1b[?1049l"
TAB = 8
_SIGNS = {"": "-", "insert": "I", "replace": "R"}


def expanded(line: str) -> str:
    """Return what a line looks like: tabs as blanks, control characters as ^X."""
    if line.isprintable() and "\t" not in line:
        return line
    shown = ""
    for character in line:
        if character == "\t":
            shown += " " * (TAB - len(shown) % TAB)
        else:
            shown += f"^{chr(ord(character) ^ 0x40)}" if character < " " or character == "\x7f" else character
    return shown


def show(editor: Editor) -> str:
    """Return what is to be written so that the screen shows the text as it is now."""
    column = _scroll(editor)
    height = editor.rows - 1
    rows = [
        expanded(line)[editor.left : editor.left + editor.columns] for line in editor.lines[editor.top : editor.top + height]
    ]
    rows += ["~"] * (height - len(rows))
    rows.append(_status(editor))
    text = ""
    for number, row in enumerate(rows):
        if number >= len(editor.shown) or editor.shown[number] != row:
            inverted = number == height and editor.loud and editor.message
            text += f"\x1b[{number + 1};1H\x1b[K" + (f"\x1b[7m{row}\x1b[m" if inverted else row)
    editor.shown = rows
    if editor.mode in (":", "/", "?"):
        return f"{text}\x1b[{editor.rows};{len(editor.line) + 2}H"
    return f"{text}\x1b[{editor.row - editor.top + 1};{column - editor.left + 1}H"


def _scroll(editor: Editor) -> int:
    """Bring the cursor onto the screen; return its column in what the line looks like."""
    height, row = editor.rows - 1, editor.row
    if row < editor.top:
        editor.top = row if editor.top - row < height // 2 else max(row - height // 2, 0)
    elif row >= editor.top + height:
        far = row - editor.top - height + 2 > height // 2
        editor.top = max(row - height // 2, 0) if far else row - height + 1
    before = expanded(editor.here[: editor.column])
    column = len(before)
    on_a_tab = editor.here[editor.column : editor.column + 1] == "\t" and not editor.mode
    column = len(expanded(editor.here[: editor.column + 1])) - 1 if on_a_tab else column
    if column < editor.left or column >= editor.left + editor.columns:
        editor.left = max(column - editor.columns + 1, 0)
    return column


def _status(editor: Editor) -> str:
    if editor.mode in (":", "/", "?"):
        return (editor.mode + editor.line)[: editor.columns - 1]
    if editor.message:
        return re.sub(r"[\x00-\x1f]", "?", editor.message)[: editor.columns - 1]
    name = editor.name or "No file"
    marks = (" [Readonly]" if editor.read_only else "") + (" [Modified]" if editor.changes else "")
    row, total = editor.row + 1, len(editor.lines)
    return f"{_SIGNS[editor.mode]} {name}{marks} {row}/{total} {100 * row // total}%"[: editor.columns - 1]
