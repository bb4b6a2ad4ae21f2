"""The schemas of the kinds that are served, as OpenAPI v3 writes them: the table of types with Kubernetes' own texts.

Kubernetes: kube-openapi/pkg/generators
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lifecycle.core_v1.field_paths import ATOMIC, GRANULAR, is_atomic, list_map_keys
from lifecycle.core_v1.schema import Field, Kind, Type, fields, type_of
from podhub.api.api_texts import FieldText, TypeText, texts
from podhub.api.enums import DEFAULTS, ENUMS

Schema = dict[str, Any]

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
PACKAGES = {
    "core_v1": "io.k8s.api.core.v1",
    "meta_v1": META,
    "discovery_v1": "io.k8s.api.discovery.v1",
    "events_v1": "io.k8s.api.events.v1",
    "coordination_v1": "io.k8s.api.coordination.v1",
    "policy_v1": "io.k8s.api.policy.v1",
    "rbac_v1": "io.k8s.api.rbac.v1",
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

UNIONS: dict[str, Schema] = {
    "AppArmorProfile": {"discriminator": "type", "fields-to-discriminateBy": {"localhostProfile": "LocalhostProfile"}},
    "PodSchedulingGroup": {"fields-to-discriminateBy": {"podGroupName": "PodGroupName"}},
    "SeccompProfile": {"discriminator": "type", "fields-to-discriminateBy": {"localhostProfile": "LocalhostProfile"}},
}
"""Structs of which one field says which other may be set. Kubernetes: +union"""

LISTS: dict[str, Schema] = {
    "ContainerRestartRuleOnExitCodes.values": {"x-kubernetes-list-type": "set"},
    "NodeAllocatableResourceClaimStatus.containers": {"x-kubernetes-list-type": "set"},
    "ResourceRequirements.claims": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    "ResourceStatus.resources": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["resourceID"]},
    "Endpoint.addresses": {"x-kubernetes-list-type": "set"},
    "PodStatus.hostIPs": {"x-kubernetes-list-type": "atomic"},
}
"""Lists that an apply merges otherwise than a strategic merge patch."""

GRANULAR_MAPS = ("PersistentVolumeClaimStatus.allocatedResourceStatuses",)
"""Maps of which it is said that their entries are managed apart, as those of all other maps are."""

PYTHON: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "dict": {"type": "object"},
    "datetime": {"type": "string", "format": "date-time"},
}
FORMATS = {"code": "int32", "retryAfterSeconds": "int32", "remainingItemCount": "int64"}
"""How the types of the texts, which are Python's, are written in a schema."""

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
        self._add_list(kind, name, gvk)
        return name

    def _add_list(self, kind: Kind, name: str, gvk: dict[str, str]) -> None:
        text = described(f"{type_of(kind).name}List")[1]
        self.found[f"{name}List"] = {
            "description": text.text or f"{kind.kind}List is a list of {kind.kind} objects.",
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": _described({"type": "string"}, text, "apiVersion"),
                "items": _described({"type": "array", "items": {"$ref": _ref(name)}}, text, "items"),
                "kind": _described({"type": "string"}, text, "kind"),
                "metadata": _described({"allOf": [{"$ref": _ref(self.add_meta("ListMeta"))}], "default": {}}, text, "metadata"),
            },
            "x-kubernetes-group-version-kind": [{**gvk, "kind": f"{kind.kind}List"}],
        }

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
            required = [name for name in fields(type.name) if name in text.fields and text.fields[name].required]
            if required:
                schema["required"] = required
            if type.name in ATOMIC:
                schema["x-kubernetes-map-type"] = "atomic"
            if type.name in UNIONS:
                schema["x-kubernetes-unions"] = [UNIONS[type.name]]
            if not schema["properties"]:
                del schema["properties"]
        return name

    def add_meta(self, name: str) -> str:
        """Add a type of the package meta that no object has, as far as its texts tell what it is."""
        full = f"{META}.{name}"
        if full not in self.found:
            text = texts("meta_v1").get(name, TypeText())
            schema = self.found[full] = {"description": text.text, "type": "object"}
            if text.fields:
                schema["properties"] = {
                    field.rstrip("_"): self._meta_property(field, said) for field, said in text.fields.items()
                }
            required = [field for field, said in text.fields.items() if said.required]
            if required:
                schema["required"] = required
            if name == "Status":
                schema["x-kubernetes-group-version-kind"] = [{"group": "", "kind": name, "version": "v1"}]
        return full

    def _meta_property(self, name: str, said: FieldText) -> Schema:
        schema: Schema = {"description": said.text}
        inner = re.fullmatch(r"List\[(.*)\]", said.type)
        if inner:
            return {**schema, "type": "array", "items": self._meta_type(inner[1]), "x-kubernetes-list-type": "atomic"}
        found = self._meta_type(said.type)
        if "$ref" in found:
            return {**schema, "allOf": [found]}
        return {**schema, **found, **({"format": FORMATS[name]} if name in FORMATS else {})}

    def _meta_type(self, python: str) -> Schema:
        plain = python.strip("'").rpartition(".")[2]
        return dict(PYTHON[plain]) if plain in PYTHON else {"$ref": _ref(self.add_meta(plain))}

    def _property(self, owner: str, field: Field, text: TypeText) -> Schema:
        schema = _described(self._schema(field.type), text, field.name)
        key = f"{owner}.{field.name}"
        values = ENUMS.get(key)
        if values and field.type.shape != "scalar":
            inner = "items" if field.type.shape == "list" else "additionalProperties"
            schema[inner] = {**schema[inner], "enum": list(values)}
        elif values:
            shown = "\n".join(f' - `"{value}"`' for value in values)
            schema["description"] = f"{schema['description']}\n\nPossible enum values:\n{shown}"
            schema["enum"] = list(values)
        default = DEFAULTS.get(key, _zero(field))
        if default is not None:
            schema["default"] = default
        return {**schema, **_merging(owner, field)}

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
        if type.shape == "struct" or (type.shape == "scalar" and type.name in NAMED):
            return {"$ref": _ref(self.add(type))}
        return self._schema(type)


