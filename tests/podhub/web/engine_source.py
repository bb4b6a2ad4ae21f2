"""What stands in the engine's source: the calls from which it tells of what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lifecycle

NAMES = ("assume", "limit", "met", "trace")


def calls(name: str) -> list[ast.Call]:
    """Return the calls of a method, one of `NAMES`, in the order of the source."""
    return [call for of, call in _calls() if of == name]


@cache
def _calls() -> list[tuple[str, ast.Call]]:
    return [found for path in sorted(Path(lifecycle.__file__).parent.rglob("*.py")) for found in _of(path.read_text())]


def _of(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls in a file. Most have none, and to parse them all takes seconds."""
    if not any(f".{name}(" in source for name in NAMES):
        return
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in NAMES:
            yield call.func.attr, call
