"""What is the same at every moment of every cluster: discovery, version, health and OpenAPI."""

from __future__ import annotations

import hashlib

import msgspec

from lifecycle.apiserver import discovery
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import GROUP_VERSIONS
from lifecycle.core_v1 import status
from lifecycle.wire import Object
from podhub.api import openapi, openapi_v2
from podhub.api.discovery import AGGREGATED, aggregated, wants_aggregated
from podhub.api.http import JSON, Call, Headers, Reply, no_page, status_reply

HEALTH = ("healthz", "livez", "readyz")
PING = "ping"


def answer(call: Call, root: str, path: str) -> Reply | None:
    """Return the answer to a path that is no object's, or None where it may be one. Raises: Refused."""
    found = _answer(call, root, path.rstrip("/"))
    if found is not None and call.method != "GET" and not (call.method == "HEAD" and not _is_routed(path)):
        raise Refused(status.method_not_allowed())
    return found


def nothing(call: Call, path: str) -> Reply:
    """Return the answer to a path that leads nowhere."""
    return status_reply(status.no_such_path()) if _is_routed(path) else no_page()


def _is_routed(path: str) -> bool:
    """Say whether a path is below what discovery serves: there a Status tells what is not, elsewhere a line of text.

    Kubernetes: apiserver/pkg/server/handler.go (director)
    """
    first, group, *_ = (*path.strip("/").split("/"), "")
    return first in ("api", "version") or (first == "apis" and (not group or discovery.api_group(group) is not None))


def _answer(call: Call, root: str, path: str) -> Reply | None:
    name, _, check = path.removeprefix("/").partition("/")
    if name in HEALTH:
        return _health(call, name, check)
    if path == "/version":
        return _tagged(call, discovery.VERSION)
    if name == "openapi":
        return _openapi(call, root, path)
    if path == "":
        return _tagged(call, {"paths": _paths()})
    return _discovered(call, path)


def _health(call: Call, name: str, check: str) -> Reply:
    """Return that all is well. Kubernetes: apiserver/pkg/server/healthz"""
    if check not in ("", PING):
        return no_page()
    result = "excluded: ok" if PING in call.query.get("exclude", ()) else "ok"
    text = f"[+]{PING} {result}\n{name} check passed\n" if "verbose" in call.query and not check else "ok"
    return Reply(200, text.encode(), "text/plain; charset=utf-8")


def _paths() -> list[str]:
    """Return the paths that are served, but for those of objects."""
    groups = [f"/apis/{group['name']}" for group in discovery.api_groups()["groups"]]
    versions = [f"/{openapi.path(group_version)}" for group_version in GROUP_VERSIONS]
    health = [path for name in HEALTH for path in (f"/{name}", f"/{name}/{PING}")]
    return sorted(["/api", "/apis", *groups, *versions, *health, "/metrics", "/openapi/v2", "/openapi/v3", "/version"])


def _discovered(call: Call, path: str) -> Reply | None:
    if path in ("/api", "/apis"):
        core = path == "/api"
        if wants_aggregated(call.headers.get("accept", "")):
            return _tagged(call, aggregated(core), AGGREGATED)
        return _tagged(call, discovery.api_versions(call.headers.get("host", "")) if core else discovery.api_groups())
    parts = path.split("/")[1:]
    if parts[0] == "apis" and len(parts) == 2:
        found = discovery.api_group(parts[1])
    elif len(parts) == {"api": 2, "apis": 3}.get(parts[0]):
        found = discovery.api_resources("/".join(parts[1:]))
    else:
        return None
    return _tagged(call, found) if found else nothing(call, path)


def _openapi(call: Call, root: str, path: str) -> Reply:
    if path == "/openapi/v2":
        document = openapi_v2.served(call.headers.get("accept", ""))
        if document is None:
            raise Refused(status.not_acceptable(openapi_v2.TYPES))
        return _etagged(call, *document)
    if path == "/openapi/v3":
        return _tagged(call, openapi.index(root))
    name = path.removeprefix("/openapi/v3/")
    group_version = name.removeprefix("apis/") if name.startswith("apis/") else name.removeprefix("api/")
    found = openapi.document(group_version)
    if found is None or openapi.path(group_version) != name:
        return no_page()
    for_ever = (("cache-control", "public, immutable, max-age=31536000"),) if call.one("hash") == found.hash else ()
    return _etagged(call, found.body, JSON, for_ever, found.hash)


def _tagged(call: Call, obj: Object, content_type: str = JSON) -> Reply:
    return _etagged(call, msgspec.json.encode(obj) + b"\n", content_type)


def _etagged(call: Call, body: bytes, content_type: str, headers: Headers = (), hash: str = "") -> Reply:
    """Return a document with its ETag, or that the client has it already."""
    etag = f'"{hash or hashlib.sha256(body).hexdigest()[:40].upper()}"'
    headers = (("etag", etag), ("vary", "Accept"), *headers)
    known = [tag.strip().removeprefix("W/") for tag in call.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Reply(304, b"", content_type, headers)
    return Reply(200, body, content_type, headers)
