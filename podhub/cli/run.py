"""`podhub run`: play Pods from manifests, or recorded requests, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from lifecycle.clock import SECOND, Micros, from_seconds, parse_rfc3339
from lifecycle.controllers.bootstrap import NAMESPACES
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Output
from podhub.cli.objects import CommandError
from podhub.cli.requests import Timed, read_images, read_manifests, read_requests

UNTIL = 300.0
"""Seconds of virtual time that are played where nobody says how many."""

FORMS = ("watch",)

_encode = msgspec.json.Encoder(order="sorted").encode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("manifests", nargs="*", metavar="MANIFEST", help="a YAML or JSON file with one or more objects")
    parser.add_argument("--requests", metavar="FILE", help="a list of recorded requests to make at their times")
    parser.add_argument("--images", metavar="FILE", help="what the node finds when it pulls images")
    parser.add_argument("--until", type=float, default=UNTIL, metavar="SECONDS", help="virtual seconds to play (300)")
    parser.add_argument("--seed", type=int, default=0, help="where ids, names and jitter come from (0)")
    parser.add_argument("--start", default="", metavar="TIME", help="the first moment, RFC 3339 (2026-01-01T00:00:00Z)")
    parser.add_argument("-o", "--output", choices=FORMS, default="watch", help="what is printed")


def run(arguments: argparse.Namespace) -> int:
    """Play what was asked for; return 1 where something in it cannot be read or is refused."""
    try:
        return _run(arguments)
    except CommandError as wrong:
        print(wrong, file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    requests = _requests(arguments)
    config = Config(
        start=_start(arguments.start),
        seed=arguments.seed,
        images=read_images(arguments.images) if arguments.images else {},
        namespaces=_namespaces(requests),
    )
    life = Life(config, requests, from_seconds(arguments.until), strict=not arguments.requests)
    for output in life.play():
        if isinstance(output, Change):
            sys.stdout.buffer.write(_encode(watch_line(output, config.start)) + b"\n")
    sys.stdout.flush()
    print(life.ending, file=sys.stderr)
    return 0


def watch_line(change: Change, start: Micros) -> dict[str, Any]:
    """Return a change as `-o watch` prints it; the resourceVersion is the change's number."""
    metadata = {**change.object["metadata"], "resourceVersion": str(change.index)}
    return {"t": (change.at - start) / SECOND, "type": change.type, "object": {**change.object, "metadata": metadata}}


class Life:
    """One run from the first request to where all Pods have ended, or to a limit."""

    def __init__(self, config: Config, requests: list[Timed], until: Micros, strict: bool) -> None:
        """`until` is a span from the start; `strict` makes a refused request an error."""
        self.engine = Engine.new(config)
        self.start = config.start
        self.until = config.start + until
        self.ending = ""
        self._requests = requests
        self._strict = strict
        self._alive: dict[str, str] = {}
        self._seen = False

    def play(self) -> Iterator[Output]:
        """Give everything that the engine puts out, in order."""
        for timed in self._requests:
            at = self.start + timed.after
            if at > self.until:
                break
            yield from self._advance(at)
            self._check(timed, self.engine.request(at, timed.request))
        yield from self._note(self.engine.advance(self.engine.now))
        while (self._alive or not self._seen) and self._is_going_on():
            yield from self._note(self.engine.advance(self.until, most=1))
        self.ending = self._how_it_ended()

    def _advance(self, to: Micros) -> Iterator[Output]:
        while self.engine.now < to:
            yield from self._note(self.engine.advance(to, most=1000))
        yield from self._note(self.engine.advance(to))

    def _is_going_on(self) -> bool:
        return self.engine.wake_at is not None and self.engine.now < self.until

    def _note(self, outputs: Iterable[Output]) -> Iterator[Output]:
        """Keep count of the Pods that have not ended."""
        for output in outputs:
            if isinstance(output, Change) and output.object["kind"] == "Pod":
                self._note_pod(output)
            yield output

    def _note_pod(self, change: Change) -> None:
        metadata, self._seen = change.object["metadata"], True
        ended = change.object["status"].get("phase") in ("Succeeded", "Failed") and not metadata.get("deletionTimestamp")
        if ended or change.type == "DELETED":
            self._alive.pop(metadata["uid"], None)
        else:
            self._alive[metadata["uid"]] = f"{metadata['namespace']}/{metadata['name']}"

    def _check(self, timed: Timed, answer: Answer) -> None:
        if answer.code < 400:
            return
        body = answer.body
        text = f"Error from server ({body.get('reason', answer.code)}): {body['message']}"
        if self._strict:
            raise CommandError(f"{timed.where}: {text}")
        print(f"{timed.where}: {text}", file=sys.stderr)

    def _how_it_ended(self) -> str:
        seconds = f"{(self.engine.now - self.start) / SECOND:g}s"
        if not self._alive:
            return f"ended after {seconds}: all Pods have ended"
        names = sorted(self._alive.values())
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f"stopped at {seconds} (--until): still there: {', '.join(names[:5])}{more}"


def _requests(arguments: argparse.Namespace) -> list[Timed]:
    if bool(arguments.manifests) == bool(arguments.requests):
        raise CommandError("error: expected manifests to play, or --requests FILE")
    if arguments.until <= 0:
        raise CommandError("error: --until: expected a number of seconds above 0")
    return read_requests(arguments.requests) if arguments.requests else read_manifests(arguments.manifests)


def _start(text: str) -> Micros:
    try:
        return parse_rfc3339(text) if text else DEFAULT_START
    except ValueError as wrong:
        raise CommandError(f"error: --start: {wrong}") from None


def _namespaces(requests: list[Timed]) -> tuple[str, ...]:
    """Return the namespaces that requests name and none of them creates: those exist from the start."""
    made = {timed.request.body.get("metadata", {}).get("name") for timed in requests if timed.request.resource == "namespaces"}
    named = dict.fromkeys(timed.request.namespace for timed in requests if timed.request.namespace)
    return tuple(name for name in named if name not in NAMESPACES and name not in made)
