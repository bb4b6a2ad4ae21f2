"""Prompts: what PS1 and PS2 are at first, and how they are shown."""

from __future__ import annotations

import re

from lifecycle.clock import as_datetime
from lifecycle.programs.files import FileError
from lifecycle.programs.shell.arithmetic import ArithmeticError_
from lifecycle.programs.shell.expand import Expander, ExpansionError
from lifecycle.programs.shell.parser import Parser
from lifecycle.programs.shell.syntax import Lit, Var
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.shell.words import ParseError

BASH_VERSION = "5.2"

_ESCAPE = re.compile(r"\\([0-7]{3}|[\s\S])")
_CHARACTERS = {"a": "\a", "e": "\x1b", "n": "\n", "r": "\r", "\\": "\\", "[": "", "]": ""}
_TIMES = {"t": "%H:%M:%S", "T": "%I:%M:%S", "@": "%I:%M %p", "A": "%H:%M", "d": "%a %b %d"}


def defaults(dialect: str, user: int) -> dict[str, str]:
    """Return the prompts of a shell that nobody has given any."""
    mark = "$" if user else "#"
    first = {"ash": "\\w \\$ ", "dash": f"{mark} ", "bash": "\\s-\\v\\$ "}[dialect]
    return {"PS1": first, "PS2": "> ", "PS4": "+ "}


def shown(turn: Turn, text: str) -> str:
    """Return a prompt as it is shown: backslash escapes (not in dash), then parameters."""
    if turn.shell.dialect != "dash":
        text = _ESCAPE.sub(lambda match: re.sub(r"([\\$`])", r"\\\1", _escaped(turn, match.group(1))), text)
    try:
        word = Parser(text, turn.shell.dialect).quoted_word(end="")
        if all(isinstance(part, Lit | Var) for part in word):
            return Expander(turn, []).text(word)
    except (ParseError, ExpansionError, ArithmeticError_):
        pass
    return text


def _escaped(turn: Turn, letter: str) -> str:
    match letter:
        case "u":
            return user_name(turn)
        case "h":
            return turn.machine.hostname().partition(".")[0]
        case "H":
            return turn.machine.hostname()
        case "w" | "W":
            return _directory(turn, letter == "W")
        case "$":
            return "$" if turn.process.user else "#"
        case "s":
            return turn.shell.name.rpartition("/")[2]
        case "v" | "V":
            return BASH_VERSION if letter == "v" else f"{BASH_VERSION}.15"
        case "!" | "#":
            return str(turn.shell.input.line + 1 if turn.shell.input else 1)
        case "j":
            return str(len(turn.shell.named_jobs))
    if letter in _TIMES:
        turn.machine.moves(turn.process)
        return as_datetime(turn.machine.kernel.now).strftime(_TIMES[letter])
    if letter.isdigit():
        return chr(int(letter, 8) & 255)
    return _CHARACTERS.get(letter, "\\" + letter)


def _directory(turn: Turn, last: bool) -> str:
    """Return the working directory, with ~ for the home directory."""
    cwd, home = turn.process.cwd, turn.get_text("HOME").rstrip("/")
    if home and (cwd == home or cwd.startswith(home + "/")):
        cwd = "~" + cwd[len(home) :]
    return cwd.rpartition("/")[2] or "/" if last else cwd


def user_name(turn: Turn) -> str:
    """Return the user's name in /etc/passwd."""
    try:
        passwd = turn.view.find("/etc/passwd")[1].content
    except FileError:
        passwd = ""
    names = (line.split(":") for line in passwd.splitlines())
    return next((one[0] for one in names if one[2:3] == [str(turn.process.user)]), "I have no name!")
