"""The way in: from a request below /clusters/ to whoever answers it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from copy import copy

from django.db.utils import OperationalError

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import COMPONENT_STATUS, NOT_PLAYED, REVIEWS, SELF_REVIEWS, Target, target
from lifecycle.core_v1 import status
from lifecycle.core_v1.patch import APPLY_PATCH
from lifecycle.core_v1.status import Status
from podhub.api import address as addresses
from podhub.api import (
    auth,
    component_statuses,
    guard,
    logs,
    metrics,
    objects,
    portforward,
    proxy,
    reviews,
    roles,
    sessions,
    static,
    token_requests,
    watch,
    writing,
)
from podhub.api.address import Address
from podhub.api.http import Call, Disconnected, Receive, Reply, Scope, Send, indented, status_reply
from podhub.api.threads import Together, on_thread
from podhub.runs.clusters import DEFAULT

log = logging.getLogger(__name__)

Handler = Callable[[Call, Address, Target], Awaitable[Reply | None]]
Stream = Callable[[Call, Address, Target], Awaitable[None]]

WRITES: dict[str, Handler] = {
    "POST": writing.create,
    "PUT": writing.update,
    "PATCH": writing.patch,
    "DELETE": writing.delete,
}

ROOTS = ("/livez", "/readyz", "/version", "/api", "/apis", "/openapi", "/metrics")
"""What `kubectl get --raw` asks of the server itself, whichever cluster it speaks with; /healthz is the site's."""

STREAMS: dict[str, Stream] = {"attach": sessions.serve, "exec": sessions.serve, "portforward": portforward.serve}
"""Subresources that are no request and answer, and who serves their websockets."""

SWITCHING_PROTOCOLS = 101

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def serves(scope: Scope) -> bool:
    """Say whether a request is for the API."""
    path = scope.get("path", "")
    if scope["type"] not in ("http", "websocket"):
        return False
    return path.startswith(addresses.PREFIX) or _names_no_cluster(path) or (path == "/" and _wants_json(scope))


def _wants_json(scope: Scope) -> bool:
    """Say whether who asks is a program that reads JSON, and no browser: `kubectl get --raw /` asks so."""
    return any(name == b"accept" and value.startswith(b"application/json") for name, value in scope["headers"])


