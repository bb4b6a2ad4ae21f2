"""The Celery tasks: ids in, nothing out. Each may be lost, late, or delivered twice."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task
from celery.signals import task_postrun, worker_process_shutdown, worker_shutting_down
from celery.states import SUCCESS
from django.db import connection

from podhub.runs import dispatch, snapshots, sweeping
from podhub.runs.advance import stopping


@shared_task(name="podhub.runs.tasks.advance", ignore_result=True)  # type: ignore[untyped-decorator]
def advance(cluster_id: int) -> None:
    dispatch.work(cluster_id)


@shared_task(name="podhub.runs.tasks.sweep", ignore_result=True)  # type: ignore[untyped-decorator]
def sweep() -> None:
    sweeping.sweep()


@task_postrun.connect  # type: ignore[untyped-decorator]
def give_back_connection(sender: Task, state: str | None = None, **_: Any) -> None:
    """Put the task's database connection back into the pool, where one that has broken is not kept; SQLite's stays open."""
    if not sender.request.is_eager and (connection.vendor == "postgresql" or state != SUCCESS):
        connection.close()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def stop(**_: Any) -> None:
    stopping.set()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def keep_engines(**_: Any) -> None:
    snapshots.write_all()
