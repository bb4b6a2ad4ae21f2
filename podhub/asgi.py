"""Where requests and sockets come in: `uvicorn podhub.asgi:application`. Embedded, the server's life is the worker's too."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from podhub import wake  # noqa: E402
from podhub.runs.embedded import Embedded  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def lifespan(scope: Message, receive: Receive, send: Send) -> None:
    """Start what runs beside the server, and stop it with the server."""
    await receive()
    wake.carry_on(asyncio.get_running_loop())
    embedded = None if settings.TEAM else Embedded()
    if embedded:
        embedded.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if embedded:
        await asyncio.to_thread(embedded.stop)
    wake.carry_on(None)
    await send({"type": "lifespan.shutdown.complete"})


def _websocket() -> Any:
    if find_spec("podhub.web.routing") is None:
        return URLRouter([])
    routing = import_module("podhub.web.routing")
    return getattr(routing, "application", None) or URLRouter(routing.websocket_urlpatterns)


application = ProtocolTypeRouter({"http": django_application, "websocket": _websocket(), "lifespan": lifespan})