def _names_no_cluster(path: str) -> bool:
    return f"/{path.split('/')[1]}" in ROOTS if path.startswith("/") else False


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request; whatever goes wrong is a Status."""
    call = Call(scope, receive, send)
    began = False

    async def sending(message: object) -> None:
        nonlocal began
        began = True
        try:
            await send(message)  # type: ignore[arg-type]
        except OSError as gone:  # what ASGI servers raise then
            raise Disconnected from gone

    call.send = sending
    try:
        reply = await _answer(call)
    except Disconnected:
        return
    except Refused as refused:
        reply = indented(call, status_reply(refused.status))
    except sessions.FromKubelet as said:
        reply = Reply(500, f"{said}\n".encode(), "text/plain; charset=utf-8")
    except OperationalError as wrong:
        log.warning("database busy path=%s error=%s", scope["path"], wrong)
        reply = status_reply(status.unavailable("the database is busy; try again", seconds=1))
    except Exception as wrong:  # the last resort: a defect here is one client's trouble
        log.exception("failed path=%s", scope["path"])
        reply = status_reply(status.internal_error(type(wrong).__name__))
    if reply is None or began:
        return
    if scope["type"] == "websocket":
        await call.deny(reply)
    else:
        await call.answer(reply)


async def _answer(call: Call) -> Reply | None:
    """Return the answer, or None where it has been given in parts. Raises: Refused, Disconnected."""
    guard.check(call)
    step, path = addresses.split(call.scope["path"])
    if not call.scope["path"].startswith(addresses.PREFIX):
        found = static.answer(call, "", path)
        if found is not None:
            return indented(call, found)
        step = await _read_without_name(call, path)
    address, may = await _let_in(step, call.headers.get("authorization", ""))
    call.user = may.user or call.user
    may = auth.impersonated(call, await roles.of_account(call, address, may))
    if call.scope["type"] == "websocket":
        await _socket(call, address, target(path), may)
        return None
    found = static.answer(call, f"{addresses.PREFIX}{step}", path)
    if found is not None:
        return indented(call, found)
    if path == "/metrics" and call.method == "GET" and may.read:
        return await metrics.answer(address)
    about = target(path)
    if about is None:
        return indented(call, static.nothing(call, path))
    with metrics.answered.counting(metrics.asked(address.cluster.name, _verb(call, about), about)) as codes:
        reply = await _granted(call, address, about, may)
        codes.append(reply.code if reply else 200)
    return reply if reply is None or about.subresource == "proxy" else indented(call, reply)


async def _granted(call: Call, address: Address, about: Target, may: auth.Rights) -> Reply | None:
    """Do what a request is for, as far as whoever makes it may. Raises: Refused, Disconnected."""
    if about.resource.deprecated:
        call.warned += (about.resource.deprecated,)
    if about.kind in SELF_REVIEWS and call.method == "POST":
        return await reviews.of_oneself(call, address, about, may._replace(write=may.write and address.moment is None))
    may = await roles.rights(call, address, about, _verb(call, about), may)
    if not may.read:
        raise Refused(auth.not_allowed(call, about, _verb(call, about)))
    if about.subresource == "proxy":
        return await _passed_on(call, address, about, may.write)
    if call.method == "GET":
        return await _read(call, address, about)
    handler = WRITES.get(call.method)
    if handler is None or _verb(call, about) not in _verbs(about):
        raise Refused(status.method_not_allowed())
    if not may.write:
        raise Refused(auth.not_allowed(call, about, _verb(call, about)))
    if about.subresource in STREAMS:
        return await _not_upgraded(call, address, about)
    if about.kind in REVIEWS:
        return await reviews.of_another(call, address, about)
    if about.subresource == "token":
        return await token_requests.answer(call, address, about)
    if about.kind in NOT_PLAYED:
        raise Refused(_refusal(call, about))
    return await handler(call, address, about)


def _refusal(call: Call, about: Target) -> Status:
    """Return the refusal to take what nothing would come of, or that what is not there is not there."""
    if about.name and call.content_type != APPLY_PATCH:
        return status.not_found(about.kind, about.name)
    why = f"PodHub plays Pods, and no controller that would act on what {about.kind.plural} say"
    return status.forbidden(about.kind, about.name, why)


_arrivals = Together("podhub-arrivals")


async def _let_in(step: str, authorization: str) -> tuple[Address, auth.Rights]:
    """Return the cluster that is asked for, and what whoever asks may do with it. Raises: Refused."""

    def find() -> tuple[Address, auth.Rights]:
        address = addresses.find(step)
        return address, auth.rights(authorization, address.cluster)

    if "@" in step:  # a moment that has not come yet is waited for
        return await on_thread(find)
    address, may = await _arrivals.read((step, authorization), find)
    return address._replace(cluster=copy(address.cluster)), may


async def _read_without_name(call: Call, path: str) -> str:
    """Return the cluster that is read where a path names none: `default`. Who asks is warned where there are others.

    `kubectl get --raw` and `kubectl proxy` leave out a server's path, so any may be meant: nothing is changed through them.
    Raises: Refused (404).
    """
    named = f"{addresses.PREFIX}NAME{path}"
    reads = call.scope["type"] == "http" and call.method in ("GET", "HEAD")
    found = await on_thread(addresses.without_name) if reads else None
    if found is None or not found.exists:
        raise Refused(Status(404, "NotFound", f"{path} names no cluster: ask for {named}", {}))
    if not found.is_only:
        call.warned += (f"{path} names no cluster and is read from {DEFAULT}; others are at {named}",)
    return DEFAULT


async def _socket(call: Call, address: Address, about: Target | None, may: auth.Rights) -> None:
    """Serve a websocket. Raises: Refused before it is accepted."""
    await call.receive()
    if about is None or about.subresource not in STREAMS:
        raise Refused(status.no_such_path())
    if not (await roles.rights(call, address, about, "create", may)).write:
        raise Refused(auth.not_allowed(call, about, "create"))
    with metrics.answered.counting(metrics.asked(address.cluster.name, "create", about)) as codes:
        codes.append(SWITCHING_PROTOCOLS)
        await STREAMS[about.subresource](call, address, about)


async def _not_upgraded(call: Call, address: Address, about: Target) -> Reply:
    """Answer who asks for a stream in another way than a websocket: what is wrong, or that this is."""
    if about.subresource == "portforward":
        await portforward.check(call, address, about)
    else:
        await sessions.check(call, address, about)
    if call.headers.get("upgrade", "").startswith("SPDY/"):
        raise Refused(status.bad_request("unable to upgrade: use websockets, as kubectl does from version 1.31 on"))
    raise Refused(status.bad_request("Upgrade request required"))


async def _passed_on(call: Call, address: Address, about: Target, may_write: bool) -> Reply | None:
    """Pass a request on, whatever its method: what it brings about is written into the log."""
    verb = proxy.METHODS.get(call.method)
    if verb is None:
        raise Refused(status.method_not_allowed())
    if not may_write:
        raise Refused(auth.not_allowed(call, about, verb))
    return await proxy.answer(call, address, about)


async def _read(call: Call, address: Address, about: Target) -> Reply | None:
    if about.subresource == "log":
        return await logs.answer(call, address, about)
    verb = "get" if about.name else "list"
    if about.subresource in STREAMS:
        return await _not_upgraded(call, address, about)
    if verb not in _verbs(about):
        raise Refused(status.method_not_allowed())
    if call.flag("watch") or about.watch:
        if about.name:
            call.query["fieldSelector"] = [f"metadata.name={about.name}"]
        await watch.watch(call, address, about)
        return None
    if about.kind == COMPONENT_STATUS:
        return await component_statuses.answer(call, address, about)
    if about.name:
        return await objects.get(call, address, about)
    return await objects.list_(call, address, about)


def _verb(call: Call, about: Target) -> str:
    verb = VERBS.get(call.method, call.method.lower())
    if call.method in ("GET", "HEAD"):
        return "watch" if call.flag("watch") or about.watch else "get" if about.name else "list"
    return "deletecollection" if verb == "delete" and not about.name else verb


def _verbs(about: Target) -> tuple[str, ...]:
    """Return what may be done with what a path is about; making an object takes a path without a name.

    What lies in namespaces is found in all of them, but changed in one.
    """
    if about.subresource:
        sub = about.resource.subresource(about.subresource)
        return sub.verbs if sub else ()
    if about.kind.namespaced and not about.namespace:
        return tuple(verb for verb in about.resource.verbs if verb in ("list", "watch"))
    one = ("delete", "get", "patch", "update")
    return tuple(verb for verb in about.resource.verbs if (verb in one) == bool(about.name))
