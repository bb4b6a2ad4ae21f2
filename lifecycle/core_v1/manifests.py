"""What people submit: text that holds Kubernetes objects as YAML or JSON, with the place of every field in it.

Nothing here raises: what is wrong becomes a Problem that says where, and what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.core_v1 import field
from lifecycle.core_v1.decode import pairs
from lifecycle.core_v1.field import Path
from lifecycle.core_v1.go_json import mended
from lifecycle.core_v1.yaml_reader import Node, Places, Repeated, Unreadable, read, where

LARGEST_TEXT = 3 * 1024 * 1024
"""Bytes of one upload or file."""

MOST_DOCUMENTS = 200
"""Documents in one upload or file."""

MOST_OBJECTS = 1000
"""Objects in one upload or file: its documents, and in place of a List its items."""

WHAT_TO_DO = {
    "found character that cannot start": "Indent with spaces, never with tabs; put text that begins with @ or ` in quotes.",
    "found a tab character": "Indent with spaces, never with tabs.",
    "did not find expected key": "Align this line with the keys it belongs to.",
    "mapping values are not allowed": "Check the indentation; put text that holds a colon and a blank in quotes.",
    "did not find expected '-' indicator": "Align this item with the other items of its list.",
    "did not find expected ',' or ']'": "Close the list with ].",
    "did not find expected ',' or '}'": "Close the mapping with }.",
    "found unexpected end of stream": "Close the quotes that are open here.",
    "could not find expected ':'": "Write a key, a colon and a blank, and then the value.",
    "not JSON": "Check commas, quotes and brackets here.",
    "nested": "Remove levels: no Kubernetes object is nested that deeply.",
    "more than": "Write less in one document, and do without aliases that multiply each other.",
    "anchor": "Remove the alias, or let it point at something that does not contain it.",
    "a key must be text": "Write the key as plain text, before a colon.",
    "map merge requires": "Let << stand before an alias of a mapping.",
    "unknown anchor": "Define the anchor with & before it is used with *.",
    "json: unsupported value": "Write a finite number, or put the text in quotes.",
}
"""What to do about what a parser says, by how its message begins."""


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with what was submitted. Documents, lines and columns count from 1."""

    document: int
    line: int
    column: int
    field: str
    message: str
    what_to_do: str = ""

    def __str__(self) -> str:
        what = f"{self.field}: {self.message}" if self.field else self.message
        return f"line {self.line}, column {self.column}: {what}" + (f". {self.what_to_do}" if self.what_to_do else "")


class Document(msgspec.Struct, frozen=True):
    """One object as it was submitted. `root` is where it stands in its document: () unless it is an item of a List."""

    number: int
    value: dict[str, Any]
    places: Places
    root: Path = ()

    def where(self, path: Path | str) -> tuple[int, int]:
        """Return line and column of a field, or of the nearest one around it that is there."""
        steps = field.parse(path) if isinstance(path, str) else path
        return where(self.places, (*self.root, *steps))

    def problem(self, path: Path | str, message: str, what_to_do: str = "") -> Problem:
        line, column = self.where(path)
        name = path if isinstance(path, str) else field.text(path)
        return Problem(self.number, line, column, name, message, what_to_do)


