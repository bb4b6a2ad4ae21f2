"""What objects of a real cluster tell of themselves: whether they can be filed, and when they became as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from lifecycle.clock import SECOND, Micros, parse_moment
from lifecycle.core_v1 import field
from lifecycle.wire import Object
from podhub.log import codec
from podhub.log.errors import BadRecording
from podhub.log.recorded_types import fault

DEEPEST = 100
"""Levels of nesting of an object; Kubernetes' own have about 20."""

_TIMES = ("Timestamp", "Time", "At")
"""How the names of Kubernetes' fields end that hold a time."""


def check_object(obj: Object, where: str) -> None:
    """Raises: BadRecording where something is no Kubernetes object that the log can file."""
    for name in ("apiVersion", "kind"):
        _check_text(obj.get(name), f"{where}.{name}")
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        raise BadRecording(f"{where}.metadata", not_expected(_("an object"), metadata))
    _check_text(metadata.get("name"), f"{where}.metadata.name")
    for name in ("namespace", "uid", "resourceVersion"):
        if metadata.get(name) not in (None, ""):
            _check_text(metadata[name], f"{where}.metadata.{name}")
    for name in ("name", "namespace"):
        _check_path_segment(metadata.get(name) or "", f"{where}.metadata.{name}")
    for name in ("involvedObject", "regarding"):
        if obj["kind"] == "Event" and not isinstance(obj.get(name) or {}, dict):
            raise BadRecording(f"{where}.{name}", not_expected(_("an object"), obj[name]))
    if not _shallow(obj, DEEPEST):
        raise BadRecording(where, _("nested too deeply: %(most)d levels at most") % {"most": DEEPEST})
    try:
        codec.canonical(obj)
    except (OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise BadRecording(where, _("holds what JSON cannot: %(why)s") % {"why": error}) from None
    wrong = fault(obj)
    if wrong:
        path, what = wrong
        raise BadRecording(f"{where}.{field.text(path)}" if path else where, what)


def not_expected(what: str, value: Any) -> str:
    return _("expected %(what)s, not %(value)s") % {"what": what, "value": shown(value)}


def shown(value: Any) -> str:
    """Return a value as an error may quote it."""
    if value is None:
        return _("nothing")
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def resource_version(obj: Object) -> int:
    """Return an object's resourceVersion as a number; 0 where it is none."""
    text = str(obj.get("metadata", {}).get("resourceVersion", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def changed_at(obj: Object, now: Micros) -> Micros | None:
    """Return when an object became as it is, as far as it tells: the latest of its times, but for those that are yet to come.

    What wrote last says so in `managedFields`; where they are left out, as kubectl does, the times in the status come near.
    """
    times = [at for at in _told(obj) if at <= now]
    return max(times, default=None)


BORN: dict[str, Object] = {"Pod": {"status": {"phase": "Unknown"}}, "Node": {}}
"""Kinds that live, and what Kubernetes says of one whose status it could not obtain."""


def made_at(obj: Object) -> Micros | None:
    return _time(obj["metadata"].get("creationTimestamp"))


def born(obj: Object) -> Object:
    """Return what is known of an object since it was made: what it was asked to be, and of its status nothing."""
    later = ("resourceVersion", "generation", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds")
    metadata = {name: part for name, part in obj["metadata"].items() if name not in later}
    rest = {name: part for name, part in obj.items() if name not in ("metadata", "status")}
    return {**rest, "metadata": metadata, **BORN[obj["kind"]]}


def _told(obj: Object) -> Iterator[Micros]:
    metadata = obj["metadata"]
    yield from _times({"creationTimestamp": metadata.get("creationTimestamp"), "managedFields": metadata.get("managedFields")})
    deleted, grace = _time(metadata.get("deletionTimestamp")), metadata.get("deletionGracePeriodSeconds")
    if deleted is not None:
        # It is when the grace period will be over.
        yield max(0, deleted - (grace if isinstance(grace, int) else 0) * SECOND)
    yield from _times({field: part for field, part in obj.items() if field not in ("metadata", "spec")})
    if obj["kind"] == "Lease":
        yield from _times(obj.get("spec"))


def _times(value: Any) -> Iterator[Micros]:
    """Yield the times in fields whose names end as Kubernetes' times do."""
    if isinstance(value, dict):
        for field, part in value.items():
            at = _time(part) if field == "time" or field.endswith(_TIMES) else None
            if at is not None:
                yield at
            else:
                yield from _times(part)
    elif isinstance(value, list):
        for part in value:
            yield from _times(part)


def _time(value: Any) -> Micros | None:
    try:
        return parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    return levels > 0 and all(_shallow(part, levels - 1) for part in (value.values() if isinstance(value, dict) else value))


def _check_path_segment(text: str, where: str) -> None:
    """Raises: BadRecording where a name could not stand in an address. Kubernetes: apimachinery/pkg/api/validation/path"""
    if text in (".", "..") or "/" in text or "%" in text:
        raise BadRecording(where, not_expected(_("a name without “/” and “%”"), text))


def _check_text(value: Any, where: str) -> None:
    if not isinstance(value, str) or not value or len(value) > 253 or "\0" in value:
        raise BadRecording(where, not_expected(_("a text of 1 to 253 characters"), value))
