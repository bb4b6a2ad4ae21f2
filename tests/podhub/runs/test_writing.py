"""Writers of one process take turns."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from podhub.log.models import Cluster
from podhub.runs import clusters, dispatch
from podhub.runs.writing import written


def test_a_cluster_is_made_between_two_writes_of_a_busy_worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "nudge", lambda cluster_id: None)
    monkeypatch.setattr(clusters, "reach", lambda cluster, at: True)
    busy = clusters.create_cluster("busy")
    turns, ends = [0], threading.Event()

    def work() -> None:
        while not ends.is_set():
            with written():
                Cluster.objects.filter(pk=busy.pk).update(wake_at=turns[0])
                turns[0] += 1
                time.sleep(0.04)
            time.sleep(0.001)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    waited = []
    try:
        for number in range(4):
            began = turns[0]
            clusters.create_cluster(f"between-{number}")
            waited.append(turns[0] - began)
    finally:
        ends.set()
        worker.join()
    assert max(waited) <= 4, waited


@pytest.mark.parametrize("lasting", [True, False])
def test_what_lasts_is_on_disk_when_it_is_committed_and_what_does_not_need_not_be(
    transactional_db: None, lasting: bool
) -> None:
    waits = {
        "sqlite": ("PRAGMA synchronous", {True: 2, False: 1}),
        "postgresql": ("SHOW synchronous_commit", {True: "on", False: "off"}),
    }
    statement, expected = waits[connection.vendor]
    with written(lasting=lasting), connection.cursor() as cursor:
        assert cursor.execute(statement).fetchone()[0] == expected[lasting]
    with written(), connection.cursor() as cursor:
        assert cursor.execute(statement).fetchone()[0] == expected[True]
