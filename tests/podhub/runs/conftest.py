"""A cluster whose engine is the toy, and a wall clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from lifecycle.clock import SECOND, Micros
from lifecycle.wire import Request
from podhub.log.models import Cluster
from podhub.log.read import tail
from podhub.runs import dispatch, kept, lease, snapshots, steps, sweeping, turn
from podhub.runs.intake import Coming, row_of
from podhub.runs.models import QueuedRequest
from tests.podhub.runs.toy import Toy

WALL: Micros = 1_795_000_000 * SECOND


class Wall:
    """The wall clock, as the driver sees it."""

    now: Micros = WALL

    def pass_(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(lease, "wall_now", lambda: wall.now)
    return wall


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of another test's clusters is remembered, and nothing is left of its hooks."""
    forget()
    yield
    forget()
    steps.on_step = None


def forget() -> None:
    """Forget what a process keeps between two turns, as one that dies does."""
    kept.cache.clear()
    sweeping._swept_at = 0
    snapshots._next.clear()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> type[Toy]:
    monkeypatch.setattr(kept, "Engine", Toy)
    monkeypatch.setattr(dispatch, "nudge", lambda *_, **__: None)
    monkeypatch.setattr("podhub.runs.clusters.reach", lambda cluster, at: False)
    monkeypatch.setattr(turn, "SLICE_SECONDS", 10)  # so that where a slice ends does not depend on how busy the machine is
    return Toy


@pytest.fixture
def cluster(toy: type[Toy], wall: Wall) -> Cluster:
    """A cluster at 1x that starts at the wall's now; nothing has been played yet."""
    return make("c")


def make(name: str, speed: str = "1x") -> Cluster:
    from podhub.runs.clusters import create_cluster

    return create_cluster(name, speed=speed, start=WALL)


def queue(cluster: Cluster, request: Request) -> int:
    """Put a request into the queue, as `submit` does; return its number."""
    row = row_of(Coming(cluster, request, Future()))
    row.save()
    return int(row.pk)


def answer(number: int) -> Any:
    return QueuedRequest.objects.get(pk=number).result


def log(cluster: Cluster) -> list[tuple[Any, ...]]:
    """Return a cluster's whole log, as far as a second run would give it again."""
    lines, after = [], 0
    while page := tail(cluster, after):
        lines += page
        after = page[-1].seq
    return [(line.seq, line.at, line.cause, line.kind, line.type, line.name, line.content) for line in lines]
