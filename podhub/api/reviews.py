"""What who asks may do, and who that is: `kubectl auth can-i`, `kubectl auth can-i --list`, `kubectl auth whoami`.

Kubernetes: pkg/registry/authorization, pkg/registry/authentication/selfsubjectreview
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver import rbac
from lifecycle.apiserver.resources import Target
from lifecycle.wire import Object
from podhub.api import bodies, roles
from podhub.api.address import Address
from podhub.api.auth import Rights, groups
from podhub.api.http import Call, Reply, json_reply

READING = ("get", "list", "watch")


async def review(call: Call, address: Address, target: Target, may: Rights) -> Reply:
    """Answer a question about who asks."""
    body = await bodies.read_object(call, target.kind)
    spec: Any = body.get("spec") if isinstance(body, dict) else None
    spec = spec if isinstance(spec, dict) else {}
    match target.kind.kind:
        case "SelfSubjectAccessReview":
            allowed = _allowed(spec, may) or (call.impersonates and await roles.allow(call, address, rbac.asked(spec)))
            answered = {"spec": spec, "status": {"allowed": allowed}}
        case "SelfSubjectRulesReview" if not may.read:
            answered = {"spec": {}, "status": await roles.rules(call, address, str(spec.get("namespace") or ""))}
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
    return {"resourceRules": resources, "nonResourceRules": [others], "incomplete": False}


def _user(call: Call) -> Object:
    return {"username": call.user, "groups": groups(call)}
