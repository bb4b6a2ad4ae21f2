"""What the API server answers to programs in Pods.

Who asks is known by a token, and may do what everybody may, and what roles let him.
Kubernetes: apiserver/pkg/endpoints (filters, request), plugin/pkg/auth/authorizer/rbac/bootstrappolicy
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from lifecycle import tokens
from lifecycle.apiserver import discovery, pod_requests, rbac
from lifecycle.apiserver.pod_requests import About, Given, Query
from lifecycle.apiserver.rbac import Attributes
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel
from lifecycle.programs.network import CONTROL_PLANE
from lifecycle.programs.servers import HTTPRequest, HTTPResponse
from lifecycle.wire import Object

ANONYMOUS = "system:anonymous"

HEALTH = ("/healthz", "/livez", "/readyz")
INFO = (*HEALTH, "/version", "/version/")
"""What may be asked by who says not who he is (the role system:public-info-viewer)."""
DISCOVERED = ("/api", "/apis", "/openapi")
"""And what, with all below it, by who does (the role system:discovery)."""
REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
"""And about oneself (the role system:basic-user)."""

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
TRUE = ("1", "t", "T", "true", "True", "TRUE")
"""What Go's strconv.ParseBool takes for true."""
PRETTY_FOR = ("curl", "Wget", "Mozilla/5.0")
"""Clients behind which somebody reads what comes."""


