"""An engine as the driver works it: asked, sent on its way, and its defects told from all other errors."""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.clock import Micros
from lifecycle.engine import VERSION, Engine
from lifecycle.wire import Answer, Output, Request
from podhub.log.append import Asked

ENGINE_VERSION = str(VERSION)

MOST = 100
"""Outputs after which an engine is asked to stop and look around; a few milliseconds of work."""

Item = Asked | Output


class Broken(Exception):
    """The engine itself failed: a defect, which would come again at the same moment. The text is for people."""


def ask(engine: Engine, at: Micros, request: Request) -> tuple[Answer, list[Item]]:
    """Have an engine take a request; return its answer and all that was put out up to and at this moment, in order.

    Raises: Broken.
    """
    try:
        answer = engine.request(at, request)
        outputs = engine.advance(engine.now)
    except Exception as wrong:
        raise Broken(f"the engine failed on {request.verb} {request.resource}: {type(wrong).__name__}: {wrong}") from wrong
    asked = Asked(answer.index, at, request)
    before = [output for output in outputs if output.index < answer.index]
    return answer, [*before, asked, *outputs[len(before) :]]


def run(engine: Engine, to: Micros, most: int | None = MOST) -> list[Output]:
    """Have an engine run towards a moment; return what it put out. Raises: Broken."""
    try:
        return engine.advance(to, most)
    except Exception as wrong:
        raise Broken(f"the engine failed at {engine.now}: {type(wrong).__name__}: {wrong}") from wrong


def until(engine: Engine, to: Micros) -> Iterator[Item]:
    """Run to a moment, handing over what comes on the way. Raises: Broken."""
    while True:
        yield from run(engine, to)
        if engine.now >= to:
            return
