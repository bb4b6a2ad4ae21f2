"""The driver in one embedded process, in a process of its own: answers, wake-ups, many Pods at ten times the speed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure, percentile

LIVES = Path(__file__).resolve().parents[1] / "crash" / "lives.yaml"

Measured = tuple[str, float, str, float, bool]


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "PODHUB_DATA": data, "LOG_LEVEL": "WARNING"}
        environment = {name: value for name, value in environment.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        process = subprocess.Popen([sys.executable, "-m", __name__], env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        yield from (Figure(*json.loads(line)) for line in process.stdout)
        assert process.wait() == 0


async def measured() -> AsyncIterator[Measured]:
    from podhub import wake
    from podhub.runs.clusters import create_cluster
    from podhub.runs.embedded import Embedded

    wake.carry_on(asyncio.get_running_loop())
    embedded = Embedded()
    embedded.start()
    cluster = await asyncio.to_thread(create_cluster, "bench")
    numbers = count()
    async for figure in answers(cluster, numbers):
        yield figure
    yield await rate(cluster, numbers)
    yield await lag()
    await asyncio.to_thread(embedded.stop)


def pod(number: int) -> Any:
    from lifecycle.wire import Request

    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"}, "spec": spec}
    return Request("create", "pods", namespace="default", body=body)


async def answers(cluster: Any, numbers: Iterator[int]) -> AsyncIterator[Measured]:
    """One request at a time on an idle server, and the wake-up that follows its commit."""
    from channels.layers import get_channel_layer

    from podhub import wake
    from podhub.runs import steps
    from podhub.runs.queue import asubmit

    layer = get_channel_layer()
    assert layer
    channel = await layer.new_channel()
    await layer.group_add(wake.group(cluster.pk), channel)
    committed: list[float] = []
    steps.on_step = lambda step: committed.append(time.perf_counter()) if step == "committed" else None
    answered, woken = [], []
    for _ in range(100):
        await asyncio.sleep(0.05)
        committed.clear()
        began = time.perf_counter()
        assert (await asubmit(cluster, pod(next(numbers)))).code == 201
        answered.append(1000 * (time.perf_counter() - began))
        await layer.receive(channel)
        woken.append(1000 * (time.perf_counter() - committed[0]))
        await asyncio.sleep(0.05)
        while True:
            try:
                await asyncio.wait_for(layer.receive(channel), 0.001)
            except TimeoutError:
                break
    steps.on_step = None
    yield "an answer from an idle embedded server, median", percentile(answered, 0.5), "ms", 25, False
    yield "an answer from an idle embedded server, p95", percentile(answered, 0.95), "ms", 60, False
    yield "from a commit to a socket, p95", percentile(woken, 0.95), "ms", 50, False


async def rate(cluster: Any, numbers: Iterator[int], seconds: float = 5) -> Measured:
    """Sixteen clients, each creating one Pod after another."""
    from podhub.runs.queue import asubmit

    ends, created = time.perf_counter() + seconds, 0

    async def client() -> None:
        nonlocal created
        while time.perf_counter() < ends:
            assert (await asubmit(cluster, pod(next(numbers)))).code == 201
            created += 1

    await asyncio.gather(*(client() for _ in range(16)))
    return "Pods created by 16 clients, embedded", created / seconds, "1/s", 150, True


async def lag(pods: int = 200, seconds: float = 20) -> Measured:
    """How long after its moment has come, at most, something that is due is still not in the log."""
    from lifecycle.core_v1.manifests import parse
    from lifecycle.wire import Request
    from podhub.runs import lease
    from podhub.runs.clusters import create_cluster, set_speed
    from podhub.runs.queue import asubmit

    cluster = await asyncio.to_thread(create_cluster, "lives", speed="paused")
    kinds = [document.value for document in parse(LIVES.read_bytes()).documents]
    for number in range(pods):
        body = kinds[number % len(kinds)]
        body = {**body, "metadata": {"name": f"{body['metadata']['name']}-{number}"}}
        assert (await asubmit(cluster, Request("create", "pods", namespace="default", body=body))).code == 201
    await asyncio.to_thread(set_speed, cluster, "10x")
    worst, ends = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < ends:
        await asyncio.sleep(0.1)
        await cluster.arefresh_from_db()
        if cluster.wake_wall is not None:
            worst = max(worst, (lease.wall_now() - cluster.wake_wall) / 1e6)
    return f"{pods} Pods at 10x in one process: furthest behind", worst, "s", 1, False


async def main() -> None:
    async for figure in measured():
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    from podhub.cli.database import ready

    ready()
    asyncio.run(main())
