"""When a worker looks at a cluster again."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import MILLISECOND, SECOND, Micros
from podhub.log.models import Cluster
from podhub.runs import dispatch, lease
from podhub.runs.clusters import create_cluster


@pytest.fixture
def rings(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> list[Micros]:
    """The moments to which the alarm is set, counted from now."""
    found: list[Micros] = []
    monkeypatch.setattr(dispatch.alarm, "set", lambda cluster_id, wall: found.append(wall - lease.wall_now()))
    return found


def due(cluster: Cluster) -> None:
    Cluster.objects.filter(pk=cluster.pk).update(wake_wall=lease.wall_now() - SECOND)


def test_a_worker_leaves_a_cluster_alone_for_a_while_that_another_process_works_at(rings: list[Micros]):
    cluster = create_cluster("held")
    assert lease.take(cluster.pk) is not None
    due(cluster)
    dispatch.work(cluster.pk)
    assert rings[-1] > dispatch.HELD // 2


@pytest.mark.parametrize(("speed", "least"), [("1x", 20), ("5x", 20), ("10x", 40), ("60x", 100), ("max", 20)])
def test_the_faster_the_time_the_longer_a_worker_waits_for_more_to_do_at_once(
    rings: list[Micros], monkeypatch: pytest.MonkeyPatch, speed: str, least: int
):
    cluster = create_cluster("fast", speed=speed)
    monkeypatch.setattr(dispatch, "advance", lambda cluster_id: False)
    monkeypatch.setattr(lease, "wall_now", lambda: 10**15)
    monkeypatch.setattr(dispatch, "wall_now", lambda: 10**15)
    Cluster.objects.filter(pk=cluster.pk).update(wake_wall=10**15)
    dispatch.work(cluster.pk)
    assert rings[-1] == least * MILLISECOND


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clusters for which a message was sent to the workers."""
    found: list[int] = []
    monkeypatch.setattr(dispatch, "nudge", lambda cluster_id, **_: found.append(cluster_id))
    return found


def test_who_works_at_a_cluster_needs_no_message(
    rings: list[Micros], monkeypatch: pytest.MonkeyPatch, settings: Any, sent: list[int]
):
    held, free = create_cluster("held"), create_cluster("free")
    sent.clear()
    settings.TEAM = True
    mine = lease.take(held.pk)
    assert mine is not None
    dispatch.take([held.pk, free.pk])
    assert sent == [free.pk]
    lease.release(mine)
    dispatch.take([held.pk])
    assert sent == [free.pk, held.pk]


def test_without_workers_at_hand_every_cluster_is_advanced_here(rings: list[Micros], sent: list[int]):
    cluster = create_cluster("alone")
    sent.clear()
    assert lease.take(cluster.pk) is not None
    dispatch.take([cluster.pk])
    assert sent == [cluster.pk]
