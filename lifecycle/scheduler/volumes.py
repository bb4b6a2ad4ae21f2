"""Claims that must be there, and bound, before a Pod can go anywhere.

Kubernetes: pkg/scheduler/framework/plugins/volumebinding (PreFilter)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lifecycle.wire import Object

Claims = Callable[[str, str], Object | None]
"""Namespace and name to a PersistentVolumeClaim, or None."""

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


def missing_claim(pod: Object, claims: Claims) -> str | None:
    """Return why no node at all will do, or None where all claims are bound."""
    unbound = False
    for name, ephemeral in _claims(pod):
        claim = claims(pod["metadata"]["namespace"], name)
        if claim is None:
            if ephemeral:
                return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
            return f'persistentvolumeclaim "{name}" not found'
        if claim["metadata"].get("deletionTimestamp"):
            return f'persistentvolumeclaim "{name}" is being deleted'
        if (claim.get("status") or {}).get("phase") == "Lost":
            return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName")}"'
        unbound = unbound or not claim["spec"].get("volumeName")
    return UNBOUND if unbound else None


def _claims(pod: Object) -> Iterator[tuple[str, bool]]:
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif "ephemeral" in volume:
            yield f"{pod['metadata']['name']}-{volume['name']}", True
