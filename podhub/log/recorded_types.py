"""Whether an object has the types that Kubernetes gives it, so that whoever shows it may rely on them.

Fields that are unknown here, of other versions of Kubernetes, may hold anything; so may kinds that are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from lifecycle.core_v1 import field
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.schema import Field, Type, fields, kind_of, type_of
from lifecycle.wire import Object

NEVER_NULL = frozenset({"string", "UID", "bool", "int32", "int64"})
"""Scalars that Go writes as they are or leaves out; times may be null."""

Fault = tuple[field.Path, str]


def fault(obj: Object) -> Fault | None:
    """Return the first thing that is wrong with an object's types, and the path to it; None: nothing is.

    A null where Kubernetes leaves a field out is taken out of the object: it means the same.
    """
    kind = kind_of(obj["apiVersion"], obj["kind"])
    if kind is None:
        return None
    read = decode(obj, type_of(kind))
    if isinstance(read, Complaint):
        return read.path, read.message
    if kind.namespaced and not obj["metadata"].get("namespace"):
        return ("metadata", "namespace"), _("missing")
    return next(_in_struct(obj, type_of(kind), ()), None)


def _in_struct(value: Object, type: Type, path: field.Path) -> Iterator[Fault]:
    known = fields(type.name)
    for name, part in list(value.items()):
        spec = known.get(name)
        if spec is None:
            continue
        if part is None:
            if spec.type.shape == "scalar" and spec.type.name in NEVER_NULL:
                del value[name]
        elif spec.type.shape == "struct":
            yield from _in_struct(part, spec.type, (*path, name))
        elif spec.type.shape in ("list", "map"):
            yield from _in_parts(part, spec, (*path, name))


def _in_parts(parts: Any, spec: Field, path: field.Path) -> Iterator[Fault]:
    of = spec.type.of
    for step, part in parts.items() if isinstance(parts, dict) else enumerate(parts):
        if part is None:
            yield (*path, step), _("expected a value, not null")
        elif of is not None and of.shape == "struct":
            key = spec.merge_key or ("name" if "name" in fields(of.name) and fields(of.name)["name"].always else "")
            if key and part.get(key) is None:
                yield (*path, step, key), _("missing")
            yield from _in_struct(part, of, (*path, step))
