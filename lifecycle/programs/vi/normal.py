"""What keys do: commands, and what is typed into the text."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs.regex import RegexError
from lifecycle.programs.vi import colon
from lifecycle.programs.vi.text import Editor, Version

ESCAPE, BACKSPACE, ENTER = "\x1b", ("\x7f", "\x08"), ("\r", "\n")
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[ABCDHF]|[\s\S]")
ARROWS = {"A": "k", "B": "j", "C": "l", "D": "h", "H": "0", "F": "$", "1~": "0", "4~": "$", "7~": "0", "8~": "$", "3~": "x"}
PAGES = {"5~": "\x02", "6~": "\x06"}
_COMMAND = re.compile(r"([1-9]\d*)?(?:([dcy<>])([1-9]\d*)?)?(.*)", re.DOTALL)
MOST_TIMES = 10_000
MOST_KEYS = 4096
"""How often a command is repeated, and how many keys of a change are remembered, at most."""


def keys_of(text: str) -> list[str]:
    """Return what was typed key by key: sequences that keys send, else single characters."""
    return _KEY.findall(text)


def press(editor: Editor, key: str) -> None:
    """Do what a key does."""
    if editor.mode in (":", "/", "?"):
        colon.press(editor, key)
        return
    name = key[2:] if len(key) > 1 else ""
    if editor.mode:
        _type(editor, key, ARROWS.get(name, ""))
    else:
        _command(editor, ARROWS.get(name) or PAGES.get(name) or key)


# ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _begin(editor: Editor, mode: str = "insert") -> None:
    editor.mode = mode
    editor.kept = Version(list(editor.lines), editor.row, editor.column, editor.changes)


def _type(editor: Editor, key: str, arrow: str) -> None:
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


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
        _operate(editor, operator, rest, count, bool(first or second))
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


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _operate(editor: Editor, operator: str, keys: str, count: int, counted: bool) -> None:
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
    _operate_text(editor, operator, begin, (end[0], min(end[1] + (how == WITH), len(editor.lines[end[0]]))))


def _operate_text(editor: Editor, operator: str, first: tuple[int, int], last: tuple[int, int]) -> None:
    if operator == "y":
        copy = Editor(lines=list(editor.lines))
        editor.yanked = copy.cut(first, last)
        editor.go(*first)
        _count(editor, "Yank")
        return
    if operator == "c":
        _begin(editor)
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
        _begin(editor)
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
    _begin(editor)
    editor.column = column


def _open_line(editor: Editor, row: int) -> None:
    editor.keep()
    _begin(editor)
    editor.kept = editor.versions[-1]
    editor.lines.insert(row, "")
    editor.row, editor.column = row, 0


def _substitute_line(editor: Editor) -> None:
    _begin(editor)
    editor.yanked = editor.here + "\n"
    editor.lines[editor.row], editor.column = "", 0


def _to_the_end(editor: Editor, operator: str) -> None:
    if editor.here:
        _operate_text(editor, operator, (editor.row, editor.column), (editor.row, len(editor.here)))
    elif operator == "c":
        _begin(editor)
    editor.say("")


def _substitute(editor: Editor, count: int) -> None:
    end = min(editor.column + count, len(editor.here))
    _operate_text(editor, "c", (editor.row, editor.column), (editor.row, end))


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
    "R": lambda editor, _: _begin(editor, "replace"),
    "x": _cut_characters,
    "X": lambda editor, count: _cut_characters(editor, count, True),
    "D": lambda editor, _: _to_the_end(editor, "d"),
    "C": lambda editor, _: _to_the_end(editor, "c"),
    "s": _substitute,
    "S": lambda editor, _: _substitute_line(editor),
    "Y": lambda editor, count: _operate(editor, "y", "y", count, True),
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
