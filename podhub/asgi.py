"""Where requests and sockets come in: `uvicorn podhub.asgi:application`. Embedded, the server's life is the worker's too."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.utils import DatabaseError  # noqa: E402

from podhub import sites, stopping, subprotocols, wake  # noqa: E402
from podhub.api import application as api  # noqa: E402
from podhub.runs.clusters import ensure_default  # noqa: E402
from podhub.runs.embedded import Embedded  # noqa: E402
from podhub.web.routing import application as sockets  # noqa: E402

log = logging.getLogger(__name__)

subprotocols.allow_any()

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def lifespan(scope: Message, receive: Receive, send: Send) -> None:
    """Start what runs beside the server, and stop it with the server."""
    await receive()
    wake.carry_on(asyncio.get_running_loop())
    stopping.listen()
    embedded = None if settings.TEAM else Embedded()
    if embedded:
        embedded.start()
    else:
        await asyncio.to_thread(_first_start)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if embedded:
        await asyncio.to_thread(embedded.stop)
    wake.carry_on(None)
    await send({"type": "lifespan.shutdown.complete"})


def _first_start() -> None:
    """Make the cluster `default` where there is none; a database that is away now says so at the first request."""
    try:
        ensure_default()
    except DatabaseError as wrong:
        log.warning("no first start error=%s", wrong)
    finally:
        connection.close()


_pages = ProtocolTypeRouter({"http": django_application, "websocket": sockets, "lifespan": lifespan})


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Send requests below /clusters/ to the Kubernetes API, and all others to the pages."""
    if api.serves(scope):
        await api.application(scope, receive, send)
    elif scope["type"] == "http" and not sites.is_served(scope):
        await _refuse(send)
    elif scope["type"] == "websocket" and not sites.is_served(scope):
        await send({"type": "websocket.close", "code": 1008})
    else:
        await _pages(scope, receive, send)


async def _refuse(send: Send) -> None:
    body = b"Without a login PodHub serves its own machine only.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
