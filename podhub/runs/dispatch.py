"""Who works: Celery's workers, or, in a process that has none at hand (a command, a test), the one that asks."""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.conf import settings
from kombu.exceptions import KombuError

from lifecycle.clock import SECOND, Micros
from podhub.celery import app
from podhub.log.models import Cluster
from podhub.runs.advance import advance, waits
from podhub.runs.alarm import Alarm
from podhub.runs.clock import parse_speed
from podhub.runs.counters import counters
from podhub.runs.lease import free, wall_now
from podhub.runs.turn import together

log = logging.getLogger(__name__)

ALONE_SECONDS = 2.0
"""How long a turn may be that nobody in this process waits behind."""

HELD: Micros = SECOND // 2
"""How soon a worker looks again at a cluster that another process works at."""

EXPIRES_SECONDS = 10
"""A message that is older is not worth delivering: the sweep has sent another."""

here = False
"""Whether a Celery worker runs inside this process."""


def take(cluster_ids: Collection[int]) -> None:
    """Have workers take what was committed to the queues of clusters.

    Whoever holds a lease now looks at the queue once more when it has let go, and needs no message.
    """
    if settings.TEAM or here:
        cluster_ids = Cluster.objects.filter(free(wall_now()), pk__in=cluster_ids).values_list("pk", flat=True)
    for cluster_id in cluster_ids:
        nudge(cluster_id, alone=0)


def nudge(cluster_id: int, alone: float = ALONE_SECONDS) -> None:
    """Have a cluster brought up to now: by a worker, or at once where only this process can.

    That one works on for `alone` seconds of the wall, and until no request waits; the rest is played when somebody reads it.
    """
    if not (settings.TEAM or here):
        while advance(cluster_id, alone) and waits(cluster_id):
            pass
        return
    try:
        app.send_task("podhub.runs.tasks.advance", (cluster_id,), expires=EXPIRES_SECONDS)
        counters["sent"] += 1
    except (KombuError, OSError) as wrong:
        counters["unsent"] += 1
        log.warning("advance not sent cluster=%d error=%r", cluster_id, wrong)


def work(cluster_id: int) -> None:
    """What a worker does when it is told to advance a cluster; afterwards its alarm is set to what is due next."""
    began = wall_now()
    if advance(cluster_id):
        nudge(cluster_id)
        return
    found = Cluster.objects.filter(pk=cluster_id, read_only=False).values_list("wake_wall", "lease_until", "speed").first()
    wake_wall, lease_until, speed = found or (None, 0, "paused")
    soonest = began + (HELD if lease_until > began else together(parse_speed(speed)))
    alarm.set(cluster_id, None if wake_wall is None else max(wake_wall, soonest))


def _ring(cluster_id: int) -> None:
    counters["alarms"] += 1
    nudge(cluster_id)


alarm = Alarm(_ring)
"""Each worker's own; when it dies with the worker, the sweep wakes what it would have woken."""
