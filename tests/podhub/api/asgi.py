"""Requests to the API without a socket between: its ASGI application, called in the test's own process."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from podhub.api import application

LISTENING_SECONDS = 0.01
"""How long a client listens after it has sent its request, where the answer does not end by itself."""

HANGING_SECONDS = 20.0


class Answer(NamedTuple):
    """What came back; `whole` is whether the answer came to its end before the client left."""

    code: int
    headers: dict[str, str]
    body: bytes
    whole: bool

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Answer:
    """Send one request and leave a little after its answer has begun, as whoever is tired of a watch does.

    Header names have _ for -. Raises: TimeoutError where no answer begins, or a client that has left is not noticed.
    """
    code, named, whole = 0, {}, False
    parts: list[bytes] = []
    begun = asyncio.Event()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await begun.wait()
        await asyncio.sleep(LISTENING_SECONDS)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal code, named, whole
        if message["type"] == "http.response.start":
            code = message["status"]
            named = {name.decode("latin-1"): value.decode("utf-8") for name, value in message["headers"]}
            begun.set()
        else:
            parts.append(message.get("body", b""))
            whole = not message.get("more_body", False)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode("utf-8", "surrogatepass"),
        "headers": [
            (name.replace("_", "-").lower().encode(), value.encode("utf-8", "replace"))
            for name, value in {"Host": "127.0.0.1", **headers}.items()
        ],
        "client": ("127.0.0.1", 1),
    }
    await asyncio.wait_for(application.application(scope, receive, send), HANGING_SECONDS)
    return Answer(code, named, b"".join(parts), whole)
