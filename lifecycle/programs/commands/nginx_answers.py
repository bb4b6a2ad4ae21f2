"""nginx's answers: files, what its configuration returns, what the servers behind it say; and its access log."""

from __future__ import annotations

import re

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.programs.commands import nginx_configuration as configuration
from lifecycle.programs.commands.nginx_configuration import Location, Site
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.exchange import Origin, Reached, reach
from lifecycle.programs.exchange import answer as ask
from lifecycle.programs.files import Node
from lifecycle.programs.http1 import http_date
from lifecycle.programs.images import catalogue
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join
from lifecycle.programs.servers import ACCESS_LOGS, HTTPRequest, HTTPResponse, Manner, content_type, contents, reason, server
from lifecycle.programs.state import Process

RELEASE = "1.22.1"
"""What an image holds whose tag does not say."""
PROXY_TIMEOUT: Micros = 60 * SECOND
MOST_HOPS = 8
"""How often a request may be passed on, so that servers that pass to each other come to an end."""


def product(machine: Machine) -> str:
    """Return what nginx calls itself: nginx/1.25.5."""
    return f"nginx/{catalogue.release(machine.state.spec.image) or RELEASE}"


def error_page(machine: Machine, status: int) -> HTTPResponse:
    """Return nginx's own page for a status."""
    title = f"{status} {reason(status)}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n"
        f"<hr><center>{product(machine)}</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return HTTPResponse(status, body, (("Server", product(machine)), ("Content-Type", "text/html")))


@server("nginx", manner=Manner(keeps="keep-alive", server=f"nginx/{RELEASE}", content_type="text/plain"))
def answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    found = [site for site in configuration.sites(machine) if request.port in site.ports]
    site = found[0] if found else Site((80,), "/usr/share/nginx/html", ())
    path = join("/", request.path.partition("?")[0]) + (
        "/" if request.path.partition("?")[0].endswith("/") and len(request.path) > 1 else ""
    )
    location = configuration.chosen(site, path)
    if location is not None and location.status:
        return _returned(machine, location)
    if location is not None and location.proxy:
        return _proxied(machine, process, request, location)
    return _file(machine, process, request, (location.root if location else "") or site.root, path)


def _proxied(machine: Machine, process: Process, request: HTTPRequest, location: Location) -> HTTPResponse:
    """Ask the server behind: its answer, 502 where it refuses, 504 where none comes, 500 where it goes round in a ring."""
    room = machine.room
    if room.passing >= MOST_HOPS:
        return error_page(machine, 500)
    origin = Origin(machine.sandbox.spec.node, machine.sandbox)
    host, port, path = _behind(machine, request, location)
    reached = reach(room, origin, host, port)
    if reached.outcome != "open":
        return _unreached(machine, process, request, reached, f"http://{reached.ip}:{port}{path}")
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in ("host", "connection"))
    asked = HTTPRequest(request.method, path, host, port, headers, request.body, machine.sandbox.spec.ip)
    room.passing += 1
    try:
        found = ask(room, reached, asked, logged=True)
    finally:
        room.passing -= 1
    if found.delay is None or found.delay >= PROXY_TIMEOUT:
        return msgspec.structs.replace(error_page(machine, 504), delay=PROXY_TIMEOUT, steady=False)
    if found.protocol != "http":
        return msgspec.structs.replace(error_page(machine, 502), steady=False)
    kept = tuple(pair for pair in found.headers if pair[0].lower() not in ("server", "date", "connection"))
    return msgspec.structs.replace(found, headers=(("Server", product(machine)), *kept), steady=False)


def _behind(machine: Machine, request: HTTPRequest, location: Location) -> tuple[str, int, str]:
    """Return host, port and path that a request is passed on to; a path in proxy_pass takes the place of the location's."""
    match = re.match(r"(https?)://([^/:]+)(?::(\d+))?(/.*)?$", location.proxy)
    if match is None:
        return "", 0, request.path
    scheme, host, port, path = match.groups()
    servers = configuration.upstreams(machine).get(host, ())
    if servers:
        machine.room.state.connections += 1
        host, _, number = servers[machine.room.state.connections % len(servers)].partition(":")
        port = number or port
    rest = request.path[len(location.path) :] if location.kind in ("", "^~") else request.path
    return host, int(port or (443 if scheme == "https" else 80)), path + rest if path else request.path


