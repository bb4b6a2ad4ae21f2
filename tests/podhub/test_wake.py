"""Wake-ups cross from any thread into the loop on which sockets wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from channels.layers import get_channel_layer

from podhub import wake


@pytest.fixture
async def channel() -> AsyncIterator[str]:
    """A socket's channel that listens to cluster 7, on the loop that carries the wake-ups."""
    wake.carry_on(asyncio.get_running_loop())
    layer = get_channel_layer()
    assert layer
    name = await layer.new_channel()
    await layer.group_add(wake.group(7), name)
    yield name
    await layer.group_discard(wake.group(7), name)
    wake.carry_on(None)


async def receive(channel: str) -> object:
    layer = get_channel_layer()
    assert layer
    return await asyncio.wait_for(layer.receive(channel), 1)


async def test_a_thread_s_wake_up_reaches_the_loop(channel: str) -> None:
    threading.Thread(target=wake.wake, args=(7, 42)).start()
    assert await receive(channel) == {"type": "cluster.grew", "cluster": 7, "head": 42}


async def test_of_wake_ups_that_come_together_the_last_head_is_told_once(channel: str) -> None:
    for head in (43, 45, 44):
        wake.wake(7, head)
    assert await receive(channel) == {"type": "cluster.grew", "cluster": 7, "head": 45}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(receive(channel), 0.05)


async def test_another_cluster_s_wake_up_is_not_heard(channel: str) -> None:
    wake.wake(8, 1)
    wake.wake(7, 46)
    assert await receive(channel) == {"type": "cluster.grew", "cluster": 7, "head": 46}


async def test_a_channel_layer_that_is_away_costs_the_wake_up_and_nothing_else(
    channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        async def group_send(self, name: str, message: object) -> None:
            raise ConnectionError("refused")

    with monkeypatch.context() as patched:
        patched.setattr(wake, "get_channel_layer", Away)
        wake.wake(7, 50)
        await asyncio.sleep(0.02)
    wake.wake(7, 51)
    assert await receive(channel) == {"type": "cluster.grew", "cluster": 7, "head": 51}


def test_without_a_server_a_thread_s_loop_carries() -> None:
    wake.carry_on(None)
    done = threading.Event()

    async def work() -> None:
        done.set()

    assert wake.carry(work())
    assert done.wait(2)


def test_a_loop_that_is_closed_carries_nothing_and_harms_nobody() -> None:
    loop = asyncio.new_event_loop()
    wake.carry_on(loop)
    loop.close()
    wake.wake(7, 60)  # another loop takes over
    wake.carry_on(None)
