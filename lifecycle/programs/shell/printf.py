"""echo and printf: escapes and formats, as the shells' builtins and the programs of the same names have them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

MAX_WIDTH = 4096
MAX_TEXT = 1 << 20
"""What one printf puts out at most; the format is not used again beyond."""
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_ESCAPE = re.compile(r"\\(?:0([0-7]{0,3})|x([0-9a-fA-F]{1,2})|([1-7][0-7]{0,2})|(.))", re.S)
_FORMAT = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:\(([^)]*)\)(?=T)|)([a-zA-Z%])")
Clock = Callable[[str, str], str]
"""Returns a time (seconds since 1970; -1 or nothing: now) in a format of strftime, as only bash's printf does."""


def escaped(text: str, octal: bool = True) -> tuple[str, bool]:
    """Return a text with its escapes replaced, and whether `\\c` ended it."""
    stop = False
    out: list[str] = []
    at = 0
    for match in _ESCAPE.finditer(text):
        if match.start() < at:
            continue
        out.append(text[at : match.start()])
        at = match.end()
        zero, hexadecimal, digits, other = match.groups()
        if zero is not None:
            out.append(chr(int(zero or "0", 8) & 255))
        elif hexadecimal:
            out.append(chr(int(hexadecimal, 16)))
        elif digits:
            out.append(chr(int(digits, 8) & 255) if octal else match.group())
        elif other == "c":
            stop = True
            break
        else:
            out.append(_ESCAPES.get(other, match.group()))
    if not stop:
        out.append(text[at:])
    return "".join(out), stop


def echo_text(args: list[str], dialect: str) -> str:
    """Return what echo puts out: dash always reads escapes and knows -n alone, the others need -e."""
    newline, escapes = True, dialect == "dash"
    i = 0
    if dialect == "dash":
        if args[:1] == ["-n"]:
            newline, i = False, 1
    else:
        while i < len(args) and re.fullmatch(r"-[neE]+", args[i]):
            for letter in args[i][1:]:
                newline = newline and letter != "n"
                escapes = letter == "e" or (escapes and letter != "E")
            i += 1
    text = " ".join(args[i:])
    if escapes and "\\" in text:
        text, stop = escaped(text, octal=False)
        newline = newline and not stop
    return text + "\n" if newline else text


def printf_text(template: str, args: list[str], clock: Clock | None = None) -> tuple[str, list[str]]:
    """Return what printf puts out, and its complaints. The format is used again while arguments are left."""
    out: list[str] = []
    problems: list[str] = []
    left = deque(args)
    template, stopped = _outside_formats(template)
    size = 0
    while size < MAX_TEXT:
        before, written = len(left), len(out)
        stop = _once(template, left, out, problems, clock)
        size += sum(map(len, out[written:]))
        if stop or stopped or not left or len(left) == before:
            break
    return "".join(out), problems


def _outside_formats(template: str) -> tuple[str, bool]:
    text, stop = escaped(template)
    return text, stop


def _once(template: str, left: deque[str], out: list[str], problems: list[str], clock: Clock | None) -> bool:
    at = 0
    for match in _FORMAT.finditer(template):
        out.append(template[at : match.start()])
        at = match.end()
        flags, width, precision, form, letter = match.groups()
        if form is not None and clock is not None:
            moment = left.popleft() if left else "-1"
            if not re.fullmatch(r"-?\d*", moment):
                problems.append(f"{moment}: invalid number")
            text, size = clock(form or "%X", moment), _bounded(width or "")
            out.append(text.ljust(size) if "-" in flags else text.rjust(size))
            continue
        if letter == "%":
            out.append("%")
            continue
        if width == "*":
            width = left.popleft() if left else "0"
        if precision == "*":
            precision = left.popleft() if left else "0"
        has_precision = "." in match.group()
        text, stop = _formatted(flags, width or "", (precision or "0") if has_precision else "", letter, left, problems)
        out.append(text)
        if stop:
            return True
    out.append(template[at:])
    return False


def _formatted(flags: str, width: str, precision: str, letter: str, left: deque[str], problems: list[str]) -> tuple[str, bool]:
    arg = left.popleft() if left else None
    size = _bounded(width)
    precision = str(_bounded(precision)) if precision else ""
    flags = flags + "-" if width.startswith("-") else flags
    stop = False
    if letter in "sbqcQ":
        text = arg or ""
        if letter == "b":
            text, stop = escaped(text)
        elif letter == "c":
            text = text[:1]
        elif letter in "qQ":
            text = text if re.fullmatch(r"[\w./:=@%+-]+", text) else re.sub(r"([^\w./:=@%+-])", r"\\\1", text) or "''"
        if precision and letter != "c":
            text = text[: int(precision)]
        return (text.ljust(size) if "-" in flags else text.rjust(size)), stop
    if letter in "diouxX":
        number = _whole(arg, problems)
        kind = {"i": "d", "u": "d"}.get(letter, letter)
        if (kind != "d" and number < 0) or (letter == "u" and number < 0):
            number += 1 << 64
        spec = "%" + flags + (str(size) if size else "") + (f".{precision}" if precision else "") + kind
        return spec % number, False
    if letter in "feEgGF":
        return ("%" + flags + (str(size) if size else "") + (f".{precision}" if precision else "") + letter) % _real(
            arg, problems
        ), False
    problems.append(f"`{letter}': invalid format character")
    return "", True


def _bounded(number: str) -> int:
    """Return a width or precision, as far as anybody needs it."""
    return min(int(number.lstrip("-")[:7]), MAX_WIDTH) if number.lstrip("-").isdigit() else 0


def _whole(arg: str | None, problems: list[str]) -> int:
    if not arg:
        return 0
    if arg[0] in "'\"":
        return ord(arg[1]) if len(arg) > 1 else 0
    match = re.match(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)", arg)
    if not match or match.end() != len(arg):
        problems.append(f"{arg}: invalid number")
    if not match:
        return 0
    digits = match.group(2)
    value = (
        int(digits, 16)
        if digits[:2] in ("0x", "0X")
        else int(digits, 8)
        if digits[0] == "0" and len(digits) > 1
        else int(digits)
    )
    return -value if match.group(1) == "-" else value


def _real(arg: str | None, problems: list[str]) -> float:
    try:
        return float(arg or 0)
    except ValueError:
        problems.append(f"{arg}: invalid number")
        return 0.0