def _described(schema: Schema, text: TypeText, name: str) -> Schema:
    """Return a property's schema with what is said of it."""
    said = text.fields.get(name)
    return {"description": said.text if said else "", **schema}


def _zero(field: Field) -> Any:
    """Return what Go has in a field that nobody sets and that is written all the same; None where that is nothing."""
    if field.pointer:
        return None
    if field.type.shape == "struct" or field.type.name in ("Time", "MicroTime"):
        return {} if field.type.shape == "struct" else None
    return {"string": "", "bool": False, "int32": 0, "int64": 0, "UID": ""}.get(field.type.name) if field.always else None


def described(name: str) -> tuple[str, TypeText]:
    """Return the full name of a struct of the table, and what is said of it."""
    module, _, plain = name.rpartition(".")
    modules = [f"{module}_v1"] if module else ["discovery_v1"] if name == "EndpointPort" else list(PACKAGES)
    for candidate in modules:
        found = texts(candidate).get(plain)
        if found is not None:
            return f"{PACKAGES[candidate]}.{plain}", found
    return f"{OWN}.{plain}", FAULT if plain == "Fault" else TypeText()


@cache
def _sorted(name: str) -> tuple[Field, ...]:
    return tuple(sorted(fields(name).values(), key=lambda field: field.name))


def _merging(owner: str, field: Field) -> Schema:
    """Return how a strategic merge patch and an apply merge a list or a map."""
    if field.type.shape != "list":
        if field.name in GRANULAR or f"{owner}.{field.name}" in GRANULAR_MAPS:
            return {"x-kubernetes-map-type": "granular"}
        return {"x-kubernetes-map-type": "atomic"} if field.type.shape == "map" and is_atomic(field) else {}
    apart = LISTS.get(f"{owner}.{field.name}")
    if field.merge_key is None:
        return apart or {"x-kubernetes-list-type": "atomic"}
    patch = {"x-kubernetes-patch-strategy": "merge,retainKeys" if field.retain_keys else "merge"}
    if field.merge_key:
        patch["x-kubernetes-patch-merge-key"] = field.merge_key
    if apart:
        return {**apart, **patch}
    if not field.merge_key:
        return {"x-kubernetes-list-type": "set", **patch}
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(list_map_keys(field)), **patch}


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"