class Submitted(msgspec.Struct, frozen=True):
    """What a text holds: its objects, what is wrong with it, and what is odd about it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class _Piece(msgspec.Struct, frozen=True):
    """A part of the text that is read by itself; `line` is how many lines come before it."""

    text: str
    line: int


def parse(source: bytes | str) -> Submitted:
    """Read a text that holds any number of documents."""
    text = _as_text(source)
    if isinstance(text, Problem):
        return Submitted(problems=(text,))
    documents: list[Document] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for number, node, piece in _numbered(text):
        if isinstance(node, Unreadable):
            problems.append(_unreadable(node, number, piece))
            continue
        found = _objects(node, number)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            documents += found
            warnings += [_repeated(one, number) for one in node.repeated]
        if number > MOST_DOCUMENTS:
            return _too_many(f"{MOST_DOCUMENTS} documents", number, piece)
        if len(documents) > MOST_OBJECTS:
            return _too_many(f"{MOST_OBJECTS:,} objects", number, piece)
    if not documents and not problems:
        problems.append(Problem(1, 1, 1, "", "no objects in this text", "Paste or choose a manifest that holds a Pod."))
    return Submitted(tuple(documents), tuple(problems), tuple(warnings))


def _too_many(most: str, number: int, piece: _Piece) -> Submitted:
    message = f"more than {most} in one text"
    return Submitted(problems=(Problem(number, piece.line + 1, 1, "", message, "Submit it in several parts."),))


def _numbered(text: str) -> Iterator[tuple[int, Node | Unreadable, _Piece]]:
    """Give the documents that are not empty, counted from 1, with their places in the whole text."""
    number = 0
    for piece in _pieces(text):
        for node in _nodes(piece):
            if isinstance(node, Unreadable) or node.value is not None:
                number += 1
                yield number, node if isinstance(node, Unreadable) else _moved(node, piece), piece


def _as_text(source: bytes | str) -> str | Problem:
    data = source.encode(errors="surrogatepass") if isinstance(source, str) else source
    if len(data) > LARGEST_TEXT:
        size = f"{len(data) / 1024 / 1024:.1f} MiB"
        return Problem(1, 1, 1, "", f"the text is {size} long; the limit is 3 MiB", "Submit it in several parts.")
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"byte {data[error.start]:#04x} is not text in UTF-8"
        return Problem(1, line, column, "", message, "Submit a text file, saved as UTF-8.")
    return _control_character(text) or text


def _control_character(text: str) -> Problem | None:
    match = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", text)
    if not match:
        return None
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    message = f"control characters are not allowed (U+{ord(match[0]):04X})"
    return Problem(1, line, column, "", message, "Remove the character, or write it as an escape in double quotes.")


def _pieces(text: str) -> Iterator[_Piece]:
    """Split a text as kubectl does: at lines that hold three dashes and nothing else but a comment."""
    lines = text.split("\n")
    start = 0
    for i, content in enumerate([*lines, "---"]):
        if re.fullmatch(r"---\s*(#.*)?", content) or i == len(lines):
            piece = "\n".join(lines[start:i])
            if piece.strip():
                yield _Piece(piece, start)
            start = i + 1


def _nodes(piece: _Piece) -> Iterator[Node | Unreadable]:
    return _json_nodes(piece.text) if piece.text.lstrip().startswith("{") else _yaml_nodes(piece.text)


def _yaml_nodes(text: str) -> Iterator[Node | Unreadable]:
    try:
        yield from read(text)
    except Unreadable as error:
        yield error


def _json_nodes(text: str) -> Iterator[Node | Unreadable]:
    """Read JSON objects that follow each other; what is no JSON may still be YAML in braces."""
    decoder = json.JSONDecoder(object_pairs_hook=pairs, parse_constant=_no_constant)
    at, text = 0, mended(text)
    while text[at:].strip():
        at = len(text) - len(text[at:].lstrip())
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if not text[:at].strip() and not re.match(r'\{\s*"', text[at:]):
                yield from _yaml_nodes(text)
            else:
                yield _json_error(error, text, at)
            return
        yield _json_node(value, re.sub(r"[^\n]", " ", text[:at]) + text[at:end])
        at = end


def _no_constant(name: str) -> None:
    raise ValueError(f"json: unsupported value: {name}")


def _json_error(error: Exception, text: str, at: int) -> Unreadable:
    if isinstance(error, json.JSONDecodeError):
        return Unreadable(f"not JSON: {error.msg[0].lower()}{error.msg[1:]}", error.lineno, error.colno)
    line = text.count("\n", 0, at) + 1
    return Unreadable("nested too deeply" if isinstance(error, RecursionError) else str(error), line, 1)


def _json_node(value: Any, text: str) -> Node | Unreadable:
    """Take values from JSON, places from reading the same text as YAML (in which a tab is a blank, to keep columns)."""
    try:
        (node,) = read(text.replace("\t", " "))
    except Unreadable as error:
        if error.message.startswith(("nested", "more than")):
            return error
        node = Node(value, {}, ())
    return Node(_whole(value), node.places, node.repeated)


def _whole(value: Any) -> Any:
    """Return a JSON value as kubectl sends it on: plain objects, and whole numbers without a fraction."""
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def _moved(node: Node, piece: _Piece) -> Node:
    """Count lines from the start of the whole text."""
    if not piece.line:
        return node
    places = {path: (line + piece.line, column) for path, (line, column) in node.places.items()}
    repeated = tuple(Repeated(one.path, one.line + piece.line, one.column, one.before + piece.line) for one in node.repeated)
    return Node(node.value, places, repeated)


def _objects(node: Node, number: int) -> list[Document] | Problem:
    value = node.value
    if not isinstance(value, dict):
        line, column = node.places.get((), (1, 1))
        kind = {list: "a list", str: "text", bool: "a boolean"}.get(type(value), "a number")
        message = f"an object is wanted here, not {kind}"
        return Problem(number, line, column, "", message, "Begin with apiVersion, kind and metadata.")
    items = value.get("items")
    if not str(value.get("kind", "")).endswith("List") or not isinstance(items, list):
        return [Document(number, value, node.places)]
    documents = []
    for i, item in enumerate(items):
        document = Document(number, item if isinstance(item, dict) else {}, node.places, ("items", i))
        if not isinstance(item, dict):
            return document.problem((), f"items[{i}] is not an object", "Let every item of the List be an object.")
        documents.append(document)
    return documents


def _unreadable(error: Unreadable, number: int, piece: _Piece) -> Problem:
    advice = next((text for begin, text in WHAT_TO_DO.items() if error.message.startswith(begin)), "")
    name = field.text(error.path)
    return Problem(number, error.line + piece.line, error.column, name, error.message, advice)


def _repeated(one: Repeated, number: int) -> Problem:
    name = field.text(one.path)
    message = f"{field.quote(str(one.path[-1]))} stands twice (first on line {one.before}); the last one counts"
    return Problem(number, one.line, one.column, name, message, "Keep one of them.")
