"""The annotation `podhub.dev/behavior.<container>`: what a container does, said in data instead of a command."""

from __future__ import annotations


class BehaviorError(Exception):
    """What is wrong in an annotation: the field and what is allowed there."""


def read(text: str) -> object:
    raise BehaviorError("not yet")
