"""Label and field selectors of a query. Kubernetes: apimachinery/pkg/labels, apimachinery/pkg/fields

Which fields a kind can be selected by: pkg/apis/core/v1/conversion.go, pkg/apis/events/v1/conversion.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lifecycle.apiserver import label_query
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.wire import Object

Matcher = Callable[[Object], bool]

_PARTS = re.compile(r"(?:[^\\,]|\\.|\\\Z)+", re.DOTALL)
_FIELD = re.compile(r"(.*?)(==|!=|=)(.*)", re.DOTALL)
_ESCAPES = re.compile(r"(\\.?)|([^\\])", re.DOTALL)

METADATA = ("metadata.name", "metadata.namespace")

_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": (
        *METADATA,
        "spec.nodeName",
        "spec.host",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "events": (
        *METADATA,
        *(f"involvedObject.{name}" for name in _INVOLVED),
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "events.events.k8s.io": (
        *METADATA,
        *(f"regarding.{name}" for name in _INVOLVED),
        "reason",
        "reportingController",
        "type",
    ),
    "namespaces": ("metadata.name", "status.phase", "name"),
    "nodes": ("metadata.name", "spec.unschedulable"),
    "secrets": (*METADATA, "type"),
    "services": (*METADATA, "spec.clusterIP", "spec.type"),
}
"""By which fields the objects of a resource (with its group) can be selected; others by METADATA alone."""


class Selection(NamedTuple):
    """What a query selects. `fixed`: whether an object matches never changes, for only its name and namespace count."""

    matches: Matcher
    fixed: bool = True
    everything: bool = True


def of_query(query: dict[str, list[str]], resource: str = "") -> Matcher:
    """Return what says whether an object matches. Raises: Refused (400) for a selector that cannot be read."""
    return selection(query, resource).matches


def selection(query: dict[str, list[str]], resource: str = "") -> Selection:
    """Return what a query selects of a resource's objects. Raises: Refused (400) for a selector that cannot be read."""
    by_label, by_field = (query.get("labelSelector") or [""])[0], (query.get("fieldSelector") or [""])[0]
    if not by_label.strip() and not by_field.strip():
        return Selection(lambda obj: True)
    fits, terms = labels(by_label), _terms(by_field, resource)
    fixed = not by_label.strip() and all(path in METADATA for path, _, _ in terms)
    return Selection(lambda obj: fits(obj) and _all(terms, obj), fixed, False)


def labels(selector: str) -> Matcher:
    try:
        requirements = label_query.parse(selector)
    except label_query.Malformed as wrong:
        raise Refused(status.bad_request(str(wrong))) from None
    return lambda obj: all(fits(obj["metadata"].get("labels") or {}) for fits in requirements)


def fields(selector: str, resource: str = "") -> Matcher:
    terms = _terms(selector, resource)
    return lambda obj: _all(terms, obj)


Term = tuple[str, bool, str]
"""A field, whether it is to be equal, and the value."""


def _all(terms: list[Term], obj: Object) -> bool:
    return all((field_value(obj, path) == value) == equal for path, equal, value in terms)


def _terms(selector: str, resource: str) -> list[Term]:
    """Return what a field selector asks for; the first that is wrong in the order of the texts is complained about."""
    terms = []
    for part in sorted(_PARTS.findall(selector)):
        match = _FIELD.fullmatch(part)
        if not match:
            raise Refused(status.bad_request(f"invalid selector: '{selector}'; can't understand '{part}'"))
        terms.append((match[1], match[2] != "!=", _unescaped(match[3])))
    return [(_known(path, resource), equal, value) for path, equal, value in terms]


def _unescaped(value: str) -> str:
    """Return the value of a term as it is meant. Raises: Refused."""
    for escape, plain in _ESCAPES.findall(value):
        if escape and escape not in ("\\\\", "\\,", "\\="):
            raise Refused(status.bad_request(f"invalid field selector: invalid escape sequence: {escape}"))
        if plain == "=":
            raise Refused(status.bad_request(f"invalid field selector: unescaped character in value: {ord(plain)}"))
    return re.sub(r"\\(.)", r"\1", value)


def _known(path: str, resource: str) -> str:
    """Return a field that objects of the resource can be selected by. Raises: Refused."""
    if resource and resource not in FIELDS and path not in METADATA:
        known = ", ".join(f'"{name}"' for name in METADATA)
        raise Refused(status.bad_request(f'"{path}" is not a known field selector: only {known}'))
    if resource and path not in FIELDS.get(resource, METADATA):
        raise Refused(status.bad_request(f"field label not supported: {path}"))
    return path


def field_value(obj: Object, path: str) -> str:
    """Return a field as a selector compares it: as text, empty where there is none."""
    special = _SPECIAL.get(path)
    value = special(obj) if special else _at(obj, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _at(obj: Object, path: str) -> Any:
    value: Any = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _reporter(event: Object) -> Any:
    return event.get("reportingComponent") or event.get("reportingController")


def _source(event: Object) -> Any:
    return (event.get("source") or event.get("deprecatedSource") or {}).get("component") or _reporter(event)


def _involved(name: str) -> Callable[[Object], Any]:
    return lambda event: (event.get("involvedObject") or event.get("regarding") or {}).get(name)


_SPECIAL: Mapping[str, Callable[[Object], Any]] = {
    "name": lambda obj: obj["metadata"].get("name"),
    "spec.host": lambda obj: _at(obj, "spec.nodeName"),
    "spec.hostNetwork": lambda obj: bool(_at(obj, "spec.hostNetwork")),
    "spec.unschedulable": lambda obj: bool(_at(obj, "spec.unschedulable")),
    "status.podIPs": lambda obj: ",".join(one.get("ip", "") for one in _at(obj, "status.podIPs") or ()),
    "reportingComponent": _reporter,
    "reportingController": _reporter,
    "source": _source,
    **{f"{about}.{name}": _involved(name) for about in ("involvedObject", "regarding") for name in _INVOLVED},
}
