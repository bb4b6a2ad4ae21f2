"""Reads templates of jsonpath: from their text to the parts that `lifecycle.printers.jsonpath` goes through.

Kubernetes: client-go/util/jsonpath (parser.go)
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class BadTemplate(ValueError):
    """A template cannot be read; the text is Kubernetes' own."""


class Field(NamedTuple):
    """`.name`"""

    name: str


class Slice(NamedTuple):
    """`[1]`, `[0:2]`, `[::2]`; `single` is an index alone, whose end is the next place."""

    start: int | None
    stop: int | None
    step: int | None
    single: bool


class Everything(NamedTuple):
    """`.*`"""


class Recursive(NamedTuple):
    """`..`"""


class Union(NamedTuple):
    """`['a','b']`, `[0,2]`"""

    paths: tuple[Path, ...]


class Filter(NamedTuple):
    """`[?(@.type=="Ready")]`; the operator `exists` has no right side."""

    left: Path
    right: Path
    operator: str


class Text(NamedTuple):
    """Text, between actions or in quotes."""

    text: str


class Literal(NamedTuple):
    """A number, true or false."""

    value: bool | int | float


class Word(NamedTuple):
    """`range`, `end`, or something that nobody knows."""

    word: str


Node = Field | Slice | Everything | Recursive | Union | Filter | Text | Literal | Word
Path = tuple[Node, ...]


class Part(NamedTuple):
    """An action, or text between two; with a `body` it is done for each value of the path."""

    path: Path
    body: tuple[Part, ...] | None = None


RANGE, END = Word("range"), Word("end")

