"""What is typed into the text."""

from __future__ import annotations

from lifecycle.programs.vi.keys import BACKSPACE, ENTER, ESCAPE
from lifecycle.programs.vi.text import Editor, Version

MOST_KEYS = 4096
"""How many keys of a change are remembered, at most."""


def begin(editor: Editor, mode: str = "insert") -> None:
    """Take keys for text from now on; `mode` may be replace."""
    editor.mode = mode
    editor.kept = Version(list(editor.lines), editor.row, editor.column, editor.changes)


def type_key(editor: Editor, key: str, arrow: str) -> None:
    """Take a key into the text."""
    editor.doing = (editor.doing + key)[:MOST_KEYS]
    if key == ESCAPE:
        _end_typing(editor)
    elif arrow in ("j", "k"):
        editor.go_vertically(1 if arrow == "j" else -1)
    elif arrow and arrow != "x":
        editor.go(editor.row, {"h": editor.column - 1, "l": editor.column + 1, "0": 0, "$": len(editor.here)}[arrow])
    elif key in BACKSPACE:
        _rub_out(editor)
    elif len(key) > 1:
        return
    elif editor.mode == "replace" and editor.column < len(editor.here) and key not in ENTER:
        editor.lines[editor.row] = editor.here[: editor.column] + key + editor.here[editor.column + 1 :]
        editor.column += 1
    else:
        editor.insert("\n" if key in ENTER else key)


def _rub_out(editor: Editor) -> None:
    if editor.column:
        editor.cut((editor.row, editor.column - 1), (editor.row, editor.column))
    elif editor.row:
        editor.cut((editor.row - 1, len(editor.lines[editor.row - 1])), (editor.row, 0))
    editor.wanted = editor.column


def _end_typing(editor: Editor) -> None:
    """Go back to commands; what was typed is one change."""
    editor.mode = ""
    kept, editor.kept = editor.kept, None
    if kept is not None and kept.lines != editor.lines:
        if not editor.versions or editor.versions[-1].changes != kept.changes:
            editor.versions.append(kept)
        editor.changes = max(editor.changes, kept.changes + 1)
    editor.go(editor.row, editor.column - 1)
    editor.last, editor.doing = editor.doing, ""
