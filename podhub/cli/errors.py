"""What ends a command before it is done."""

from __future__ import annotations


class CommandError(Exception):
    """A mistake of whoever typed the command; its text goes to stderr as it is, and the exit status is 1."""
