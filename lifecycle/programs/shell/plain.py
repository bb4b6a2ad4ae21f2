"""Commands that say the same each time: words without expansions, and loops of them that only sleep, or do nothing at all."""

from __future__ import annotations

from typing import Any

from lifecycle.clock import SECOND, Micros
from lifecycle.programs.shell.syntax import Lit, Sequence, Simple, While


def plain_words(words: tuple[Any, ...]) -> tuple[str, ...] | None:
    """Return the words of a command that needs no expansion at all, or None."""
    texts = []
    for word in words:
        if not all(
            isinstance(part, Lit) and (part.quoted or part.text == "[" or not _ACTIVE.intersection(part.text)) for part in word
        ):
            return None
        texts.append("".join(part.text for part in word))
    return tuple(texts)


_ACTIVE = frozenset("*?[~{")


def idle_period(loop: While) -> tuple[str, Micros] | None:
    """Return what `while true; do sleep N; done` sleeps, as written and in Micros: a loop that nothing can tell from rest."""
    if loop.until:
        return None
    condition, body = _plain_commands(loop.condition), _plain_commands(loop.body)
    if condition is None or body is None:
        return None
    sleeps = [words for words in condition + body if words[0] == "sleep"]
    if len(sleeps) != 1 or len(sleeps[0]) != 2 or len(condition) != 1:
        return None
    if any(words not in _NOTHING for words in condition + body if words[0] != "sleep"):
        return None
    try:
        seconds = float(sleeps[0][1])
    except ValueError:
        return None
    return (sleeps[0][1], round(seconds * SECOND)) if 0.01 <= seconds < 1e9 else None


_NOTHING = {("true",), (":",), ("[", "1", "]"), ("[", "true", "]")}


def spins(loop: While) -> bool:
    """Say whether a loop does nothing, for ever: `while :; do true; done`."""
    condition, body = _plain_commands(loop.condition), _plain_commands(loop.body)
    if condition is None or body is None or any(words not in _NOTHING for words in body):
        return False
    return condition == [("false",)] if loop.until else all(words in _NOTHING for words in condition)


def _plain_commands(body: Sequence) -> list[tuple[str, ...]] | None:
    found = []
    for item in body.items:
        commands = item.command.first.commands
        if item.background or item.command.rest or item.command.first.negated or len(commands) != 1:
            return None
        command = commands[0]
        if not isinstance(command, Simple) or command.assigns or command.redirects or not command.words:
            return None
        words = plain_words(command.words)
        if words is None:
            return None
        found.append(words)
    return found
