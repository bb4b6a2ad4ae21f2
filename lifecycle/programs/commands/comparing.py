"""Commands that compare files: cmp, diff."""

from __future__ import annotations

from lifecycle.programs.commands.call import Call, command, lines_of
from lifecycle.programs.files import FileError


@command("cmp", "diff")
def compare(call: Call) -> int:
    options, names = call.options("squbNrwB", {"quiet": "q", "silent": "s", "brief": "q"})
    if len(names) < 2:
        return call.fail("missing operand", 2)
    texts = []
    for name in names[:2]:
        try:
            texts.append(call.read_file(name))
        except FileError as error:
            return call.fail(f"{name}: {error.text}", 2)
    if texts[0] == texts[1]:
        return 0
    if call.name == "cmp":
        at = next((i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
        if "s" not in options:
            line = texts[0][:at].count("\n") + 1
            call.out(f"{names[0]} {names[1]} differ: char {at + 1}, line {line}\n")
        return 1
    if "q" in options:
        call.out(f"Files {names[0]} and {names[1]} differ\n")
        return 1
    return _diff(call, names, texts)


def _diff(call: Call, names: list[str], texts: list[str]) -> int:
    import difflib

    for line in difflib.unified_diff(lines_of(texts[0]), lines_of(texts[1]), names[0], names[1], lineterm=""):
        call.out(line + "\n")
    return 1
