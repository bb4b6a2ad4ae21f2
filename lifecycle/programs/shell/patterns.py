"""Shell patterns (`*`, `?`, `[...]`, bash's extended ones) as regular expressions, and path names that match them."""

from __future__ import annotations

import re
from functools import lru_cache


def is_magic(text: str) -> bool:
    """Say whether a text may match another than itself; a bracket alone does not."""
    return "*" in text or "?" in text or ("[" in text and "]" in text)


def escape(text: str) -> str:
    """Return text as a pattern that matches itself alone."""
    return re.sub(r"([\\*?\[\]@+!(|)])", r"\\\1", text)


STAR = "\0*"
"""A star while a pattern is read; a NUL stands in no pattern."""
EXTENDED = {"(?:", "(?!(?:"}


@lru_cache(maxsize=1024)
def compiled(pattern: str, extended: bool = False) -> re.Pattern[str]:
    try:
        return re.compile(_translate(pattern, extended), re.S)
    except re.error:
        return re.compile(re.escape(pattern), re.S)


def matches(pattern: str, text: str, extended: bool = False) -> bool:
    return compiled(pattern, extended).fullmatch(text) is not None


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
    if "|" in out or any(piece in EXTENDED for piece in out):
        return "".join(out).replace(STAR, ".*") + "".join(reversed(closers))
    return _without_going_back("".join(out))


def _without_going_back(text: str) -> str:
    """Let each star but the last take the shortest that fits and keep it.

    No pattern then takes more steps than its length times the text's.
    What follows a star and matches soonest leaves most for the rest, so nothing is lost.
    """
    first, *rest = text.split(STAR)
    if not rest:
        return first
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1]) + ".*" + rest[-1]


_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "xdigit": "0-9a-fA-F",
    "print": " -~",
    "cntrl": r"\x00-\x1f\x7f",
}


def _bracket(pattern: str, i: int) -> tuple[str, int]:
    end = i + 1 if pattern[i : i + 1] in ("!", "^") else i
    end = pattern.find("]", end + 1)
    while end > 0 and pattern.rfind("[:", i, end) > pattern.rfind(":]", i, end + 1):
        end = pattern.find("]", end + 1)
    if end < 0:
        return re.escape("["), i
    body = pattern[i:end]
    negated = body[0] in "!^"
    body = body[1:] if negated else body
    inner = re.sub(r"\[:(\w+):\]", lambda m: "\0" + m.group(1) + "\0", body)
    pieces = inner.split("\0")
    text = "".join(
        _CLASSES.get(piece, "")
        if at % 2
        else re.sub(r"\\(.)", r"\1", piece).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("^", "\\^")
        for at, piece in enumerate(pieces)
    )
    try:
        re.compile(f"[{text}]")
    except re.error:
        return re.escape(f"[{body}]"), end + 1
    return f"[{'^' if negated else ''}{text}]", end + 1
