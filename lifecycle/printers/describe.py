"""`kubectl describe` of any object, by its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.metadata import Object
from lifecycle.printers.pod import describe_pod

Related = Mapping[str, Sequence[Object]]

RELATED: Mapping[str, tuple[str, ...]] = {}
"""The other resources that a kind's description tells of; whoever describes one gives all objects of these."""


def describe(obj: Object, events: Sequence[Object] | None, now: Micros, related: Related) -> str:
    """Return the description of an object as of a moment; without `events` (None) it has no such section."""
    return describe_pod(obj, events, now)
