"""What Tab makes of a word: commands where a command stands, else paths; bash's variables and users, too."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import msgspec

from lifecycle.programs.editor.keys import columns
from lifecycle.programs.executing import DEFAULT_PATH
from lifecycle.programs.files import FileError
from lifecycle.programs.paths import join
from lifecycle.programs.shell.builtins import BUILTINS
from lifecycle.programs.shell.simple import owned
from lifecycle.programs.shell.turn import Turn

BUSYBOX_SPECIAL = " `'\"\\#$~?*[{()&;|<>"
BASH_SPECIAL = " \t\n\\\"'@<>=;|&()#$`?*[!:{~"
_WORD = re.compile(r"(?:\\.|'[^']*'?|\"(?:\\.|[^\"\\])*\"?|[^\s\\'\";|&<>()`=])*$")
_RESERVED = "! [[ ]] case coproc do done elif else esac fi for function if in select then time until while { }"
_BEFORE_COMMAND = re.compile(
    r"(?:^|[;|&(`{!\n]|\$\(|(?<!\S)(?:if|then|else|elif|while|until|do|time|exec|sudo))\s*(?:\w+=\S*\s+)*$"
)


class Found(msgspec.Struct):
    """What a word may become: `names` in order, a directory's with a slash, each for the last part of the word, `typed`.

    `quoted` is how the word stands now, as far as it is replaced.
    """

    names: list[str]
    typed: str
    quoted: str = ""
    path: bool = False

    @property
    def common(self) -> str:
        """What all of them begin with."""
        first, last = (min(self.names), max(self.names)) if self.names else ("", "")
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
        return "".join(character for character, _ in same)


def escaped(text: str, special: str) -> str:
    """Return a text as it is written in a command without quotes."""
    return "".join("\\" + one if one in special else one for one in text)


def in_columns(names: list[str], width: int) -> str:
    """Return names in columns, down each column first, as busybox lists them."""
    return "".join("".join(line).rstrip(" ") + "\n" for line in _rows(names, lambda size: width // size))


def in_padded_columns(names: list[str], width: int) -> str:
    """Return names in columns as readline lists them: padded but in a window's last column, which is never touched."""

    def fitting(size: int) -> int:
        count = width // size
        return count - (count > 1 and count * size == width)

    size = max(map(columns, names)) + 2
    lines = _rows(names, fitting)
    last = max(fitting(size), 1)
    return "".join("".join(line[: last - 1]) + "".join(line[last - 1 :]).rstrip(" ") + "\n" for line in lines)


