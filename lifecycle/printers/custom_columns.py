"""`kubectl get -o custom-columns=`: a table whose columns are paths of jsonpath.

Kubernetes: kubectl/pkg/cmd/get/customcolumn.go
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lifecycle.core_v1 import go_value
from lifecycle.printers import jsonpath
from lifecycle.printers.jsonpath_syntax import BadTemplate, Part, parse_relaxed
from lifecycle.printers.layout import escaped, tabled
from lifecycle.printers.metadata import Object


class Column(NamedTuple):
    """A column: what stands above it, and where its values are found."""

    header: str
    path: tuple[Part, ...]


def columns(text: str) -> list[Column]:
    """Read `NAME:.metadata.name,IP:.status.podIP`. Raises: BadTemplate."""
    found = []
    for one in text.split(","):
        header, colon, path = one.partition(":")
        if not colon:
            raise BadTemplate(f"unexpected custom-columns spec: {one}, expected <header>:<json-path-expr>")
        found.append(Column(header, parse_relaxed(path)))
    return found


def columns_of_file(text: str) -> list[Column]:
    """Read a line of headers and a line of paths, with spaces between. Raises: BadTemplate."""
    lines = text.split("\n")
    expected = "Expected format is one line of space separated headers, one line of space separated column specs."
    headers = lines[0].split()
    if not headers:
        raise BadTemplate(f"invalid template, missing header line. {expected}")
    paths = lines[1].split() if len(lines) > 1 else []
    if not paths:
        raise BadTemplate(f"invalid template, missing spec line. {expected}")
    if len(headers) != len(paths):
        raise BadTemplate(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return [Column(header, parse_relaxed(path)) for header, path in zip(headers, paths, strict=True)]


def text(columns: Sequence[Column], objects: Sequence[Object], headers: bool = True) -> str:
    """Return the table. Raises: jsonpath.Unanswerable."""
    rows = ["\t".join(_cell(column, obj) for column in columns) for obj in objects]
    lines = [*(["\t".join(column.header for column in columns)] if headers else []), *rows]
    return tabled(lines) if lines else ""


def _cell(column: Column, obj: Object) -> str:
    values = list(_values(column, obj))
    return escaped(",".join(map(go_value.plain, values))) if values else "<none>"


def _values(column: Column, obj: Object) -> Iterator[object]:
    for values in jsonpath.find(column.path, obj):
        yield from values
