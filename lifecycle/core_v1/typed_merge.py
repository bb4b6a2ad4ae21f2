"""What an apply makes of a live object before anything is taken away: fields merge, and lists by the keys of their items.

Kubernetes: structured-merge-diff/typed (merge.go)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lifecycle.core_v1 import go_value
from lifecycle.core_v1.field_paths import is_atomic, item_key, list_map_keys
from lifecycle.core_v1.schema import Field, Type, fields

Object = dict[str, Any]


def merged(type: Type, live: Object, applied: Object) -> Object:
    """Return a live struct with what is applied; neither is altered."""
    known = fields(type.name)
    new = dict(live)
    for name, value in applied.items():
        field = known.get(name)
        new[name] = _value(field, live.get(name), value) if field else value
    return new


def _value(field: Field, live: Any, applied: Any) -> Any:
    """Return a field's value; what is empty takes nothing away from a field whose parts are managed apart."""
    type = field.type
    if is_atomic(field) or not live:
        return applied
    if type.shape == "struct":
        return merged(type, live, applied or {})
    if type.shape == "map":
        return {**live, **(applied or {})}
    return _items(field, live, applied or [])


def _items(field: Field, live: list[Any], applied: list[Any]) -> list[Any]:
    keys = list_map_keys(field)
    there, wanted = _by_key(keys, live), _by_key(keys, applied)
    of = field.type.of
    assert of is not None
    found = []
    for key in _order(list(there), list(wanted)):
        both = keys and key in there and key in wanted
        found.append(merged(of, there[key], wanted[key]) if both else wanted.get(key, there.get(key)))
    return found


def _by_key(keys: tuple[str, ...], items: list[Any]) -> dict[str, Any]:
    return {item_key(keys, item) if keys else go_value.compact(item): item for item in items}


def _order(live: list[str], applied: list[str]) -> Iterator[str]:
    """Yield all keys once: those that are applied in their order, and between them the others where they stand."""
    there, wanted = set(live), set(applied)
    at = place = 0
    while at < len(live) or place < len(applied):
        if at < len(live) and live[at] not in wanted:
            yield live[at]
            at += 1
        elif at < len(live) and live[at] != next((key for key in islice(applied, place, None) if key in there), None):
            at += 1  # it comes, or has come, where the applied list has it
        else:
            yield applied[place]
            at += at < len(live) and live[at] == applied[place]
            place += 1
