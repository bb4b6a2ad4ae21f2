"""The lease: one writer at a cluster, and nobody blocked for long."""

from __future__ import annotations

import subprocess

import pytest

from podhub.log.models import Cluster, Snapshot
from podhub.runs import lease, replay, steps
from podhub.runs.advance import advance
from tests.podhub.runs.conftest import Wall, forget, log, queue
from tests.podhub.runs.toy import create


def test_a_lease_is_kept_while_a_long_log_is_played_again(
    cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(cluster, create("web", beats=2000))
    advance(cluster.pk)
    wall.pass_(1000)
    while advance(cluster.pk):
        pass
    Snapshot.objects.all().delete()
    forget()
    different = replay.different

    def slowly(line: object, item: object) -> str:
        wall.pass_(0.02)
        return different(line, item)  # type: ignore[arg-type]

    monkeypatch.setattr(replay, "different", slowly)
    others: list[object] = []
    steps.on_step = lambda step: others.append(lease.take(cluster.pk)) if step == "restored" else None
    advance(cluster.pk)
    assert others == [None], "after 40 s of playing nobody else has got it"


def test_another_writer_is_left_alone(cluster: Cluster) -> None:
    held = lease.take(cluster.pk)
    assert held
    queue(cluster, create("web"))
    assert advance(cluster.pk) is False
    assert log(cluster) == []
    lease.release(held)
    advance(cluster.pk)
    assert len(log(cluster)) == 3


def test_a_lease_ends_by_itself(cluster: Cluster, wall: Wall) -> None:
    assert lease.take(cluster.pk)
    wall.pass_(4.9)
    assert lease.take(cluster.pk) is None
    wall.pass_(0.2)
    assert lease.take(cluster.pk)


def test_a_lease_whose_holder_is_dead_is_released(cluster: Cluster, wall: Wall) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    Cluster.objects.filter(pk=cluster.pk).update(lease_token=f"{dead.pid}.x", lease_until=wall.now + lease.LEASE)
    assert lease.take(cluster.pk) is None
    lease.bury()
    held = lease.take(cluster.pk)
    assert held
    lease.bury()
    assert lease.held(held), "its holder lives: it is this process"


def test_a_lease_of_a_clock_that_was_wrong_blocks_nobody(cluster: Cluster, wall: Wall) -> None:
    wall.pass_(3600)
    assert lease.take(cluster.pk)
    wall.pass_(-3600)
    assert lease.take(cluster.pk)
