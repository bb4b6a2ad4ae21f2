"""Texts in quotes: how one is put in between, and what stands in `$'...'`."""

from __future__ import annotations

import re

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))", re.S)


def unescape(text: str) -> str:
    """Return the value of a `$'...'` text."""

    def value(match: re.Match[str]) -> str:
        hexadecimal, unicode, octal, other = match.groups()
        if hexadecimal:
            return chr(int(hexadecimal, 16))
        if unicode:
            return chr(int(unicode, 16)).encode().decode("latin-1")
        if octal:
            return chr(int(octal, 8) & 255)
        return _ESCAPES.get(other, "\\" + other)

    return _ESCAPE.sub(value, text)


def quote(text: str) -> str:
    """Return a text in quotes, so that a shell reads it as one word."""
    return "'" + text.replace("'", "'\\''") + "'"
