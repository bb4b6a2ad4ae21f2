"""Which Events are about an object. Kubernetes: kubectl/pkg/describe, client-go/tools/record (Search). Imports no Django."""

from __future__ import annotations

from lifecycle.wire import Object

MIRROR_POD = "kubernetes.io/config.mirror"


def event_uids(obj: Object) -> set[str]:
    """Return the uids by which Events name an object; none where it tells none.

    A mirror Pod goes by its annotation's uid; a node also by its name, which the kubelet writes in place of the uid.
    """
    metadata = obj["metadata"]
    uid = metadata.get("uid")
    if obj["kind"] == "Pod":
        uid = (metadata.get("annotations") or {}).get(MIRROR_POD) or uid
    return {uid, metadata["name"]} if uid and obj["kind"] == "Node" else {uid} if uid else set()


def concerns(event: Object, obj: Object) -> bool:
    """Say whether an Event is about an object, as `kubectl describe` asks: name, namespace, uid; the kind of all but Pods."""
    about, metadata = event.get("involvedObject") or {}, obj["metadata"]
    if (about.get("name"), about.get("namespace", "")) != (metadata["name"], metadata.get("namespace", "")):
        return False
    uids = event_uids(obj)
    return (obj["kind"] == "Pod" or about.get("kind") == obj["kind"]) and (not uids or about.get("uid") in uids)
