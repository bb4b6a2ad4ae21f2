"""Requests to the API as they go over the wire, and a watch that may be cut anywhere."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
    """Send one request. A body that is no text is sent as JSON; header names have _ for -."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None and "Content-Type" not in named:
        named["Content-Type"] = "application/json"
    data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, data, named)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def events(url: str, **headers: str) -> list[Any]:
    """Return all events of a watch that ends by itself (`timeoutSeconds`)."""
    answer = ask(url, **headers)
    assert answer.code == 200, answer.body
    return [json.loads(line) for line in answer.body.splitlines()]


def cut_watch(url: str, most: int, seconds: float = 2.0) -> list[Any]:
    """Watch over a bare connection, cut it after so many bytes, and return the events that came whole before."""
    parts = urlsplit(url)
    taken = b""
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
        connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        try:
            while len(taken) < most:
                part = connection.recv(min(4096, most - len(taken)))
                if not part:
                    break
                taken += part
        except TimeoutError:
            pass
    body = _unchunked(taken.partition(b"\r\n\r\n")[2])
    return [json.loads(line) for line in body[: body.rfind(b"\n") + 1].splitlines()]


def _unchunked(data: bytes) -> bytes:
    """Return what the chunks hold that came, the last one cut as it was."""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16) if size else 0
        if not length:
            break
        body += data[:length]
        data = data[length + 2 :]
    return body


def pod(name: str, command: str = "sleep 1000", **labels: str) -> dict[str, Any]:
    """Return a Pod of one container that runs a shell script."""
    container = {"name": "main", "image": "busybox", "command": ["sh", "-c", command]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 1},
    }
