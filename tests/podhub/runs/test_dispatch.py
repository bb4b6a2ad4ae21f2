"""When a worker looks at a cluster again."""

from __future__ import annotations

import pytest

from lifecycle.clock import SECOND, Micros
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
