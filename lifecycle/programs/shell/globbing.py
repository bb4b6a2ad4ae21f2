"""Path names that a pattern matches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifecycle.programs.files import FileError
from lifecycle.programs.paths import join
from lifecycle.programs.shell import patterns

if TYPE_CHECKING:
    from lifecycle.programs.shell.turn import Turn

MAX_STEPS = 100_000
MAX_NAMES = 100_000
"""How many steps one pattern of path names may take, and what it may match on the way."""


def glob(turn: Turn, pattern: str, extended: bool = False) -> list[str]:
    """Return the existing path names that a pattern matches, sorted; not all, where looking for them takes too long."""
    done = turn.machine.state.budget.done
    absolute = pattern.startswith("/")
    found = [""]
    parts = [part for part in pattern.split("/") if part]
    for i, part in enumerate(parts):
        grown: list[str] = []
        for base in found:
            if turn.machine.state.budget.done - done > MAX_STEPS or len(grown) > MAX_NAMES:
                turn.machine.limit("words", "what one pattern of path names may look at", "it matches no more")
                break
            prefix = f"{base}/" if base or (absolute and i == 0) else ""
            if not patterns.is_magic(part) and not extended:
                turn.machine.work(1)
                name = re.sub(r"\\(.)", r"\1", part)
                if turn.view.get(join(turn.process.cwd, prefix + name)) is not None:
                    grown.append(prefix + name)
                continue
            try:
                names = turn.view.names(join(turn.process.cwd, prefix or "."))
            except FileError:
                continue
            turn.machine.work(4 + len(names))
            grown += [prefix + n for n in names if (n[0] != "." or part[0] == ".") and patterns.matches(part, n, extended)]
        found = grown
    return sorted(found)
