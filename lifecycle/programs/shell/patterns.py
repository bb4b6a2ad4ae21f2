"""Shell patterns (`*`, `?`, `[...]`, bash's extended ones) as regular expressions, and what of a text they match."""

from __future__ import annotations

import re
from functools import lru_cache

from lifecycle.programs import regex
from lifecycle.programs.regex import Regex, RegexError


def is_magic(text: str) -> bool:
    """Say whether a text may match another than itself; a bracket alone does not."""
    return "*" in text or "?" in text or ("[" in text and "]" in text)


def escape(text: str) -> str:
    """Return text as a pattern that matches itself alone."""
    return re.sub(r"([\\*?\[\]@+!(|)])", r"\\\1", text)


STAR = "\0*"
"""A star while a pattern is read; a NUL stands in no pattern."""
_EXTENDED = re.compile(r"[?*+@!]\(")


def matches(pattern: str, text: str, extended: bool = False) -> bool:
    """Say whether a pattern matches a whole text. Raises: RegexError where that would take too long."""
    if extended and _EXTENDED.search(pattern):
        return _expression(rf"\A(?:{_source(pattern, '.*', True)})\z").search(text) is not None
    return compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern (none of the extended ones) as an expression that never goes back."""
    try:
        return re.compile(_without_going_back(_translate(pattern, False)), re.S)
    except (re.error, RegexError):
        return re.compile(re.escape(pattern), re.S)


def prefix(pattern: str, text: str, longest: bool, extended: bool) -> int | None:
    """Return where the longest or shortest prefix that a pattern matches ends; None where none does."""
    source = _source(pattern, ".*" if longest else ".*?", extended)
    match = _expression(rf"\A(?:{source})", longest).search(text)
    return match.end if match else None


def suffix(pattern: str, text: str, longest: bool, extended: bool) -> int | None:
    """Return where the longest or shortest suffix that a pattern matches begins; None where none does."""
    before = ".*?" if longest else ".*"
    match = _expression(rf"\A({before})(?:{_source(pattern, '.*', extended)})\z", False).search(text)
    return len(match.group(1) or "") if match else None


def replaced(pattern: str, replacement: str, text: str, everywhere: bool, extended: bool) -> str:
    """Replace what a pattern matches (`#` and `%` before it: at the start, at the end; the longest match counts)."""
    anchor = pattern[0] if pattern[0] in "#%" and not everywhere else ""
    source = _source(pattern[len(anchor) :], ".*", extended)
    source = {"#": rf"\A(?:{source})", "%": rf"(?:{source})\z"}.get(anchor, source)
    if everywhere and not any(c in pattern for c in "*?[\\("):
        return text.replace(pattern, replacement)
    if everywhere and "*" not in pattern and "(" not in pattern:
        return re.sub(source, lambda _: replacement, text, flags=re.S)
    return _expression(source).subn(lambda _: replacement, text, 0 if everywhere else 1)[0]


def _source(pattern: str, star: str, extended: bool) -> str:
    return _translate(pattern, extended).replace(STAR, star)


def _expression(source: str, longest: bool = True) -> Regex:
    return regex.compiled_source(f"(?s){source}", False, longest)


@lru_cache(maxsize=1024)
def _translate(pattern: str, extended: bool) -> str:
    out: list[str] = []
    closers: list[str] = []
    i, n = 0, len(pattern)
    while i < n:
        c = pattern[i]
        i += 1
        if extended and c in "?*+@!" and pattern[i : i + 1] == "(":
            out.append("(?!(?:" if c == "!" else "(?:")
            closers.append({"?": ")?", "*": ")*", "+": ")+", "@": ")", "!": ")$).*"}[c])
            i += 1
        elif c == ")" and closers:
            out.append(closers.pop())
        elif c == "|" and closers:
            out.append("|")
        elif c == "*":
            out.append(STAR)
        elif c == "?":
            out.append(".")
        elif c == "[":
            piece, i = _bracket(pattern, i)
            out.append(piece)
        elif c == "\\" and i < n:
            out.append(re.escape(pattern[i]))
            i += 1
        else:
            out.append(re.escape(c))
    return "".join(out) + "".join(reversed(closers))


def _without_going_back(text: str) -> str:
    """Let each star but the last take the shortest that fits and keep it.

    No pattern then takes more steps than its length times the text's.
    What follows a star and matches soonest leaves most for the rest, so nothing is lost.
    """
    first, *rest = text.split(STAR)
    if not rest:
        return first
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1]) + ".*" + rest[-1]


def _bracket(pattern: str, i: int) -> tuple[str, int]:
    """Return a bracket expression and where it ends; one that never does, or makes no sense, stands for itself."""
    body = re.sub(r"\\(.)", r"\1", pattern[i:]) if "\\" in pattern[i : pattern.find("]", i)] else pattern[i:]
    shift = len(pattern) - i - len(body)
    try:
        piece, end = regex.bracket(body, 0, "!^")
    except RegexError:
        return re.escape("["), i
    return (piece, i + end + shift) if piece else (re.escape("["), i)
