"""ls: names in columns where it writes to a terminal, marked and coloured as busybox and coreutils do it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

import msgspec

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.listing import human, mode_text
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.editor.keys import characters, columns
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.paths import join
from lifecycle.programs.terminal import opened_by, terminal_of

LETTERS = "laA1RrthdnSpFiHLscCx"
LONG = {"all": "a", "almost-all": "A", "recursive": "R", "human-readable": "h", "directory": "d", "classify": "F"}
TAB = 8
BUSYBOX_COLOURS = {"d": "1;34", "l": "1;36", "p": "0;35", "s": "1;35", "c": "1;35", "b": "1;35", "x": "1;32", "f": "0;0"}
COLOURS = {"d": "01;34", "l": "01;36", "p": "33", "s": "01;35", "c": "01;33;40", "b": "01;33;40", "x": "01;32"}
_MARKS = {"d": "/", "l": "@", "p": "|", "s": "=", "x": "*"}
_PLAIN = set(string.ascii_letters + string.digits + "%+,-./:@_]{}")
Entries = list[tuple[str, Node]]


class Shape(msgspec.Struct):
    """How names are listed: `by` is lines, columns (down each first) or rows; `size` is a terminal's width."""

    busybox: bool
    by: str
    size: int
    colours: bool = False
    quotes: bool = False

    @classmethod
    def of(cls, call: Call, options: dict[str, str], colour: list[str]) -> Shape:
        """Return what a call asks for: at a terminal columns and quotes, and colours from busybox without being asked."""
        typed = opened_by(call.machine, call.process, 1) is not None
        found = terminal_of(call.machine, call.process)
        asked = [letter for letter in options if letter in "1Cxl"]
        by = {"1": "lines", "C": "columns", "x": "rows", "l": "lines"}[asked[-1]] if asked else "columns" if typed else "lines"
        when = colour[-1].partition("=")[2] or "always" if colour else "auto" if call.busybox else "never"
        coloured = when == "always" or (when == "auto" and typed)
        return cls(call.busybox, by, (found.columns if found else 0) or 80, coloured, typed and not call.busybox)

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def names(self, call: Call, nodes: Entries, options: dict[str, str]) -> list[Name]:
        """Return the names as they are shown; coreutils put a blank before the plain ones where others have quotes."""
        shown = [_quoted(name) if self.quotes else name for name, _ in nodes]
        if self.quotes and (self.by != "lines" or {"l", "n"} & set(options)) and any(one[0] in "'\"" for one in shown):
            shown = [one if one[0] in "'\"" else " " + one for one in shown]
        if self.busybox and opened_by(call.machine, call.process, 1) is not None:
            shown = ["".join("?" if one < " " else one for one in name) for name in shown]
        return [Name(one, self._mark(node, options), self._colour(node)) for one, (_, node) in zip(shown, nodes, strict=True)]

    def _mark(self, node: Node, options: dict[str, str]) -> str:
        if "F" in options:
            return _MARKS.get(_kind(node), "")
        return "/" if "p" in options and node.kind == "d" else ""

    def _colour(self, node: Node) -> tuple[str, str]:
        colour = (BUSYBOX_COLOURS if self.busybox else COLOURS).get(_kind(node)) if self.colours else None
        return (f"\x1b[{colour}m", "\x1b[m" if self.busybox else "\x1b[0m") if colour else ("", "")

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def listed(self, call: Call, nodes: Entries, options: dict[str, str], where: str = "") -> str:
        names = self.names(call, nodes, options)
        if {"l", "n"} & set(options):
            return "".join(_long(call, nodes, names, options, where))
        if self.by == "lines" or not names:
            return "".join(f"{name.text}\n" for name in names)
        call.machine.work(len(names) * 3)
        return self._busybox_columns(names) if self.busybox else self._columns(names)

    def _grid(self, names: list[Name], count: int) -> list[list[Name]]:
        rows = -(-len(names) // count)
        if self.by == "rows":
            return [names[at : at + count] for at in range(0, len(names), count)]
        return [names[row::rows] for row in range(rows)]

    def _busybox_columns(self, names: list[Name]) -> str:
        size = max(columns(name.name) for name in names) + 2
        lines = self._grid(names, max(self.size // size, 1))
        padded = (line[:-1] for line in lines)
        starts = ("".join(name.text + " " * (size - name.width) for name in line) for line in padded)
        return "".join(f"{start}{line[-1].text}\n" for start, line in zip(starts, lines, strict=True))

    def _columns(self, names: list[Name]) -> str:
        """Return columns each as wide as it must be: as many as fit, no less than three wide each."""
        for count in range(min(max(self.size // 3, 1), len(names)), 0, -1):
            lines = self._grid(names, count)
            widths = [max(name.width for name in column) + 2 for column in _columns_of(lines)]
            if count == 1 or (sum(widths) - 2 < self.size and (self.by == "rows" or len(widths) == count)):
                break
        return "".join(self._line(line, widths) + "\n" for line in lines)

    def _line(self, line: list[Name], widths: list[int]) -> str:
        out, column, start = "", 0, 0
        for name, width in zip(line, widths, strict=False):
            out += _indented(column, start, not self.colours) + name.text
            column = start + name.width
            start += width
        return out


class Name(msgspec.Struct):
    """A name as it is shown, what is put behind it, and what colours it."""

    name: str
    mark: str
    colour: tuple[str, str]

    @property
    def text(self) -> str:
        blank = " " if self.name.startswith(" ") and self.colour[0] else ""
        return f"{blank}{self.colour[0]}{self.name[len(blank) :]}{self.colour[1]}{self.mark}"

    @property
    def width(self) -> int:
        return columns(self.name) + len(self.mark)


def _kind(node: Node) -> str:
    return "x" if node.kind == "f" and node.mode & 0o111 else node.kind


def _columns_of(lines: list[list[Name]]) -> Iterable[list[Name]]:
    return ([line[at] for line in lines if at < len(line)] for at in range(len(lines[0])))


def _indented(column: int, to: int, tabs: bool) -> str:
    """Return the blanks from one column to another; coreutils write tabs where they save something."""
    out = ""
    while column < to:
        if tabs and to // TAB > (column + 1) // TAB:
            out += "\t"
            column += TAB - column % TAB
        else:
            out += " "
            column += 1
    return out


def _quoted(name: str) -> str:
    """Return a name as a shell would take it (coreutils: the quoting style shell-escape)."""
    parts = characters(name)
    if all(one in _PLAIN or len(one) > 1 for one in parts) and name not in ("{", "}"):
        return name
    if any(one < " " or one == "\x7f" or (one >= "\x80" and len(one) == 1) for one in parts):
        return _with_escapes(parts)
    if "'" not in name:
        return f"'{name}'" if name[0] in "~#" or set(name) & set(" \t\"$&*();<>?[\\^`|!='") else name
    if not set(name) & set('"$`\\'):
        return f'"{name}"'
    return "'" + name.replace("'", "'\\''") + "'"


_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


def _with_escapes(parts: list[str]) -> str:
    out, inside = "'", True
    for one in parts:
        odd = one < " " or one == "\x7f" or (one >= "\x80" and len(one) == 1)
        if odd:
            out += ("'" if inside else "") + ("$'" if inside else "") + "\\" + (_ESCAPES.get(one) or f"{ord(one):03o}")
        else:
            out += ("" if inside else "''") + ("'\\''" if one == "'" else one)
        inside = not odd
    return out + "'"


@command("ls", "dir", "vdir")
def ls(call: Call) -> int:
    colour = [arg for arg in call.args if re.fullmatch("--color(=.*)?", arg)]
    call.args = [arg for arg in call.args if arg not in colour]
    options, names = call.options(LETTERS, LONG)
    shape = Shape.of(call, options, colour)
    files: list[tuple[str, Node]] = []
    directories: list[str] = []
    status = 0
    for name in names or ["."]:
        try:
            node = call.find(name, follow="l" not in options or name.endswith("/"))
            if node.kind == "l" and "l" not in options:
                node = call.find(name)
        except FileError as error:
            status = call.fail(
                f"{name}: {error.text}" if call.busybox else f"cannot access '{name}': {error.text}", 1 if call.busybox else 2
            )
            continue
        if node.kind == "d" and "d" not in options:
            directories.append(name)
        else:
            files.append((name, node))
    if files:
        call.out(shape.listed(call, sorted(files, key=lambda pair: pair[0]), options))
    for i, name in enumerate(sorted(directories)):
        if i or files:
            call.out("\n")
        if len(names) > 1 or "R" in options:
            call.out(f"{name}:\n")
        _list_directory(call, name, options, shape)
    return status


def _list_directory(call: Call, name: str, options: dict[str, str], shape: Shape) -> None:
    path = call.view.resolve(call.path(name))
    found = call.view.names(path)
    if "a" in options:
        found = sorted([".", "..", *found])
    elif "A" not in options:
        found = [one for one in found if not one.startswith(".")]
    call.machine.work(len(found) * (8 if "l" in options else 3))
    nodes = [(one, call.view.get(join(path, one), follow=False) or Node("d", mode=0o755)) for one in found]
    if "t" in options:
        nodes.sort(key=lambda pair: -pair[1].mtime)
    if "S" in options:
        nodes.sort(key=lambda pair: -pair[1].size)
    if "r" in options:
        nodes.reverse()
    if "l" in options or "n" in options or "s" in options:
        total = sum(-(-node.size // 1024 // 4) * 4 for _, node in nodes if node.kind == "f")
        call.out(f"total {total}\n")
    call.out(shape.listed(call, nodes, options, path))
    if "R" in options:
        for one, node in nodes:
            if node.kind == "d" and one not in (".", ".."):
                call.out(f"\n{name.rstrip('/')}/{one}:\n")
                _list_directory(call, f"{name.rstrip('/')}/{one}", options, shape)


def _long(call: Call, nodes: Entries, names: list[Name], options: dict[str, str], where: str) -> Iterable[str]:
    """Return the lines of `ls -l`."""
    width = max((len(str(node.size)) for _, node in nodes), default=1)
    place = zone(call.process.env)
    for (name, node), shown in zip(nodes, names, strict=True):
        owner, group = (str(one) if one or "n" in options else "root" for one in (node.user, node.group))
        size = human(node.size) if "h" in options else str(node.size)
        time = strftime("%b %e %H:%M", node.mtime, place)
        arrow = f" -> {node.text}" if node.kind == "l" else ""
        links = 2 if node.kind == "d" else call.view.links(join(where or call.process.cwd, name))
        if call.busybox:
            yield f"{mode_text(node)} {links:4} {owner:<8} {group:<8} {size:>9} {time} {shown.text}{arrow}\n"
        else:
            yield f"{mode_text(node)} {links} {owner} {group} {size:>{width}} {time} {shown.text}{arrow}\n"
