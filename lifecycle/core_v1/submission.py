"""Whether all of what somebody submits would be accepted, and if not, what is wrong on which line.

Nothing is created here: this is what a form shows before anything is sent.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from lifecycle.core_v1 import admission, field, manifests
from lifecycle.core_v1.admission import EmptyCluster, Objects
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.defaults import set_defaults
from lifecycle.core_v1.field import Error, Path
from lifecycle.core_v1.manifests import Document, Problem
from lifecycle.core_v1.schema import KINDS, Kind, Type, fields, kind_of, type_of
from lifecycle.core_v1.validation import validate_create, warnings

Object = dict[str, Any]

ADVICE = {
    "FieldValueRequired": "Add it.",
    "FieldValueNotSupported": "Use one of the supported values.",
    "FieldValueDuplicate": "Give it a value that no other has.",
    "FieldValueNotFound": "Define it, or correct the name.",
    "FieldValueForbidden": "Remove it.",
    "FieldValueInvalid": "Change the value.",
    "FieldValueTooLong": "Shorten it.",
    "FieldValueTooMany": "Remove some.",
}


TYPE_ADVICE = {
    "of type int": "Write a whole number, without quotes.",
    "of type bool": "Write true or false, without quotes.",
    "of type string": "Write text; put what YAML takes for a number or a boolean in quotes.",
    "of type []": "Write a list: items below it that begin with a dash.",
    "of type map": "Write names and values below it, indented.",
    "of type v1.": "Write its fields below it, indented.",
    "quantit": "Write an amount such as 250m, 64Mi or 2.",
    "parsing time": "Write a time such as 2026-01-01T00:00:00Z.",
    "illegal base64": "Encode the value with base64, or use stringData.",
}
"""What to do about a value of the wrong type, by a part of the complaint."""


class Checked(msgspec.Struct, frozen=True):
    """The documents that were read, and what is wrong or odd about them. Without problems, all may be created."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(source: bytes | str, *, namespace: str = "default", objects: Objects | None = None) -> Checked:
    """Read a text and test each of its objects as if it were created in `namespace` of a cluster with these objects.

    An object may name one that stands before it in the text.
    """
    submitted = manifests.parse(source)
    problems, odd = list(submitted.problems), list(submitted.warnings)
    there = _With(objects or EmptyCluster())
    taken: dict[tuple[str, str, str, str], Document] = {}
    for document in submitted.documents:
        found, warned = check_document(document, namespace, there)
        problems += found
        odd += warned
        problems += _twice(document, namespace, taken)
        if not found:
            there.add(document.value, namespace)
    return Checked(submitted.documents, tuple(sorted(problems, key=_place)), tuple(sorted(odd, key=_place)))