def _rows(names: list[str], fitting: Callable[[int], int]) -> list[list[str]]:
    size = max(map(columns, names)) + 2
    rows = -(-len(names) // max(fitting(size), 1))
    return [[name + " " * (size - columns(name)) for name in names[row::rows]] for row in range(rows)]


# ── where names come from ────────────────────────────────────────────────────────────────────────────────────────────


def _programs(turn: Turn, start: str) -> set[str]:
    """Return the commands on PATH that begin so."""
    found = set()
    for directory in (turn.get_text("PATH") or DEFAULT_PATH).split(":"):
        path = join(turn.process.cwd, directory or ".")
        for name in _names(turn, path):
            if name.startswith(start):
                node = turn.view.get(join(path, name))
                if node is not None and node.kind != "d" and node.mode & 0o111:
                    found.add(name)
    return found


def _names(turn: Turn, path: str) -> list[str]:
    try:
        found = turn.view.names(path)
    except FileError:
        return []
    turn.machine.work(len(found))
    return found


def _paths(turn: Turn, word: str, directories: bool = False, programs: bool = False) -> list[str]:
    """Return the last parts of the paths that a word may become."""
    above, slash, start = word.rpartition("/")
    if above.startswith("~") and slash:
        above = turn.get_text("HOME") + above[1:] if above[1:2] in ("", "/") else above
    path = join(turn.process.cwd, (above or "/") if slash else ".")
    found = []
    for name in _names(turn, path):
        if not name.startswith(start) or any(one < " " for one in name):
            continue
        node = turn.view.get(join(path, name)) or turn.view.get(join(path, name), follow=False)
        if node is not None and node.kind == "d":
            found.append(name + "/")
        elif node is not None and not directories and (not programs or node.mode & 0o111):
            found.append(name)
    return sorted(found)


def _users(turn: Turn, start: str) -> list[str]:
    node = turn.view.get("/etc/passwd")
    lines = node.content.split("\n") if node is not None else []
    return sorted(f"~{line.partition(':')[0]}" for line in lines if line and f"~{line}".startswith(start))


def _builtins(turn: Turn) -> set[str]:
    return {name for name in BUILTINS if owned(turn.shell.dialect, name)}


# ── busybox ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def busybox(turn: Turn, before: str) -> Found:
    """Return what ash completes, by what stands before the cursor."""
    word, kind = _busybox_word(before)
    typed = word.rpartition("/")[2]
    if word.startswith("~") and "/" not in word:
        users = [user + "/" for user in _users(turn, word)]
        if users:
            return Found(users, word)
    if kind == "command" and "/" not in word:
        names = _programs(turn, word) | {name for name in _builtins(turn) if name.startswith(word)}
        names |= {name for name in turn.shell.functions if name.startswith(word)}
        names |= set(_paths(turn, word, directories=True))
        return Found(sorted(names), typed)
    return Found(_paths(turn, word, kind == "directory"), typed)


def _busybox_word(before: str) -> tuple[str, str]:
    """Return the word to complete, without its quotes, and what is looked for: a command, a directory or a file."""
    marked = _without_quotes(before)
    marked = re.split(r"(?<![<>])&&?|(?<!>)\|\|?|;;?", marked)[-1]
    marked = re.sub(r"`[^`]*`", ".", marked).rpartition("`")[2]
    marked = re.split(r"[({]", marked)[-1].lstrip(" ")
    kind = "command"
    if re.search(r"[ <>]", marked):
        kind = "directory" if re.fullmatch(r"cd [^ <>]*", marked) else "file"
    word = re.split(r"[ <>|&=]", marked)[-1]
    return "".join(chr(ord(one) - _QUOTED) if ord(one) >= _QUOTED else one for one in word), kind


_QUOTED = 0x10000
"""What is added to the bytes of quoted characters, so that they mean nothing."""


def _without_quotes(text: str) -> str:
    """Return a text without its quotes, its quoted characters marked."""
    out, quote, at = "", "", 0
    while at < len(text):
        one = text[at]
        at += 1
        if one == "\\" and at < len(text):
            out += chr(ord(text[at]) + _QUOTED)
            at += 1
        elif one in "'\"" and quote in ("", one):
            quote = "" if quote else one
        else:
            out += chr(ord(one) + _QUOTED) if quote else one
    return out


# ── bash ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def bash(turn: Turn, before: str) -> Found:
    """Return what bash completes, by what stands before the cursor."""
    found = _WORD.search(before)
    quoted = found.group() if found else ""
    word = "".join(chr(ord(one) & 0xFFFF) for one in _without_quotes(quoted))
    command = bool(_BEFORE_COMMAND.search(before[: len(before) - len(quoted)]))
    if quoted.startswith("$"):
        start = "${" if quoted.startswith("${") else "$"
        names = sorted(name for name in turn.shell.vars if name.isidentifier() and name.startswith(quoted[len(start) :]))
        return Found([start + name + ("}" if start == "${" else "") for name in names], quoted, quoted)
    if word.startswith("~") and "/" not in word:
        return Found(_users(turn, word), word, quoted)
    if command and "/" not in word:
        names_ = _programs(turn, word) | {name for name in _builtins(turn) if name.startswith(word)}
        names_ |= {name for name in [*turn.shell.functions, *_RESERVED.split()] if name.startswith(word)}
        return Found(sorted(names_), word, quoted)
    typed = word.rpartition("/")[2]
    last = re.search(r"(?:\\.|[^/\\])*$", quoted)
    return Found(_paths(turn, word, programs=command), typed, last.group() if last else typed, path=True)
