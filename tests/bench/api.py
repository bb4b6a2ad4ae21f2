"""Kubernetes' API as its clients meet it: watches, Pods created one by one and by many, embedded and for a team.

Of several rounds the best counts, where the target is about a quiet machine; the processor's time stands beside.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure, percentile
from tests.bench.server import Server, embedded, team
from tests.bench.watchers import Client, Seen, watched

WATCHERS, EVERY = 1000, 0.2

ROUND, ROUNDS = 50, 3
"""Changes in a round; all rounds are one long watch."""

PODS = "/clusters/default/api/v1/namespaces/default/pods"

CLIENTS, CLIENT_SECONDS = 16, 5.0

_TICK = os.sysconf("SC_CLK_TCK")


def figures() -> Iterator[Figure]:
    with embedded() as server:
        yield from watches(server)
    with embedded() as server:
        yield from one_by_one(server)
        yield clients(server, "embedded", 150)
    with team() as server:
        yield clients(server, "PostgreSQL, two workers", 300)


def watches(server: Server) -> Iterator[Figure]:
    """Everybody is told of every change once and in order; how late the last one is, and what a watcher costs."""
    process = server.house.processes[0].pid
    asyncio.run(watched(server.port, 20, 2, 0.1, server.headers, lambda: None))
    before, sizes, spent = _resident(process), list[int](), list[float]()

    def opened() -> None:
        sizes.append(_resident(process))
        spent.append(_cpu(process))

    seen = asyncio.run(watched(server.port, WATCHERS, ROUND * ROUNDS, EVERY, server.headers, opened))
    cpu = _cpu(process) - spent[0]
    missed = sum([seq for seq, _ in told] != seen.written for told in seen.told)
    yield Figure(f"{WATCHERS:,} watches: not told of every change once and in order", missed, "watches", 0)
    late = _late(server.database, seen)
    rounds = [late[begin : begin + ROUND] for begin in range(0, len(late), ROUND)]
    best, each = min(rounds, key=lambda found: percentile(found, 0.99)), cpu / len(late)
    yield Figure(f"{WATCHERS:,} watches: appended → the last is told, median", percentile(best, 0.5), "ms", 46, cpu=each)
    yield Figure(f"{WATCHERS:,} watches: appended → the last is told, p99", percentile(best, 0.99), "ms", 250, cpu=each)
    yield Figure("a watch's share of the server's memory", (sizes[0] - before) / WATCHERS / 1024, "KiB", 80)


def _late(database: str, seen: Seen) -> list[float]:
    """Return for each change how long after its append (ms) the last watcher was told."""
    with sqlite3.connect(database) as file:
        rows = file.execute("SELECT seq, recorded_at FROM log_entry WHERE resource = 'configmaps' AND kind = 'change'")
        appended = {seq: recorded_at / 1000 for seq, recorded_at in rows.fetchall()}
    last = dict.fromkeys(seen.written, 0.0)
    for told in seen.told:
        for seq, at in told:
            last[seq] = max(last[seq], 1000 * at)
    return [at - appended[seq] for seq, at in last.items()]


def one_by_one(server: Server) -> Iterator[Figure]:
    """One Pod at a time, with nothing else going on."""
    numbers = count()

    async def took() -> list[float]:
        client, found = await Client(server.port, server.headers).open(), []
        for _ in range(30):
            await asyncio.sleep(0.15)
            begun = time.perf_counter()
            await client.create(PODS, pod(f"one-{next(numbers)}"))
            found.append(1000 * (time.perf_counter() - begun))
        client.close()
        return found

    best = min((asyncio.run(took()) for _ in range(3)), key=lambda found: percentile(found, 0.5))
    yield Figure("POST of a Pod on an idle server, median", percentile(best, 0.5), "ms", 25)
    yield Figure("POST of a Pod on an idle server, p95", percentile(best, 0.95), "ms", 60)


def clients(server: Server, kind: str, target: float) -> Figure:
    """Many clients, each creating one Pod after another."""
    numbers = count()
    processes = [process.pid for process in server.house.processes]

    async def one(until: float) -> int:
        client, made = await Client(server.port, server.headers).open(), 0
        while time.perf_counter() < until:
            await client.create(PODS, pod(f"many-{next(numbers)}"))
            made += 1
        client.close()
        return made

    async def all_of_them() -> float:
        until = time.perf_counter() + CLIENT_SECONDS
        return sum(await asyncio.gather(*(one(until) for _ in range(CLIENTS)))) / CLIENT_SECONDS

    before = sum(map(_cpu, processes))
    best = max(asyncio.run(all_of_them()) for _ in range(2))
    cpu = sum(map(_cpu, processes)) - before
    return Figure(f"Pods created by {CLIENTS} clients, {kind}", best, "1/s", target, at_least=True, cpu=cpu)


def pod(name: str) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def _resident(pid: int) -> int:
    """Return how many bytes of memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu(pid: int) -> float:
    """Return what a process and the children that it has waited for took of the processor, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICK
