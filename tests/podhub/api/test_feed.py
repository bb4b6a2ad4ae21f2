"""What a cluster's feed tells those who wait for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from podhub.api import feed as feeds
from podhub.api.feed import Feed
from podhub.log.models import Cluster, Entry
from podhub.log.read import Line


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """A feed whose log grows by one entry at each look."""
    made = Feed(Cluster(pk=1, name="c", head=10))

    async def look(news: object) -> list[Line]:
        seq = made.head + 1
        return [Line(seq, 0, 0, 0, Entry.Kind.CHANGE, "ADDED", "pods", "default", f"p{seq}", "", {})]

    monkeypatch.setattr(feeds, "on_thread", look)
    return made


async def test_whoever_waits_for_more_goes_on_as_soon_as_it_has_come(feed: Feed):
    waiting = [asyncio.ensure_future(feed.beyond(10, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    await feed._read()
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert [event.seq for event in (await feed.after(10))[0]] == [11]


async def test_what_has_come_since_is_not_waited_for(feed: Feed):
    await feed._read()
    await asyncio.wait_for(feed.beyond(10, 60), 5)


async def test_nobody_waits_longer_than_asked_for_or_stays_behind(feed: Feed):
    began = time.monotonic()
    await feed.beyond(10, 0.01)
    assert time.monotonic() - began < 5
    given_up = asyncio.ensure_future(feed.beyond(10, 60))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert not feed._waiting
