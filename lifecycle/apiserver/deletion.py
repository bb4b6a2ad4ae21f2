"""What a DELETE does to an object: grace periods and finalizers.

Kubernetes: apiserver/pkg/registry/rest/delete.go (BeforeDelete), pkg/registry/core/pod/strategy.go (CheckGracefulDelete)
"""

from __future__ import annotations

from lifecycle.clock import Micros, go_seconds, parse_rfc3339, rfc3339
from lifecycle.wire import Object

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
"""Finalizers by which an object waits for the garbage collector: until its dependents are gone, or name it no more."""

COLLECTS = {"Foreground": FOREGROUND, "Orphan": ORPHAN, "Background": ""}

ALONE = ("events", "namespaces")
"""Of which nothing is collected: nobody belongs to an Event, and a namespace is emptied by its own controller."""


def with_dependents(resource: str, obj: Object, propagation: str) -> Object:
    """Return the object as a DELETE leaves it that says what is to become of its dependents (empty: what was said before).

    Kubernetes: apiserver/pkg/registry/generic/registry/store.go (deletionFinalizersForGarbageCollection)
    """
    if resource in ALONE or propagation not in COLLECTS:
        return obj
    metadata, asked = obj["metadata"], COLLECTS[propagation]
    given = metadata.get("finalizers") or []
    finalizers = [one for one in given if one not in (FOREGROUND, ORPHAN)] + ([asked] if asked else [])
    if set(finalizers) == set(given):
        return obj
    rest = {name: value for name, value in metadata.items() if name != "finalizers"}
    return {**obj, "metadata": {**rest, **({"finalizers": finalizers} if finalizers else {})}}


def is_over(obj: Object) -> bool:
    """Say whether an object was to be deleted and nothing holds it back any more."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds") and not (obj.get("spec") or {}).get("finalizers")


def begin(resource: str, obj: Object, grace: int | None, now: Micros) -> tuple[Object, bool]:
    """Return the object as a DELETE leaves it (the same one where nothing changes), and whether it goes at once."""
    if resource == "pods":
        return _delete_pod(obj, grace, now)
    if resource == "namespaces":
        return _delete_namespace(obj, now)
    if obj["metadata"].get("finalizers"):
        return _marked(obj, 0, now), False
    return obj, True


def _delete_pod(pod: Object, grace: int | None, now: Micros) -> tuple[Object, bool]:
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        return _delete_again(pod, grace, now)
    seconds = _pod_grace(pod, grace)
    pod = _marked(pod, seconds, now)
    return pod, seconds == 0 and not metadata.get("finalizers")


def _pod_grace(pod: Object, grace: int | None) -> int:
    """Return the grace of a first DELETE: none for a Pod that is on no node or has ended."""
    spec = pod["spec"]
    seconds = spec.get("terminationGracePeriodSeconds", 30) if grace is None else grace
    if not spec.get("nodeName") or pod["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    return 1 if seconds < 0 else int(seconds)


def _delete_again(pod: Object, grace: int | None, now: Micros) -> tuple[Object, bool]:
    """Apply a further DELETE: only a grace smaller than the one that runs has an effect."""
    metadata = pod["metadata"]
    old = metadata.get("deletionGracePeriodSeconds") or 0
    ended = pod["status"].get("phase") in ("Succeeded", "Failed") and grace is None
    seconds = 1 if grace is not None and grace < 0 else grace
    if old == 0 or (seconds is not None and seconds >= old) or (seconds is None and not ended):
        return pod, old == 0 and not metadata.get("finalizers")
    seconds = seconds or 0
    until = parse_rfc3339(metadata["deletionTimestamp"]) - go_seconds(old - seconds)
    if until < now:
        until, seconds = now, min(seconds, 1)
    metadata = {**metadata, "deletionTimestamp": rfc3339(until), "deletionGracePeriodSeconds": seconds}
    return {**pod, "metadata": metadata}, seconds == 0 and not metadata.get("finalizers")


def _delete_namespace(namespace: Object, now: Micros) -> tuple[Object, bool]:
    """Mark a namespace as terminating; its controller empties it and then takes the finalizer `kubernetes` away."""
    if namespace["metadata"].get("deletionTimestamp"):
        return namespace, False
    metadata = {**namespace["metadata"], "deletionTimestamp": rfc3339(now)}
    return {**namespace, "metadata": metadata, "status": {**namespace.get("status", {}), "phase": "Terminating"}}, False


def _marked(obj: Object, grace: int, now: Micros) -> Object:
    """Return the object with the marks of a first DELETE."""
    metadata = obj["metadata"]
    if metadata.get("deletionTimestamp"):
        return obj
    new = {**metadata, "deletionTimestamp": rfc3339(now + go_seconds(grace)), "deletionGracePeriodSeconds": grace}
    if "generation" in metadata:
        new["generation"] = metadata["generation"] + 1
    return {**obj, "metadata": new}
