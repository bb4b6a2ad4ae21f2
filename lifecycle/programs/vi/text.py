"""A text that is being edited, and moving about in it. Lines are without their newlines; places are (line, column)."""

from __future__ import annotations

import msgspec

from lifecycle.programs import regex

MOST_UNDONE = 64
"""Changes that can be taken back."""


class Version(msgspec.Struct, array_like=True):
    """The text before a change, and where the cursor was."""

    lines: list[str]
    row: int
    column: int
    changes: int


class Editor(msgspec.Struct, omit_defaults=True):
    """vi's memory.

    `mode` is empty (keys are commands), insert, replace, or the sign that begins the line that is typed below (: / ?), which
    is `line`. `keys` is the beginning of a command. `top` is the first line on the screen, `left` its first column.
    `changes` counts what is not written; `kept` is the text as it was when the mode began. `yanked` is what was cut out or
    copied, whole lines where it ends in a newline. `message` stands in the last row until the next key (`loud`: inverted).
    `last` are the keys of the last change, `doing` those of the present one.
    """

    name: str = ""
    lines: list[str] = msgspec.field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    wanted: int = 0
    mode: str = ""
    keys: str = ""
    line: str = ""
    top: int = 0
    left: int = 0
    message: str = ""
    loud: bool = False
    changes: int = 0
    kept: Version | None = None
    versions: list[Version] = []
    yanked: str = ""
    sought: str = ""
    forward: bool = True
    read_only: bool = False
    unended: bool = False
    done: int | None = None
    last: str = ""
    doing: str = ""
    found: str = ""
    rows: int = 24
    columns: int = 80
    shown: list[str] = []

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def here(self) -> str:
        return self.lines[self.row]

    @property
    def text(self) -> str:
        """The text as a file has it."""
        return "\n".join(self.lines) + ("" if self.unended else "\n")

    def begin(self, text: str) -> None:
        """Take a file's text, and begin at its head."""
        self.unended = bool(text) and not text.endswith("\n")
        self.lines = text.removesuffix("\n").split("\n")
        self.row = self.column = self.wanted = self.top = self.left = self.changes = 0
        self.versions = []

    def offset(self, row: int, column: int) -> int:
        return sum(len(line) + 1 for line in self.lines[:row]) + column

    def place(self, offset: int) -> tuple[int, int]:
        for row, line in enumerate(self.lines):
            if offset <= len(line):
                return row, offset
            offset -= len(line) + 1
        return len(self.lines) - 1, len(self.lines[-1])

    def indent(self, row: int) -> int:
        """Return the column of a line's first character that is no blank."""
        line = self.lines[row]
        return min(len(line) - len(line.lstrip(" \t")), max(len(line) - 1, 0))

    # ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def say(self, message: str, loud: bool = False) -> None:
        self.message, self.loud = message, loud

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def go(self, row: int, column: int) -> None:
        self.row = min(max(row, 0), len(self.lines) - 1)
        last = len(self.here) - (self.mode not in ("insert", "replace"))
        self.column = self.wanted = min(max(column, 0), max(last, 0))

    def go_to_line(self, row: int) -> None:
        """Go to the first character of a line that is no blank."""
        row = min(max(row, 0), len(self.lines) - 1)
        self.go(row, self.indent(row))

    def go_vertically(self, by: int) -> None:
        """Go up or down and stay in the column, where lines are as long."""
        wanted = self.wanted
        self.go(self.row + by, wanted)
        self.wanted = wanted

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self) -> None:
        """Remember the text as it is, before a change."""
        self.versions.append(Version(list(self.lines), self.row, self.column, self.changes))
        del self.versions[:-MOST_UNDONE]
        self.changes += 1

    def undo(self) -> None:
        """Take the last change back."""
        if not self.versions:
            self.say("Already at oldest change")
            return
        before, after = self.versions.pop(), "\n".join([*self.lines, ""])
        old = "\n".join([*before.lines, ""])
        at = len(_common(old, after))
        said = "restored" if len(old) >= len(after) else "deleted"
        self.lines, self.changes = before.lines, before.changes
        self.say(f"Undo [{len(self.versions) + 1}] {said} {abs(len(old) - len(after))} chars at position {at}")
        self.go(*self.place(at))

    def insert(self, text: str) -> None:
        """Put text where the cursor is, and go behind it."""
        before, after = self.here[: self.column], self.here[self.column :]
        pieces = (before + text).split("\n")
        self.column = self.wanted = len(pieces[-1])
        pieces[-1] += after
        self.lines[self.row : self.row + 1] = pieces
        self.row += len(pieces) - 1

    def cut(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """Take out what is between two places, and return it."""
        (row, column), (end_row, end_column) = first, last
        if row == end_row:
            taken = self.lines[row][column:end_column]
        else:
            between = self.lines[row + 1 : end_row]
            taken = "\n".join([self.lines[row][column:], *between, self.lines[end_row][:end_column]])
        self.lines[row : end_row + 1] = [self.lines[row][:column] + self.lines[end_row][end_column:]]
        self.row, self.column = row, column
        return taken

    def cut_lines(self, first: int, last: int) -> str:
        """Take out whole lines, and return them; a text has one line at least."""
        taken = "".join(line + "\n" for line in self.lines[first : last + 1])
        self.lines[first : last + 1] = []
        self.lines = self.lines or [""]
        return taken

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def seek(self, forward: bool) -> tuple[int, int] | None:
        """Return where what is sought stands next, from the other end of the text on where it does not come before.

        Raises: RegexError
        """
        sought, here = regex.compiled(self.sought, False), (self.row, self.column)
        places = [(row, found.start) for row, line in enumerate(self.lines) for found in sought.finditer(line)]
        if not places:
            return None
        after, before = [one for one in places if one > here], [one for one in places if one < here]
        return (after or places)[0] if forward else (before or places)[-1]


def _common(one: str, other: str) -> str:
    """Return what two texts begin with."""
    least = min(len(one), len(other))
    for i in range(least):
        if one[i] != other[i]:
            return one[:i]
    return one[:least]
