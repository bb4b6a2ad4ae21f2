"""Templates of `kubectl get -o jsonpath=`, in Kubernetes' own dialect of JSONPath.

A template is text with actions in braces; `{range PATH}` to `{end}` is done for each value that the path finds. `render` makes
the text, `find` the values of each action. Where Go takes the fields of an object in an order that differs from run to run
(wildcards, `..`), they come by name.
Kubernetes: client-go/util/jsonpath
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lifecycle.core_v1 import go_value
from lifecycle.printers.documents import json_value
from lifecycle.printers.jsonpath_syntax import (
    Everything,
    Field,
    Filter,
    Literal,
    Node,
    Part,
    Path,
    Recursive,
    Slice,
    Text,
    Union,
    Word,
)

Values = list[Any]


class Unanswerable(ValueError):
    """A template asks an object for what it cannot have, such as an element of what is no list."""


def render(template: Sequence[Part], obj: Any) -> str:
    """Return the text that a template makes of an object. Raises: Unanswerable."""
    return "".join(" ".join(map(_text, values)) for values in find(template, obj))


def json_form(template: Sequence[Part], obj: Any) -> str:
    """Return what each action finds as a JSON list (`-o jsonpath-as-json=`). Raises: Unanswerable."""
    return "".join(json_value(values) for values in find(template, obj))


def find(template: Sequence[Part], obj: Any) -> Iterator[Values]:
    """Yield what each action and each piece of text comes to. Raises: Unanswerable."""
    for part in template:
        values = _walk(part.path, [obj])
        if part.body is None:
            yield values
            continue
        for value in values:
            yield from find(part.body, value)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return go_value.encoded(value)
    return go_value.plain(value)


def _walk(path: Path, values: Values) -> Values:
    for node in path:
        values = _step(node, values)
    return values


def _step(node: Node, values: Values) -> Values:
    match node:
        case Field(name):
            return [value[name] for value in values if isinstance(value, dict) and name in value]
        case Slice():
            return _sliced(node, values)
        case Everything():
            return [inner for value in values for inner in _inner(value)]
        case Recursive():
            return [inner for value in values for inner in _all_within(value)]
        case Union(paths):
            return [value for path in paths for value in _walk(path, values)]
        case Filter():
            return [element for value in values for element in _filtered(node, value)]
        case Text(text):
            return [text]
        case Literal(value):
            return [value] * len(values)
        case Word("range"):
            return values
        case Word("end"):
            raise Unanswerable("not in range, nothing to end")
        case Word(word):
            raise Unanswerable(f"unrecognized identifier {word}")


def _inner(value: Any) -> Values:
    """Return what a value holds; a text holds its bytes."""
    if isinstance(value, dict):
        return [value[name] for name in sorted(value)]
    if isinstance(value, str):
        return list(value.encode(errors="replace"))
    return value if isinstance(value, list) else []


def _all_within(value: Any) -> Iterator[Any]:
    """Yield a value and all below it, as far as they hold anything."""
    inner = _inner(value)
    if inner:
        yield value
        for one in inner:
            yield from _all_within(one)


def _sliced(node: Slice, values: Values) -> Values:
    found: Values = []
    for value in values:
        if value is None:
            continue
        if not isinstance(value, list):
            raise Unanswerable(f"{_type(value)} is not array or slice")
        start, stop = _bounds(node, len(value))
        if start == stop:
            return found
        if node.step is not None and node.step <= 0:
            raise Unanswerable("step must be > 0")
        found += value[start : stop : node.step]
    return found


def _bounds(node: Slice, length: int) -> tuple[int, int]:
    """Return where a slice of a list begins and ends. Raises: Unanswerable where that is no place of the list."""
    start = node.start or 0
    start += length if start < 0 else 0
    stop = length if node.stop is None else node.stop
    stop += length if stop < 0 or (stop == 0 and node.single) else 0
    if start == stop:
        return start, stop
    if not 0 <= start < length:
        raise Unanswerable(f"array index out of bounds: index {start}, length {length}")
    if not 0 <= stop <= length:
        raise Unanswerable(f"array index out of bounds: index {stop - 1}, length {length}")
    if start > stop:
        raise Unanswerable(f"starting index {start} is greater than ending index {stop}")
    return start, stop


def _filtered(node: Filter, value: Any) -> Iterator[Any]:
    if not isinstance(value, list):
        raise Unanswerable(f"{go_value.plain(value)} is not array or slice and cannot be filtered")
    for element in value:
        if node.operator == "exists":
            if _exists(node.left, element):
                yield element
            continue
        left = _walk(node.left, [element])
        if not left:
            continue
        if len(left) > 1:
            raise Unanswerable("can only compare one element at a time")
        right = _walk(node.right, [element])
        if len(right) > 1:
            raise Unanswerable("can only compare one element at a time")
        if right and _compared(node.operator, left[0], right[0]):
            yield element


def _exists(path: Path, element: Any) -> bool:
    try:
        return bool(_walk(path, [element]))
    except Unanswerable:
        return False


def _compared(operator: str, left: Any, right: Any) -> bool:
    """Compare two values as Go's templates do: only those of one kind. Raises: Unanswerable."""
    if operator not in _COMPARISONS:
        raise Unanswerable(f"unrecognized filter operator {operator}")
    if not all(isinstance(one, bool | int | float | str) for one in (left, right)):
        raise Unanswerable("invalid type for comparison")
    if type(left) is not type(right):
        raise Unanswerable("incompatible types for comparison")
    if isinstance(left, bool) and operator not in ("==", "!="):
        raise Unanswerable("invalid type for comparison")
    if isinstance(left, str):
        left, right = left.encode(errors="replace"), right.encode(errors="replace")
    return bool(_COMPARISONS[operator](left, right))


_COMPARISONS = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _type(value: Any) -> str:
    return "int64" if isinstance(value, int) and not isinstance(value, bool) else go_value.type_name(value)
