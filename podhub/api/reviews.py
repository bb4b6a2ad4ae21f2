"""What who asks may do, and who that is: `kubectl auth can-i`, `kubectl auth can-i --list`, `kubectl auth whoami`.

Kubernetes: pkg/registry/authorization, pkg/registry/authentication/selfsubjectreview
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from lifecycle.wire import Object
from podhub.api import bodies
from podhub.api.http import Call, Reply, json_reply
from podhub.api.resources import Target

READING = ("get", "list", "watch")

AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"
"""The group of those who may do everything; without a login everybody is one of them."""


async def review(call: Call, target: Target, may_write: bool) -> Reply:
    """Answer a question about who asks."""
    body = await bodies.read_object(call, target.kind)
    spec: Any = body.get("spec") if isinstance(body, dict) else None
    spec = spec if isinstance(spec, dict) else {}
    match target.kind.kind:
        case "SelfSubjectAccessReview":
            answered = {"spec": spec, "status": {"allowed": _allowed(spec, may_write)}}
        case "SelfSubjectRulesReview":
            answered = {"spec": {}, "status": _rules(may_write)}
        case _:
            answered = {"status": {"userInfo": _user(call)}}
    metadata = {"metadata": {"creationTimestamp": None}}
    return json_reply({"kind": target.kind.kind, "apiVersion": target.kind.group_version, **metadata, **answered}, 201)


def _allowed(spec: Object, may_write: bool) -> bool:
    """Whoever may write may do everything, others may read."""
    asked = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    return may_write or (isinstance(asked, dict) and asked.get("verb") in READING)


def _rules(may_write: bool) -> Object:
    verbs = ["*"] if may_write else list(READING)
    return {
        "resourceRules": [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"] if may_write else ["get"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    }


def _user(call: Call) -> Object:
    groups = [AUTHENTICATED] if settings.TEAM else [MASTERS, AUTHENTICATED]
    return {"username": call.user, "groups": groups}
