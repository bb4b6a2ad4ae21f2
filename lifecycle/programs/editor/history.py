"""A shell's history: what is remembered of what was typed, and what bash makes of `!` in a line."""

from __future__ import annotations

import re

from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Input

LONGEST = {"ash": 255, "bash": 500}
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""")
_OPEN = re.compile(r"(?:^|[\s;&|({])(?:do|then|else|elif|if|while|until|for|case|in|\{|\()$|(?:&&|\|\||\||[;&({])$")
_EVENT = re.compile(r"!(?:!|(-?\d+)|\?([^?\n]+)\??|(?=[$^*:])|([^\s=(\"'!$^*:;&|<>)]+))?(:?[$^*]|:\d+)?")


class EventNotFound(Exception):
    """A `!` that means no line of the history; the text is what bash says."""


def remember(turn: Turn, source: Input, text: str) -> None:
    """Put a line into the history: busybox never the same twice in a row, bash a command of several lines as one."""
    history, dialect = source.history, turn.shell.dialect
    if not text or (dialect == "ash" and history[-1:] == [text]):
        return
    if dialect == "bash" and source.text and history:
        history[-1] += _joint(source.text) + text
    else:
        history.append(text)
    del history[: -LONGEST[dialect]]


def _joint(before: str) -> str:
    """Return what stands between two lines of one command."""
    if re.search(r"<<-?\s*\S", before) or set("'\"") & set(_QUOTED.sub("", before)):
        return "\n"
    last = before.removesuffix("\n")
    if last.endswith("\\"):
        return ""
    return " " if _OPEN.search(last.rstrip()) else "; "


def expanded(line: str, history: list[str]) -> str:
    """Return a line with what `!!`, `!$`, `!4`, `!-2`, `!name`, `!?text?` and `^old^new` mean. Raises: EventNotFound."""
    if line.startswith("^"):
        old, _, new = line[1:].partition("^")
        last = history[-1] if history else ""
        if not old or old not in last:
            raise EventNotFound(":s" + line + ": substitution failed")
        return last.replace(old, new.partition("^")[0], 1)
    if "!" not in line:
        return line
    out, at = "", 0
    for quoted in re.finditer(r"'[^']*'?|\\.", line):
        out += _replaced(line[at : quoted.start()], history) + quoted.group()
        at = quoted.end()
    return out + _replaced(line[at:], history)


def _replaced(text: str, history: list[str]) -> str:
    return _EVENT.sub(lambda found: found.group() if found.group() == "!" else _meant(found, history), text)


def _meant(found: re.Match[str], history: list[str]) -> str:
    number, inside, start, word = found.groups()
    place: int | None = len(history) - 1
    if number:
        place = int(number) - 1 if int(number) > 0 else len(history) + int(number)
    elif inside or start:
        places = range(len(history) - 1, -1, -1)
        place = next((i for i in places if (inside in history[i] if inside else history[i].startswith(start))), None)
    if place is None or not 0 <= place < len(history):
        raise EventNotFound(found.group() + ": event not found")
    words = history[place].split()
    match (word or "").removeprefix(":"):
        case "":
            return history[place]
        case "$":
            return words[-1] if words else ""
        case "^":
            return words[1] if len(words) > 1 else ""
        case "*":
            return " ".join(words[1:])
        case index:
            if int(index) >= len(words):
                raise EventNotFound(f":{index}: bad word specifier")
            return words[int(index)]


def history(turn: Turn, argv: list[str]) -> int:
    """The builtin: list the lines that were typed (the last ones only, where a number is given), or forget them (-c)."""
    source = turn.shell.input
    lines = source.history if source else []
    if argv[1:2] == ["-c"]:
        lines.clear()
        return 0
    first = len(lines) - int(argv[1]) if argv[1:2] and argv[1].isdigit() else 0
    bash = turn.shell.dialect == "bash"
    shown = (f"{i + 1:5}  {text}\n" if bash else f"{i:4} {text}\n" for i, text in enumerate(lines) if i >= first)
    turn.write(1, "".join(shown))
    return 0
