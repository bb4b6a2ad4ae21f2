"""What is done for websockets whose subprotocol has a name that RFC 6455 does not allow.

kubectl offers `SPDY/3.1+portforward.k8s.io`; a slash is in no token of HTTP, and `websockets` refuses such a handshake before
the application sees it. It need not look: uvicorn tells the application what was offered, and the client what that has chosen.
"""

from __future__ import annotations

from websockets.datastructures import Headers
from websockets.server import ServerProtocol


def _leave_to_application(self: ServerProtocol, headers: Headers) -> None:
    """Choose no subprotocol. websockets: ServerProtocol.process_subprotocol"""


def allow_any() -> None:
    """Let every subprotocol through to the application, in all of this process."""
    ServerProtocol.process_subprotocol = _leave_to_application  # type: ignore[method-assign]
