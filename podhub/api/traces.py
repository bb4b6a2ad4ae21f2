"""What the log tells of a Pod as it grows, for those whose connection lives on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from podhub.api.feed import following
from podhub.api.threads import on_thread
from podhub.log.models import Cluster
from podhub.log.read import Line, about, live

LOOK_SECONDS = 1.0
"""A wake-up may be lost: so often the log is looked at without one."""


async def follow(
    cluster: Cluster, uid: str, types: tuple[str, ...], after: int, take: Callable[[list[Line]], Awaitable[bool]]
) -> None:
    """Give what comes after a seq of the traces about a Pod to `take`, until that says that it is enough."""
    async with following(cluster) as feed:
        while True:
            seen = feed.head
            lines, after = await on_thread(lambda after=after: _news(cluster, uid, types, after))  # type: ignore[misc]
            if await take(lines):
                return
            await feed.beyond(seen, LOOK_SECONDS)


def _news(cluster: Cluster, uid: str, types: tuple[str, ...], after: int) -> tuple[list[Line], int]:
    """Return what has come after a seq, and the seq up to which that is everything."""
    head, _ = live(cluster.pk)
    return about(cluster, uid, types=types, after=after, upto=head), head
