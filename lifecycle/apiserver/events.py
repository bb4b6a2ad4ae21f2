"""Events in both of their groups: stored as core/v1 has them, read and answered as they are asked for.

Kubernetes: pkg/apis/events/v1/conversion.go
"""

from __future__ import annotations

from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.core_v1 import component_fields
from lifecycle.wire import Object

CORE, EVENTS = "v1", "events.k8s.io/v1"

_NAMES = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
)
"""What a field is called in core/v1, and in events.k8s.io/v1."""


def managed(event: Object) -> list[Object]:
    """Return the managedFields of an Event, as core/v1 has it, that no request has made."""
    group_version = EVENTS if event.get("eventTime") and not event.get("source") else CORE
    return component_fields.of_event(BY_PLURAL[group_version, "events"], converted(event, group_version))


def converted(event: Object, group_version: str) -> Object:
    """Return an Event as a group and version writes it."""
    if event.get("apiVersion", CORE) == group_version:
        return event
    old, new = (0, 1) if group_version == EVENTS else (1, 0)
    names = {pair[old]: pair[new] for pair in _NAMES}
    return {**{names.get(field, field): value for field, value in event.items()}, "apiVersion": group_version}
