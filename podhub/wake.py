"""Wake-ups: after a commit, whoever waits is told that there is more to read. They carry no data; the log tells.

Readers listen through the channel layer, in the group `group(cluster_id)`, for messages
`{"type": "cluster.grew", "cluster": id, "head": n}`. A wake-up may be lost (a broker restarts) and may come twice: whoever
listens also looks for itself from time to time.

All sending is done on one event loop of the process: the server's own where one process is everything (an in-memory channel
layer lives on that loop), otherwise the loop of a thread made for it. So any thread may call `wake` and nothing waits.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)

_lock = threading.Lock()
_carrier: asyncio.AbstractEventLoop | None = None
_heads: dict[int, int] = {}
"""Heads to be announced by the loop's next turn: of several commits in between, the last one counts."""
_announced: dict[int, int] = {}
"""The highest head of each cluster that this process has announced."""
_tasks: set[asyncio.Task[None]] = set()


def group(cluster_id: int) -> str:
    """Return the name of the channel layer's group that hears of a cluster."""
    return f"cluster.{cluster_id}"


def carry_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Let this loop carry the process's wake-ups (None: a thread's loop, made when it is needed)."""
    global _carrier
    with _lock:
        _carrier = loop


def carrier() -> asyncio.AbstractEventLoop:
    """Return the loop that carries wake-ups in this process."""
    global _carrier
    with _lock:
        if _carrier is None or _carrier.is_closed():
            _carrier = asyncio.new_event_loop()
            threading.Thread(target=_carrier.run_forever, name="podhub-wake", daemon=True).start()
        return _carrier


def wake(cluster_id: int, head: int) -> None:
    """Tell all who listen to a cluster that its log now reaches to `head`. Returns at once, from any thread."""
    with _lock:
        scheduled = cluster_id in _heads
        _heads[cluster_id] = _announced[cluster_id] = max(head, _heads.get(cluster_id, 0))
    if not scheduled and not carry(_announce(cluster_id)):
        _heads.pop(cluster_id, None)


def announced(cluster_id: int) -> int:
    """Return the head that this process announced last for a cluster; 0 where it announced none."""
    return _announced.get(cluster_id, 0)


async def _announce(cluster_id: int) -> None:
    with _lock:
        head = _heads.pop(cluster_id)
    await send_group(group(cluster_id), {"type": "cluster.grew", "cluster": cluster_id, "head": head})


async def send_group(name: str, message: dict[str, Any]) -> None:
    """Send to a group; a channel layer that is away costs the wake-up and nothing else."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await layer.group_send(name, message)
    except Exception as wrong:
        log.warning("wake lost group=%s error=%r", name, wrong)


async def send(channel: str, message: dict[str, Any]) -> None:
    """Send to one channel; as `send_group` does."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await layer.send(channel, message)
    except Exception as wrong:
        log.warning("wake lost channel=%s error=%r", channel, wrong)


def carry(work: Coroutine[Any, Any, None]) -> bool:
    """Have the carrier's loop do something; say whether it will. Returns at once, from any thread."""
    try:
        carrier().call_soon_threadsafe(_start, work)
    except RuntimeError:  # the loop was closed between: the process is going down
        work.close()
        return False
    return True


def _start(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    _tasks.add(task)  # the loop itself keeps weak references only
    task.add_done_callback(_tasks.discard)
