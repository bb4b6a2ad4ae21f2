"""What one task hands on to another."""

from __future__ import annotations

import asyncio

import pytest

from podhub.api.pipe import Pipe


async def test_things_come_in_their_order_and_the_end_after_them() -> None:
    pipe: Pipe[str] = Pipe(10)
    pipe.put("a")
    pipe.put("b")
    pipe.close()
    pipe.put("late")
    assert await pipe.take() == ["a", "b"]
    assert await pipe.take() == []


async def test_who_takes_waits_for_something() -> None:
    pipe: Pipe[str] = Pipe(10)
    taking = asyncio.ensure_future(pipe.take())
    await asyncio.sleep(0)
    assert not taking.done()
    pipe.put("a")
    assert await taking == ["a"]


@pytest.mark.parametrize("ends", ["take", "leave"])
async def test_who_puts_in_too_much_waits_for_room(ends: str) -> None:
    pipe: Pipe[bytes] = Pipe(10)
    pipe.put(b"x" * 10, 10)
    await pipe.room()
    pipe.put(b"x", 1)
    assert pipe.full
    waiting = asyncio.ensure_future(pipe.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    if ends == "take":
        await pipe.take()
    else:
        pipe.leave()
    await waiting


async def test_whoever_leaves_takes_nothing_more() -> None:
    pipe: Pipe[str] = Pipe(10)
    pipe.put("a")
    pipe.leave()
    pipe.put("b")
    assert await pipe.take() == []
    assert pipe.left
