"""HTTP/1 as the bytes of a connection: requests are read with h11, answers are written in the server's own manner."""

from __future__ import annotations

from collections.abc import Iterator

import h11
import msgspec

from lifecycle.clock import Micros, as_datetime
from lifecycle.programs.servers import GO, MANNERS, MOST_SENT, HTTPRequest, HTTPResponse, Manner, reason

MOST_HEAD = 32 << 10
MOST_BODY = 1 << 20
"""Bytes of a request's head and of its body: more is answered with 431 or 413, and the connection ends."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Incoming(msgspec.Struct, frozen=True):
    """What the bytes of a connection begin with.

    A whole `request` and what came after it (`rest`); or `status`: what is wrong, so that the connection cannot go on; or
    neither: more has to come, which the client sends once it is told to go on where `expects` says so. `last`: the client
    wants no further answer on this connection.
    """

    request: HTTPRequest | None = None
    rest: bytes = b""
    status: int = 0
    expects: bool = False
    last: bool = False


def read(data: bytes, port: int, client: str) -> Incoming:
    """Read a request from the bytes that have come; `client` is the address that they come from."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
    connection.receive_data(data)
    try:
        head = connection.next_event()
        if not isinstance(head, h11.Request):
            return Incoming()
        if _announced(head) > MOST_BODY:
            return Incoming(status=413, last=True)
        body = b""
        while isinstance(event := connection.next_event(), h11.Data):
            body += event.data
            if len(body) > MOST_BODY:
                return Incoming(status=413, last=True)
    except h11.RemoteProtocolError as wrong:
        return Incoming(status=wrong.error_status_hint, last=True)
    if not isinstance(event, h11.EndOfMessage):
        return Incoming(expects=connection.they_are_waiting_for_100_continue)
    rest, _ = connection.trailing_data
    return Incoming(_request(head, body, port, client), rest, last=_is_last(head))


def _announced(head: h11.Request) -> int:
    return next((int(value) for name, value in head.headers if name == b"content-length"), 0)


def _is_last(head: h11.Request) -> bool:
    wishes = [word.strip().lower() for name, value in head.headers if name == b"connection" for word in value.split(b",")]
    return b"close" in wishes or (head.http_version < b"1.1" and b"keep-alive" not in wishes)


def _request(head: h11.Request, body: bytes, port: int, client: str) -> HTTPRequest:
    named = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    host = next((value for name, value in named if name.lower() == "host"), "")
    method, target = head.method.decode("latin-1"), head.target.decode("latin-1")
    return HTTPRequest(method, target, host, port, named, body.decode("latin-1"), client)


def write(server: str, response: HTTPResponse, method: str, last: bool, now: Micros) -> tuple[bytes, bool]:
    """Return an answer's bytes, and whether the connection ends with it."""
    manner = MANNERS.get(server, GO)
    last = last or manner.closes
    body = response.body[:MOST_SENT].encode("latin-1", "replace")
    has_body = response.status >= 200 and response.status not in (204, 304)
    lines = [f"HTTP/{manner.version} {response.status} {reason(response.status)}"]
    lines += [f"{name}: {value}" for name, value in _headers(manner, response, len(body) if has_body else None, last, now)]
    head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    return head.encode("latin-1", "replace") + (body if has_body and method != "HEAD" else b""), last


def _headers(manner: Manner, response: HTTPResponse, length: int | None, last: bool, now: Micros) -> Iterator[tuple[str, str]]:
    """Yield the headers in the order of most servers; a line break in a value would be the end of it."""
    date = ("Date", http_date(now))
    given = [(name, " ".join(value.splitlines())) for name, value in response.headers]
    yield from (*given[:1], date, *given[1:]) if given and given[0][0] == "Server" else (date, *given)
    if length is not None:
        yield "Content-Length", str(length)
    if last and manner.version != "1.0":
        yield "Connection", "close"
    elif manner.keeps and not last:
        yield "Connection", manner.keeps


def http_date(at: Micros) -> str:
    """Return a moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    moment = as_datetime(at)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year} {moment:%H:%M:%S} GMT"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
