"""Bytes made readable: od, hexdump, xxd."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.inputs import whole

ROW = 16
_NAMED = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


@command("od")
def od(call: Call) -> int | None:
    options, names = call.options(
        "A:t:N:j:w:vcxbdoaXD", {"address-radix": "A", "format": "t", "read-bytes": "N", "skip-bytes": "j"}
    )
    found = whole(call, names)
    if found is None:
        return None
    text = "".join(piece for _, piece in found)
    skip = int(options.get("j", "0"))
    text = text[skip : skip + int(options["N"])] if "N" in options else text[skip:]
    short = {"c": "c", "x": "x2", "b": "o1", "d": "u2", "o": "o2", "a": "c", "X": "x4", "D": "u4"}
    form = options.get("t") or next((short[letter] for letter in short if letter in options), "o2")
    radix = options.get("A", "o")
    call.machine.work(len(text) // 8)
    lines = _lines(text, "v" in options, lambda at, row: _address(at + skip, radix) + _row(row, form))
    if radix != "n":
        lines.append(_address(len(text) + skip, radix))
    call.out("".join(line + "\n" for line in lines))
    return int(bool(call.data.get("failed")))


def _lines(text: str, every: bool, shown: Callable[[int, str], str]) -> list[str]:
    """Return a line for each row; without `every`, one star for the rows that repeat the one before them."""
    lines: list[str] = []
    last = None
    for at in range(0, len(text), ROW):
        row = text[at : at + ROW]
        if row != last or len(row) < ROW or every:
            lines.append(shown(at, row))
        elif lines[-1] != "*":
            lines.append("*")
        last = row
    return lines


def _address(at: int, radix: str) -> str:
    return {"n": "", "d": f"{at:07}", "x": f"{at:06x}"}.get(radix, f"{at:07o}")


def _row(row: str, form: str) -> str:
    kind, size = form[0], int(re.sub(r"\D", "", form) or (1 if form[0] in "ca" else 4))
    if kind in "ca":
        return "".join(f" {_NAMED.get(c, c if ' ' <= c <= '~' else f'{ord(c):03o}'):>3}" for c in row)
    width = {"x": 2 * size, "o": {1: 3, 2: 6, 4: 11, 8: 22}[size], "u": {1: 3, 2: 5, 4: 10, 8: 20}[size]}
    width["d"] = width["u"] + 1
    out = []
    for at in range(0, len(row), size):
        number = int.from_bytes(row[at : at + size].encode("latin-1", "replace"), "little")
        if kind == "d" and number >> (8 * size - 1):
            number -= 1 << 8 * size
        shown = f"{number:0{width['x']}x}" if kind == "x" else f"{number:0{width['o']}o}" if kind == "o" else str(number)
        out.append(f" {shown:>{width[kind]}}")
    return "".join(out)


@command("hexdump", "hd")
def hexdump(call: Call) -> int | None:
    options, names = call.options("Cvn:s:e:bcdox")
    found = whole(call, names)
    if found is None:
        return None
    text = "".join(piece for _, piece in found)[int(options.get("s", "0")) :]
    text = text[: int(options["n"])] if "n" in options else text
    call.machine.work(len(text) // 8)
    canonical = "C" in options or call.name == "hd"

    def shown(at: int, row: str) -> str:
        return f"{at:08x}  {_canonical(row)}" if canonical else f"{at:07x}{_row(row, 'x2'):<40}"

    lines = _lines(text, "v" in options, shown)
    if text:
        lines.append(f"{len(text):08x}" if canonical else f"{len(text):07x}")
    call.out("".join(line + "\n" for line in lines))
    return int(bool(call.data.get("failed")))


def _canonical(row: str) -> str:
    digits = [f"{ord(c):02x}" for c in row]
    shown = " ".join(digits[:8]) + "  " + " ".join(digits[8:])
    return f"{shown:<49} |{_visible(row)}|"


def _visible(row: str) -> str:
    return "".join(c if " " <= c <= "~" else "." for c in row)


@command("xxd")
def xxd(call: Call) -> int | None:
    options, names = call.options("pl:c:s:rg:u")
    found = whole(call, names)
    if found is None:
        return None
    text = "".join(piece for _, piece in found)
    text = text[: int(options["l"])] if "l" in options else text
    call.machine.work(len(text) // 8)
    if "r" in options:
        digits = re.sub(r"[^0-9a-fA-F]", "", text) if "p" in options else ""
        call.out(bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("latin-1"))
        return 0
    if "p" in options:
        digits = text.encode("latin-1", "replace").hex()
        call.out("".join(digits[i : i + 60] + "\n" for i in range(0, len(digits), 60)))
        return 0
    for at in range(0, len(text), ROW):
        row = text[at : at + ROW]
        pairs = " ".join(row[i : i + 2].encode("latin-1", "replace").hex() for i in range(0, len(row), 2))
        call.out(f"{at:08x}: {pairs:<39}  {_visible(row)}\n")
    return 0
