"""One run of the engine: requests at their times, then on until all Pods have ended and nothing is left to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from lifecycle.clock import SECOND, Micros
from lifecycle.engine import Engine
from lifecycle.wire import Answer, Change, Config, Output
from podhub.cli.errors import CommandError
from podhub.cli.requests import Timed

SLICE = 1000
"""Outputs that are held at most before they are handed on."""


class Life:
    """`ending` says afterwards how it ended."""

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
        """Give what the engine puts out from the first request on, in order: what a cluster begins with is left out.

        Raises: CommandError for a request that is refused.
        """
        self.engine.advance(self.start)
        for timed in self._requests:
            at = self.start + timed.after
            if at > self.until:
                break
            yield from self._advance(at)
            self._check(timed, self.engine.request(at, timed.request))
        yield from self._note(self.engine.advance(self.engine.now))
        while (self._alive or not self._seen or not self.engine.at_rest) and self._is_going_on():
            yield from self._note(self.engine.advance(self._next(), most=1))
        self.ending = self._how_it_ended()

    def _advance(self, to: Micros) -> Iterator[Output]:
        while self.engine.now < to:
            yield from self._note(self.engine.advance(to, most=SLICE))
        yield from self._note(self.engine.advance(to))

    def _next(self) -> Micros:
        """Return how far to go on: once all Pods have ended only to what is due next, which may have been the last."""
        wake_at = self.engine.wake_at
        return self.until if self._alive or not self._seen or wake_at is None else min(self.until, wake_at)

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
        if not self._seen:
            return f"ended after {seconds}: there was no Pod"
        if not self._alive:
            return f"ended after {seconds}: all Pods have ended"
        names = sorted(self._alive.values())
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f"stopped at {seconds} (--until): still there: {', '.join(names[:5])}{more}"
