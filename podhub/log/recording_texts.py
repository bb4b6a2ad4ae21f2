"""The values that a text holds, as JSON or YAML, each with the place where it stands.

A text is one value, JSON lines, values one behind the other, as `kubectl get --watch -o json` writes them, or YAML's documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lifecycle.core_v1.yaml_reader import Unreadable, read
from podhub.log import codec
from podhub.log.errors import BadRecording

MOST_YAML_VALUES = 2_000_000
"""Values of one YAML document: a cluster's dump has more than a manifest may have."""

EXPECTED = gettext_noop(
    'expected what kubectl get -o json (or yaml) gives, or lines {"t": ..., "received": ..., "type": ..., "object": {...}}'
)

_BLANK = " \t\r\n"


class Placed(msgspec.Struct, frozen=True):
    """A value, and the file and line where it begins. `whole`: it is all that the file holds."""

    where: str
    value: Any
    whole: bool = False


def values(name: str, text: str) -> Iterator[Placed]:
    """Yield what a text holds. Raises: BadRecording, with the line at fault."""
    start = text.lstrip(_BLANK)[:1]
    if not start:
        return
    if start not in "{[" and not name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        yield from _documents(name, text)
    elif _line_by_line(name, text):
        yield from _lines(name, text)
    else:
        yield from _stream(name, text)


def _line_by_line(name: str, text: str) -> bool:
    """Say whether a text's first line is a whole value, or means to be one: then each line is read by itself."""
    first = next(line for line in text.split("\n") if line.strip(_BLANK))
    try:
        codec.parse(first.encode())
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeEncodeError):
        return name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")) and len(first.strip()) > 1
    return True


def _lines(name: str, text: str) -> Iterator[Placed]:
    lines = text.split("\n")
    held = [number for number, line in enumerate(lines, 1) if line.strip(_BLANK)]
    for number in held:
        where = f"{name}: line {number}"
        try:
            yield Placed(where, codec.parse(lines[number - 1].encode()), whole=len(held) == 1)
        except RecursionError:
            raise BadRecording(where, _("nested too deeply")) from None
        except (msgspec.DecodeError, UnicodeEncodeError) as wrong:
            cut = "truncated" in str(wrong) and number == held[-1]
            raise _cut_off(where, number == held[0]) if cut else _no_json(where, wrong) from None


def _stream(name: str, text: str) -> Iterator[Placed]:
    """Yield values that stand one behind the other, each over many lines."""
    decoder = json.JSONDecoder(parse_constant=_no_number)
    place, line, counted = 0, 1, 0
    while (place := _next(text, place)) < len(text):
        line, counted = line + text.count("\n", counted, place), place
        where = f"{name}: line {line}"
        try:
            value, end = decoder.raw_decode(text, place)
        except RecursionError:
            raise BadRecording(where, _("nested too deeply")) from None
        except json.JSONDecodeError as wrong:
            raise _unreadable(name, text, where, wrong, first=not counted) from None
        except ValueError as wrong:
            raise _no_json(where, wrong) from None
        yield Placed(where, value, whole=not counted and _next(text, end) == len(text))
        place = end


def _cut_off(where: str, first: bool) -> BadRecording:
    if first:
        return BadRecording(where, _("not JSON: what begins here was cut off; take it again"))
    return BadRecording(where, _("not JSON: what begins here was cut off; take it again, or remove it from this line on"))


def _no_json(where: str, why: Exception | str) -> BadRecording:
    return BadRecording(where, _("not JSON: %(why)s") % {"why": why})


def _unreadable(name: str, text: str, where: str, wrong: json.JSONDecodeError, first: bool) -> BadRecording:
    if wrong.pos >= len(text.rstrip(_BLANK)) or "Unterminated" in wrong.msg:
        return _cut_off(where, first)
    begins = where.rpartition(": ")[2]
    return _no_json(f"{name}: line {wrong.lineno}", f"{wrong.msg[:1].lower()}{wrong.msg[1:]}, in what begins in {begins}")


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANK:
        place += 1
    return place


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number there")


def _documents(name: str, text: str) -> Iterator[Placed]:
    try:
        nodes = read(text, MOST_YAML_VALUES)
    except Unreadable as wrong:
        text = _("neither JSON nor YAML: %(why)s") % {"why": wrong.message}
        raise BadRecording(f"{name}: line {wrong.line}", f"{text}; {_(EXPECTED)}") from None
    for node in nodes:
        line = min(node.places.values(), default=(1, 1))[0]
        yield Placed(f"{name}: line {line}", node.value, whole=len(nodes) == 1)
