"""Where sockets go, and who may open them: pages of this site alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from podhub.sites import is_own_host, is_own_origin
from podhub.web.consumers import PageConsumer

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

websocket_urlpatterns = [
    path("ws/c/<str:cluster_name>/", PageConsumer.as_asgi(), {"page": "cluster"}),
    path("ws/c/<str:cluster_name>/events/", PageConsumer.as_asgi(), {"page": "events"}),
    path("ws/c/<str:cluster_name>/nodes/", PageConsumer.as_asgi(), {"page": "nodes"}),
    path("ws/c/<str:cluster_name>/nodes/<str:name>/", PageConsumer.as_asgi(), {"page": "node"}),
    path("ws/c/<str:cluster_name>/pods/<str:namespace>/<str:name>/", PageConsumer.as_asgi(), {"page": "pod"}),
    path("ws/c/<str:cluster_name>/services/", PageConsumer.as_asgi(), {"page": "services"}),
    path("ws/c/<str:cluster_name>/services/<str:namespace>/<str:name>/", PageConsumer.as_asgi(), {"page": "service"}),
    re_path("", WebsocketDenier.as_asgi()),  # an address without a page: no mistake of the server's
]


class SameOrigin:
    """Refuses a socket that a page of another site, or of another port of this host, opens."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if allowed(scope):
            await self.inner(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def allowed(scope: Scope) -> bool:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    return is_own_host(host) and is_own_origin(headers.get(b"origin", ""), host)


application = SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
