"""Asking for a URL, as wget and curl do."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.programs import http1
from lifecycle.programs.commands.call import Call
from lifecycle.programs.commands.network import CONNECT_TIME, DNS_TIME
from lifecycle.programs.exchange import Origin, Reached, answer, reach
from lifecycle.programs.servers import HTTPRequest

REDIRECTS = (301, 302, 303, 307, 308)


class Wish(msgspec.Struct, frozen=True):
    """A request. `checks`: it matters who vouches for the server; `trusted` are the certificates that do, if any are named."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    limit: Micros | None = None
    checks: bool = True
    trusted: str | None = None

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url if "://" in self.url else "http://" + self.url)

    @property
    def target(self) -> str:
        """What stands in the request's first line."""
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")

    @property
    def host(self) -> str:
        """What stands in its header Host."""
        named = next((value for key, value in self.headers if key.lower() == "host"), None)
        return named if named is not None else self.parts.netloc.rpartition("@")[2]


class Fetched(msgspec.Struct):
    """What an HTTP request has come to.

    `problem` is noname, refused, lost, timeout, plain (no TLS is spoken there), untrusted (nobody known vouches for the
    server), self-signed, or empty. `head` is what came before the body, with the newline after it but one.
    """

    problem: str = ""
    ip: str = ""
    port: int = 0
    status: int = 0
    head: str = ""
    body: str = ""
    headers: list[tuple[str, str]] = []
    protocol: str = "http"
    took: Micros = 0

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


def fetch(call: Call, wish: Wish) -> Fetched | None:
    """Ask; None: wait, the call comes again. The result is kept under `data["fetched"]` until `forget`."""
    if "fetched" in call.data:
        return msgspec.convert(call.data["fetched"], Fetched, strict=False)
    parts = wish.parts
    port = parts.port or (443 if parts.scheme == "https" else 80)
    reached = reach(call.machine.room, Origin("", call.machine.sandbox), parts.hostname or "", port)
    call.looks(reached)
    fetched, span = _exchange(call, reached, wish)
    if span is None or (wish.limit is not None and span > wish.limit):
        why = "lost" if not fetched.status else "timeout"
        fetched, span = Fetched(why, reached.ip, port), CONNECT_TIME if wish.limit is None else wish.limit
    fetched.took = span
    call.data["fetched"] = msgspec.to_builtins(fetched)
    call.sleep(max(span, 1))
    return None


def forget(call: Call) -> None:
    call.data.pop("fetched", None)


def redirect(call: Call, wish: Wish, fetched: Fetched, most: int) -> str | None:
    """Return where an answer sends the client on, at most so often; None where it does not."""
    location = fetched.header("location")
    if fetched.status not in REDIRECTS or not location or call.data.get("hops", 0) >= most:
        return None
    call.data["hops"] = call.data.get("hops", 0) + 1
    forget(call)
    return location if "://" in location else f"{wish.parts.scheme}://{wish.parts.netloc}{location}"


def _exchange(call: Call, reached: Reached, wish: Wish) -> tuple[Fetched, Micros | None]:
    ip, port = reached.ip, reached.port
    if reached.outcome != "open":
        spans = {"noname": DNS_TIME, "refused": MILLISECOND}
        return Fetched(reached.outcome, ip, port), spans.get(reached.outcome)
    tls = wish.parts.scheme == "https"
    problem = _distrust(reached, wish) if tls else ""
    if problem:
        return Fetched(problem, ip, port), reached.delay
    client = call.machine.sandbox.spec.ip
    asked = HTTPRequest(wish.method, wish.target, wish.host, port, wish.headers, wish.body, client, tls)
    response = answer(call.machine.room, reached, asked, logged=True)
    if not response.steady:
        call.moves()
    found = Fetched("", ip, port, response.status, "", response.body, list(response.headers), response.protocol)
    if response.protocol == "http":
        kind = reached.listener.server if reached.listener else ""
        data, _ = http1.write(kind, response, "HEAD", False, call.now)
        found.head = data.decode("latin-1")[:-2]
        found.headers = [(name, value) for name, _, value in (line.partition(": ") for line in found.head.split("\r\n"))]
    return found, None if response.delay is None else reached.delay + response.delay


def _distrust(reached: Reached, wish: Wish) -> str:
    """Return what is wrong with a server that is to speak TLS, if anything."""
    if reached.listener is None:
        return "untrusted" if wish.checks and wish.trusted is not None else ""
    certificate = reached.listener.certificate
    if not certificate:
        return "plain"
    if not wish.checks or (wish.trusted is not None and certificate.strip() in wish.trusted):
        return ""
    return "self-signed" if reached.listener.container else "untrusted"
