"""What bash makes of `${name@operator}`: quoted, in other letters, expanded, as the assignment that would make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs.shell.quoting import unescape

if TYPE_CHECKING:
    from lifecycle.programs.shell.turn import Turn

OPERATORS = "QEPAaUuLKk"
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "E", "\\": "\\", "'": "'"}


def quoted(text: str) -> str:
    """Return a text as one word of a command; what is not printed makes it `$'...'`."""
    if all(" " <= one != "\x7f" for one in text):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(one) for one in text) + "'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    return character if " " <= character != "\x7f" else f"\\{ord(character):03o}"


def in_double_quotes(text: str) -> str:
    if any(one < " " or one == "\x7f" for one in text):
        return quoted(text)
    return '"' + "".join("\\" + one if one in '\\"$`' else one for one in text) + '"'


def attributes(turn: Turn, name: str) -> str:
    """Return the letters that `declare` has for a variable."""
    shell = turn.shell
    held = shell.vars.get(name)
    array = ("A" if name in shell.associative else "a") if isinstance(held, dict) else ""
    kept = shell.attributes.get(name, "")
    letters = (("i", "i" in kept), ("r", name in shell.readonly), ("x", name in shell.exported), ("l", "l" in kept))
    return array + "".join(letter for letter, has in letters if has) + ("u" if "u" in kept else "")


def transformed(turn: Turn, name: str, value: str, operator: str) -> str:
    """Return a value as an operator makes it."""
    match operator:
        case "Q":
            return quoted(value)
        case "E":
            return unescape(value)
        case "P":
            from lifecycle.programs.shell.prompt import shown  # which expands words

            return shown(turn, value)
        case "U":
            return value.upper()
        case "u":
            return value[:1].upper() + value[1:]
        case "L":
            return value.lower()
        case "a":
            return attributes(turn, name)
        case "A":
            return _assignment(turn, name, quoted(value))
        case _:
            return quoted(value)


def whole_array(turn: Turn, name: str, operator: str) -> list[str] | None:
    """Return what an operator makes of a whole array at once; None where it is each element's own."""
    keys, values = turn.keys(name), turn.array(name)
    if operator == "k":
        return [one for pair in zip(keys, values, strict=True) for one in pair]
    pairs = list(zip(keys, map(in_double_quotes, values), strict=True))
    associative = name in turn.shell.associative
    if operator == "K":
        return [" ".join(f"{key} {value}" for key, value in pairs) + (" " if associative else "")]
    if operator == "A":
        inside = " ".join(f"[{key}]={value}" for key, value in pairs) + (" " if associative else "")
        return [_assignment(turn, name, f"({inside})")]
    return None


def _assignment(turn: Turn, name: str, value: str) -> str:
    letters = attributes(turn, name)
    return f"declare -{letters} {name}={value}" if letters else f"{name}={value}"