_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_NUMBER = re.compile(r"[+-]?[\d.]*")
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})|(\\)|([\"'])")
_PLAIN = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_TERMINATORS = " \t\r\n.,[]$@{}"


def parse(text: str) -> tuple[Part, ...]:
    """Read a template. Raises: BadTemplate."""
    return _Reader(text).template()


def parse_relaxed(text: str) -> tuple[Part, ...]:
    """Read a path that may go without braces and the first dot, as columns and --sort-by take it. Raises: BadTemplate."""
    match = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", text)
    if text and not match:
        raise BadTemplate(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return parse(f"{{.{match[1] or match[2]}}}" if match else "")


def _action(text: str) -> Path:
    return _Reader(f"{{{text}}}").template()[0].path


class _Block:
    """A range that is not closed yet, or the whole template; `resume` is the place behind the last range closed in it."""

    def __init__(self, path: Path = ()) -> None:
        self.path = path
        self.parts: list[Part] = []
        self.resume = 0


class _Reader:
    """A template's text, and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def template(self) -> tuple[Part, ...]:
        """Return all parts, with what belongs to a range within it."""
        blocks = [_Block()]
        while self.at < len(self.text):
            path = self._next_path()
            if END in path and len(blocks) > 1:
                inner = blocks.pop()
                blocks[-1].parts.append(Part(inner.path, tuple(inner.parts)))
                blocks[-1].resume = len(blocks[-1].parts)
            elif RANGE in path:
                blocks.append(_Block(path))
            else:
                blocks[-1].parts.append(Part(path))
        while len(blocks) > 1:  # what has no end is done once more, for what is outside
            inner = blocks.pop()
            blocks[-1].parts += [Part(inner.path, tuple(inner.parts)), *inner.parts[inner.resume :]]
        return tuple(blocks[0].parts)

    def _next_path(self) -> Path:
        start, brace = self.at, self.text.find("{", self.at)
        if brace == self.at:
            self.at += 1
            return self._inside()
        self.at = brace if brace >= 0 else len(self.text)
        return (Text(self.text[start : self.at]),)

    def _inside(self) -> Path:
        """Read an action to its brace."""
        path: list[Node] = []
        while True:
            rest = self.text[self.at : self.at + 3]
            if rest.startswith("}"):
                self.at += 1
                return tuple(path)
            if rest == "[?(":
                path.append(self._filter())
            elif rest.startswith(".."):
                path += self._recursive(path)
            else:
                path += self._one(rest[:1])

    def _recursive(self, path: list[Node]) -> Path:
        if path and isinstance(path[-1], Recursive):
            raise BadTemplate("invalid multiple recursive descent")
        self.at += 2
        follows = _is_alphanumeric(self.text[self.at : self.at + 1])
        return (Recursive(), self._field()) if follows else (Recursive(),)

    def _one(self, mark: str) -> Path:
        """Read what begins with this character."""
        if mark in ("", "\r", "\n"):
            raise BadTemplate("unclosed action")
        if mark in " @$":
            self.at += 1
            return ()
        if mark == "[":
            return self._brackets()
        if mark in "\"'":
            return (self._quoted(mark),)
        if mark == ".":
            self.at += 1
            return (self._field(),)
        if mark in "+-" or mark.isdecimal():
            return (self._number(),)
        if _is_alphanumeric(mark):
            return (self._word(),)
        raise BadTemplate(f"unrecognized character in action: U+{ord(mark):04X} '{mark}'")

    def _word(self) -> Node:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _TERMINATORS:
            self.at += 1
        word = self.text[start : self.at]
        return Literal(word == "true") if word in ("true", "false") else Word(word)

    def _number(self) -> Literal:
        match = _NUMBER.match(self.text, self.at)
        assert match is not None  # it may be empty
        self.at = match.end()
        try:
            return Literal(float(match[0]) if "." in match[0] else int(match[0]))
        except ValueError:
            raise BadTemplate(f"cannot parse number {match[0]}") from None

    def _field(self) -> Node:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _TERMINATORS:
            self.at += 2 if self.text[self.at] == "\\" else 1
        name = self.text[start : self.at]
        return Everything() if name == "*" else Field(name.replace("\\", ""))

    def _brackets(self) -> Path:
        end = self.text.find("]", self.at)
        if end < 0 or "\n" in self.text[self.at : end]:
            raise BadTemplate("unterminated array")
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        return _selected(inner)

    def _filter(self) -> Filter:
        start = self.at = self.at + len("[?(")
        end = self._end_of_filter()
        if self.text[end + 1 : end + 2] != "]":
            raise BadTemplate("unclosed array expect ]")
        self.at = end + 2
        inner = self.text[start:end]
        match = _COMPARISON.fullmatch(inner)
        if match is None:
            return Filter(_action(inner), (), "exists")
        return Filter(_action(match[1]), _action(match[3]), match[2])

    def _end_of_filter(self) -> int:
        """Return where a filter's bracket closes: the first one that stands in no quotes."""
        quote, closed = "", False
        for at in range(self.at, len(self.text)):
            mark = self.text[at]
            if mark == "\n":
                break
            if mark in "\"'":
                closed = closed or (mark == quote and self.text[at - 1] != "\\")
                quote = quote or mark
            elif mark == ")" and bool(quote) == closed:
                return at
        raise BadTemplate("unterminated filter")

    def _quoted(self, quote: str) -> Text:
        start = self.at
        self.at += 1
        while True:
            mark = self.text[self.at : self.at + 1]
            if mark in ("", "\n"):
                raise BadTemplate("unterminated quoted string")
            self.at += 1
            if mark == quote and self.text[self.at - 2] != "\\":
                return Text(_unquoted(self.text[start : self.at]))


def _selected(inner: str) -> Path:
    """Return what stands between brackets: a union, a key or a slice."""
    inner = ":" if inner == "*" else inner
    if "," in inner:
        return (Union(tuple(_action(f"[{one.strip(' ')}]") for one in inner.split(","))),)
    key = _KEY.fullmatch(inner)
    if key:
        return _action(f".{key[1]}")
    match = _SLICE.fullmatch(inner)
    if match is None:
        raise BadTemplate(f"invalid array index {inner}")
    start, stop, step = (_index((group or "").removeprefix(":")) for group in match.groups())
    single = match[2] is None
    return (Slice(start, (start or 0) + 1 if single else stop, step, single),)


def _index(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise BadTemplate(f"array index {text} is not a number") from None


def _unquoted(text: str) -> str:
    """Return what a text in quotes stands for, with Go's escapes."""
    own = text[0]

    def meaning(match: re.Match[str]) -> str:
        escape, lone, quote = match.groups()
        if lone or quote == own or (escape in ("'", '"') and escape != own):
            raise BadTemplate(f"unquote string {text} error invalid syntax")
        if quote or escape in _PLAIN:
            return str(quote or _PLAIN[escape])
        code = int(escape, 8) if escape.isdecimal() else int(escape[1:], 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise BadTemplate(f"unquote string {text} error invalid syntax")
        return chr(code)

    return _ESCAPE.sub(meaning, text[1:-1])


def _is_alphanumeric(mark: str) -> bool:
    return bool(mark) and (mark == "_" or unicodedata.category(mark)[0] == "L" or mark.isdecimal())
