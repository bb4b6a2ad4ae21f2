"""YAML as kubectl reads it: into JSON values, with the place of every field.

Scalars mean what they mean to sigs.k8s.io/yaml: `yes`, `no`, `on`, `off` are booleans, `010` and `0o10` are eight,
dates stay strings, keys become strings. Nothing is expanded before it was counted, so an alias bomb costs nothing.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import yaml

from lifecycle.core_v1.field import Path

DEEPEST = 64
LONGEST_NUMBER = 300
"""Digits of a whole number; one of more is beyond every number that JSON's readers hold."""

MOST_NODES = 100_000

Place = tuple[int, int]
"""Line and column, both from 1."""

Places = dict[Path, Place]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BOOLEANS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_NULLS = {"", "~", "null", "Null", "NULL"}
_NOT_JSON = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"}
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TEXT_TO_WRITERS = re.compile(r"[yYnN]|[-+]?0o[0-7]+|[-+]?0[0-9]*[89][0-9]*")
_TAG = "tag:yaml.org,2002:"


class Unreadable(Exception):
    """The text is not YAML, or more of it than we read. The place counts from the start of the text that was given."""

    def __init__(self, message: str, line: int = 1, column: int = 1, path: Path = ()) -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.path = message, line, column, path


class Repeated(msgspec.Struct, frozen=True):
    """A key that stands more than once in a mapping; the last one counts. The place is that of the later one."""

    path: Path
    line: int
    column: int
    before: int


class Node(msgspec.Struct, frozen=True):
    """What a document says: a JSON value, where its fields stand, and the keys that stand twice."""

    value: Any
    places: Places
    repeated: tuple[Repeated, ...]


class _Anchor(NamedTuple):
    value: Any
    nodes: int
    height: int


class _Frame:
    """A mapping or sequence whose end has not come yet."""

    def __init__(self, mapping: bool, path: Path, anchor: str | None) -> None:
        self.mapping, self.path, self.anchor = mapping, path, anchor
        self.items: list[Any] = []
        self.pairs: dict[str, Any] = {}
        self.merged: list[dict[str, Any]] = []
        self.lines: dict[str, int] = {}
        self.key: str | None = None
        self.nodes = 1
        self.height = 1


