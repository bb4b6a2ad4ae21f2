"""JSON patches (RFC 6902), as evanphx/json-patch applies them for the API server."""

from __future__ import annotations

import re
from typing import Any

from lifecycle.core_v1.merge_patch import same

MOST_OPERATIONS = 10_000
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")

MEMBERS = {"op", "path", "from", "value"}


class PatchFailed(Exception):
    """An operation cannot be done: its path leads nowhere, or a test fails. The text says which and why."""


def unknown_members(patch: list[Any]) -> list[str]:
    """Return what strict decoding says about members of operations that mean nothing."""
    return [
        f'json patch unknown field "[{i}].{name}"'
        for i, operation in enumerate(patch)
        if isinstance(operation, dict)
        for name in operation
        if name not in MEMBERS
    ]


def json_apply(target: Any, patch: list[Any]) -> Any:
    """Return `target` with all operations done, one after the other; it is not altered itself.

    Raises: PatchFailed at the first operation that cannot be done.
    """
    for i, operation in enumerate(patch):
        try:
            target = _operate(target, operation)
        except PatchFailed as failed:
            raise PatchFailed(f"operation {i}: {failed}") from None
    return target


def _operate(target: Any, operation: Any) -> Any:
    if not isinstance(operation, dict) or operation.get("op") not in OPERATIONS:
        raise PatchFailed(f"Unexpected kind: {operation.get('op', '') if isinstance(operation, dict) else operation}")
    op, path = operation["op"], _steps(operation, "path")
    match op:
        case "add":
            return _put(target, path, operation.get("value"), insert=True)
        case "replace":
            _get(target, path)
            return _put(target, path, operation.get("value"), insert=False)
        case "remove":
            return _remove(target, path)
        case "copy":
            return _put(target, path, _get(target, _steps(operation, "from")), insert=True)
        case "move":
            origin = _steps(operation, "from")
            value = _get(target, origin)
            return _put(_remove(target, origin), path, value, insert=True)
    if not same(_get(target, path, missing=None), operation.get("value")):
        raise PatchFailed(f"testing path {operation['path']} failed: test failed")
    return target


def _steps(operation: dict[str, Any], name: str) -> list[str]:
    pointer = operation.get(name)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchFailed(f"{name} must be a JSON pointer such as /metadata/labels, not {pointer!r}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


_NEVER = object()


def _get(target: Any, steps: list[str], missing: Any = _NEVER) -> Any:
    for step in steps:
        if isinstance(target, dict) and step in target:
            target = target[step]
        elif isinstance(target, list) and _place(step, len(target)) is not None:
            target = target[_place(step, len(target)) or 0]
        elif missing is not _NEVER:
            return missing
        else:
            raise PatchFailed(f"missing path: /{'/'.join(steps)}: missing value")
    return target


def _put(target: Any, steps: list[str], value: Any, insert: bool) -> Any:
    """Return the target with a value at a place; a list's items move to make room where it is inserted."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(target, dict):
        if rest and step not in target:
            raise PatchFailed(f"doc is missing path: {step}")
        return {**target, step: _put(target.get(step), rest, value, insert)}
    if not isinstance(target, list):
        raise PatchFailed(f"doc is missing path: {step}")
    if not rest and insert:
        place = len(target) if step == "-" else _place(step, len(target) + 1)
        if place is None:
            raise PatchFailed(f"Unable to access invalid index: {step}")
        return [*target[:place], value, *target[place:]]
    place = _place(step, len(target))
    if place is None:
        raise PatchFailed(f"Unable to access invalid index: {step}")
    return [*target[:place], _put(target[place], rest, value, insert), *target[place + 1 :]]


def _remove(target: Any, steps: list[str]) -> Any:
    _get(target, steps)
    if not steps:
        raise PatchFailed("the whole object cannot be removed")
    step, rest = steps[0], steps[1:]
    if isinstance(target, dict):
        if rest:
            return {**target, step: _remove(target[step], rest)}
        return {name: value for name, value in target.items() if name != step}
    place = _place(step, len(target)) or 0
    kept = [_remove(target[place], rest)] if rest else []
    return [*target[:place], *kept, *target[place + 1 :]]


def _place(step: str, length: int) -> int | None:
    """Return the index that a step names (-1 is the last), or None."""
    if not re.fullmatch(r"-?(0|[1-9]\d{0,9})", step):
        return None
    place = int(step)
    place += length if place < 0 else 0
    return place if 0 <= place < length else None
