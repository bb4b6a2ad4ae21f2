"""Who somebody is and what he may do: `kubectl auth can-i`, `kubectl auth whoami`, and what webhooks and proxies ask.

Kubernetes: pkg/registry/authorization, pkg/registry/authentication (selfsubjectreview, tokenreview)
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from lifecycle import tokens
from lifecycle.apiserver import rbac
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import field, status
from lifecycle.seeds import Seeds
from lifecycle.wire import Object
from podhub.api import bodies, list_options, roles
from podhub.api.address import Address
from podhub.api.auth import MASTERS, Rights, groups
from podhub.api.http import Call, Reply, json_reply
from podhub.api.threads import on_thread

T = TypeVar("T")

READING = ("get", "list", "watch")

UNKNOWN_TOKEN = "invalid bearer token"


class Subject(msgspec.Struct):
    """Whom a SubjectAccessReview is about, and what he wants to do."""

    user: str = ""
    groups: list[str] | None = None
    resource: dict[str, Any] | None = msgspec.field(default=None, name="resourceAttributes")
    path: dict[str, Any] | None = msgspec.field(default=None, name="nonResourceAttributes")


class Shown(msgspec.Struct):
    """A token that somebody has shown, and for whom it is to be; without a word of that, for the API server."""

    token: str = ""
    audiences: list[str] | None = None


async def of_oneself(call: Call, address: Address, target: Target, may: Rights) -> Reply:
    """Answer a question about who asks."""
    spec = _spec(await bodies.read_object(call, target.kind))
    match target.kind.kind:
        case "SelfSubjectAccessReview":
            allowed = _allowed(spec, may) or (call.by_roles and await roles.allow(call, address, rbac.asked(spec)))
            return _answer(target, {"spec": spec, "status": {"allowed": allowed}})
        case "SelfSubjectRulesReview" if not may.read:
            return _answer(target, {"spec": {}, "status": await roles.rules(call, address, str(spec.get("namespace") or ""))})
        case "SelfSubjectRulesReview":
            return _answer(target, {"spec": {}, "status": _rules(may)})
    return _answer(target, {"status": {"userInfo": {"username": call.user, "groups": groups(call)}}})


async def of_another(call: Call, address: Address, target: Target) -> Reply:
    """Answer a question about somebody else. Raises: Refused (400, 422)."""
    body = await bodies.read_object(call, target.kind)
    spec = _spec(body)
    if target.kind.kind == "TokenReview":
        told = await _whose(address, _read(target, spec, Shown))
    else:
        _check_namespace(target, spec)
        told = {"allowed": await _may(address, _subject(target, spec), spec)}
    metadata = {"namespace": target.namespace} if target.namespace else {}
    return _answer(target, {"metadata": {**metadata, "creationTimestamp": None}, "spec": spec, "status": told})


def _answer(target: Target, told: Object) -> Reply:
    kind = target.kind
    metadata = {"metadata": {"creationTimestamp": None}}
    return json_reply({"kind": kind.kind, "apiVersion": kind.group_version, **metadata, **told}, 201)


def _spec(body: Any) -> Object:
    spec = body.get("spec") if isinstance(body, dict) else None
    return spec if isinstance(spec, dict) else {}


def _read(target: Target, spec: Object, type: type[T]) -> T:
    """Return a spec as what it is. Raises: Refused (400)."""
    try:
        return msgspec.convert(spec, type)
    except msgspec.ValidationError as wrong:
        kind = target.kind.kind
        why = f'{kind} in version "v1" cannot be handled as a {kind}: {wrong}'
        raise Refused(status.bad_request(why)) from None


def _allowed(spec: Object, may: Rights) -> bool:
    """Whoever may write may do everything, others may read, if they have any rights at all."""
    asked = spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}
    return may.write or (may.read and isinstance(asked, dict) and asked.get("verb") in READING)


def _rules(may: Rights) -> Object:
    verbs = ["*"] if may.write else list(READING)
    resources = [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}]
    others = {"verbs": ["*"] if may.write else ["get"], "nonResourceURLs": ["*"]}
    return {"resourceRules": resources, "nonResourceRules": [others], "incomplete": False}


# ── others ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _subject(target: Target, spec: Object) -> Subject:
    """Return whom a question is about. Kubernetes: pkg/apis/authorization/validation. Raises: Refused (400, 422)."""
    subject, errors = _read(target, spec, Subject), []
    if subject.resource is not None and subject.path is not None:
        why = "cannot be specified in combination with resourceAttributes"
        errors.append(field.invalid("spec.nonResourceAttributes", subject.path, why))
    if subject.resource is None and subject.path is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        errors.append(field.invalid("spec.resourceAttributes", None, why))
    if not subject.user and not subject.groups:
        errors.append(field.invalid("spec.user", "", "at least one of user or group must be specified"))
    if errors:
        raise Refused(list_options.invalid(f"{target.kind.kind}.{target.kind.group}", "", errors))
    return subject


def _check_namespace(target: Target, spec: Object) -> None:
    """Refuse a local question about another namespace than the one that it is put to. Raises: Refused (400)."""
    about = spec.get("resourceAttributes")
    if target.namespace and isinstance(about, dict) and about.get("namespace") != target.namespace:
        raise Refused(status.bad_request(f"spec.resourceAttributes.namespace must match namespace: {target.namespace}"))


async def _may(address: Address, subject: Subject, spec: Object) -> bool:
    given = subject.groups or ()
    return MASTERS in given or await roles.allows(address, subject.user, given, rbac.asked(spec))


async def _whose(address: Address, shown: Shown) -> Object:
    """Return whose a token is, or that it is nobody's. Raises: Refused (400)."""
    if not shown.token:
        raise Refused(status.bad_request("token is required for TokenReview in authentication"))
    audiences = shown.audiences or [tokens.ISSUER]
    said = tokens.read(Seeds(address.cluster.seed), shown.token, address.now, audiences)
    if said is None or not await on_thread(lambda: tokens.stands(roles.Objects(address.view), said)):
        return {"user": {}, "error": UNKNOWN_TOKEN}
    return {"authenticated": True, "user": _user(said), "audiences": [one for one in said["aud"] if one in audiences]}


def _user(said: Object) -> Object:
    """Return the account that a token speaks for. Kubernetes: pkg/serviceaccount/util.go"""
    who, extra = said["kubernetes.io"], {}
    if "jti" in said:
        extra["authentication.kubernetes.io/credential-id"] = [f"JTI={said['jti']}"]
    for kind in ("node", "pod"):
        for name in ("name", "uid"):
            if who.get(kind, {}).get(name):
                extra[f"authentication.kubernetes.io/{kind}-{name}"] = [who[kind][name]]
    return {
        "username": said["sub"],
        "uid": who["serviceaccount"]["uid"],
        "groups": list(rbac.account_groups(said["sub"])),
        "extra": dict(sorted(extra.items())),
    }
