"""What a Node object says that there is of a resource."""

from __future__ import annotations

from lifecycle.core_v1.quantity import parse
from lifecycle.wire import Object

MEMORY, STORAGE = "memory", "ephemeral-storage"


def capacity(status: Object, resource: str) -> int:
    return amount(status, "capacity", resource)


def amount(status: Object, field: str, resource: str) -> int:
    """Return a whole number from a Node's `capacity` or `allocatable`; 0 where it says nothing."""
    return parse(str((status.get(field) or {}).get(resource, 0))).value()
