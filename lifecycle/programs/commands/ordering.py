"""Lines in order: sort and its keys."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import Any

import msgspec

from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.commands.inputs import whole

_KEY = re.compile(r"(\d+)(?:\.(\d+))?([bdfghinMrRV]*)(?:,(\d+)(?:\.(\d+))?([bdfghinMrRV]*))?")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


class Key(msgspec.Struct, frozen=True):
    """What of a line is compared, from the first character to the last (0: to the end), and how."""

    first: int = 1
    skip: int = 0
    last: int = 0
    end: int = 0
    letters: str = ""


@command("sort")
def sort(call: Call) -> int | None:
    options, names = call.options(
        "nruk:t:o:bfhVsgMdcCziR",
        {
            "numeric-sort": "n", "reverse": "r", "unique": "u", "key": "k", "field-separator": "t", "output": "o",
            "human-numeric-sort": "h", "version-sort": "V", "ignore-case": "f", "stable": "s", "check": "c",
        },
        many="k",
    )  # fmt: skip
    found = whole(call, names)
    if found is None:
        return None
    if call.data.get("failed"):
        return 2
    lines = [line for _, text in found for line in lines_of(text)]
    common = "".join(letter for letter in "nghVMfdrb" if letter in options)
    keys = [_key(text, common) for text in options["k"].split("\n")] if "k" in options else [Key(letters=common)]
    separator = options.get("t")
    read = [(line, [_value(line, key, separator) for key in keys]) for line in lines]
    backwards = [("r" in key.letters) for key in keys]

    def compared(a: tuple[str, list[Any]], b: tuple[str, list[Any]]) -> int:
        for x, y, back in zip(a[1], b[1], backwards, strict=True):
            if x != y:
                return 1 if (x > y) != back else -1
        return 0

    def whole_line(a: tuple[str, list[Any]], b: tuple[str, list[Any]]) -> int:
        first = compared(a, b)
        if first or "s" in options or "u" in options or a[0] == b[0]:
            return first
        return 1 if (a[0] > b[0]) != ("r" in options) else -1

    ordered = sorted(read, key=cmp_to_key(whole_line))
    if {"c", "C"} & set(options):
        return _checked(call, lines, [line for line, _ in ordered], "C" in options)
    if "u" in options:
        ordered = [one for i, one in enumerate(ordered) if not i or compared(one, ordered[i - 1])]
    text = "".join(line + "\n" for line, _ in ordered)
    if "o" in options:
        call.write_file(options["o"], text)
    else:
        call.out(text)
    return 0


def _checked(call: Call, lines: list[str], ordered: list[str], quiet: bool) -> int:
    at = next((i for i, (a, b) in enumerate(zip(lines, ordered, strict=True)) if a != b), None)
    if at is not None and not quiet:
        wrong = next((i for i in range(1, len(lines)) if ordered.index(lines[i]) < ordered.index(lines[i - 1])), at)
        call.err(f"{call.name}: -:{wrong + 1}: disorder: {lines[wrong]}\n")
    return int(at is not None)


def _key(text: str, common: str) -> Key:
    match = _KEY.fullmatch(text)
    if not match or match.group(1) == "0":
        raise UsageError(f"invalid number at field start: invalid count at start of '{text}'", 2)
    first, skip, letters, last, end, more = match.groups()
    own = (letters or "") + (more or "")
    return Key(int(first), max(int(skip or 1) - 1, 0), int(last or 0), int(end or 0), own or common)


def _value(line: str, key: Key, separator: str | None) -> Any:
    """Return what is compared: numbers, or a text."""
    part = _part(line, key, separator)
    letters = key.letters
    if "n" in letters or "g" in letters:
        match = re.match(r"\s*(-?\d*\.?\d*(?:[eE][-+]?\d+)?)" if "g" in letters else r"\s*(-?\d*\.?\d*)", part)
        try:
            return float(match.group(1)) if match and match.group(1).strip("-.") else 0.0
        except ValueError:
            return 0.0
    if "h" in letters:
        match = re.match(r"\s*(-?\d+\.?\d*)([KkMGTP]?)", part)
        return (" KMGTP".index(match.group(2).upper() or " "), float(match.group(1))) if match else (0, 0.0)
    if "M" in letters:
        return _MONTHS.index(part.strip()[:3].upper()) + 1 if part.strip()[:3].upper() in _MONTHS else 0
    if "V" in letters:
        return re.sub(r"\d+", lambda digits: digits.group().zfill(20)[-20:], part)
    if "d" in letters:
        part = re.sub(r"[^\w\s]", "", part)
    part = part.lstrip() if "b" in letters else part
    return part.upper() if "f" in letters else part


def _part(line: str, key: Key, separator: str | None) -> str:
    if key == Key(letters=key.letters):
        return line
    fields = line.split(separator) if separator else re.findall(r"\s*\S+|\s+$", line)
    joint = separator or ""
    if key.last and not key.end:
        return joint.join(fields[key.first - 1 : key.last])[key.skip :]
    if key.last:
        before = joint.join(fields[key.first - 1 : key.last - 1])
        last = fields[key.last - 1][: key.end] if key.last <= len(fields) else ""
        return (before + joint + last if before and key.last > key.first else last)[key.skip :]
    return joint.join(fields[key.first - 1 :])[key.skip :]
