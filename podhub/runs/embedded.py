"""The worker inside the server's process: Celery on an in-memory broker, and the sweep, each on a thread of its own."""

from __future__ import annotations

import logging
import sys
import threading

from celery import Celery
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.db import connection

from podhub.celery import app
from podhub.runs import dispatch, lease, snapshots
from podhub.runs.sweeping import Heads, sweep

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0

STOP_SECONDS = 5.0

TIMER_SECONDS = 0.2
"""How long a worker that is to stop may sleep before it sees that."""

SWITCH_SECONDS = 0.001
"""How long the engine may keep the interpreter from the server's threads at a time; Python's own 5 ms make pages slow."""


class Embedded:
    """The threads that play the clusters in a process that also serves. `start` once, then `stop`."""

    def __init__(self, celery: Celery = app) -> None:
        self._ready = threading.Event()
        self._over = threading.Event()
        self._celery = celery
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        dispatch.here = True
        worker_state.should_stop = worker_state.should_terminate = None
        self._threads = [
            threading.Thread(target=self._work, name="podhub-worker", daemon=True),
            threading.Thread(target=self._sweep, name="podhub-sweep", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the turn that is going on end; what is due after it is done by whoever starts next."""
        dispatch.here = False
        self._over.set()
        worker_state.should_stop = 0
        for _ in range(2):  # it looks whether to stop after a message, and then waits for one more
            self._celery.send_task("podhub.runs.tasks.advance", (0,))
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        worker_state.should_stop = None

    def _work(self) -> None:
        # The plain WorkController: the command's Worker would take the process's signal handlers and its logging.
        worker = WorkController(
            app=self._celery,
            pool="solo",
            concurrency=1,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            timer_precision=TIMER_SECONDS,
            ready_callback=lambda consumer: self._ready.set(),
        )
        try:
            worker.start()
            snapshots.write_all()
        finally:
            connection.close()

    def _sweep(self) -> None:
        heads: Heads | None = None
        while not self._over.wait(SWEEP_SECONDS if heads else 0):
            try:
                if heads is None:
                    lease.bury()
                    heads = Heads()
                sweep()
                heads.look()
            except Exception:  # the thread's edge: whatever was wrong, the next sweep tries again
                log.exception("sweep failed")
                connection.close()
                self._over.wait(SWEEP_SECONDS)
        connection.close()