def answer(kernel: Kernel, request: HTTPRequest) -> HTTPResponse:
    """Answer what a program asks over TLS."""
    parts = urlsplit(request.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    try:
        given = _given(kernel, request, read(request.method, parts.path, "watch" in query), query)
    except Refused as refused:
        given = Given(refused.status.code, refused.status.object())
    pretty = is_pretty(query.get("pretty", [""])[0], request.header("User-Agent"))
    id = kernel.seeds.uid("audit", kernel.now, request.client, request.path)
    return _response(given, pretty, id)


def is_pretty(asked: str, agent: str) -> bool:
    """Say whether JSON is to be indented. Kubernetes: apiserver/pkg/endpoints/handlers/negotiation (isPrettyPrint)"""
    return asked in TRUE if asked else agent.startswith(PRETTY_FOR)


def _given(kernel: Kernel, request: HTTPRequest, about: About, query: Query) -> Given:
    """Return what comes of a request. Raises: Refused."""
    user = _user(kernel, request.header("Authorization"))
    if not may(kernel, user, about):
        raise Refused(_forbidden(user, about))
    if about.resource and about.resource not in REVIEWS:
        return pod_requests.answer(kernel, request, about, query, user)
    return Given(201 if about.resource else 200, _answer(kernel, request, about, user, "verbose" in query))


def _response(given: Given, pretty: bool, id: str) -> HTTPResponse:
    code, found, delay = given
    kind = "text/plain; charset=utf-8" if isinstance(found, str) else "application/json"
    named = (
        ("Audit-Id", id),
        ("Cache-Control", "no-cache, private"),
        ("Content-Type", kind),
        ("X-Content-Type-Options", "nosniff"),
    )
    if isinstance(found, str):
        return HTTPResponse(code, found, named, delay, steady=False)
    data = msgspec.json.encode(found)
    text = msgspec.json.format(data, indent=2) if pretty else data + b"\n"
    return HTTPResponse(code, text.decode("latin-1"), named, delay, steady=False)


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _user(kernel: Kernel, authorization: str) -> str:
    """Return the name of who asks. Raises: Refused (401)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return ANONYMOUS
    claims = tokens.read(kernel.seeds, token.strip(), kernel.now)
    if claims is None or not tokens.stands(kernel.rooms["apiserver"], claims):
        raise Refused(status.unauthorized())
    return str(claims["sub"])


# ── what about ───────────────────────────────────────────────────────────────────────────────────────────────────────


def read(method: str, path: str, watch: bool = False) -> About:
    """Read a method and a path. Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go"""
    parts = path.strip("/").split("/")
    least = {"api": 3, "apis": 4}.get(parts[0], 0)
    if not least or len(parts) < least:
        return About(method.lower(), path)
    group_version, rest = "/".join(parts[1 : least - 1]), parts[least - 1 :]
    verb = VERBS.get(method, "")
    if rest[0] in ("watch", "proxy") and len(rest) > 1:
        verb, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        rest = rest[2:] if len(rest) > 2 and rest[2] not in ("status", "finalize") else rest
    resource, name, subresource = (*rest, "", "")[:3]
    if not name and verb in ("get", "delete"):
        verb = "deletecollection" if verb == "delete" else "watch" if watch else "list"
    return About(verb, path, group_version, resource, namespace, name, subresource)


def may(kernel: Kernel, user: str, about: About) -> bool:
    """Say whether somebody may do so."""
    if _everybody_may(user, about):
        return True
    group = about.group_version.rpartition("/")[0]
    what = Attributes(about.verb, group, about.resource, about.subresource, about.namespace, about.name, about.path)
    return user != ANONYMOUS and rbac.allows(kernel.rooms["apiserver"], user, rbac.account_groups(user), what)


def _everybody_may(user: str, about: About) -> bool:
    """Say whether the roles that everybody has let somebody do so."""
    if about.resource:
        return user != ANONYMOUS and about.verb == "create" and about.resource in REVIEWS
    if about.verb not in ("get", "head"):
        return False
    below = any(about.path == root or about.path.startswith(f"{root}/") for root in DISCOVERED)
    return about.path in INFO or (below and user != ANONYMOUS)


def _forbidden(user: str, about: About) -> Status:
    if not about.resource:
        return Status(403, "Forbidden", f'forbidden: User "{user}" cannot {about.verb} path "{about.path}"', {})
    kind = Kind(about.group_version, "", about.resource)
    resource = f"{about.resource}/{about.subresource}" if about.subresource else about.resource
    where = f'in the namespace "{about.namespace}"' if about.namespace else "at the cluster scope"
    why = f'User "{user}" cannot {about.verb} resource "{resource}" in API group "{kind.group}" {where}'
    return status.forbidden(kind, about.name, why)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(kernel: Kernel, request: HTTPRequest, about: About, user: str, verbose: bool) -> Object | str:
    """Return what is asked for. Raises: Refused."""
    if about.resource:
        return _review(kernel, request, about, user)
    path = about.path.rstrip("/")
    if path in HEALTH:
        return f"[+]ping ok\n{path[1:]} check passed\n" if verbose else "ok"
    if path == "/version":
        return discovery.VERSION
    if path == "/api":
        return discovery.api_versions(f"{CONTROL_PLANE.ip}:{CONTROL_PLANE.port}")
    found = discovery.api_groups() if path == "/apis" else _of_group(path.split("/")[1:])
    if found is None:
        raise Refused(status.no_such_path())
    return found


def _of_group(parts: list[str]) -> Object | None:
    if parts[0] == "api" and len(parts) == 2:
        return discovery.api_resources(parts[1])
    if parts[0] == "apis" and len(parts) == 2:
        return discovery.api_group(parts[1])
    return discovery.api_resources("/".join(parts[1:])) if parts[0] == "apis" and len(parts) == 3 else None


def _review(kernel: Kernel, request: HTTPRequest, about: About, user: str) -> Object:
    """Answer what somebody asks about himself."""
    try:
        body: Any = msgspec.json.decode(request.body.encode("latin-1", "replace"))
        spec = body.get("spec") or {}
        told = _told(kernel, about, user, spec)
    except (msgspec.DecodeError, AttributeError, TypeError) as wrong:
        raise Refused(status.bad_request(f"couldn't get version/kind; json parse error: {wrong}")) from None
    kind = {"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectrulesreviews": "SelfSubjectRulesReview"}
    return {
        "kind": kind.get(about.resource, "SelfSubjectReview"),
        "apiVersion": about.group_version,
        "metadata": {"creationTimestamp": None},
        **told,
    }


def _told(kernel: Kernel, about: About, user: str, spec: Object) -> Object:
    objects, groups = kernel.rooms["apiserver"], rbac.account_groups(user)
    if about.resource == "selfsubjectreviews":
        return {"status": {"userInfo": {"username": user, "groups": list(groups)}}}
    if about.resource == "selfsubjectaccessreviews":
        return {"spec": spec, "status": {"allowed": rbac.allows(objects, user, groups, rbac.asked(spec))}}
    return {"spec": {}, "status": rules(rbac.rules(objects, user, groups, spec.get("namespace") or ""))}


def rules(given: Iterable[Object]) -> Object:
    """Return the status of a review of rules: those that everybody has, and those that were given."""
    resources: list[Object] = [
        {"verbs": ["create"], "apiGroups": [group], "resources": [plural for plural in REVIEWS if plural in plurals]}
        for group, plurals in (("authorization.k8s.io", REVIEWS[:2]), ("authentication.k8s.io", REVIEWS[2:]))
    ]
    paths = [*DISCOVERED, *(f"{root}/*" for root in DISCOVERED), *INFO]
    others: list[Object] = [{"verbs": ["get"], "nonResourceURLs": sorted(paths)}]
    for rule in given:
        (others if rule.get("nonResourceURLs") else resources).append(rule)
    return {"resourceRules": resources, "nonResourceRules": others, "incomplete": False}
