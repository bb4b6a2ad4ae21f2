"""SelfSubjectAccessReview: what `kubectl auth can-i` asks."""

from __future__ import annotations

from lifecycle.wire import Object
from podhub.api import bodies
from podhub.api.http import Call, Reply, json_reply
from podhub.api.resources import Target

READING = ("get", "list", "watch")


async def review(call: Call, target: Target, may_write: bool) -> Reply:
    """Say whether who asks may do something: whoever may write may do everything, others may read."""
    body = await bodies.read_object(call, target.kind)
    spec: Object = body.get("spec") or {} if isinstance(body, dict) else {}
    asked = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    allowed = may_write or (isinstance(asked, dict) and asked.get("verb") in READING)
    answer = {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {"creationTimestamp": None},
        "spec": spec,
        "status": {"allowed": allowed},
    }
    return json_reply(answer, 201)
