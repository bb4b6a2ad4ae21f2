"""A turn that ends between any two of its steps, by an error or with its process: nothing is lost, nothing is doubled."""

from __future__ import annotations

import sys

import pytest

from lifecycle.wire import Request
from podhub.log.models import Cluster
from podhub.log.verify import verify
from podhub.runs import lease, rerun, steps
from podhub.runs.advance import advance
from podhub.runs.models import QueuedRequest
from tests.podhub.runs.conftest import WALL, Wall, answer, forget, log, make, queue
from tests.podhub.runs.toy import Toy, create


class Death(BaseException):
    """The process is gone."""


def live(wall: Wall, name: str, disturb: bool = False) -> Cluster:
    """Let three Pods live for six seconds; one instant of theirs is longer than a transaction."""
    wall.now = WALL
    cluster = make(name)
    turn(cluster, wall, disturb)
    for number in range(3):
        queue(cluster, create(f"p{number}", beats=4, period=900_000, burst=300 if number == 1 else 2))
        turn(cluster, wall, disturb)
        wall.pass_(1)
    queue(cluster, Request("patch", "clusters", name=cluster.name, body={"speed": "10x"}))
    queue(cluster, Request("delete", "pods", name="p2", namespace="default"))
    turn(cluster, wall, disturb)
    wall.pass_(1)
    turn(cluster, wall, disturb)
    return Cluster.objects.get(pk=cluster.pk)


def turn(cluster: Cluster, wall: Wall, disturb: bool) -> None:
    """Advance until nothing is due. Whoever dies is followed by another, at the same moment of the wall."""
    while True:
        try:
            if not advance(cluster.pk):
                return
        except (Death, ZeroDivisionError):
            assert disturb
            # The dead one's lease would end by itself; the test's clock stands still, so that both lives are comparable.
            Cluster.objects.filter(pk=cluster.pk).update(lease_token="", lease_until=0)


@pytest.fixture
def undisturbed(toy: type[Toy], wall: Wall) -> list[tuple[object, ...]]:
    return log(live(wall, "a"))


@pytest.mark.parametrize("death", [True, False], ids=["death", "error"])
@pytest.mark.parametrize("step", steps.STEPS)
def test_a_turn_may_end_at_any_step(
    undisturbed: list[tuple[object, ...]], wall: Wall, step: str, death: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []

    def end(now: str) -> None:
        if now != step:
            return
        reached.append(now)
        if len(reached) % 2:
            if death:
                forget()
            raise Death if death else ZeroDivisionError

    release = lease.release
    monkeypatch.setattr(lease, "release", lambda held: None if isinstance(sys.exc_info()[1], Death) else release(held))
    monkeypatch.setattr(rerun, "Engine", Toy)
    steps.on_step = end
    cluster = live(wall, "b", disturb=True)
    steps.on_step = None
    assert len(reached) > 4
    assert [(*entry[:5], entry[6]) for entry in log(cluster) if entry[3] != "request"] == [
        (*entry[:5], entry[6]) for entry in undisturbed if entry[3] != "request"
    ]
    assert [entry[:5] for entry in log(cluster)] == [entry[:5] for entry in undisturbed]
    assert list(verify(cluster)) == list(rerun.rerun(cluster)) == []
    queued = QueuedRequest.objects.filter(cluster=cluster).order_by("pk")
    assert [(row.code, row.result.index) for row in queued if row.result] == [
        (201 if entry[4] == "create" else 200, entry[0]) for entry in undisturbed if entry[3] == "request"
    ]


def test_an_answer_is_never_written_without_its_entries(cluster: Cluster, wall: Wall) -> None:
    """The answer stands in the transaction that appends: when that fails, the request waits on."""
    number = queue(cluster, create("web"))

    def fail(step: str) -> None:
        if step == "answered":
            raise ZeroDivisionError

    steps.on_step = fail
    with pytest.raises(ZeroDivisionError):
        advance(cluster.pk)
    assert answer(number) is None
    assert log(cluster) == []
    steps.on_step = None
    advance(cluster.pk)
    assert answer(number).code == 201
