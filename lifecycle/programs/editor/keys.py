"""Keys and characters: what terminals send for them, and how wide they are on the screen.

Text is bytes, as everywhere in programs; an editor's characters are UTF-8, as with any locale of today.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UTF8 = r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_CHARACTER = re.compile(rf"{_UTF8}|[\s\S]")
_BEGUN = re.compile(r"[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2}")
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_BEGUN_SEQUENCE = re.compile(r"\x1b(?:O|\[[0-?]{0,16}[ -/]{0,4})?")
_SHOWN_NOWHERE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\a]*\a|.)|[\x00-\x08\x0b-\x1f]")

NAMES = {
    "[A": "up",
    "[B": "down",
    "[C": "right",
    "[D": "left",
    "[H": "home",
    "[1~": "home",
    "[7~": "home",
    "[F": "end",
    "[4~": "end",
    "[8~": "end",
    "[3~": "delete",
    "[1;5C": "word right",
    "[1;5D": "word left",
    "[1;3C": "word right",
    "[1;3D": "word left",
    "[200~": "paste",
    "b": "word left",
    "f": "word right",
    "d": "kill word",
    "\x7f": "rubout word",
    "\x08": "rubout word",
}
"""What stands behind ESC (xterm; O for [ where the keypad is in application mode), and the key that it is."""


def next_key(text: str, at: int) -> tuple[str, int] | None:
    """Return the key at a place (its name, `meta X`, or the character that it types; empty: none that is known), and its end.

    None: the rest of it has not come yet.
    """
    if text[at] != "\x1b":
        if _BEGUN.fullmatch(text, at):
            return None
        found = _CHARACTER.match(text, at)
        return (found.group(), found.end()) if found else None
    if _BEGUN_SEQUENCE.fullmatch(text, at):
        return None
    sequence = _CONTROL_SEQUENCE.match(text, at)
    if sequence:
        return NAMES.get(sequence.group()[1:], ""), sequence.end()
    if text[at + 1] == "O":
        return NAMES.get("[" + text[at + 2], ""), at + 3
    if text[at + 1] in "\x1b[":
        return "", at + 1
    return NAMES.get(text[at + 1], f"meta {text[at + 1]}"), at + 2


def characters(text: str) -> list[str]:
    """Return the characters of a text, each in its bytes."""
    return _CHARACTER.findall(text)


@lru_cache(maxsize=4096)
def width(character: str) -> int:
    """Return how many columns a character takes; bytes that are none take one."""
    if len(character) == 1:
        return 1
    decoded = character.encode("latin-1").decode("utf-8", "replace")[0]
    if unicodedata.combining(decoded) or unicodedata.category(decoded) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(decoded) in "WF" else 1


def columns(text: str) -> int:
    """Return how many columns a text takes, without what terminals do not show (colours)."""
    return sum(map(width, characters(_SHOWN_NOWHERE.sub("", text))))
