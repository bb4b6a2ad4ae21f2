"""Strategic merge patches: maps merge, and so do those lists whose items have a key, by the keys of the table of types.

Kubernetes: apimachinery/pkg/util/strategicpatch
"""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import go_value
from lifecycle.core_v1.merge_patch import same
from lifecycle.core_v1.schema import Field, Type, fields

DIRECTIVE = "$patch"
DELETE_ITEMS = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"
RETAIN_KEYS = "$retainKeys"

Map = dict[str, Any]


class BadPatch(Exception):
    """The patch makes no sense; the text is Kubernetes'."""


def strategic_apply(target: Map, patch: Map, type: Type | None) -> Map:
    """Return a map with a patch applied; `type` is the struct that it is, or None where its fields have no keys.

    Raises: BadPatch.
    """
    if DIRECTIVE in patch:
        return _directed(patch)
    known = fields(type.name) if type is not None and type.shape == "struct" else {}
    result = _retained(target, patch)
    for name, wanted in patch.items():
        if name.startswith(ORDER):
            _ordered(result, name.removeprefix(ORDER), wanted, patch, known)
    for name, value in patch.items():
        if name.startswith((ORDER, RETAIN_KEYS)) or ORDER + name in patch:
            continue
        if name.startswith(DELETE_ITEMS):
            _without_items(result, name.removeprefix(DELETE_ITEMS), value)
        elif value is None:
            result.pop(name, None)
        else:
            _merge_field(result, name, value, known.get(name))
    return result


def _directed(patch: Map) -> Map:
    match patch[DIRECTIVE]:
        case "replace":
            return {name: value for name, value in patch.items() if name != DIRECTIVE}
        case "delete":
            return {}
        case "merge":
            raise BadPatch(_unknown(patch))
    raise BadPatch(_unknown(patch))


def _unknown(patch: Map) -> str:
    return f"unknown patch type: {go_value.plain(patch[DIRECTIVE])} in map: {go_value.plain(patch)}"


def _retained(target: Map, patch: Map) -> Map:
    """Return a copy of the target, with nothing in it that `$retainKeys` does not list."""
    if RETAIN_KEYS not in patch:
        return dict(target)
    keys = patch[RETAIN_KEYS]
    named = {n for n, v in patch.items() if v is not None and not n.startswith((ORDER, DELETE_ITEMS, RETAIN_KEYS))}
    if not isinstance(keys, list) or not named <= {key for key in keys if isinstance(key, str)}:
        raise BadPatch("invalid patch format of retainKeys")
    return {name: value for name, value in target.items() if name in keys}


def _merge_field(result: Map, name: str, value: Any, spec: Field | None) -> None:
    old = result.get(name)
    if isinstance(old, dict) and isinstance(value, dict):
        result[name] = strategic_apply(old, value, spec.type if spec else None)
    elif isinstance(old, list) and isinstance(value, list) and spec is not None and spec.merge_key is not None:
        result[name] = merge_list(old, value, spec)
    elif isinstance(old, list) and isinstance(value, list):
        result[name] = value
    else:
        kept = _plain(value)
        if kept is _GONE:
            result.pop(name, None)
        else:
            result[name] = kept


_GONE = object()


def _plain(value: Any) -> Any:
    """Return a value that has nothing to be merged with: without nulls, and without what only directs a merge."""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return _GONE
        parts = {name: _plain(part) for name, part in value.items() if part is not None}
        directives = (ORDER, DELETE_ITEMS, RETAIN_KEYS)
        return {name: part for name, part in parts.items() if part is not _GONE and not name.startswith(directives)}
    if isinstance(value, list):
        return [part for part in map(_plain, value) if part is not _GONE]
    return value


def _without_items(result: Map, name: str, items: Any) -> None:
    if not isinstance(items, list):
        raise BadPatch("invalid patch format of primitive list")
    if isinstance(result.get(name), list):
        result[name] = [item for item in result[name] if item not in items]


