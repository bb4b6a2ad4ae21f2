"""What is the same at every moment of every cluster: discovery, version, health and OpenAPI."""

from __future__ import annotations

import hashlib

import msgspec

from lifecycle.apiserver import discovery
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.wire import Object
from podhub.api import openapi, openapi_v2
from podhub.api.discovery import AGGREGATED, aggregated, wants_aggregated
from podhub.api.http import JSON, Call, Headers, Reply

HEALTH = ("/healthz", "/livez", "/readyz")


def answer(call: Call, root: str, path: str) -> Reply | None:
    """Return the answer to a path that is no object's, or None where it may be one. Raises: Refused."""
    path = path.rstrip("/")
    if not path.startswith(("/api", "/openapi", "/version", *HEALTH)) and path:
        return None
    found = _answer(call, root, path)
    if found is not None and call.method not in ("GET", "HEAD"):
        raise Refused(status.method_not_allowed())
    return found


def _answer(call: Call, root: str, path: str) -> Reply | None:
    if path.startswith(HEALTH):
        text = f"[+]ping ok\n{path.split('/')[1]} check passed\n" if call.flag("verbose") else "ok"
        return Reply(200, text.encode(), "text/plain; charset=utf-8")
    if path == "/version":
        return _tagged(call, discovery.VERSION)
    if path.startswith("/openapi"):
        return _openapi(call, root, path)
    if path == "":
        paths = [
            "/api",
            "/api/v1",
            "/apis",
            "/healthz",
            "/livez",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
            "/version",
        ]
        return _tagged(call, {"paths": paths})
    return _discovered(call, path)


def _discovered(call: Call, path: str) -> Reply | None:
    if path in ("/api", "/apis"):
        core = path == "/api"
        if wants_aggregated(call.headers.get("accept", "")):
            return _tagged(call, aggregated(core), AGGREGATED)
        return _tagged(call, discovery.api_versions(call.headers.get("host", "")) if core else discovery.api_groups())
    parts = path.split("/")[1:]
    if parts[0] == "api" and len(parts) == 2:
        return _tagged(call, _there(discovery.api_resources(parts[1])))
    if parts[0] == "apis" and len(parts) == 2:
        return _tagged(call, _there(discovery.api_group(parts[1])))
    if parts[0] == "apis" and len(parts) == 3:
        return _tagged(call, _there(discovery.api_resources("/".join(parts[1:]))))
    return None


def _openapi(call: Call, root: str, path: str) -> Reply:
    if path == "/openapi/v2":
        return _etagged(call, openapi_v2.document(), openapi_v2.CONTENT_TYPE)
    if path == "/openapi/v3":
        return _tagged(call, openapi.index(root))
    name = path.removeprefix("/openapi/v3/")
    group_version = name.removeprefix("apis/") if name.startswith("apis/") else name.removeprefix("api/")
    found = openapi.document(group_version)
    if found is None or openapi.path(group_version) != name:
        raise Refused(status.no_such_path())
    for_ever = (("cache-control", "public, immutable, max-age=31536000"),) if call.one("hash") == found.hash else ()
    return _etagged(call, found.body, JSON, for_ever, found.hash)


def _there(found: Object | None) -> Object:
    if found is None:
        raise Refused(status.no_such_path())
    return found


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
