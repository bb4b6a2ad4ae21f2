"""`podhub run`: play Pods from manifests, or recorded requests, without a server."""

from __future__ import annotations

import argparse
import sys

from lifecycle.clock import Micros, from_seconds, parse_moment
from lifecycle.controllers.bootstrap import NAMESPACES
from lifecycle.wire import DEFAULT_START, Config, Request
from podhub.cli.errors import CommandError
from podhub.cli.life import Life
from podhub.cli.reports import REPORTS, Report
from podhub.cli.requests import Timed, read_images, read_manifests, read_requests

UNTIL = 300.0
"""Seconds of virtual time that are played where nobody says how many."""

MOST_SECONDS = 10**10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "manifests", nargs="*", metavar="MANIFEST", help="a YAML or JSON file with one or more objects; -: standard input"
    )
    parser.add_argument("--requests", metavar="FILE", help="a list of recorded requests to make at their times")
    parser.add_argument("--images", metavar="FILE", help="what the node finds when it pulls images")
    parser.add_argument("--until", type=_seconds, default=UNTIL, metavar="SECONDS", help="virtual seconds to play (300)")
    parser.add_argument("--seed", type=int, default=0, help="where ids, names and jitter come from (0)")
    parser.add_argument("--start", default="", metavar="TIME", help="the first moment, RFC 3339 (2026-01-01T00:00:00Z)")
    parser.add_argument("-o", "--output", choices=REPORTS, default="timeline", help="what is printed (timeline)")
    parser.set_defaults(misused=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Play what was asked for; return 1 where something in it cannot be read or is refused."""
    if bool(arguments.manifests) == bool(arguments.requests):
        arguments.misused("expected manifests to play, or --requests FILE")
    requests = _requests(arguments)
    config = Config(
        start=_start(arguments.start),
        seed=arguments.seed,
        images=read_images(arguments.images) if arguments.images else {},
        namespaces=_namespaces(requests),
    )
    life = Life(config, requests, from_seconds(arguments.until), strict=not arguments.requests)
    report: Report = REPORTS[arguments.output](config.start)
    for output in life.play():
        report.take(output)
    report.end(life.engine.now)
    sys.stdout.flush()
    print(life.ending, file=sys.stderr)
    return 0


def _requests(arguments: argparse.Namespace) -> list[Timed]:
    return read_requests(arguments.requests) if arguments.requests else read_manifests(arguments.manifests)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0 and up to {MOST_SECONDS}, such as 300")
    return seconds


def _start(text: str) -> Micros:
    try:
        return parse_moment(text) if text else DEFAULT_START
    except ValueError as wrong:
        raise CommandError(f"error: --start: {wrong}") from None


def _namespaces(requests: list[Timed]) -> tuple[str, ...]:
    """Return the namespaces that requests name and none of them creates: those exist from the start."""
    made = {_created_namespace(timed.request) for timed in requests}
    named = dict.fromkeys(_namespace(timed.request) for timed in requests)
    return tuple(name for name in named if name and name not in NAMESPACES and name not in made)


def _namespace(request: Request) -> str:
    """Return the namespace in which a request asks for something, or for which it asks."""
    return request.name if request.resource == "namespaces" else request.namespace


def _created_namespace(request: Request) -> str:
    if (request.verb, request.resource) != ("create", "namespaces") or not isinstance(request.body, dict):
        return ""
    metadata = request.body.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
