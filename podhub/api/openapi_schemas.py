"""The schemas of the kinds that are served, as OpenAPI v3 writes them: the table of types with Kubernetes' own texts.

Kubernetes: kube-openapi/pkg/generators
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from lifecycle.core_v1.api_types import TABLE
from lifecycle.core_v1.managed_fields import list_map_keys
from lifecycle.core_v1.schema import Field, Kind, Type, fields, struct, type_of
from podhub.api.api_texts import FieldText, TypeText, texts
from podhub.api.enums import ENUMS

Schema = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
PACKAGES = {
    "core_v1": "io.k8s.api.core.v1",
    "meta_v1": META,
    "discovery_v1": "io.k8s.api.discovery.v1",
    "events_v1": "io.k8s.api.events.v1",
    "coordination_v1": "io.k8s.api.coordination.v1",
    "policy_v1": "io.k8s.api.policy.v1",
    "scheduling_v1": "io.k8s.api.scheduling.v1",
    "storage_v1": "io.k8s.api.storage.v1",
}
"""The packages that types come from, by the module that holds their texts."""

OWN = "dev.podhub.v1"

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "UID": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "bytes": {"type": "string", "format": "byte"},
    "any": {"type": "object"},
}

NAMED: dict[str, tuple[str, Schema]] = {
    "Quantity": (
        QUANTITY,
        {
            "description": "Quantity is a fixed-point representation of a number: 100m, 1.5, 2Gi.",
            "oneOf": [{"type": "string"}, {"type": "number"}],
        },
    ),
    "IntOrString": (
        INT_OR_STRING,
        {
            "description": "IntOrString is a type that can hold an int32 or a string.",
            "format": "int-or-string",
            "oneOf": [{"type": "integer"}, {"type": "string"}],
        },
    ),
    "Time": (
        f"{META}.Time",
        {"description": "Time is a moment, to the second (RFC 3339).", "type": "string", "format": "date-time"},
    ),
    "MicroTime": (
        f"{META}.MicroTime",
        {"description": "MicroTime is a moment, to the microsecond (RFC 3339).", "type": "string", "format": "date-time"},
    ),
}
"""Scalars that have a schema of their own, and its name."""

FAULT = TypeText(
    "Fault asks for something to go wrong. It holds while the object exists.",
    {"spec": FieldText("What goes wrong, and where.", True), "metadata": FieldText("Standard object's metadata.", False)},
)


class Schemas:
    """The schemas that were asked for, with all that they refer to."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def add_kind(self, kind: Kind) -> str:
        """Add a kind's schema and that of its list; return the kind's."""
        name = self.add(type_of(kind))
        gvk = {"group": kind.group, "kind": kind.kind, "version": kind.group_version.rpartition("/")[2]}
        self.found[name]["x-kubernetes-group-version-kind"] = [gvk]
        self.found[f"{name}List"] = {
            "description": f"{kind.kind}List is a list of {kind.kind} objects.",
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"allOf": [{"$ref": _ref(self.add_meta("ListMeta"))}], "default": {}},
                "items": {"type": "array", "items": {"allOf": [{"$ref": _ref(name)}], "default": {}}},
            },
            "x-kubernetes-group-version-kind": [{**gvk, "kind": f"{kind.kind}List"}],
        }
        return name

    def add(self, type: Type) -> str:
        """Add the schema of a struct or named scalar and of all that it refers to; return its name."""
        if type.shape == "scalar":
            name, schema = NAMED[type.name]
            self.found.setdefault(name, schema)
            return name
        name, text = described(type.name)
        if name not in self.found:
            schema = self.found[name] = {"description": text.text, "type": "object"}
            schema["properties"] = {field.name: self._property(type.name, field, text) for field in _sorted(type.name)}
            required = sorted(
                field.name for field in _sorted(type.name) if text.fields.get(field.name, FieldText("", False)).required
            )
            if required:
                schema["required"] = required
            if not schema["properties"]:
                del schema["properties"]
        return name

    def add_meta(self, name: str) -> str:
        """Add a type of the package meta that no object has: it is described, its fields are not checked."""
        full = f"{META}.{name}"
        if full not in self.found:
            text = texts("meta_v1").get(name, TypeText())
            properties = {field: {"description": said.text} for field, said in text.fields.items()}
            self.found[full] = {"description": text.text, "type": "object", "properties": properties}
        return full

    def _property(self, owner: str, field: Field, text: TypeText) -> Schema:
        said = text.fields.get(field.name, FieldText("", False))
        schema = {"description": said.text, **self._schema(field.type)}
        values = ENUMS.get(f"{owner}.{field.name}")
        if values:
            shown = "\n".join(f' - `"{value}"`' for value in values)
            schema["description"] = f"{said.text}\n\nPossible enum values:\n{shown}"
            schema["enum"] = list(values)
        if field.type.shape == "struct" and not field.pointer:
            schema["default"] = {}
        return {**schema, **_merging(field)}

    def _schema(self, type: Type) -> Schema:
        if type.shape == "list":
            assert type.of is not None
            return {"type": "array", "items": self._item(type.of)}
        if type.shape == "map":
            assert type.of is not None
            return {"type": "object", "additionalProperties": self._item(type.of)}
        if type.shape == "scalar" and type.name not in NAMED:
            return dict(SCALARS[type.name])
        return {"allOf": [{"$ref": _ref(self.add(type))}]}

    def _item(self, type: Type) -> Schema:
        if type.shape == "struct":
            return {**self._schema(type), "default": {}}
        if type.shape == "scalar" and type.name in NAMED:
            return {"$ref": _ref(self.add(type))}
        return {**self._schema(type), **({"default": ""} if type.name == "string" else {})}


def described(name: str) -> tuple[str, TypeText]:
    """Return the full name of a struct of the table, and what is said of it."""
    module, _, plain = name.rpartition(".")
    modules = [f"{module}_v1"] if module else list(PACKAGES)
    for candidate in modules:
        found = texts(candidate).get(plain)
        if found is not None:
            return f"{PACKAGES[candidate]}.{plain}", found
    return f"{OWN}.{plain}", FAULT if plain == "Fault" else TypeText()


@cache
def _sorted(name: str) -> tuple[Field, ...]:
    return tuple(sorted(fields(name).values(), key=lambda field: field.name))


def _merging(field: Field) -> Schema:
    """Return how a strategic merge patch and an apply merge a list."""
    if field.type.shape != "list":
        return {"x-kubernetes-map-type": "atomic"} if field.name == "selector" and field.type.shape == "map" else {}
    if field.merge_key is None:
        return {"x-kubernetes-list-type": "atomic"}
    strategy = "merge,retainKeys" if field.retain_keys else "merge"
    if not field.merge_key:
        return {"x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": strategy}
    return {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(list_map_keys(field)),
        "x-kubernetes-patch-merge-key": field.merge_key,
        "x-kubernetes-patch-strategy": strategy,
    }


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"


def all_structs() -> Iterator[Type]:
    """Yield every struct of the table."""
    for line in TABLE.strip().splitlines():
        if not line.startswith(" "):
            yield struct(line.partition(":")[0])
