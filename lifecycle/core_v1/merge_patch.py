"""JSON merge patches (RFC 7386): apply one, and find the one between two values.

A merge patch cannot say everything: where an object holds null, or becomes one kind of value from another that
holds null inside, no patch gives the new value back. `diff` then says so with None.
"""

from __future__ import annotations

from typing import Any


def merge_apply(target: Any, patch: Any) -> Any:
    """Return `target` with `patch` applied; neither is altered, and what is equal is shared."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for field, value in patch.items():
        if value is None:
            result.pop(field, None)
        elif isinstance(value, dict):
            result[field] = merge_apply(result.get(field), value)
        else:
            result[field] = value
    return result


def merge_diff(old: Any, new: Any) -> Any | None:
    """Return a patch for which `merge_apply(old, patch)` gives `new`, or None where there is none.

    Equal objects give `{}`. Numbers and booleans that only Python holds equal (1, 1.0, True) count as different.
    """
    if not isinstance(new, dict):
        return new
    if not isinstance(old, dict):
        return new if _nowhere_null(new) else None
    patch: dict[str, Any] = {field: None for field in old if field not in new}
    for field, value in new.items():
        if field in old and same(old[field], value):
            continue
        if value is None:
            return None
        part = merge_diff(old.get(field), value)
        if part is None:
            return None
        patch[field] = part
    return patch


def same(a: Any, b: Any) -> bool:
    """Return whether two JSON values are written alike (1 and 1.0 and true are three values; order of fields is none)."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(field in b and same(value, b[field]) for field, value in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return repr(a) == repr(b)  # -0.0 is equal to 0.0 and written otherwise
    return bool(a == b)


def _nowhere_null(value: Any) -> bool:
    """Return whether a patch may hold this value whole: no object in it has a field that is null.

    Lists go in whole, so what they hold does not matter.
    """
    if isinstance(value, dict):
        return all(_nowhere_null(v) for v in value.values())
    return value is not None