class _With:
    """The objects of a cluster, and those that a text has before the one that is looked at."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._added: dict[str, dict[tuple[str, str], Object]] = {}

    def add(self, value: Object, namespace: str) -> None:
        kind, metadata = kind_of(value.get("apiVersion"), value.get("kind")), value.get("metadata")
        if kind and isinstance(metadata, dict):
            space = str(metadata.get("namespace") or namespace) if kind.namespaced else ""
            self._added.setdefault(kind.plural, {})[space, str(metadata.get("name"))] = value

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        return self._added.get(resource, {}).get((namespace, name)) or self._objects.get(resource, namespace, name)

    def list(self, resource: str, namespace: str | None = None) -> Iterable[Object]:
        added = (value for (space, _), value in self._added.get(resource, {}).items() if namespace in (None, space))
        return [*self._objects.list(resource, namespace), *added]


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def check_document(document: Document, namespace: str, objects: Objects) -> tuple[list[Problem], list[Problem]]:
    """Return what is wrong and what is odd about one object."""
    value = document.value
    kind = kind_of(value.get("apiVersion"), value.get("kind"))
    if kind is None:
        return [_unknown_kind(document)], []
    type = type_of(kind)
    found = decode(value, type)
    if isinstance(found, Complaint):
        return [document.problem(found.path, found.message, _type_advice(found.message))], []
    problems = [_strict(document, complaint, type) for complaint in found.strict]
    obj = found.object
    obj["apiVersion"], obj["kind"] = kind.group_version, kind.kind
    if kind.namespaced:
        obj["metadata"].setdefault("namespace", namespace)
    set_defaults(kind, obj)
    refused = admission.admit(kind, obj, objects, lambda what: "00000", 0)
    if refused:
        field_name = _about(refused.message)
        return [*problems, document.problem(field_name, refused.message, "Create it first, or correct the name.")], []
    if not obj["metadata"].get("name") and obj["metadata"].get("generateName"):
        obj["metadata"]["name"] = obj["metadata"]["generateName"] + "00000"
    problems += [_invalid(document, error) for error in validate_create(kind, obj)]
    return problems, [_warning(document, text) for text in warnings(kind, obj)]


def _unknown_kind(document: Document) -> Problem:
    value = document.value
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name), str) or not value[name]:
            message = f"{name} not set" if value.get(name) in (None, "") else f"{name} must be text"
            return document.problem((name,), message, f"Add {name}: {'v1' if name == 'apiVersion' else 'Pod'}.")
    version, kind = value["apiVersion"], value["kind"]
    message = f'no matches for kind "{kind}" in version "{version}"'
    same = [known.group_version for known in KINDS.values() if known.kind == kind]
    if same:
        return document.problem(("apiVersion",), message, f"Write apiVersion: {same[0]}.")
    names = {known.kind for known in KINDS.values()}
    near = difflib.get_close_matches(kind.capitalize(), names, 1, 0.6)
    return document.problem(
        ("kind",), message, f"Did you mean {near[0]}?" if near else f"Known are {', '.join(sorted(names))}."
    )


def _type_advice(message: str) -> str:
    return next((advice for part, advice in TYPE_ADVICE.items() if part in message), "Change the value.")


def _strict(document: Document, complaint: Complaint, root: Type) -> Problem:
    path = complaint.path
    advice = "Keep one of them." if complaint.message.startswith("duplicate") else _advice(document, path, root)
    return document.problem(path, complaint.message, advice)


def _advice(document: Document, path: Path, root: Type) -> str:
    """Say what an unknown field may have been meant to be: one spelled alike, or one of another level."""
    name = str(path[-1])
    types = _types_along(path[:-1], root)
    here = types[-1][1]
    if here.shape != "struct":
        return "Remove it."
    near = difflib.get_close_matches(name, fields(here.name), 1, 0.75)
    if near:
        return f"Did you mean {near[0]}?"
    for outer, type in reversed(types[:-1]):
        if type.shape == "struct" and name in fields(type.name):
            return f"{name} is a field of {field.text(outer) or 'the object itself'}: indent it less."
    inner = _below(here, name, lambda inner: (*document.root, *path[:-1], inner) in document.places)
    if inner:
        return f"{name} is a field of {field.text((*path[:-1], inner))}: indent it below."
    if here.name in {kind.type or kind.kind for kind in KINDS.values()} and name in fields("ObjectMeta"):
        return f"{name} is a field of metadata: indent it below."
    return "Remove it, or correct its name."


def _below(type: Type, name: str, is_there: Callable[[str], bool]) -> str:
    """Return the field of a struct whose own struct, or whose items, have a field of that name; rather one that is there."""
    found = []
    for inner, spec in fields(type.name).items():
        of = spec.type.of or spec.type
        if of.shape == "struct" and inner != "metadata" and name in fields(of.name):
            found.append(inner)
    return min(found, key=lambda inner: not is_there(inner), default="")


def _types_along(path: Path, root: Type) -> list[tuple[Path, Type]]:
    """Return the type at each step of a path that leads to a struct's field, the root's first."""
    found: list[tuple[Path, Type]] = [((), root)]
    for i, step in enumerate(path):
        outer = found[-1][1]
        type = fields(outer.name)[str(step)].type if outer.shape == "struct" else outer.of
        assert type is not None
        found.append((path[: i + 1], type))
    return found


def _invalid(document: Document, error: Error) -> Problem:
    return document.problem(error.field, error.message, ADVICE.get(error.reason, ""))


def _warning(document: Document, text: str) -> Problem:
    path, _, message = text.partition(": ")
    return document.problem(path, message)


def _about(message: str) -> str:
    """Return the field that a refusal of admission is about."""
    for part, name in (
        ("service account", "spec.serviceAccountName"),
        ("PriorityClass with", "spec.priorityClassName"),
        ("value of priority", "spec.priority"),
        ("PreemptionPolicy", "spec.preemptionPolicy"),
        ("RuntimeClass", "spec.runtimeClassName"),
    ):
        if part in message:
            return name
    return "metadata.name"


def _twice(document: Document, namespace: str, taken: dict[tuple[str, str, str, str], Document]) -> list[Problem]:
    """Refuse an object that the same text holds already."""
    value = document.value
    kind: Kind | None = kind_of(value.get("apiVersion"), value.get("kind"))
    metadata = value.get("metadata")
    if kind is None or not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return []
    space = str(metadata.get("namespace") or namespace) if kind.namespaced else ""
    key = (kind.group, kind.kind, space, metadata["name"])
    if key not in taken:
        taken[key] = document
        return []
    line, _ = taken[key].where(("metadata", "name"))
    message = f'{kind.plural} "{metadata["name"]}" already exists: this text has it on line {line}'
    return [document.problem(("metadata", "name"), message, "Give one of them another name.")]
