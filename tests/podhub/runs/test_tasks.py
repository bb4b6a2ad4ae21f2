"""What a worker does around its tasks."""

from __future__ import annotations

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun
from django.db import connection

from podhub.celery import app
from podhub.runs import tasks


def test_a_worker_keeps_its_pool_of_connections_from_task_to_task() -> None:
    assert DjangoWorkerFixup(app).db_reuse_max == app.conf.CELERY_DB_REUSE_MAX > 10**9


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE"])
def test_a_task_gives_its_connection_back_unless_it_is_a_file_that_can_stay_open(transactional_db: None, state: str) -> None:
    connection.ensure_connection()
    task_postrun.send(tasks.sweep, state=state)
    assert (connection.connection is not None) == (connection.vendor == "sqlite" and state == "SUCCESS")