def _unreached(machine: Machine, process: Process, request: HTTPRequest, reached: Reached, upstream: str) -> HTTPResponse:
    """Complain in the error log as nginx does, and answer for the server behind."""
    lost = reached.outcome == "lost"
    why = "upstream timed out (110: Connection timed out)" if lost else "connect() failed (111: Connection refused)"
    if reached.outcome == "noname":
        why = f"{reached.ip} could not be resolved (3: Host not found)"
    worker = next(iter(process.children), process.pid)
    when = strftime("%Y/%m/%d %H:%M:%S", machine.kernel.now, zone(process.env))
    asked = f'request: "{request.method} {request.path} HTTP/1.1", upstream: "{upstream}", host: "{request.host}"'
    text = f"{why} while connecting to upstream, client: {request.client}, server: , {asked}"
    machine.write(process, 2, f"{when} [error] {worker}#{worker}: *1 {text}\n")
    page = error_page(machine, 504 if lost else 502)
    return msgspec.structs.replace(page, delay=PROXY_TIMEOUT if lost else 0, steady=False)


def _returned(machine: Machine, location: Location) -> HTTPResponse:
    if not location.text:
        return (
            error_page(machine, location.status)
            if location.status >= 300
            else HTTPResponse(location.status, "", (("Server", product(machine)),))
        )
    if location.status in (301, 302, 303, 307, 308):
        page = error_page(machine, location.status)
        return msgspec.structs.replace(page, headers=(*page.headers, ("Location", location.text)))
    return HTTPResponse(location.status, location.text, (("Server", product(machine)), ("Content-Type", "text/plain")))


def _file(machine: Machine, process: Process, request: HTTPRequest, root: str, path: str) -> HTTPResponse:
    full = join(root, "." + path)
    node = machine.view.get(full)
    if node is not None and node.kind == "d":
        if path != "/" and not path.endswith("/"):
            page = error_page(machine, 301)
            return msgspec.structs.replace(page, headers=(*page.headers, ("Location", f"http://{request.host}{path}/")))
        full = join(full, "index.html") if machine.view.get(join(full, "index.html")) else join(full, "index.htm")
        node = machine.view.get(full)
        if node is None:
            return error_page(machine, 403)
    if node is None:
        return error_page(machine, 404)
    if request.method not in ("GET", "HEAD"):
        return error_page(machine, 405)
    return _contents(machine, request, full, node)


def _contents(machine: Machine, request: HTTPRequest, path: str, node: Node) -> HTTPResponse:
    """Return a file, or that the client has it as it is."""
    tag, changed = f'"{node.mtime // SECOND:x}-{node.size:x}"', http_date(node.mtime)
    headers = (("Server", product(machine)), ("Last-Modified", changed), ("ETag", tag))
    known = request.header("If-None-Match")
    if tag in known if known else request.header("If-Modified-Since") == changed:
        return HTTPResponse(304, "", headers)
    return HTTPResponse(200, contents(node), (*headers, ("Content-Type", content_type(path)), ("Accept-Ranges", "bytes")))


def _log(machine: Machine, process: Process, request: HTTPRequest, response: HTTPResponse) -> None:
    """Write a request down: in the format `main` of the image's nginx.conf, or in nginx's own where that is not named.

    The file of the access log is a link to standard output.
    """
    text = "".join(configuration.texts(machine))
    if re.search(r"\baccess_log\s+off\s*;", text):
        return
    sent = 0 if request.method == "HEAD" else len(response.body)
    fields = ["Referer", "User-Agent", *(["X-Forwarded-For"] if re.search(r"\baccess_log\s+\S+\s+main\b", text) else [])]
    quoted = " ".join(f'"{request.header(field) or "-"}"' for field in fields)
    when = strftime("%d/%b/%Y:%H:%M:%S %z", machine.kernel.now, zone(process.env))
    asked = f"{request.method} {request.path} HTTP/1.1"
    machine.write(process, 1, f'{request.client} - - [{when}] "{asked}" {response.status} {sent} {quoted}\n')


ACCESS_LOGS["nginx"] = _log
