"""What the values of a recording's texts tell: changes of objects, with their moments where they say them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from lifecycle.apiserver import events
from lifecycle.clock import Micros, from_seconds, parse_moment
from lifecycle.wire import Object
from podhub.log.errors import BadRecording
from podhub.log.fold import Key
from podhub.log.recorded_objects import changed_at, check_object, not_expected, resource_version, shown
from podhub.log.recording_texts import EXPECTED, Placed
from podhub.log.resources import resource_of

CHANGES = ("ADDED", "MODIFIED", "DELETED")

FURTHEST = 100 * 365 * 24 * 3600
"""Seconds that a line's `t` may count at most."""


class Line(msgspec.Struct):
    """A change, or the end of a watch (ERROR). `where` is its file and place; `rest` all of it beside `type` and `object`.

    `type` is "" for an object that stands by itself. `received` and `t` say when it came; `told` since when the object says
    that it is as it is.
    """

    where: str
    type: str
    object: Object
    received: Micros | None = None
    t: Micros | None = None
    told: Micros | None = None
    rest: dict[str, Any] = {}
    place: int = 0

    @property
    def timed(self) -> bool:
        return self.received is not None or self.t is not None

    @property
    def version(self) -> int:
        return resource_version(self.object)

    @property
    def uid(self) -> str:
        return str(self.object["metadata"].get("uid") or "")

    @property
    def key(self) -> Key:
        metadata = self.object["metadata"]
        return Key(resource_of(self.object), metadata.get("namespace") or "", metadata["name"])


def lines_of(placed: Placed, now: Micros) -> Iterator[Line]:
    """Yield what a value tells; a time after `now` is nobody's past. Raises: BadRecording."""
    value, where = placed.value, placed.where
    if isinstance(value, list) and placed.whole:
        yield from _items(value, {}, where, now)
    elif not isinstance(value, dict) or not value.keys() & {"kind", "type", "object"}:
        raise BadRecording(where, _(EXPECTED))
    elif "object" in value or "kind" not in value:
        yield from _watched(where, value, now)
    elif value["kind"] == "Status":
        text = _("this is no object, but what a server answered: %(value)s") % {"value": shown(value.get("message"))}
        raise BadRecording(where, text)
    elif str(value["kind"]).endswith("List") and "items" in value:
        yield from _listed(where, value, now)
    else:
        yield _object(where, value, now)


def _listed(where: str, whole: dict[str, Any], now: Micros) -> Iterator[Line]:
    kind = str(whole["kind"])
    if not isinstance(whole["items"] or [], list):
        raise BadRecording(f"{where}: items", not_expected(_("a list of objects"), whole["items"]))
    # Items of a PodList may leave out their kind, as an API server does.
    given = {"kind": kind.removesuffix("List"), "apiVersion": whole.get("apiVersion")} if kind != "List" else {}
    yield from _items(whole["items"] or [], given, f"{where}: items", now)


def _items(items: list[Any], given: dict[str, Any], where: str, now: Micros) -> Iterator[Line]:
    for i, item in enumerate(items):
        if not isinstance(item, dict):
            raise BadRecording(f"{where}[{i}]", not_expected(_("an object"), item))
        yield _object(f"{where}[{i}]", {**given, **item}, now)


def _object(where: str, obj: Object, now: Micros) -> Line:
    obj = _as_stored(obj)
    check_object(obj, where)
    return Line(where, "", obj, told=changed_at(obj, now))


def _as_stored(obj: Object) -> Object:
    """Return an object as an API server keeps it, which does not depend on the group that it was asked for by."""
    other = obj.get("kind") == "Event" and str(obj.get("apiVersion")).startswith("events.k8s.io/")
    return events.converted(obj, events.CORE) if other else obj


def _watched(where: str, value: dict[str, Any], now: Micros) -> Iterator[Line]:
    """Yield a watch's event, but for a bookmark."""
    type, obj = value.get("type"), value.get("object")
    if type not in (*CHANGES, "ERROR", "BOOKMARK"):
        raise BadRecording(f"{where}: type", not_expected(_("ADDED, MODIFIED, DELETED, ERROR or BOOKMARK"), type))
    if not isinstance(obj, dict):
        raise BadRecording(f"{where}: object", not_expected(_("an object"), obj))
    if type in CHANGES:
        obj = _as_stored(obj)
        check_object(obj, f"{where}: object")
    received, t = _received(value.get("received"), where), _t(value.get("t"), where)
    told = changed_at(obj, now) if type in CHANGES else None
    rest = {field: part for field, part in value.items() if field not in ("type", "object")}
    if type != "BOOKMARK":
        yield Line(where, type, obj, received, t, told, rest)


def _received(value: Any, where: str) -> Micros | None:
    if value is None:
        return None
    try:
        return parse_moment(value)
    except (ValueError, TypeError):
        text = not_expected(_("a time such as 2026-11-21T08:26:19.699Z"), value)
        raise BadRecording(f"{where}: received", text) from None


def _t(value: Any, where: str) -> Micros | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -FURTHEST < value < FURTHEST:
        raise BadRecording(f"{where}: t", not_expected(_("seconds"), value))
    return from_seconds(value)
