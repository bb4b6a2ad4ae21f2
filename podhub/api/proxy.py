"""proxy: a request to a Pod or a Service, passed on to the program there as it stands below `.../proxy`.

What a program answers is shown by PodHub's own origin. It came out of somebody's manifest, so that a browser has to treat it
as a page of nobody's: in a sandbox, without scripts, and with none of the headers that speak for a whole origin.
Kubernetes: apimachinery/pkg/util/proxy, pkg/registry/core/pod/rest (subresources.go)
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import field, status
from lifecycle.wire import Request
from podhub.api.address import Address
from podhub.api.http import Call, Headers, Reply, json_reply, until_gone
from podhub.api.threads import on_thread
from podhub.api.traces import follow
from podhub.api.writing import check_writable
from podhub.log.read import Line
from podhub.runs.queue import asubmit

METHODS = {
    "DELETE": "delete",
    "GET": "get",
    "HEAD": "get",
    "OPTIONS": "get",
    "PATCH": "patch",
    "POST": "create",
    "PUT": "update",
}
"""What is passed on, and the verb that it counts as."""

_PATH = re.compile(r"(?P<prefix>(?:/clusters/[^/]+)?/api/v1/namespaces/[^/]+/(?:pods|services)/[^/]+/proxy)(?P<path>/.*)?")

HOP_BY_HOP = {
    *("connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
KEPT_BACK = HOP_BY_HOP | {"authorization", "cookie"}
"""Headers that a program is not shown: those of the connection, and who it is that asks."""

OF_THE_ORIGIN = HOP_BY_HOP | {
    *("clear-site-data", "content-security-policy", "date", "service-worker-allowed", "set-cookie", "set-cookie2"),
    *("strict-transport-security", "x-content-type-options"),
}
"""Headers of an answer that are not passed on, beside Access-Control-*."""

SANDBOX: Headers = (("content-security-policy", "sandbox"),)

_TAG = re.compile(
    rb"<(?:a|area|audio|base|body|button|embed|form|frame|iframe|img|input|link|object|script|source|video)\b[^<>]{0,4096}>",
    re.IGNORECASE,
)
_LINK = re.compile(rb"""(\b(?:href|src|action|formaction|poster|data|background)\s*=\s*["']?)(/(?!/))""", re.IGNORECASE)


class Name(NamedTuple):
    """What `[SCHEME:]NAME[:PORT]` says."""

    scheme: str
    name: str
    port: str


class Asked(NamedTuple):
    """Where a request goes: the path up to `/proxy` as it was asked for, and what the program is asked for."""

    prefix: str
    path: str


async def answer(call: Call, address: Address, target: Target) -> Reply | None:
    """Pass a request on, and return what was answered; None where the client did not wait for it. Raises: Refused."""
    check_writable(address)
    named, asked = _name(target), _asked(call)
    if not asked.path:
        return Reply(301, b"", "", (("location", f"{asked.prefix}/{_query(call)}"),))
    body = {
        "scheme": named.scheme,
        "port": named.port,
        "method": call.method,
        "path": f"{asked.path}{_query(call)}",
        "headers": _passed_on(call, asked),
        "body": base64.b64encode(await call.body()).decode(),
    }
    kind = target.kind
    request = Request(
        "create", kind.plural, kind.group_version, target.namespace, named.name, "proxy", body=body, user=call.user
    )
    taken = await asubmit(address.cluster, request)
    if taken.code >= 400:
        return json_reply(taken.body, taken.code)
    details = taken.body["details"]
    told = await _told(call, address, details["uid"], int(details["name"]))
    return None if told is None else await on_thread(lambda: _reply(call, asked, told))


def _name(target: Target) -> Name:
    """Read the name that a path has for what a request goes to. Raises: Refused (400)."""
    parts = target.name.split(":")
    scheme, name, port = {1: ("", *parts, ""), 2: ("", *parts), 3: tuple(parts)}.get(len(parts), ("?", "", ""))
    if scheme not in ("", "http", "https") or not name:
        raise Refused(status.bad_request(f"invalid {target.kind.kind.lower()} request {field.quote(target.name)}"))
    return Name(scheme, name, port)


def _asked(call: Call) -> Asked:
    raw = call.scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(call.scope["path"])
    match = _PATH.fullmatch(path.partition("?")[0])
    if match is None:
        raise Refused(status.no_such_path())
    return Asked(match["prefix"], match["path"] or ("/" if call.method not in ("GET", "HEAD") else ""))


def _query(call: Call) -> str:
    query = call.scope["query_string"].decode("latin-1")
    return f"?{query}" if query else ""


def _passed_on(call: Call, asked: Asked) -> list[tuple[str, str]]:
    """Return the headers that a program is shown, as Go writes their names."""
    client = (call.scope.get("client") or ("127.0.0.1", 0))[0]
    through = ", ".join(filter(None, (call.headers.get("x-forwarded-for"), client)))
    own = {"X-Forwarded-For": through, "X-Forwarded-Uri": f"{unquote(asked.prefix)}{unquote(asked.path)}"}
    shown = {_canonical(name): value for name, value in call.headers.items() if name not in KEPT_BACK}
    return list({**shown, **own}.items())


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


async def _told(call: Call, address: Address, uid: str, session: int) -> dict[str, object] | None:
    """Return the trace of what came of a request; None where the client did not wait for it."""
    found: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()

    async def take(lines: list[Line]) -> bool:
        for line in lines:
            if line.content.get("session") == session and not found.done():
                found.set_result(line.content)
        return found.done()

    await until_gone(call, follow(address.cluster, uid, ("proxy",), session, take))
    return found.result() if found.done() else None


def _reply(call: Call, asked: Asked, told: dict[str, object]) -> Reply:
    """Return what a program has answered, as it is shown. Raises: Refused (503) where it has not."""
    code, message = int(str(told["status"])), str(told["message"])
    if not message and not 200 <= code <= 599:
        message = f'malformed HTTP status code "{code}"'
    if message:
        raise Refused(status.unavailable(f"error trying to reach service: {message}"))
    body = base64.b64decode(str(told["base64"])) if "base64" in told else str(told["text"]).encode()
    content_type, headers = "", []
    for name, value in told["headers"]:  # type: ignore[attr-defined]
        match name.lower():
            case "content-type":
                content_type = value
            case "location":
                headers.append((name, _link(asked, call, value)))
            case other if other not in OF_THE_ORIGIN and not other.startswith("access-control-"):
                headers.append((name, value))
    if content_type.partition(";")[0].strip() == "text/html":
        body = _linked(asked, body)
    return Reply(code, body, content_type, (*headers, *SANDBOX))


def _link(asked: Asked, call: Call, target: str) -> str:
    """Return where a redirect leads that means the program's own host."""
    host = re.match(r"https?://([^/]*)(/.*)?$", target)
    if host and host[1] == call.headers.get("host"):
        target = host[2] or "/"
    if not target.startswith("/") or target.startswith(("//", asked.prefix)):
        return target
    return asked.prefix + target


def _linked(asked: Asked, body: bytes) -> bytes:
    """Let the links of a page that begin at its host's root begin at the proxy's."""
    prefix = asked.prefix.encode()

    def tag(found: re.Match[bytes]) -> bytes:
        return _LINK.sub(lambda link: link[1] + prefix + link[2], found[0])

    return _TAG.sub(tag, body)
