"""The line below the text: what is typed after : / and ?, and what it does. Whoever runs the editor reads and writes files."""

from __future__ import annotations

import re

from lifecycle.programs import regex
from lifecycle.programs.lists import names
from lifecycle.programs.regex import RegexError
from lifecycle.programs.vi.text import Editor

LONGEST = 128


class Asked(Exception):
    """A file is wanted: `what` is read, load or write. The editor is to `leave` afterwards; `rows`: these lines alone."""

    def __init__(self, what: str, name: str, leave: bool = False, rows: tuple[int, int] | None = None) -> None:
        super().__init__(what)
        self.what, self.name, self.leave, self.rows = what, name, leave, rows


def press(editor: Editor, key: str) -> None:
    """Take a key into the line. Raises: Asked"""
    if key in ("\r", "\n"):
        sign, line = editor.mode, editor.line
        editor.mode, editor.line = "", ""
        if sign == ":":
            run(editor, line)
        else:
            _search(editor, sign, line)
    elif key in ("\x1b", "\x03"):
        editor.mode, editor.line = "", ""
    elif key in ("\x7f", "\x08"):
        if not editor.line:
            editor.mode = ""
        editor.line = editor.line[:-1]
    elif len(key) == 1 and len(editor.line) < LONGEST:
        editor.line += key


def _search(editor: Editor, sign: str, line: str) -> None:
    editor.forward = sign == "/"
    editor.sought = line or editor.sought
    try:
        found = editor.seek(editor.forward) if editor.sought else None
    except RegexError:
        found = None
    if found is None:
        editor.say("Pattern not found" if editor.sought else "No previous search")
    else:
        editor.go(*found)


_ADDRESS = r"(?:\d+|\.|\$|%|[+-]\d*)"
_LINE = re.compile(rf"\s*({_ADDRESS}(?:[+-]\d+)?(?:,{_ADDRESS}(?:[+-]\d+)?)?)?\s*(=|[a-zA-Z]*)(!?)\s*(.*)", re.DOTALL)


def run(editor: Editor, line: str) -> None:
    """Do what a line asks for. Raises: Asked"""
    found = _LINE.fullmatch(line)
    assert found is not None
    where, word, force, rest = found.groups()
    rows = _rows(editor, where) if where else None
    if (word.startswith("s") and not "set".startswith(word[:3])) or (word == "s"):
        word, rest = "s", line[line.index("s") + 1 :]
    if not word:
        if rows:
            editor.go_to_line(rows[1])
    elif word in ("q", "quit", "qa"):
        _quit(editor, bool(force))
    elif word in ("w", "write", "wq", "wn", "x", "xit", "wqa", "wa", "xa"):
        _write(editor, word, bool(force), rest, rows)
    elif word in ("e", "edit", "r", "read"):
        _open(editor, word, bool(force), rest)
    else:
        _edit(editor, word, rest, rows)


def _rows(editor: Editor, where: str) -> tuple[int, int]:
    """Return the first and the last line that are meant."""
    if where == "%":
        return 0, len(editor.lines) - 1
    ends = [_row(editor, one) for one in where.split(",")]
    return ends[0], ends[-1]


def _row(editor: Editor, address: str) -> int:
    base, row = address, editor.row
    match = re.fullmatch(rf"({_ADDRESS})([+-]\d+)?", address)
    if match is not None:
        base = match[1]
    if base.isdigit():
        row = int(base) - 1
    elif base == "$":
        row = len(editor.lines) - 1
    elif base[0] in "+-":
        row += int(base if len(base) > 1 else f"{base}1")
    if match is not None and match[2]:
        row += int(match[2])
    return min(max(row, 0), len(editor.lines) - 1)


def _quit(editor: Editor, force: bool) -> None:
    if editor.changes and not force:
        editor.say("No write since last change (:q! overrides)", True)
    else:
        editor.done = 0


def _write(editor: Editor, word: str, force: bool, name: str, rows: tuple[int, int] | None) -> None:
    leave = word not in ("w", "write", "wa")
    if word in ("x", "xit", "xa") and not editor.changes and not name:
        editor.done = 0
        return
    if not name and not editor.name:
        editor.say("No current filename", True)
    elif editor.read_only and not force and not name:
        editor.say(f"'{editor.name}' is read only", True)
    else:
        raise Asked("write", name or editor.name, leave, rows)


def _open(editor: Editor, word: str, force: bool, name: str) -> None:
    if word in ("e", "edit") and editor.changes and not force:
        editor.say(f"No write since last change (:{word}! overrides)", True)
    elif not (name or editor.name):
        editor.say("No current filename", True)
    else:
        raise Asked("load" if word in ("e", "edit") else "read", name or editor.name)


def _edit(editor: Editor, word: str, rest: str, rows: tuple[int, int] | None) -> None:
    first, last = rows or (editor.row, editor.row)
    if word in ("d", "delete"):
        editor.keep()
        editor.yanked = editor.cut_lines(first, last)
        editor.go_to_line(first)
    elif word in ("y", "yank"):
        editor.yanked = "".join(line + "\n" for line in editor.lines[first : last + 1])
        editor.say(f"Yank {last - first + 1} lines ({len(editor.yanked)} chars) into [D]")
    elif word == "s":
        _substitute(editor, rest, first, last)
    elif word == "=":
        editor.say(str((rows[1] if rows else len(editor.lines) - 1) + 1))
    elif "set".startswith(word) and len(word) > 1:
        _set(editor, rest)
    elif word in ("ver", "version"):
        editor.say("BusyBox v1.35.0")
    elif word in ("f", "file"):
        editor.say("")
    else:
        editor.say(f"'{word}{rest}' is not implemented", True)


_OPTIONS = names("ai autoindent et expandtab fl flash ic ignorecase sm showmatch ts tabstop")


def _set(editor: Editor, rest: str) -> None:
    if not rest or rest == "all":
        editor.say("noautoindent noexpandtab noflash noignorecase noshowmatch tabstop=8")
    elif re.sub(r"^no|=.*$", "", rest) not in _OPTIONS:
        editor.say(f"bad option: {rest}", True)


_SUBSTITUTE = re.compile(r"([^\w\s])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)(?:\1([gi]*))?", re.DOTALL)


def _substitute(editor: Editor, text: str, first: int, last: int) -> None:
    found = _SUBSTITUTE.fullmatch(text.strip())
    if found is None:
        editor.say(":s/find/replace/", True)
        return
    expression, new, flags = found[2] or editor.sought, found[3], found[4] or ""
    try:
        sought = regex.compiled(expression, False, "i" in flags)
    except RegexError as error:
        editor.say(f":s bad search pattern: {error.text}", True)
        return
    kept, count, lines = list(editor.lines), 0, 0
    for row in range(first, last + 1):
        made, number = sought.subn(lambda match: _filled(new, match), editor.lines[row], 0 if "g" in flags else 1)
        if number:
            editor.lines[row], count, lines, editor.row = made, count + number, lines + 1, row
    if not count:
        editor.say("No match")
        return
    changed, editor.lines = editor.lines, kept
    editor.keep()
    editor.lines = changed
    editor.go_to_line(editor.row)
    if count > 1:
        editor.say(f"{count} substitutions on {lines} lines")


def _filled(new: str, match: regex.Match) -> str:
    def piece(found: re.Match[str]) -> str:
        sign = found.group()
        if sign == "&" or sign == "\\0":
            return match.group() or ""
        if sign[1:].isdigit():
            return match.group(int(sign[1:])) or "" if int(sign[1:]) <= len(match.groups()) else ""
        return sign[1:]

    return re.sub(r"\\.|&", piece, new)
