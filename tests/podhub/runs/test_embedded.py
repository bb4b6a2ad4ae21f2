"""The worker inside the server's process, on its in-memory broker: how soon it answers, wakes and keeps time."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import pytest
from channels.layers import get_channel_layer

from lifecycle.clock import MILLISECOND, SECOND
from podhub import wake
from podhub.log.models import Cluster, Entry
from podhub.runs import dispatch, kept, steps
from podhub.runs.clusters import create_cluster
from podhub.runs.embedded import Embedded
from podhub.runs.lease import wall_now
from podhub.runs.queue import asubmit, submit
from tests.podhub.runs.toy import Toy, create

pytestmark = pytest.mark.alone


@pytest.fixture
async def embedded(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Embedded]:
    monkeypatch.setattr(kept, "Engine", Toy)
    wake.carry_on(asyncio.get_running_loop())
    embedded = Embedded()
    await asyncio.to_thread(embedded.start)
    await asyncio.to_thread(embedded._ready.wait, 10)
    yield embedded
    await asyncio.to_thread(embedded.stop)
    wake.carry_on(None)


async def made(speed: str = "1x") -> Cluster:
    """Return a new cluster whose first turn is over."""
    cluster = await asyncio.to_thread(create_cluster, "c", speed=speed, start=wall_now())
    await asyncio.sleep(0.2)
    return cluster


ROUNDS = 5
"""What else a machine does for a moment may spoil a round; on an idle one the first is enough."""

BURST = 0.02


def hindrance() -> float:
    """Return how many times longer than by itself a burst of work takes just now: 1 on a machine that does nothing else."""
    began, worked = time.perf_counter(), time.thread_time()
    while time.thread_time() - worked < BURST:
        pass
    return max(1.0, (time.perf_counter() - began) / BURST)


async def best(measure: Callable[[], Awaitable[list[float]]], median: float, p95: float) -> None:
    """Fail unless the milliseconds of one round are at most `median` in their middle and `p95` nearly always.

    Both are of a machine that does nothing else; on one that is busy, as many times more as it hinders any work.
    """
    for _ in range(ROUNDS):
        before = [hindrance() for _ in range(10)]
        took = sorted(await measure())
        hindered = [*before, *(hindrance() for _ in range(10))]
        found = (statistics.median(took), took[int(0.95 * len(took)) - 1])
        factors = (statistics.mean(hindered), max(hindered))
        print(f"{found[0]:.1f} ms at the median, {found[1]:.1f} ms at p95; hindered {factors[0]:.1f}, {factors[1]:.1f} times")
        if found[0] <= median * factors[0] and found[1] <= p95 * factors[1]:
            return
    pytest.fail(f"never within {median} ms at the median and {p95} ms at p95")


async def test_an_idle_server_answers_at_once(embedded: Embedded) -> None:
    cluster = await made()
    numbers = count()

    async def answers() -> list[float]:
        took = []
        for _ in range(40):
            await asyncio.sleep(0.03)  # idle: what polls has gone to sleep
            began = time.perf_counter()
            answer = await asubmit(cluster, create(f"p{next(numbers)}"))
            took.append(1000 * (time.perf_counter() - began))
            assert answer.code == 201
        return took

    await best(answers, median=25, p95=60)


async def test_a_wake_up_reaches_a_socket_at_once(embedded: Embedded) -> None:
    cluster = await made()
    layer = get_channel_layer()
    assert layer
    channel = await layer.new_channel()
    await layer.group_add(wake.group(cluster.pk), channel)
    committed: list[float] = []
    steps.on_step = lambda step: committed.append(time.perf_counter()) if step == "committed" else None
    numbers = count()

    async def wakes() -> list[float]:
        took = []
        for _ in range(40):
            await asyncio.sleep(0.03)
            committed.clear()
            asking = asyncio.ensure_future(asubmit(cluster, create(f"p{next(numbers)}")))
            message = await asyncio.wait_for(layer.receive(channel), 2)
            took.append(1000 * (time.perf_counter() - committed[0]))
            answer = await asking
            assert message == {"type": "cluster.grew", "cluster": cluster.pk, "head": answer.changed}
            assert answer.changed == answer.index + 1
        return took

    await best(wakes, median=50, p95=50)


async def test_what_is_due_is_played_in_time(embedded: Embedded) -> None:
    """At 1x from the wall's own now, an entry's lateness is when it was recorded after when it happened."""
    cluster = await made()
    numbers = count()

    async def lateness() -> list[float]:
        answer = await asubmit(cluster, create(f"web{next(numbers)}", beats=40, period=77 * MILLISECOND))
        since = Entry.objects.filter(cluster_id=cluster.pk, kind="trace", seq__gt=answer.index)
        until = time.monotonic() + 60
        while len(rows := await asyncio.to_thread(lambda: list(since.all()))) < 40:
            assert time.monotonic() < until
            await asyncio.sleep(0.3)
        return [(row.recorded_at - row.at) / MILLISECOND for row in rows]

    await best(lateness, median=50, p95=50)


async def test_requests_that_come_together_are_all_answered(embedded: Embedded) -> None:
    cluster = await made("10x")
    answers = await asyncio.gather(*(asubmit(cluster, create(f"p{number}", beats=3)) for number in range(200)))
    assert {answer.code for answer in answers} == {201}
    assert len({answer.index for answer in answers}) == 200


async def test_who_waits_no_more_takes_no_answer_from_others(embedded: Embedded) -> None:
    """A client that goes while its request is being committed, and those whose requests are committed with it."""
    cluster = await made("10x")
    asking = [asyncio.ensure_future(asubmit(cluster, create(f"p{number}"))) for number in range(60)]
    await asyncio.sleep(0)
    for gone in asking[::3]:
        gone.cancel()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found[::3])
    assert [getattr(one, "code", one) for i, one in enumerate(found) if i % 3] == [201] * 40


async def test_a_server_keeps_many_clusters_in_time(embedded: Embedded) -> None:
    clusters = [await asyncio.to_thread(create_cluster, f"c{n}", speed="10x", start=wall_now()) for n in range(10)]
    for cluster in clusters:
        await asubmit(cluster, create("web", beats=100, period=SECOND))
    await asyncio.sleep(2)
    hindered = max(hindrance() for _ in range(10))
    for cluster in clusters:
        await asyncio.to_thread(cluster.refresh_from_db)
        now = cluster.clock_at + 10 * (wall_now() - cluster.clock_since)
        assert now - cluster.horizon <= hindered * 10 * SECOND, "a second of the wall's"


async def test_a_lost_message_costs_a_second(embedded: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = await made()
    sent = dispatch.app.send_task
    lost: list[object] = []
    monkeypatch.setattr(dispatch.app, "send_task", lambda *args, **more: lost.append(args) if not lost else sent(*args, **more))
    began = time.perf_counter()
    answer = await asubmit(cluster, create("web"))
    took = time.perf_counter() - began
    assert lost
    assert answer.code == 201
    assert took < 2.5 * max(hindrance() for _ in range(10))


async def test_a_broker_that_is_away_does_not_lose_a_request(embedded: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    def away(*args: object, **more: object) -> None:
        raise OperationalError("connection refused")

    cluster = await made()
    with monkeypatch.context() as patched:
        patched.setattr(dispatch.app, "send_task", away)
        answer = await asubmit(cluster, create("web"), timeout=0.5)
        assert (answer.code, answer.body["reason"]) == (504, "Timeout")
    await asyncio.sleep(1.5)
    rows = await asyncio.to_thread(lambda: list(Entry.objects.filter(cluster_id=cluster.pk, kind="request")))
    assert [row.type for row in rows] == ["create"]


async def test_a_thread_may_submit_and_wait(embedded: Embedded) -> None:
    cluster = await made()
    answer = await asyncio.to_thread(submit, cluster, create("web"))
    assert answer.code == 201