def read(source: str, most: int = MOST_NODES, *, written: bool = False) -> list[Node]:
    """Return the documents of a text, each of `most` values at most.

    `written`: by a program, in YAML 1.1, where `y`, `n`, `08` and `0o17` are texts that need no quotes.
    Raises: Unreadable, with the place where reading stopped.
    """
    try:
        return list(_Reader(most, written).documents(yaml.parse(source, Loader=_LOADER)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(error.problem or "not YAML", line, column) from None
    except yaml.YAMLError as error:
        raise Unreadable(str(error).split("\n")[0]) from None


class _Reader:
    def __init__(self, most: int, written: bool) -> None:
        self.most, self.written = most, written

    def documents(self, events: Iterator[Any]) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.places: Places = {}
                self.repeated: list[Repeated] = []
                self.anchors: dict[str, _Anchor] = {}
                self.open: set[str] = set()
                self.nodes = 0
                value = self.document(events)
                yield Node(value, self.places, tuple(self.repeated))

    def document(self, events: Iterator[Any]) -> Any:
        """Return the value of one document; frames hold what is open, so that depth costs no stack."""
        frames: list[_Frame] = []
        result: Any = None
        for event in events:
            match event:
                case yaml.DocumentEndEvent():
                    break
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    frames.append(self.opened(event, frames))
                    continue
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    done = self.closed(frames.pop())
                case yaml.AliasEvent():
                    done = self.alias(event, frames)
                case _:
                    done = self.scalar(event, frames)
            if frames:
                self.put(frames[-1], done, event)
            else:
                result = done.value
        return result

    def opened(self, event: Any, frames: list[_Frame]) -> _Frame:
        path = self.step(frames, event)
        self.count(1, event, path)
        if len(frames) >= DEEPEST:
            raise _at(event, f"nested more than {DEEPEST} levels deep", path)
        if frames and frames[-1].mapping and frames[-1].key is None:
            raise _at(event, "a key must be text, not a mapping or a list", path)
        if event.anchor:
            self.open.add(event.anchor)
        return _Frame(isinstance(event, yaml.MappingStartEvent), path, event.anchor)

    def closed(self, frame: _Frame) -> _Anchor:
        if frame.mapping:
            value: Any = {}
            for merged in reversed(frame.merged):
                value |= merged
            value |= frame.pairs
        else:
            value = frame.items
        done = _Anchor(value, frame.nodes, frame.height)
        if frame.anchor:
            self.open.discard(frame.anchor)
            self.anchors[frame.anchor] = done
        return done

    def alias(self, event: Any, frames: list[_Frame]) -> _Anchor:
        path = self.step(frames, event)
        if event.anchor in self.open:
            raise _at(event, f"anchor '{event.anchor}' value contains itself", path)
        if event.anchor not in self.anchors:
            raise _at(event, f"unknown anchor '{event.anchor}' referenced", path)
        found = self.anchors[event.anchor]
        self.count(found.nodes, event, path)
        if len(frames) + found.height - 1 > DEEPEST:
            raise _at(event, f"nested more than {DEEPEST} levels deep", path)
        return found

    def scalar(self, event: Any, frames: list[_Frame]) -> _Anchor:
        path = self.step(frames, event)
        self.count(1, event, path)
        try:
            text = self.written and _TEXT_TO_WRITERS.fullmatch(event.value)
            value = scalar(event.value, event.tag, plain=event.implicit[0] and not text)
        except ValueError as error:
            raise _at(event, str(error), path) from None
        done = _Anchor(value, 1, 1)
        if event.anchor:
            self.anchors[event.anchor] = done
        return done

    def count(self, nodes: int, event: Any, path: Path) -> None:
        self.nodes += nodes
        if self.nodes > self.most:
            raise _at(event, f"more than {self.most:,} values, once its aliases are followed", path)

    def step(self, frames: list[_Frame], event: Any) -> Path:
        """Return the path of the value that comes now, and note where it stands."""
        if not frames:
            path: Path = ()
        elif not frames[-1].mapping:
            path = (*frames[-1].path, len(frames[-1].items))
        elif frames[-1].key is None:
            return frames[-1].path
        else:
            return (*frames[-1].path, frames[-1].key)
        self.places[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        return path

    def put(self, frame: _Frame, done: _Anchor, event: Any) -> None:
        """Add a finished value to what is open around it: as an item, a key, or a key's value."""
        frame.nodes += done.nodes
        frame.height = max(frame.height, done.height + 1)
        if not frame.mapping:
            frame.items.append(done.value)
        elif frame.key is None:
            frame.key = self.key(frame, done.value, event)
        else:
            if frame.key == "<<":
                frame.merged += self.merge(done.value, event, frame.path)
            else:
                frame.pairs[frame.key] = done.value
            frame.key = None

    def key(self, frame: _Frame, value: Any, event: Any) -> str:
        name = as_key(value)
        if name is None:
            raise _at(event, "a key must be text, a number or a boolean", frame.path)
        path = (*frame.path, name)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if name in frame.lines and name != "<<":
            self.repeated.append(Repeated(path, line, column, frame.lines[name]))
        frame.lines[name] = line
        self.places[path] = (line, column)
        return name

    def merge(self, value: Any, event: Any, path: Path) -> list[dict[str, Any]]:
        """Return the mappings that a `<<` merges, the one that counts most first."""
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in found):
            raise _at(event, "map merge requires map or sequence of maps as the value", path)
        return found


def _at(event: Any, message: str, path: Path) -> Unreadable:
    return Unreadable(message, event.start_mark.line + 1, event.start_mark.column + 1, path)


def as_key(value: Any) -> str | None:
    """Return a key as JSON has it, or None if it can be none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


def scalar(value: str, tag: str | None, plain: bool) -> Any:
    """Return what a scalar means; `plain`: it stood there without quotes.

    Raises: ValueError if its tag asks for what it is not, or JSON has no such value.
    """
    if tag and tag.startswith(_TAG):
        return _tagged(value, tag.removeprefix(_TAG))
    return resolve(value) if plain and not tag else value


def _tagged(value: str, tag: str) -> Any:
    if tag == "binary":
        try:
            return base64.b64decode(value, validate=False).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("!!binary value contains invalid base64 data") from None
    wanted: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
    if tag not in wanted:
        return value
    found = resolve(value)
    if not isinstance(found, wanted[tag]):
        raise ValueError(f"cannot decode !!str `{value}` as a !!{tag}")
    return found


def resolve(value: str) -> Any:
    """Return what a plain scalar means to go-yaml.

    Raises: ValueError for what JSON cannot hold (.nan, .inf).
    """
    if value in _BOOLEANS:
        return _BOOLEANS[value]
    if value in _NULLS:
        return None
    if value in _NOT_JSON:
        raise ValueError(f"json: unsupported value: {value}")
    return _number(value.replace("_", "")) if value[0] in "+-.0123456789" else value


def _number(value: str) -> Any:
    match = _INTEGER.fullmatch(value)
    if match:
        digits = match[2]
        octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
        if len(digits) > LONGEST_NUMBER:
            raise ValueError(f"json: unsupported value: a whole number of {len(digits):,} digits")
        number = int(digits, 8) if octal else int(digits, 0)
        return -number if match[1] == "-" else number
    if not _FLOAT.fullmatch(value):
        return value
    real = float(value)
    if math.isinf(real):
        raise ValueError(f"json: unsupported value: {value}")
    return int(real) if real.is_integer() and abs(real) < 1e21 else real


def where(places: Places, path: Path) -> Place:
    """Return where a field stands, or where the nearest one around it does."""
    for length in range(len(path), -1, -1):
        found = places.get(path[:length])
        if found:
            return found
    return (1, 1)
