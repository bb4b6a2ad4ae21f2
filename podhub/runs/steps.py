"""The named steps of a turn, so that a test can have a process die between any two of them."""

from __future__ import annotations

from collections.abc import Callable

STEPS = (
    "leased",
    "restored",
    "played",
    "taken",
    "appended",
    "answered",
    "committed",
    "woken",
    "cached",
    "snapshot",
    "released",
)

on_step: Callable[[str], None] | None = None
"""What a test wants to happen at each step."""


def reached(step: str) -> None:
    if on_step is not None:
        on_step(step)
