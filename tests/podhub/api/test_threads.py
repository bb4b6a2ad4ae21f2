"""Reads that several ask for at once."""

from __future__ import annotations

import asyncio
import threading

import pytest

from podhub.api.threads import Together


class Slow:
    """A read that takes until it is let go, and counts how often it was done."""

    def __init__(self) -> None:
        self.begun, self.go, self.count = threading.Event(), threading.Event(), 0

    def __call__(self) -> int:
        self.count += 1
        done = self.count
        self.begun.set()
        assert self.go.wait(5)
        return done


async def _begun(read: Slow) -> None:
    await asyncio.to_thread(read.begun.wait, 5)


async def test_who_asks_while_a_read_waits_to_begin_is_given_what_comes_of_it() -> None:
    together, read = Together("test"), Slow()
    first = asyncio.create_task(together.read("a", read))
    await _begun(read)
    later = [asyncio.create_task(together.read("a", read)) for _ in range(20)]
    await asyncio.sleep(0)
    read.go.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 20, "they asked when the first read had begun: one more did for all"


async def test_other_questions_are_other_reads() -> None:
    together = Together("test")
    assert await asyncio.gather(*(together.read(key, lambda key=key: key) for key in "abc")) == ["a", "b", "c"]


async def test_what_goes_wrong_is_told_to_everybody_who_waits_and_to_nobody_after() -> None:
    together, read = Together("test"), Slow()

    def fail() -> int:
        raise KeyError("gone")

    first = asyncio.create_task(together.read("b", read))
    await _begun(read)
    waiting = [asyncio.create_task(together.read("a", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    read.go.set()
    await first
    for one in waiting:
        with pytest.raises(KeyError):
            await one
    assert await together.read("a", lambda: 7) == 7


async def test_who_waits_no_more_takes_it_from_nobody() -> None:
    together, read = Together("test"), Slow()
    blocking = asyncio.create_task(together.read("b", read))
    await _begun(read)
    hasty, patient = (asyncio.create_task(together.read("a", lambda: 7)) for _ in range(2))
    await asyncio.sleep(0)
    hasty.cancel()
    read.go.set()
    await blocking
    assert await patient == 7