def merge_list(old: list[Any], patch: list[Any], spec: Field) -> list[Any]:
    """Return a list merged by its key (an empty one: a list of scalars, of which each stands once)."""
    if not old and not patch:
        return old
    key = spec.merge_key or ""
    if not key:
        merged = _once([*old, *patch])
    else:
        old, patch = _special(old, patch, key)
        merged = list(old)
        for item in patch:
            place = _find(merged, _key_of(item, key), key)
            if place is None:
                merged.append(_plain(item))
            else:
                merged[place] = strategic_apply(merged[place], item, spec.type.of)
    return _arranged(merged, patch, old, key)


def _special(old: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Do what items with a `$patch` direct; return the list and the patch without them."""
    plain, replace = [], False
    for item in patch:
        if not isinstance(item, dict):
            raise BadPatch(f"expected a map, but received a {go_kind(item)}")
        match item.get(DIRECTIVE):
            case None:
                plain.append(item)
            case "delete":
                gone = _key_of(item, key)
                old = [one for one in old if one.get(key) != gone]
            case "replace":
                replace = True
            case "merge":
                raise BadPatch("merging lists cannot yet be specified in the patch")
            case _:
                raise BadPatch(_unknown(item))
    return (plain, []) if replace else (old, plain)


def _ordered(result: Map, name: str, order: Any, patch: Map, known: dict[str, Field]) -> None:
    """Merge a list and put its items in the order that `$setElementOrder` gives."""
    spec, given = known.get(name), patch.get(name)
    if not isinstance(order, list) or spec is None:
        raise BadPatch("invalid patch format of setElementOrder list")
    key, old = spec.merge_key or "", result.get(name) or []
    if isinstance(given, list):
        _check_order(given, order, key)
    if given is None and name in patch:
        result.pop(name, None)
        return
    merged = merge_list(old, given, spec) if isinstance(given, list) else old
    if merged or name in result:
        result[name] = _arranged(merged, order, old, key)


def _check_order(patch: list[Any], order: list[Any], key: str) -> None:
    """Test that the items of a patch come in the order that they are to have."""
    rest = iter(order)
    for item in patch:
        if isinstance(item, dict) and DIRECTIVE in item:
            continue
        if not any(_identity(item, key) == _identity(one, key) for one in rest):
            shown = f"{go_value.plain(patch)}\n doesn't match $setElementOrder list:\n{go_value.plain(order)}\n"
            raise BadPatch(f"The order in patch list:\n{shown}")


def _arranged(items: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """Return items in order: those that `order` names as it has them, the others where the live list had them.

    A live item stands before the first ordered item that came after it in the live list; so an item that is new, and
    that nothing orders, comes before all others, as it does in a real cluster.
    """
    wanted = [_identity(one, key) for one in order]
    before = [_identity(one, key) for one in live]
    named = sorted((i for i in items if _identity(i, key) in wanted), key=lambda i: wanted.index(_identity(i, key)))
    others = [i for i in items if _identity(i, key) not in wanted]
    others.sort(key=lambda i: before.index(_identity(i, key)) if _identity(i, key) in before else len(before))
    result = []
    for item in named:
        place = before.index(_identity(item, key)) if _identity(item, key) in before else -1
        while others and place >= 0 and _identity(others[0], key) in before[:place]:
            result.append(others.pop(0))
        result.append(item)
    return result + others


def _identity(item: Any, key: str) -> Any:
    return _key_of(item, key) if key else item


def _key_of(item: Any, key: str) -> Any:
    if not isinstance(item, dict):
        raise BadPatch(f"expected a map, but received a {go_kind(item)}")
    if key not in item:
        raise BadPatch(f"map: {go_value.plain(item)} does not contain declared merge key: {key}")
    return item[key]


def _find(items: list[Any], value: Any, key: str) -> int | None:
    return next((i for i, item in enumerate(items) if same(item.get(key), value)), None)


def _once(items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def go_kind(value: Any) -> str:
    return (
        "map"
        if isinstance(value, dict)
        else "slice"
        if isinstance(value, list)
        else "string"
        if isinstance(value, str)
        else "number"
    )
