"""Commands that compare files: cmp, diff, comm."""

from __future__ import annotations

from difflib import SequenceMatcher, unified_diff

from lifecycle.programs.commands.call import Call, command, lines_of
from lifecycle.programs.files import FileError

MOST_COMPARED = 1_000_000
"""Pairs of lines that are compared with each other at most."""


def _texts(call: Call, names: list[str]) -> list[str] | None:
    """Return two files' texts; None where one cannot be read, after that was said."""
    texts = []
    for name in names[:2]:
        try:
            texts.append(call.read_file("/dev/stdin" if name == "-" else name))
        except FileError as error:
            call.fail(f"{name}: {error.text}")
            return None
    return texts


@command("cmp", "diff")
def compare(call: Call) -> int | None:
    options, names = call.options("squbNrwBa", {"quiet": "q", "silent": "s", "brief": "q", "unified": "u"})
    if len(names) < 2:
        return call.fail("missing operand", 2)
    if "-" in names[:2] and "given" not in call.data:
        given = call.stdin()
        if given is None:
            return None
        call.data["given"] = given
    texts = [call.data["given"]] if names[0] == "-" else _texts(call, names[:1])
    others = [call.data["given"]] if names[1] == "-" else _texts(call, names[1:2])
    if texts is None or others is None:
        return 2
    one, other = texts[0], others[0]
    if one == other:
        return 0
    if call.name == "cmp":
        return _differ(call, names, one, other, "s" in options)
    if "q" in options:
        call.out(f"Files {names[0]} and {names[1]} differ\n")
        return 1
    return _diff(call, names, lines_of(one), lines_of(other), call.busybox or "u" in options)


def _differ(call: Call, names: list[str], one: str, other: str, silent: bool) -> int:
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if not silent:
        call.out(f"{names[0]} {names[1]} differ: char {at + 1}, line {one[:at].count(chr(10)) + 1}\n")
    return 1


def _diff(call: Call, names: list[str], one: list[str], other: list[str], unified: bool) -> int:
    call.machine.work(1 + len(one) * len(other) // 1_000)
    if len(one) * len(other) > MOST_COMPARED:
        call.machine.limit("steps", f"{MOST_COMPARED:,} pairs of lines of diff", "all lines are taken to differ")
        call.out("".join([f"-{line}\n" for line in one] + [f"+{line}\n" for line in other]))
    elif unified:
        call.out("".join(line + "\n" for line in unified_diff(one, other, names[0], names[1], lineterm="")))
    else:
        call.out("".join(_normal(one, other)))
    return 1


def _normal(one: list[str], other: list[str]) -> list[str]:
    """Return the differences in diff's own format: what is changed, added and deleted, by the lines' numbers."""
    found = []
    for tag, first, last, begin, end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        letter = {"replace": "c", "delete": "d", "insert": "a"}[tag]
        found.append(f"{_rows(first, last)}{letter}{_rows(begin, end)}\n")
        found += [f"< {line}\n" for line in one[first:last]]
        found += ["---\n"] if tag == "replace" else []
        found += [f"> {line}\n" for line in other[begin:end]]
    return found


def _rows(first: int, last: int) -> str:
    return str(last) if last <= first + 1 else f"{first + 1},{last}"


@command("comm")
def comm(call: Call) -> int:
    """Show what two sorted files have alone, and what they have both."""
    options, names = call.options("123")
    if len(names) < 2:
        return call.fail("missing operand")
    texts = _texts(call, names)
    if texts is None:
        return 1
    left, right = (lines_of(text) for text in texts)
    shown, i, j = "", 0, 0
    tabs = ["", "\t" * ("1" not in options), "\t" * (("1" not in options) + ("2" not in options))]
    while i < len(left) or j < len(right):
        if j >= len(right) or (i < len(left) and left[i] < right[j]):
            column, line, i = 0, left[i], i + 1
        elif i >= len(left) or right[j] < left[i]:
            column, line, j = 1, right[j], j + 1
        else:
            column, line, i, j = 2, left[i], i + 1, j + 1
        if str(column + 1) not in options:
            shown += f"{tabs[column]}{line}\n"
    call.out(shown)
    return 0
