"""POSIX regular expressions, basic and extended, as Python's."""

from __future__ import annotations

import re
from functools import lru_cache

from lifecycle.programs.shell.conditions import posix_expression


@lru_cache(maxsize=512)
def compiled(expression: str, extended: bool, ignore_case: bool = False) -> re.Pattern[str]:
    """Return a compiled expression. Raises: re.error."""
    text = extended_expression(expression) if extended else basic_expression(expression)
    return re.compile(text, re.IGNORECASE if ignore_case else 0)


def extended_expression(expression: str) -> str:
    return _brackets(expression, lambda text: text)


def basic_expression(expression: str) -> str:
    """In a basic expression `\\(`, `\\)`, `\\{`, `\\}`, `\\|`, `\\+`, `\\?` are the operators, bare ones are plain."""

    def swap(text: str) -> str:
        text = re.sub(r"\\([(){}|+?])|([(){}|+?])", lambda m: m.group(1) or "\\" + m.group(2), text)
        return text

    return _brackets(re.sub(r"^(\^?)\*", r"\1\\*", expression), swap)


def _brackets(expression: str, outside: object) -> str:
    """Translate outside of bracket expressions with `outside`, and bracket expressions by their own rules."""
    out: list[str] = []
    at = 0
    for match in re.finditer(r"\\.|\[\^?\]?(?:\[:\w+:\]|[^]])*\]", expression, re.S):
        if match.group()[0] == "\\":
            continue
        out.append(outside(expression[at : match.start()]))  # type: ignore[operator]
        inner = match.group()[1:-1]
        negated = inner.startswith("^")
        inner = posix_expression((inner[1:] if negated else inner).replace("\\", "\\\\"))
        inner = re.sub(r"\[(?!:)", r"\\[", inner)
        inner = "\\]" + inner[1:] if inner.startswith("]") else inner
        out.append(f"[{'^' if negated else ''}{inner}]")
        at = match.end()
    out.append(outside(expression[at:]))  # type: ignore[operator]
    text = "".join(out)
    return text.replace("\\<", r"\b").replace("\\>", r"\b")
