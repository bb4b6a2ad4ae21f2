"""An alarm clock for clusters: a thread that does something about a cluster at a wall moment, to the millisecond.

It is what makes live views smooth. It may die with its process at any time: the sweep finds what it forgot.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable

from lifecycle.clock import SECOND, Micros
from podhub.runs.lease import wall_now

log = logging.getLogger(__name__)


class Alarm:
    """Rings for each cluster at the moment that was set last."""

    def __init__(self, ring: Callable[[int], None]) -> None:
        self._ring = ring
        self._moments: dict[int, Micros] = {}
        self._heap: list[tuple[Micros, int]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def set(self, cluster_id: int, wall: Micros | None) -> None:
        """Ring for a cluster at a wall moment, instead of the moment set before; None: not at all."""
        with self._changed:
            if wall is None:
                self._moments.pop(cluster_id, None)
                return
            self._moments[cluster_id] = wall
            heapq.heappush(self._heap, (wall, cluster_id))
            if self._thread is None or not self._thread.is_alive():  # a forked worker has the object, not the thread
                self._thread = threading.Thread(target=self._run, name="podhub-alarm", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            cluster_id = self._wait()
            try:
                self._ring(cluster_id)
            except Exception:  # the thread's edge: one cluster's trouble must not stop the others' clocks
                log.exception("alarm failed cluster=%s", cluster_id)

    def _wait(self) -> int:
        """Return the next cluster for which it is time."""
        with self._changed:
            while True:
                while self._heap and self._moments.get(self._heap[0][1]) != self._heap[0][0]:
                    heapq.heappop(self._heap)  # set anew since, or taken away
                delay = self._heap[0][0] - wall_now() if self._heap else None
                if delay is not None and delay <= 0:
                    cluster_id = heapq.heappop(self._heap)[1]
                    del self._moments[cluster_id]
                    return cluster_id
                self._changed.wait(None if delay is None else min(delay, 60 * SECOND) / SECOND)
