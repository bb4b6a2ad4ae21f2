"""awk's functions of values: texts, numbers, times. Those that touch places, files or processes are the machine's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lifecycle.clock import SECOND
from lifecycle.programs import regex
from lifecycle.programs.commands.awk_values import Value, formatted, number, whole
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.regex import Match

if TYPE_CHECKING:
    from lifecycle.programs.commands.awk_machine import Awk

Function = Callable[["Awk", list[Value]], Value]


def _length(awk: Awk, args: list[Value]) -> Value:
    return float(len(awk.text(args[0]) if args else awk.line()))


def _substr(awk: Awk, args: list[Value]) -> Value:
    """Return the characters from the m-th on; both numbers are rounded, and what lies outside counts as nothing."""
    source = awk.text(args[0])
    first = number(args[1])
    start = round(first) if abs(first) < 1e15 else (1 if first < 0 else len(source) + 1)
    start = max(start, 1) if awk.call.busybox else start
    if len(args) < 3:
        return source[max(start, 1) - 1 :]
    size = number(args[2])
    end = start + round(size) if abs(size) < 1e15 else (len(source) + 1 if size > 0 else 0)
    return source[max(start, 1) - 1 : max(end - 1, 0)]


def _index(awk: Awk, args: list[Value]) -> Value:
    return float(awk.text(args[0]).find(awk.text(args[1])) + 1)


def _match(awk: Awk, args: list[Value]) -> Value:
    found = awk.search(awk.text(args[1]), awk.text(args[0]))
    awk.vars["RSTART"] = float(found.start + 1 if found else 0)
    awk.vars["RLENGTH"] = float(found.end - found.start if found else -1)
    return awk.vars["RSTART"]


def _gensub(awk: Awk, args: list[Value]) -> Value:
    """Return a text with the n-th match (`g`: all) replaced; `\\1` stands for a group."""
    how = awk.text(args[2]) if len(args) > 2 else "1"
    source = awk.text(args[3]) if len(args) > 3 else awk.line()
    template, wanted = awk.text(args[1]), 0 if how[:1] in "gG" else max(whole(args[2]), 1)
    count = 0

    def one(match: Match) -> str:
        nonlocal count
        count += 1
        return replaced(template, match, True) if not wanted or count == wanted else match.text()

    return awk.compiled(awk.text(args[0]), source).subn(one, source, wanted)[0]


def replaced(template: str, match: Match, groups: bool = False) -> str:
    """Return what a replacement comes to: `&` is the match, `\\&` an ampersand."""
    if "&" not in template and "\\" not in template:
        return template
    out: list[str] = []
    i = 0
    while i < len(template):
        c = template[i]
        following = template[i + 1 : i + 2]
        if c == "\\" and following and (following in "&\\" or (groups and following.isdigit())):
            out.append((match.group(int(following)) or "") if following.isdigit() else following)
            i += 1
        else:
            out.append(match.text() if c == "&" else c)
        i += 1
    return "".join(out)


def _sprintf(awk: Awk, args: list[Value]) -> Value:
    return formatted(awk.text(args[0]), args[1:], awk.form) if args else ""


def _numeric(function: Callable[[float], float]) -> Function:
    def applied(awk: Awk, args: list[Value]) -> Value:
        try:
            return float(function(number(args[0] if args else awk.line())))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return applied


def _logarithm(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def _truncated(value: float) -> float:
    return value if math.isinf(value) or math.isnan(value) else float(math.trunc(value))


def _atan2(awk: Awk, args: list[Value]) -> Value:
    return math.atan2(number(args[0]), number(args[1]))


def _rand(awk: Awk, args: list[Value]) -> Value:
    call = awk.call
    call.moves()
    awk.data["drawn"] += 1
    return call.machine.kernel.seeds.fraction("awk", call.machine.state.spec.id, call.process.pid, awk.data["drawn"])


def _srand(awk: Awk, args: list[Value]) -> Value:
    before = awk.data["seed"]
    awk.data["seed"] = number(args[0]) if args else float(awk.call.now // SECOND)
    return before


def _systime(awk: Awk, args: list[Value]) -> Value:
    awk.call.moves()
    return float(awk.call.now // SECOND)


def _strftime(awk: Awk, args: list[Value]) -> Value:
    if len(args) < 2:
        awk.call.moves()
    form = awk.text(args[0]) if args else "%a %b %e %H:%M:%S %Z %Y"
    at = min(max(whole(args[1]), 0), 1 << 36) * SECOND if len(args) > 1 else awk.call.now
    return strftime(form, at, zone(awk.call.process.env))


def _mktime(awk: Awk, args: list[Value]) -> Value:
    parts = [int(part) for part in awk.text(args[0]).split()[:6] if part.lstrip("-").isdigit()]
    try:
        return float(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]
    except (ValueError, TypeError, OverflowError):
        return -1.0


def _bits(function: Callable[[int, int], int]) -> Function:
    def applied(awk: Awk, args: list[Value]) -> Value:
        a, b = (max(whole(arg), 0) & ((1 << 53) - 1) for arg in args[:2])
        return float(function(a, b) & ((1 << 53) - 1))

    return applied


def _fflush(awk: Awk, args: list[Value]) -> Value:
    awk.flush()
    return 0.0


FUNCTIONS: dict[str, Function] = {
    "length": _length,
    "substr": _substr,
    "index": _index,
    "match": _match,
    "gensub": _gensub,
    "tolower": lambda awk, args: awk.text(args[0]).lower(),
    "toupper": lambda awk, args: awk.text(args[0]).upper(),
    "sprintf": _sprintf,
    "int": _numeric(_truncated),
    "sqrt": _numeric(math.sqrt),
    "exp": _numeric(math.exp),
    "log": _numeric(_logarithm),
    "sin": _numeric(math.sin),
    "cos": _numeric(math.cos),
    "atan2": _atan2,
    "rand": _rand,
    "srand": _srand,
    "systime": _systime,
    "strftime": _strftime,
    "mktime": _mktime,
    "fflush": _fflush,
    "and": _bits(lambda a, b: a & b),
    "or": _bits(lambda a, b: a | b),
    "xor": _bits(lambda a, b: a ^ b),
    "lshift": _bits(lambda a, b: a << min(b, 64)),
    "rshift": _bits(lambda a, b: a >> min(b, 64)),
    "compl": lambda awk, args: float(~max(whole(args[0]), 0) & ((1 << 53) - 1)),
}


def split(awk: Awk, source: str, separator: str) -> list[str]:
    """Split a text as fields are split: at blanks, at a character, at an expression, or at each character."""
    if separator == " ":
        return source.split()
    if not source:
        return []
    if separator == "":
        return list(source)
    if len(separator) == 1 and separator not in "\\.^$*+?()[]{}|":
        return source.split(separator)
    return awk.compiled(f"\\{separator}" if len(separator) == 1 and separator != "\\" else separator, source).split(source)


def literal(character: str) -> Any:
    """Return an expression for one character that stands for itself."""
    return regex.compiled(f"[{character}]", True)
