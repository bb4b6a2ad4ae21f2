"""`kubectl describe` of kinds that it has no words of its own for: every field, by name.

Kubernetes: kubectl/pkg/describe (genericDescriber).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from lifecycle.clock import Micros
from lifecycle.printers.events import described_with_events
from lifecycle.printers.metadata import Object, boolean, name_block

SAID_BEFORE = {f".metadata.{field}" for field in ("managedFields", "name", "namespace", "labels", "annotations")}
ACRONYMS = ("API", "URL", "UID", "GUID")

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[^A-Za-z]+")


def describe_generic(obj: Object, events: Sequence[Object] | None, now: Micros) -> str:
    return described_with_events([*name_block(obj), *_fields(obj, "", "")], events, now)


def _fields(content: Object, indent: str, path: str) -> Iterator[str]:
    for field, value in sorted(content.items()):
        here = f"{path}.{field}"
        if here in SAID_BEFORE:
            continue
        if isinstance(value, dict):
            yield f"{indent}{title(field)}:"
            yield from _fields(value, f"{indent}  ", here)
        elif isinstance(value, list):
            yield f"{indent}{title(field)}:"
            for item in value:
                yield from _fields(item, f"{indent}  ", here) if isinstance(item, dict) else [f"{indent}  {_scalar(item)}"]
        else:
            yield f"{indent}{title(field)}:\t{_scalar(value)}"


def title(field: str) -> str:
    """Return a field's name in words: firstTimestamp is First Timestamp, apiVersion API Version."""
    if not all(character.isalpha() or character == "-" for character in field):
        return field
    words = _merged(_HUMPS.findall(field))
    return " ".join(word.upper() if word.upper() in ACRONYMS else word.title() if word.islower() else word for word in words)


def _merged(words: list[str]) -> list[str]:
    """Join a word of capitals with one that follows with a capital, as in podIPs."""
    merged: list[str] = []
    joining = False
    for word in words:
        if joining and word[0].isupper():
            merged[-1] += word
            joining = False
        else:
            merged.append(word)
            joining = len(word) >= 2 and not re.search("[a-z]", word)
    return merged


def _scalar(value: Any) -> str:
    """Return a JSON scalar as Go's %v prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return boolean(value)
    return _float(value) if isinstance(value, float) else str(value)


def _float(value: float) -> str:
    number = Decimal(repr(value)).normalize()
    exponent = number.adjusted()
    if -4 <= exponent < 6:
        return f"{number:f}"
    sign, digits, _ = number.as_tuple()
    mantissa = "".join(map(str, digits))
    return f"{'-' if sign else ''}{mantissa[0]}{'.' if mantissa[1:] else ''}{mantissa[1:]}e{exponent:+03d}"
