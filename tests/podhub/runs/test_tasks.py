"""What a worker does around its tasks."""

from __future__ import annotations

from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun
from django.db import connection

from podhub.celery import app
from podhub.runs import tasks


def test_a_worker_keeps_its_pool_of_connections_from_task_to_task() -> None:
    assert DjangoWorkerFixup(app).db_reuse_max == app.conf.CELERY_DB_REUSE_MAX > 10**9


def test_a_task_gives_its_connection_back(transactional_db: None) -> None:
    connection.ensure_connection()
    task_postrun.send(tasks.sweep)
    assert connection.connection is None
