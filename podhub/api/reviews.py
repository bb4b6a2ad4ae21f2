"""What who asks may do, and who that is: `kubectl auth can-i`, `kubectl auth can-i --list`, `kubectl auth whoami`.

Kubernetes: pkg/registry/authorization, pkg/registry/authentication/selfsubjectreview
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.resources import Target
from lifecycle.wire import Object
from podhub.api import bodies
from podhub.api.auth import Rights, groups
from podhub.api.http import Call, Reply, json_reply

READING = ("get", "list", "watch")

QUESTIONS = {
    "authentication.k8s.io": ["selfsubjectreviews"],
    "authorization.k8s.io": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
}
PUBLIC = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
]
"""What everybody may ask. Kubernetes: the roles system:basic-user and system:discovery"""


async def review(call: Call, target: Target, may: Rights) -> Reply:
    """Answer a question about who asks."""
    body = await bodies.read_object(call, target.kind)
    spec: Any = body.get("spec") if isinstance(body, dict) else None
    spec = spec if isinstance(spec, dict) else {}
    match target.kind.kind:
        case "SelfSubjectAccessReview":
            answered = {"spec": spec, "status": {"allowed": _allowed(spec, may)}}
        case "SelfSubjectRulesReview":
            answered = {"spec": {}, "status": _rules(may)}
        case _:
            answered = {"status": {"userInfo": _user(call)}}
    metadata = {"metadata": {"creationTimestamp": None}}
    return json_reply({"kind": target.kind.kind, "apiVersion": target.kind.group_version, **metadata, **answered}, 201)


def _allowed(spec: Object, may: Rights) -> bool:
    """Whoever may write may do everything, others may read, if they have any rights at all."""
    asked = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    return may.write or (may.read and isinstance(asked, dict) and asked.get("verb") in READING)


def _rules(may: Rights) -> Object:
    verbs = ["*"] if may.write else list(READING)
    resources = [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}]
    others = {"verbs": ["*"] if may.write else ["get"], "nonResourceURLs": ["*"]}
    if not may.read:
        resources = [{"verbs": ["create"], "apiGroups": [group], "resources": plurals} for group, plurals in QUESTIONS.items()]
        others = {"verbs": ["get"], "nonResourceURLs": PUBLIC}
    return {"resourceRules": resources, "nonResourceRules": [others], "incomplete": False}


def _user(call: Call) -> Object:
    return {"username": call.user, "groups": groups(call)}
