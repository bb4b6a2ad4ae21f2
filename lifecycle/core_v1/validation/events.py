"""Events of both groups. Kubernetes: pkg/apis/core/validation/events.go"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import immutable, metadata, metadata_update, wrong

Object = dict[str, Any]

LONGEST = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}
"""Characters that newer Events may have in a field."""

NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
"""What fields of core/v1 are called in events.k8s.io/v1; errors name them as core/v1 does."""

FIXED = (
    "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type", "eventTime",
    "action", "related", "reportingComponent", "reportingInstance",
)  # fmt: skip


def create(event: Object) -> Iterator[Error]:
    yield from _legacy(event)
    if not _is_new(event):
        return
    yield from metadata(event["metadata"], True, formats.dns_subdomain)
    yield from _series(event)
    if not event.get("eventTime"):
        yield field.required("eventTime")
    if event.get("type") not in ("Normal", "Warning"):
        yield field.invalid("type", "", f"has invalid value: {event.get('type', '')}")
    for name in ("firstTimestamp", "lastTimestamp", "count", "source"):
        value = _get(event, name)
        if value and value != {"component": "", "host": ""}:
            yield field.invalid(name, "", "needs to be unset")


def update(new: Object, old: Object) -> Iterator[Error]:
    yield from _legacy(new)
    if not _is_new(new):
        return
    yield from metadata_update(new["metadata"], old["metadata"])
    if new.get("series") != old.get("series"):
        yield from _series(new)
    for name in FIXED:
        yield from immutable(_get(new, name), _get(old, name), name.replace("Component", "Controller"))


def _is_new(event: Object) -> bool:
    return bool(event["apiVersion"] != "v1")


def _get(event: Object, name: str) -> Any:
    return event.get(NAMES.get(name, name) if _is_new(event) else name)


def _legacy(event: Object) -> Iterator[Error]:
    """Test what holds for Events of either group."""
    own = event["metadata"].get("namespace", "")
    about = (_get(event, "involvedObject") or {}).get("namespace", "")
    if event.get("eventTime"):
        allowed = bool(about) or own in ("default", "kube-system")
    else:
        allowed = own == about if about else own in ("", "default")
    if not allowed:
        yield field.invalid("involvedObject.namespace", about, "does not match event.namespace")
    if event.get("eventTime"):
        yield from _complete(event)
    yield from wrong("namespace", own, formats.dns_subdomain(own))


def _complete(event: Object) -> Iterator[Error]:
    reporter = _get(event, "reportingComponent") or ""
    if not reporter:
        yield field.required("reportingController")
    yield from wrong("reportingController", reporter, formats.label_key(reporter))
    for name, most in LONGEST.items():
        value = _get(event, name) or ""
        if not value and name != "message":
            yield field.required(name)
        if len(value.encode()) > most:
            yield field.invalid(name, "", f"can have at most {most} characters")


def _series(event: Object) -> Iterator[Error]:
    series = event.get("series")
    if series is None:
        return
    if series.get("count", 0) < 2:
        yield field.invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield field.required("series.lastObservedTime")
