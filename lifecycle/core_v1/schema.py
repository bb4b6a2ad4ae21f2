"""Reads the table of types, and knows the kinds that are served."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import msgspec

from lifecycle.core_v1.api_types import TABLE

Shape = Literal["struct", "list", "map", "scalar"]

SCALARS = {"string", "bool", "int32", "int64", "bytes", "Quantity", "Time", "MicroTime", "IntOrString", "UID", "any"}
GO_NAMES = {"bytes": "[]uint8", "UID": "types.UID", "any": "interface {}", "ResourceList": "v1.ResourceList"}

_FIELD = re.compile(r"(\w+)=(\*?)([\[{]?)([\w.]+)[\]}]?(!?)(#\w*)?(\^?)")


class Type(msgspec.Struct, frozen=True):
    """A type of the API. `name` is a struct's or scalar's name, `of` what a list or map holds, `go` what Go calls it."""

    shape: Shape
    name: str
    go: str
    of: Type | None = None


class Field(msgspec.Struct, frozen=True):
    """One field of a struct.

    `always`: written even when empty. `merge_key`: None for a list that is replaced whole, empty for a list of scalars that
    patches merge.
    """

    name: str
    type: Type
    pointer: bool = False
    always: bool = False
    merge_key: str | None = None
    retain_keys: bool = False


class Kind(msgspec.Struct, frozen=True):
    """A kind that is served: its type in the table, its plural, and whether its objects live in a namespace."""

    group_version: str
    kind: str
    plural: str
    namespaced: bool = True
    type: str = ""

    @property
    def group(self) -> str:
        return self.group_version.rpartition("/")[0]

    @property
    def qualified_plural(self) -> str:
        """The name of the resource in errors: `pods`, `endpointslices.discovery.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


KINDS = {
    (kind.group_version, kind.kind): kind
    for kind in (
        Kind("v1", "Binding", "bindings"),
        Kind("v1", "ConfigMap", "configmaps"),
        Kind("v1", "Endpoints", "endpoints"),
        Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
        Kind("v1", "Event", "events"),
        Kind("events.k8s.io/v1", "Event", "events", type="events.Event"),
        Kind("podhub.dev/v1", "Fault", "faults"),
        Kind("coordination.k8s.io/v1", "Lease", "leases"),
        Kind("v1", "LimitRange", "limitranges"),
        Kind("v1", "Namespace", "namespaces", namespaced=False),
        Kind("v1", "Node", "nodes", namespaced=False),
        Kind("v1", "PersistentVolume", "persistentvolumes", namespaced=False),
        Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
        Kind("v1", "Pod", "pods"),
        Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
        Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False),
        Kind("v1", "ResourceQuota", "resourcequotas"),
        Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False),
        Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
        Kind("rbac.authorization.k8s.io/v1", "Role", "roles"),
        Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
        Kind("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", namespaced=False),
        Kind("v1", "Secret", "secrets"),
        Kind("v1", "Service", "services"),
        Kind("v1", "ServiceAccount", "serviceaccounts"),
        Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False),
    )
}


def kind_of(group_version: object, kind: object) -> Kind | None:
    """Return the kind of that name in that group and version, or None if none is served."""
    return KINDS.get((group_version, kind)) if isinstance(group_version, str) and isinstance(kind, str) else None


def type_of(kind: Kind) -> Type:
    """Return the type of a kind's objects."""
    return _type("", kind.type or kind.kind)


@cache
def struct(name: str) -> Type:
    """Return a struct of the table by its name."""
    return _type("", name)


def scalar(name: str) -> Type:
    return _type("", name)


@cache
def fields(name: str) -> dict[str, Field]:
    """Return the fields of a struct, in Go's order."""
    return {match[1]: _field(match) for match in _FIELD.finditer(_rows()[name])}


@cache
def _rows() -> dict[str, str]:
    rows = (row.partition(": ") for row in re.sub(r"\n +", " ", TABLE).strip().split("\n"))
    return {name: text for name, _, text in rows}


def _field(match: re.Match[str]) -> Field:
    name, pointer, bracket, base, always, merge, retain = match.groups()
    return Field(name, _type(bracket, base), bool(pointer), bool(always), merge[1:] if merge else None, bool(retain))


@cache
def _type(bracket: str, name: str) -> Type:
    if bracket == "[":
        of = _type("", name)
        return Type("list", "", f"[]{of.go}", of)
    if bracket == "{":
        of = _type("", name)
        return Type("map", "", f"map[string]{of.go}", of)
    if name == "ResourceList":
        return Type("map", name, "v1.ResourceList", _type("", "Quantity"))
    if name in _rows():
        return Type("struct", name, f"v1.{name.rpartition('.')[2]}")
    if name in SCALARS:
        return Type("scalar", name, GO_NAMES.get(name, name))
    return Type("scalar", "string", f"v1.{name}")
