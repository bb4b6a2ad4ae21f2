"""grep: expressions, files and directories, lines around."""

from __future__ import annotations

import re
from itertools import islice

from lifecycle.programs import regex
from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.files import FileError
from lifecycle.programs.regex import Match, Regex, RegexError

MAX_MATCHES = 50_000
"""How many matches in one line -o shows."""


@command("grep", "egrep", "fgrep")
def grep(call: Call) -> int | None:
    options, operands = call.options(
        "ivnclLqshHorRwxEFPe:f:m:A:B:C:az",
        {
            "ignore-case": "i",
            "invert-match": "v",
            "count": "c",
            "quiet": "q",
            "silent": "q",
            "only-matching": "o",
            "recursive": "r",
            "word-regexp": "w",
            "line-regexp": "x",
            "extended-regexp": "E",
            "fixed-strings": "F",
            "max-count": "m",
            "line-buffered": "a",
            "color": "a",
            "no-messages": "s",
            "regexp": "e",
            "files-with-matches": "l",
            "line-number": "n",
        },
        many="e",
    )
    if "e" not in options and "f" not in options:
        if not operands:
            call.err(
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
                if not call.busybox
                else (
                    "BusyBox v1.35.0 multi-call binary.\n"
                    "\nUsage: grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } "
                    "[FILE]...\n"
                )
            )
            return 2
        options["e"] = operands.pop(0)
    expression = _expression(call, options)
    if not operands and not {"r", "R"} & set(options):
        return _grep_stream(call, options, expression)
    return _grep_files(call, options, expression, operands)


def _expression(call: Call, options: dict[str, str]) -> Regex:
    pattern = options.get("e", "")
    if "f" in options:
        pattern = call.read_file(options["f"]).rstrip("\n")
    lines = pattern.split("\n")
    extended = "E" in options or call.name == "egrep"
    try:
        if "F" in options or call.name == "fgrep":
            text = "|".join(re.escape(line) for line in lines)
        else:
            text = "|".join(line if "P" in options else regex.translated(line, extended) for line in lines)
        if "w" in options:
            text = rf"(?:^|\W)({text})(?:\W|$)"
        if "x" in options:
            text = rf"^(?:{text})$"
        return regex.compiled_source(text, "i" in options, "P" not in options)
    except RegexError as error:
        if error.hard:
            raise
        raise UsageError(
            f"bad regex '{pattern}'{': Invalid regexp' if pattern not in '([' else ''}" if call.busybox else error.text, 2
        ) from error


def _grep_stream(call: Call, options: dict[str, str], expression: Regex) -> int | None:
    """Search standard input line by line, so that `tail -f log | grep x` says what it finds when it comes."""
    count: int = call.data.get("count", 0)
    number: int = call.data.get("number", 0)
    most = int(options["m"]) if options.get("m", "").isdigit() else 0
    around = {"A", "B", "C"} & set(options)
    if around:
        text = call.stdin()
        if text is None:
            return None
        call.machine.work(expression.cost(len(text)))
        shown, found = _selected(lines_of(text), options, expression, "")
        return _grep_done(call, options, found, shown)
    for line in call.lines():
        if line is None:
            call.data["count"], call.data["number"] = count, number
            return None
        number += 1
        text = line.rstrip("\n")
        call.machine.work(expression.cost(len(text)))
        if bool(expression.search(text)) == ("v" in options):
            continue
        count += 1
        if "q" in options:
            return 0
        if not {"c", "l", "L"} & set(options):
            shown = _grep_line(text, number, options, expression, "")
            call.machine.work(shown.count("\n"))
            if not call.out(shown):
                return 2
        if most and count >= most:
            break
    return _grep_done(call, options, count, "")


def _grep_done(call: Call, options: dict[str, str], count: int, shown: str) -> int:
    if "q" not in options:
        if "c" in options:
            shown = f"{count}\n"
        elif "l" in options:
            shown = "(standard input)\n" if count else ""
        call.out(shown)
    return int(not count)


def _grep_line(text: str, number: int, options: dict[str, str], expression: Regex, prefix: str) -> str:
    start = prefix + (f"{number}:" if "n" in options else "")
    if "o" in options and "v" not in options:
        matches = islice(expression.finditer(text), MAX_MATCHES)
        shown = (_word(match) if "w" in options else match.text() for match in matches)
        return "".join(f"{start}{piece}\n" for piece in shown if piece)
    return f"{start}{text}\n"


def _word(match: Match) -> str:
    return match.group(1) or ""


def _selected(lines: list[str], options: dict[str, str], expression: Regex, prefix: str) -> tuple[str, int]:
    """Return the lines that are shown, with those around them, and how many matched."""
    most = int(options["m"]) if options.get("m", "").isdigit() else len(lines)
    hits = [i for i, line in enumerate(lines) if bool(expression.search(line)) != ("v" in options)][:most]
    before, after = (int(options.get(letter, options.get("C", "0")) or 0) for letter in "BA")
    if not before and not after:
        return "".join(_grep_line(lines[i], i + 1, options, expression, prefix) for i in hits), len(hits)
    shown: list[str] = []
    last = -1
    chosen = set(hits)
    for i in sorted({j for hit in hits for j in range(max(0, hit - before), min(len(lines), hit + after + 1))}):
        if shown and i != last + 1:
            shown.append("--\n")
        mark = ":" if i in chosen else "-"
        shown.append(prefix.replace(":", mark) + (f"{i + 1}{mark}" if "n" in options else "") + lines[i] + "\n")
        last = i
    return "".join(shown), len(hits)


def _grep_files(call: Call, options: dict[str, str], expression: Regex, names: list[str]) -> int | None:
    recursive = bool({"r", "R"} & set(options))
    if recursive:
        names = [one for name in names or ["."] for one in _files_below(call, name)]
    found = any_error = False
    for name in names:
        text = call.stdin() if name == "-" else None
        if name == "-" and text is None:
            return None
        if text is None:
            try:
                text = call.read_file(name)
            except FileError as error:
                any_error = True
                if "s" not in options:
                    call.fail(f"{name}: {error.text}")
                continue
        prefix = f"{name}:" if (len(names) > 1 or recursive or "H" in options) and "h" not in options else ""
        call.machine.work(expression.cost(len(text)))
        shown, count = _selected(lines_of(text), options, expression, prefix)
        found = found or count > 0
        if "q" in options:
            if count:
                return 0
            continue
        if "c" in options:
            shown = f"{prefix}{count}\n"
        elif "l" in options:
            shown = f"{name}\n" if count else ""
        elif "L" in options:
            shown = f"{name}\n" if not count else ""
        call.out(shown)
    return 2 if any_error and not ("q" in options and found) else int(not found)


def _files_below(call: Call, name: str) -> list[str]:
    node = call.view.get(call.path(name))
    if node is None or node.kind != "d":
        return [name]
    return [one for child in call.view.names(call.path(name)) for one in _files_below(call, f"{name.rstrip('/')}/{child}")]
