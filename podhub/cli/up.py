"""`podhub up`: everything in one process, on one's own machine."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket

from podhub.cli.database import ready
from podhub.cli.errors import CommandError

GRACE_SECONDS = 3
"""How long open watches and sockets may take to end when the server is stopped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="(8000); 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; return 1 where it cannot be begun."""
    listening = _prepared(arguments.host, arguments.port)
    _serve(listening)
    return 0


def _prepared(host: str, port: int) -> socket.socket:
    settings = ready()
    if not settings.TEAM and not _loopback(host):
        raise CommandError(
            f"error: {host} can be reached from other machines, and without a login PodHub serves its own machine only: "
            "listen on 127.0.0.1, or set it up for a team (REDIS_URL, DATABASE_URL, SECRET_KEY, ALLOWED_HOSTS; see README.md)"
        )
    from podhub.runs.clusters import ensure_default

    listening = _listen(host, port)
    ensure_default()
    return listening


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as wrong:
        why = os.strerror(wrong.errno) if isinstance(wrong, OSError) and wrong.errno else str(wrong).rstrip(".")
        raise CommandError(f"error: cannot listen on {host}, port {port}: {why}; choose another with --port") from None


def _serve(listening: socket.socket) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                print(f"PodHub is at {_url(listening)}", flush=True)

    config = uvicorn.Config(
        "podhub.asgi:application",
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,  # what a program in a Pod answers through the API has its own
        ws_per_message_deflate=False,  # on one machine it costs more time than it saves
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # the server raises again what ended it; that it did end is enough
    Server(config).run(sockets=[listening])


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
