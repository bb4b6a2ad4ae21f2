"""The kubelet's questions over the network, with the words of Go's net/http, net and grpc.

Kubernetes: pkg/probe/http, pkg/probe/tcp, pkg/probe/grpc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import SECOND, Micros, go_duration
from lifecycle.core_v1.field import quote
from lifecycle.kernel import Reply
from lifecycle.programs.exchange import LATENCY, Origin, Reached, answer, health, reach
from lifecycle.programs.interface import ConnectResult, GRPCCheck, GRPCResult, HTTPGet, HTTPResult, TCPConnect
from lifecycle.programs.servers import GRPC, UNKNOWN_SERVICE, HTTPRequest

if TYPE_CHECKING:
    from lifecycle.programs.room import Programs

DIAL_TIMEOUT: Micros = 30 * SECOND


def dial_error(reached: Reached, host: str) -> str:
    """Return Go's dial error for a connection that did not come about."""
    if reached.outcome == "noname":
        return f"dial tcp: lookup {host}: no such host"
    target = f"{reached.ip}:{reached.port}"
    return f"dial tcp {target}: " + ("connect: connection refused" if reached.outcome == "refused" else "i/o timeout")


def http(room: Programs, request: HTTPGet, reply: Reply) -> None:
    """Ask by HTTP, and tell `reply` what came of it."""
    if request.path[:1] not in ("", "/"):
        request = msgspec.structs.replace(request, path=f"/{request.path}")  # as Go writes a URL
    where = f'Get "{request.scheme.lower()}://{_address(request.host, request.port)}{request.path}": '
    _ask(room, request, reply, where, LATENCY)


def round_trip(room: Programs, request: HTTPGet, reply: Reply) -> None:
    """Ask as the API server's proxy does for a user, and tell `reply` what came of it.

    The way there takes no time, so that who looks into a cluster that is paused gets an answer; servers write it down.
    Kubernetes: apimachinery/pkg/util/proxy
    """
    _ask(room, request, reply, "", 0)


def _ask(room: Programs, request: HTTPGet, reply: Reply, where: str, latency: Micros) -> None:
    reached = reach(room, Origin(request.node), request.host, request.port)
    looked = room.looked(reached)
    limit = request.timeout
    if reached.outcome == "lost":
        wait = DIAL_TIMEOUT if limit is None else limit
        text = dial_error(reached, request.host) + (
            " (Client.Timeout exceeded while awaiting headers)" if limit is not None else ""
        )
        room.answer(reply, HTTPResult(error=where + text, steady=reached.steady, looked=looked), wait)
        return
    if reached.outcome != "open":
        failed = HTTPResult(error=where + dial_error(reached, request.host), steady=reached.steady, looked=looked)
        room.answer(reply, failed, latency)
        return
    reached = reached if latency else msgspec.structs.replace(reached, delay=0)
    _exchange(room, request, reply, reached, where, logged=not latency)


def _exchange(room: Programs, request: HTTPGet, reply: Reply, reached: Reached, where: str, logged: bool) -> None:
    host = next((value for name, value in request.headers if name.lower() == "host"), f"{request.host}:{request.port}")
    client = reached.ip.rpartition(".")[0] + ".1" if reached.sandbox else ""
    tls = request.scheme.upper() == "HTTPS"
    asked = HTTPRequest(request.method, request.path, host, request.port, request.headers, request.body, client, tls)
    looked = room.looked(reached)
    response = answer(room, reached, asked, logged)
    steady = reached.steady and response.steady
    span = None if response.delay is None else reached.delay + response.delay
    limit = request.timeout
    if span is None or (limit is not None and span > limit):
        if limit is not None:
            text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            room.answer(reply, HTTPResult(error=where + text, steady=steady, looked=looked), limit)
        return
    if response.protocol == "tcp":
        text = _no_http(response.body, tls)
        room.answer(reply, HTTPResult(error=where + text, steady=steady, looked=looked), span)
        return
    if tls and reached.listener is not None and not reached.listener.certificate:
        text = "http: server gave HTTP response to HTTPS client"
        room.answer(reply, HTTPResult(error=where + text, steady=steady, looked=looked), span)
        return
    room.answer(reply, HTTPResult(response.status, response.headers, response.body, steady=steady, looked=looked), span)


def _no_http(said: str, tls: bool) -> str:
    """Return Go's error about a server that says something, or nothing, and no HTTP. Go: net/http (persistConn), crypto/tls"""
    if not said:
        return "EOF"
    if tls:
        return "tls: first record does not look like a TLS handshake"
    line = said.partition("\n")[0].removesuffix("\r")
    return f"net/http: HTTP/1.x transport connection broken: malformed HTTP response {quote(line)}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def connect(room: Programs, request: TCPConnect, reply: Reply) -> None:
    """Open a TCP connection, and tell `reply` whether it opened."""
    reached = reach(room, Origin(request.node), request.host, request.port)
    looked = room.looked(reached)
    if reached.outcome == "open":
        room.answer(reply, ConnectResult(steady=reached.steady, looked=looked), reached.delay)
    else:
        wait = request.timeout if reached.outcome == "lost" else LATENCY
        room.answer(reply, ConnectResult(dial_error(reached, request.host), reached.steady, looked), wait)


def grpc(room: Programs, request: GRPCCheck, reply: Reply) -> None:
    """Ask for a gRPC server's health. What refuses, or speaks no gRPC, is tried again until the timeout, as grpc-go does."""
    reached = reach(room, Origin(request.node), request.host, request.port)
    looked = room.looked(reached)
    limit = go_duration(request.timeout)
    if reached.outcome != "open" or reached.listener is None or reached.listener.server not in GRPC:
        text = f'timeout: failed to connect service "{request.host}:{request.port}" within {limit}: context deadline exceeded'
        room.answer(reply, GRPCResult(error=text, steady=reached.steady, looked=looked), request.timeout)
        return
    status, delay, steady = health(room, reached, reached.listener, request.service)
    steady = steady and reached.steady
    if delay is None or reached.delay + delay > request.timeout:
        text = f"timeout: health rpc did not complete within {limit}"
        room.answer(reply, GRPCResult(error=text, steady=steady, looked=looked), request.timeout)
    elif status == UNKNOWN_SERVICE:
        text = f"error: health rpc probe failed: rpc error: code = NotFound desc = {status}"
        room.answer(reply, GRPCResult(error=text, steady=steady, looked=looked), reached.delay + delay)
    else:
        room.answer(reply, GRPCResult(status, steady=steady, looked=looked), reached.delay + delay)
