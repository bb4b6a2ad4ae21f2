"""The Celery tasks: ids in, nothing out. Each may be lost, late, or delivered twice."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_process_shutdown, worker_shutting_down

from podhub.runs import dispatch, snapshots, sweeping
from podhub.runs.advance import stopping


@shared_task(name="podhub.runs.tasks.advance", ignore_result=True)  # type: ignore[untyped-decorator]
def advance(cluster_id: int) -> None:
    dispatch.work(cluster_id)


@shared_task(name="podhub.runs.tasks.sweep", ignore_result=True)  # type: ignore[untyped-decorator]
def sweep() -> None:
    sweeping.sweep()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def stop(**_: Any) -> None:
    stopping.set()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def keep_engines(**_: Any) -> None:
    snapshots.write_all()
