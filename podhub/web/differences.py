"""What a change altered, field by field. Items of lists are matched by their key (name, type), never by their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

KEYS = ("name", "type", "key", "uid", "containerPort", "ip", "mountPath")
"""What items of Kubernetes' lists go by; the first that all items of both lists have, each once, counts."""

NO_NEWS = frozenset({"metadata.resourceVersion", "metadata.managedFields"})


def left_out(old: Any, new: Any) -> int:
    """Return how many fields differ of which differences are no news."""
    paths = [path.split(".") for path in NO_NEWS]
    return sum(old.get(part, {}).get(field) != new.get(part, {}).get(field) for part, field in paths) if old and new else 0


class Difference(NamedTuple):
    """A field by its path, as it was and as it is; None: it was, or is, not there."""

    path: str
    old: Any
    new: Any


def differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """Yield the fields in which two values differ, in the order of their paths."""
    if old == new or path in NO_NEWS:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(old, list) and isinstance(new, list) and (key := _key(old, new)):
        before, after = {item[key]: item for item in old}, {item[key]: item for item in new}
        for name in dict.fromkeys((*before, *after)):
            yield from differences(before.get(name), after.get(name), f"{path}[{name}]")
    else:
        yield Difference(path, old, new)


def _key(old: list[Any], new: list[Any]) -> str | None:
    for key in KEYS:
        if all(isinstance(item, dict) and isinstance(item.get(key), (str, int)) for item in (*old, *new)) and all(
            len({item[key] for item in items}) == len(items) for items in (old, new)
        ):
            return key
    return None
