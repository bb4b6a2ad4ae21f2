"""Label and field selectors of a query. Kubernetes: apimachinery/pkg/labels, apimachinery/pkg/fields"""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.wire import Object

Matcher = Callable[[Object], bool]

_SET = re.compile(r"\s*([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)\s*")
_EQUALS = re.compile(r"\s*([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)\s*")
_EXISTS = re.compile(r"\s*(!?)\s*([^\s!=(),]+)\s*")


def of_query(query: dict[str, list[str]]) -> Matcher:
    """Return what says whether an object matches. Raises: Refused (400) for a selector that cannot be read."""
    by_label = labels((query.get("labelSelector") or [""])[0])
    by_field = fields((query.get("fieldSelector") or [""])[0])
    return lambda obj: by_label(obj) and by_field(obj)


def labels(selector: str) -> Matcher:
    requirements = [_requirement(part) for part in _parts(selector)]
    return lambda obj: all(fits(obj["metadata"].get("labels") or {}) for fits in requirements)


def fields(selector: str) -> Matcher:
    requirements = []
    for part in _parts(selector):
        match = _EQUALS.fullmatch(part)
        if not match:
            raise Refused(status.bad_request(f"invalid field selector: {part!r}"))
        requirements.append((match[1], match[2] != "!=", match[3]))
    return lambda obj: all((_field(obj, path) == value) == equal for path, equal, value in requirements)


def _parts(selector: str) -> list[str]:
    """Split at the commas that are in no parentheses."""
    return [part for part in re.split(r",(?![^(]*\))", selector) if part.strip()]


def _requirement(part: str) -> Callable[[dict[str, str]], bool]:
    if match := _SET.fullmatch(part):
        key, values, inside = match[1], {value.strip() for value in match[3].split(",")}, match[2] == "in"
        return lambda labels: (labels.get(key) in values) == inside
    if match := _EQUALS.fullmatch(part):
        key, equal, value = match[1], match[2] != "!=", match[3]
        return lambda labels: (labels.get(key) == value) == equal
    if match := _EXISTS.fullmatch(part):
        key, wanted = match[2], not match[1]
        return lambda labels: (key in labels) == wanted
    raise Refused(status.bad_request(f"unable to parse requirement: {part!r}"))


def _field(obj: Object, path: str) -> str:
    value: object = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)
