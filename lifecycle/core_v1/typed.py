"""What is applied has no field that its kind does not have. Kubernetes: structured-merge-diff/typed (validate.go)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1.field_paths import item_key, list_map_keys, shown
from lifecycle.core_v1.schema import Field, Kind, Type, fields, type_of
from lifecycle.core_v1.status import Status

Path = tuple[str, ...]


def undeclared(kind: Kind, body: Any) -> Status | None:
    """Return the refusal of an object that is applied and has unknown fields."""
    if not isinstance(body, dict) or body.get("apiVersion") != kind.group_version or body.get("kind") != kind.kind:
        return None
    texts = [f"{shown(path)}: field not declared in schema" for path in _unknown(type_of(kind), body, ())]
    if not texts:
        return None
    metadata = body.get("metadata") or {}
    group, _, version = kind.group_version.rpartition("/")
    what = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {group}/{version}, Kind={kind.kind}"
    why = texts[0] if len(texts) == 1 else "\n  ".join(["errors:", *texts])
    return Status(500, "", f"failed to create typed patch object ({what}): {why}")


def _unknown(type: Type, obj: dict[str, Any], at: Path) -> Iterator[Path]:
    known = fields(type.name)
    for name, value in obj.items():
        if name not in known:
            yield (*at, f"f:{name}")
        else:
            yield from _within(known[name], value, (*at, f"f:{name}"))


def _within(field: Field, value: Any, at: Path) -> Iterator[Path]:
    type = field.type
    if type.shape == "struct" and isinstance(value, dict):
        yield from _unknown(type, value, at)
    elif type.shape == "list" and type.of is not None and type.of.shape == "struct" and isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, dict):
                keys = list_map_keys(field)
                yield from _unknown(type.of, item, (*at, item_key(keys, item) if keys else f"i:{place}"))
