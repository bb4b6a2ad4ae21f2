"""Who answers at a port, and what: servers as pure functions of their process, the question and the moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import Micros
from lifecycle.programs.files import Node
from lifecycle.programs.state import Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


class HTTPRequest(msgspec.Struct, frozen=True):
    """A request as a server sees it. `client` is the address it comes from; `tls`: it comes over TLS."""

    method: str
    path: str
    host: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    client: str = ""
    tls: bool = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class HTTPResponse(msgspec.Struct, frozen=True):
    """An answer, given after `delay` Micros (None: never). `steady`: it is the same until the sandbox's version grows.

    `protocol` is http, tcp (the port is open, but what answers is not HTTP; `body` is what it says) or grpc.
    """

    status: int = 200
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    delay: Micros | None = 0
    steady: bool = True
    protocol: str = "http"


class Manner(msgspec.Struct, frozen=True):
    """How a kind of server speaks HTTP, as far as it shows in the bytes of a connection.

    `http`: it does at all. `closes`: it ends the connection after each answer. `keeps` is what its header Connection says
    where it does not; `server` and `content_type` stand in answers that say nothing else.
    `plain` is what it says with a 400 to who speaks no TLS at a port where it does.
    """

    http: bool = True
    version: str = "1.1"
    closes: bool = False
    keeps: str = ""
    server: str = ""
    content_type: str = "text/plain; charset=utf-8"
    plain: str = "Client sent an HTTP request to an HTTPS server.\n"


GO = Manner()
"""How servers written in Go speak, and whatever nobody says more about."""

NO_HTTP = Manner(http=False)

Server = Callable[["Machine", Process, HTTPRequest], HTTPResponse]
SERVERS: dict[str, Server] = {}
MANNERS: dict[str, Manner] = {}
ACCESS_LOGS: dict[str, Callable[[Machine, Process, HTTPRequest, HTTPResponse], None]] = {}
"""Kind of server -> function that writes down a request and its answer."""

GRPC: dict[str, Callable[[Machine, Process, str], tuple[str, bool]]] = {}
"""gRPC health: kind of server -> function that gives a service's status and whether it is steady."""

UNKNOWN_SERVICE = "unknown service"
"""What such a function gives for a service that its server does not know; on the wire it is an error, NotFound."""

REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def reason(status: int) -> str:
    return REASONS.get(status, "Unknown")


def server(*kinds: str, manner: Manner = GO) -> Callable[[Server], Server]:
    """Register a function as what answers at the ports of some kinds of server."""

    def register(function: Server) -> Server:
        for kind in kinds:
            SERVERS[kind] = function
            MANNERS[kind] = manner
        return function

    return register


CONTENT_TYPES = {
    "css": "text/css",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xml": "text/xml",
}


def completed(kind: str, response: HTTPResponse) -> HTTPResponse:
    """Return an answer with the headers that its kind of server adds where it says nothing else."""
    if response.protocol != "http":
        return response
    manner, headers = MANNERS.get(kind, GO), response.headers
    named = {name.lower() for name, _ in headers}
    if manner.server and "server" not in named:
        headers = (("Server", manner.server), *headers)
    if response.body and "content-type" not in named:
        headers = (*headers, ("Content-Type", manner.content_type))
    return response if headers is response.headers else msgspec.structs.replace(response, headers=headers)


MOST_SENT = 16 << 20
"""Bytes of a file, or of any other answer, that a server sends."""


def contents(node: Node) -> str:
    """Return what a server of files sends of one."""
    return node.text + "\0" * min(node.zeros, MOST_SENT - min(len(node.text), MOST_SENT))


def content_type(path: str, otherwise: str = "application/octet-stream") -> str:
    """Return the media type that a server of files takes from a file's name."""
    return CONTENT_TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), otherwise)


@server("tcp", manner=NO_HTTP)
def tcp(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """A port that opens and says nothing that a browser would understand."""
    return HTTPResponse(0, protocol="tcp")


@server("default")
def default(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    """The stated default: 200 to everything."""
    return HTTPResponse(200, "ok\n", (("Content-Type", "text/plain"),))


def _default_health(machine: Machine, process: Process, service: str) -> tuple[str, bool]:
    return "SERVING", True


GRPC["default"] = _default_health
