"""awk's values: numbers, texts, texts from the input that look like numbers (a list of one), and what was never set (None)."""

from __future__ import annotations

import math
import re
from typing import Any

from lifecycle.programs.shell.printf import printf_text

Value = Any
_LEADING = re.compile(r"\s*[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?i:inf|nan)(?![a-z]))")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{0,13}")
_LOOKS = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")


def from_input(text: str) -> Value:
    """Return a text of the input, marked where it looks like a number."""
    return [text] if _LOOKS.fullmatch(text) else text


def number(value: Value) -> float:
    if isinstance(value, float):
        return value
    if value is None:
        return 0.0
    text = value[0] if isinstance(value, list) else str(value)
    match = _LEADING.match(text[:400])
    if match and match.group()[-1] == "0" and text[match.end() : match.end() + 1] in ("x", "X"):
        return float(int(_HEXADECIMAL.match(text, match.end() + 1).group() or "0", 16))  # type: ignore[union-attr]
    return float(match.group()) if match else 0.0


def whole(value: Value) -> int:
    """Return a value as a whole number, however large or senseless it is."""
    found = number(value)
    if math.isnan(found):
        return 0
    return int(max(min(found, 2.0**63 - 1024), -(2.0**63)))


def text(value: Value, form: str = "%.6g") -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number_text(value, form)
    return "" if value is None else str(value[0])


def number_text(value: float, form: str) -> str:
    if math.isinf(value) or math.isnan(value):
        return ("-" if math.copysign(1, value) < 0 else "") + ("inf" if math.isinf(value) else "nan")
    if value == int(value) and abs(value) < 1e18:
        return str(int(value))
    if form == "%.6g":
        return f"{value:.6g}"
    return formatted(form, [value], form)


def true(value: Value) -> bool:
    if isinstance(value, float):
        return value != 0.0
    if isinstance(value, list):
        return number(value) != 0.0
    return bool(value)


def compared(op: str, a: Value, b: Value, form: str) -> bool:
    """Compare as numbers where both are some, or look like some, else as texts."""
    x: Any
    y: Any
    x, y = (text(a, form), text(b, form)) if isinstance(a, str) or isinstance(b, str) else (number(a), number(b))
    match op:
        case "<":
            return bool(x < y)
        case "<=":
            return bool(x <= y)
        case "==":
            return bool(x == y)
        case "!=":
            return bool(x != y)
        case ">":
            return bool(x > y)
    return bool(x >= y)


def arithmetic(op: str, a: float, b: float) -> float:
    """Raises: ZeroDivisionError."""
    try:
        match op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "%":
                if b == 0:
                    raise ZeroDivisionError
                return math.fmod(a, b)
        return math.pow(a, b)
    except (OverflowError, ValueError):
        return math.inf if op == "^" else math.nan


_FORMAT = re.compile(r"%([-+ #0]*)(\*|\d+)?(?:\.(?:\*|\d*))?([a-zA-Z])")


def formatted(form: str, values: list[Value], number_form: str) -> str:
    """Return what printf and sprintf make of values."""
    left = list(values)
    texts: list[str] = []
    for match in _FORMAT.finditer(form.replace("%%", "")):
        texts += [str(whole(left.pop(0) if left else None)) for _ in range(match.group().count("*"))]
        value = left.pop(0) if left else None
        kind = match.group(3)
        if kind in "dixXou":
            texts.append(str(whole(value)))
        elif kind in "feEgGF":
            texts.append(repr(number(value)))
        elif kind == "c" and isinstance(value, float):
            texts.append(chr(whole(value) & 255))
        else:
            texts.append(text(value, number_form))
    escaped = form.replace("\\", "\\\\")
    return printf_text(escaped, texts)[0] if "%" in form else form
