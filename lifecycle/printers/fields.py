"""JSON objects read as Go's typed clients read them: null is unset, and what is unset is empty.

So a description never fails for want of a field, whatever a recording or a dump left out.
"""

from __future__ import annotations

from typing import Any


class Fields(dict[str, Any]):
    """A JSON object in which a missing field reads as an empty string."""

    def __missing__(self, field: str) -> str:
        return ""


def typed(obj: dict[str, Any]) -> Fields:
    """Return a copy of an object without its nulls, that reads as Fields at every depth."""
    fields = Fields()
    for name, value in obj.items():
        if value is not None:
            fields[name] = _typed(value) if value.__class__ in (dict, list) else value
    return fields


def _typed(value: Any) -> Any:
    if value.__class__ is dict:
        return typed(value)
    return [_typed(item) if item.__class__ in (dict, list) else item for item in value if item is not None]
