"""Keys: what they send, and what they stand for."""

from __future__ import annotations

import re

ESCAPE, BACKSPACE, ENTER = "\x1b", ("\x7f", "\x08"), ("\r", "\n")
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[ABCDHF]|[\s\S]")
ARROWS = {"A": "k", "B": "j", "C": "l", "D": "h", "H": "0", "F": "$", "1~": "0", "4~": "$", "7~": "0", "8~": "$", "3~": "x"}
PAGES = {"5~": "\x02", "6~": "\x06"}


def keys_of(text: str) -> list[str]:
    """Return what was typed key by key: sequences that keys send, else single characters."""
    return _KEY.findall(text)
