"""POSIX regular expressions, basic and extended, matched in time that grows with the text alone (RE2's automata).

What automata cannot do, back-references and Perl's looks around, is left to backtracking where that is sure to end soon.
Texts are latin-1, one character a byte, as everywhere in programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import re2

MAX_WORK = 50_000_000
"""The most that one search may take: the size of the expression's program times the text's."""
WORK_A_STEP = 400
"""How much of that counts as one step of a script."""
MAX_GROUPED = 1_000_000
"""How large an expression's program times the number of its groups may be: so much is kept while it is matched."""
MAX_BACKTRACKS = 1_000_000
MAX_REPLACED = 200_000
"""How many matches one replacement makes good."""


class RegexError(ValueError):
    """An expression that makes no sense, or one that would take too long (`hard`). `text` is what GNU's tools say."""

    def __init__(self, text: str, hard: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.hard = hard


class Match:
    """Where an expression matched, and its groups (None: took no part)."""

    __slots__ = ("_spans", "_text", "end", "start")

    def __init__(self, text: str, spans: list[tuple[int, int]]) -> None:
        self._text = text
        self._spans = spans
        self.start, self.end = spans[0]

    def group(self, number: int = 0) -> str | None:
        if number >= len(self._spans) or self._spans[number][0] < 0:
            return None
        start, end = self._spans[number]
        return self._text[start:end]

    def text(self) -> str:
        return self._text[self.start : self.end]

    def groups(self) -> list[str | None]:
        return [self.group(number) for number in range(1, len(self._spans))]


class Regex:
    """A compiled expression."""

    def __init__(self, source: str, ignore_case: bool = False, longest: bool = True) -> None:
        """Compile RE2's syntax. Raises: RegexError."""
        self.size = 1
        self._re2: Any = None
        self._re = _without_choice(source, ignore_case)
        self.quantifiers = 0
        if self._re is not None:
            return
        try:
            self._re2 = re2.compile(source.encode("latin-1", "replace"), _options(ignore_case, longest))
            self.size = int(self._re2.programsize)
            if self.size * self._re2.groups > MAX_GROUPED:
                raise RegexError("Regular expression too big")
        except re2.error as error:
            self._re = _backtracking(source, ignore_case, error)
            self.quantifiers = len(re.findall(r"[*+}]", source))

    def cost(self, length: int) -> int:
        """Return how many steps a search in a text of some length counts for."""
        return 4 + self.size * length // WORK_A_STEP

    def search(self, text: str, pos: int = 0) -> Match | None:
        """Return the leftmost and there the longest match. Raises: RegexError where it would take too long."""
        return next(self._matches(text, pos), None)

    def _matches(self, text: str, pos: int = 0) -> Iterator[Match]:
        if self._re is not None:
            if self.quantifiers and len(text) ** (self.quantifiers + 1) > MAX_BACKTRACKS:
                raise RegexError("Regular expression too big", hard=True)
            for found in self._re.finditer(text, pos):
                yield Match(text, [found.span(number) for number in range((self._re.groups or 0) + 1)])
            return
        if self.size * len(text) > MAX_WORK:
            raise RegexError("Regular expression too big", hard=True)
        for found in self._re2.finditer(text.encode("latin-1", "replace"), pos):
            yield Match(text, [found.span(number) for number in range(self._re2.groups + 1)])

    def finditer(self, text: str) -> Iterator[Match]:
        """Yield matches as sed's `g` takes them: none that is empty right after another."""
        end = -1
        for match in self._matches(text):
            if match.start != match.end or match.start != end:
                yield match
            end = match.end

    def subn(self, made: Callable[[Match], str], text: str, count: int = 0) -> tuple[str, int]:
        """Replace matches (the first `count`; 0: all) and return the text and how many there were."""
        out: list[str] = []
        at = number = 0
        for match in self.finditer(text):
            out += (text[at : match.start], made(match))
            at = match.end
            number += 1
            if number == count:
                break
            if number > MAX_REPLACED and self._re2 is not None:
                raise RegexError("Regular expression too big", hard=True)
        return ("".join(out) + text[at:], number) if number else (text, 0)

    def split(self, text: str) -> list[str]:
        out: list[str] = []
        at = 0
        for match in self.finditer(text):
            if match.end > match.start:
                out.append(text[at : match.start])
                at = match.end
        return [*out, text[at:]]


_ATOMS = re.compile(r"\(\?s:\.\)|\\[^zAb1-9]|\[\^?(?:\\.|[^\]\\])*\]|[^\\*+?{}()|\[\]]", re.S)


def _without_choice(source: str, ignore_case: bool) -> re.Pattern[str] | None:
    """Return Python's expression for one that repeats nothing and leaves no choice: it is quicker, and never goes back."""
    if _ATOMS.sub("", source):
        return None
    ends = _ATOMS.sub(lambda match: r"\Z" if match.group() == "$" else match.group(), source)
    try:
        return re.compile(ends, re.I if ignore_case else 0)
    except re.error:
        return None


@lru_cache(maxsize=8)
def _options(ignore_case: bool, longest: bool) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = longest
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = 1 << 20
    return options


def _backtracking(source: str, ignore_case: bool, error: Exception) -> re.Pattern[str]:
    """Return Python's expression for what RE2 does not know, where no repetition stands in another one."""
    if not re.search(r"\\[1-9]|\(\?", source):
        raise RegexError("Regular expression too big" if "large" in str(error) else "Invalid regular expression") from error
    if re.search(r"\)[*+{]", source):
        raise RegexError("Regular expression too big", hard=True)
    try:
        return re.compile(source, re.I if ignore_case else 0)
    except re.error:
        raise RegexError("Invalid regular expression") from error


@lru_cache(maxsize=512)
def compiled(expression: str, extended: bool, ignore_case: bool = False) -> Regex:
    """Return a compiled POSIX expression. Raises: RegexError."""
    return Regex(translated(expression, extended), ignore_case)


@lru_cache(maxsize=512)
def compiled_source(source: str, ignore_case: bool = False, longest: bool = True) -> Regex:
    """Return what is already in RE2's syntax, compiled. Raises: RegexError."""
    return Regex(source, ignore_case, longest)


def translated(expression: str, extended: bool) -> str:
    """Return a POSIX expression in RE2's syntax, which Python reads in the same way."""
    return _Translator(expression, extended).text()


class _Translator:
    """Reads an expression from the left."""

    def __init__(self, expression: str, extended: bool) -> None:
        self.source = expression
        self.extended = extended
        self.i = 0
        self.out: list[str] = []
        self.start = True

    def text(self) -> str:
        while self.i < len(self.source):
            c = self.source[self.i]
            self.i += 1
            if c == "\\":
                self._escape()
            elif c == "[":
                self._plain(self._bracket())
            else:
                self._bare(c)
        return "".join(self.out)

    def _plain(self, text: str) -> None:
        self.out.append(text)
        self.start = False

    def _operator(self, c: str) -> None:
        """Take an operator; one that repeats nothing stands for itself, or for nothing in an extended expression."""
        if c in "(|":
            self.out.append(c)
            self.start = True
        elif c == ")":
            self._plain(")")
        elif self.start:
            if not self.extended:
                self._plain(re.escape(c))
        elif c == "{":
            self._interval()
        elif (self.out and self.out[-1] in ("*", "+", "?")) or (self.out and self.out[-1][:1] == "{"):
            self.out[-1:] = ["*"] if c != "?" or self.out[-1] != "?" else ["?"]
        else:
            self.out.append(c)

    def _interval(self) -> None:
        match = re.compile(r"(\d*)(?:(,)(\d*))?(\\?\})").match(self.source, self.i)
        if not match or (match.group(4) == "}") != self.extended or not (match.group(1) or match.group(2)):
            if not self.extended:
                raise RegexError("Invalid preceding regular expression")
            self._plain(r"\{")
            return
        self.i = match.end()
        self.out.append("{" + (match.group(1) or "0") + (match.group(2) or "") + (match.group(3) or "") + "}")

    def _escape(self) -> None:
        c = self.source[self.i : self.i + 1]
        self.i += 1
        if not c:
            raise RegexError("Trailing backslash")
        if not self.extended and c in "(){}|+?":
            self._operator(c)
        elif c in _ESCAPES:
            self._plain(_ESCAPES[c])
        elif c.isdigit() and c != "0":
            self._plain("\\" + c)
        else:
            self._plain(re.escape(c))

    def _bare(self, c: str) -> None:
        if c == "*" or (self.extended and c in "(){|+?"):
            self._operator(c)
        elif c == "^" and (self.extended or self.start):
            self.out.append("^")
        elif c == "$" and (self.extended or self.source[self.i : self.i + 2] in ("", "\\)", "\\|")):
            self._plain("$")
        elif c == ".":
            self._plain("(?s:.)")
        else:
            self._plain(re.escape(c) if c != "\n" else r"\n")

    def _bracket(self) -> str:
        piece, self.i = bracket(self.source, self.i, "^")
        if not piece:
            raise RegexError("Unmatched [, [^, [:, [., or [=")
        return piece


_ESCAPES = {
    "w": r"[0-9A-Za-z_]",
    "W": r"[^0-9A-Za-z_]",
    "s": r"[ \t\n\r\f\v]",
    "S": r"[^ \t\n\r\f\v]",
    "b": r"\b",
    "B": r"\B",
    "<": r"\b",
    ">": r"\b",
    "n": r"\n",
    "t": r"\t",
    "r": r"\r",
    "f": r"\f",
    "v": r"\v",
    "`": r"\A",
    "'": r"\z",
}

CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r" \t\n\r\f\v",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "print": " -~",
    "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}


def bracket(source: str, i: int, negators: str) -> tuple[str, int]:
    """Return the bracket expression that begins before `i`, and where it ends; an empty text where it never does."""
    negated = source[i : i + 1] != "" and source[i : i + 1] in negators
    i += negated
    out: list[str] = []
    first = True
    while i < len(source) and (source[i] != "]" or first):
        first = False
        piece, i = _member(source, i)
        if not piece.startswith(("[", "\0")) and source[i : i + 1] == "-" and source[i + 1 : i + 2] not in ("", "]"):
            last, i = _member(source, i + 1)
            if ord(_bare_member(last)) < ord(_bare_member(piece)):
                raise RegexError("Invalid range end")
            piece += "-" + last
        out.append(piece.lstrip("\0"))
    if i >= len(source):
        return "", i
    return f"[{'^' if negated else ''}{''.join(out) or '^' + chr(0) + '-' + chr(255)}]", i + 1


def _member(source: str, i: int) -> tuple[str, int]:
    """Return one member of a bracket expression (a class begins with NUL) and where it ends."""
    named = re.compile(r"\[:(\w+):\]|\[[.=](.)[.=]\]").match(source, i)
    if named and named.group(1):
        if named.group(1) not in CLASSES:
            raise RegexError("Invalid character class name")
        return "\0" + CLASSES[named.group(1)], named.end()
    if named:
        return _quoted(named.group(2)), named.end()
    if source[i] == "\\" and source[i + 1 : i + 2] in ("n", "t", "]", "\\", "/", "[", "-", ".", '"', "^", "$"):
        return ("\\" + source[i + 1] if source[i + 1] in "nt" else _quoted(source[i + 1])), i + 2
    return _quoted(source[i]), i + 1


def _quoted(c: str) -> str:
    return "\\" + c if c in "\\]^[-&~|" else c if c != "\0" else r"\x00"


def _bare_member(piece: str) -> str:
    return {r"\n": "\n", r"\t": "\t", r"\x00": "\0"}.get(piece, piece[-1])
