"""The sweep, once a second: it finds what is due and nobody works at. It is what guarantees progress."""

from __future__ import annotations

from django.db.models import QuerySet

from lifecycle.clock import MINUTE, Micros
from podhub import wake
from podhub.log.models import Cluster
from podhub.runs import counters, dispatch, lease
from podhub.runs.clock import FAR_BACK
from podhub.runs.due import overdue
from podhub.runs.models import QueuedRequest
from podhub.runs.writing import writing

ANSWERS_KEPT: Micros = 10 * MINUTE
"""How long an answered request can be looked up; its place in the log is for ever."""


def sweep() -> list[int]:
    """Have all clusters advanced that should be; return which they are."""
    wall = lease.wall_now()
    found = _simulated() if _was_set_back(wall) else overdue(wall)
    due = list(found.order_by("wake_wall", "pk").values_list("pk", flat=True))
    for cluster_id in due:
        dispatch.nudge(cluster_id)
    _tidy(wall)
    return due


def _simulated() -> QuerySet[Cluster]:
    return Cluster.objects.filter(kind=Cluster.Kind.SIMULATED, read_only=False)


_swept_at: Micros = 0


def _was_set_back(wall: Micros) -> bool:
    """Say whether the wall clock was, since the last sweep: then what is due seems far away, and clocks have to be set."""
    global _swept_at
    before, _swept_at = _swept_at, wall
    return wall < before - FAR_BACK


_tidied_at: Micros = 0


def _tidy(wall: Micros) -> None:
    """Remove answers that nobody will ask for any more, and tell what was done; once a minute."""
    global _tidied_at
    if wall - _tidied_at > MINUTE:
        _tidied_at = wall
        counters.tell()
        with writing():
            QueuedRequest.objects.filter(answered_at__lt=wall - ANSWERS_KEPT).delete()


class Heads:
    """Notices logs that another process has written to (a command beside the server), and wakes the readers here."""

    def __init__(self) -> None:
        self._heads = _heads()

    def look(self) -> None:
        heads = _heads()
        for cluster_id, head in heads.items():
            if head != max(self._heads.get(cluster_id, 0), wake.announced(cluster_id)):
                wake.wake(cluster_id, head)
        self._heads = heads


def _heads() -> dict[int, int]:
    return dict(Cluster.objects.values_list("pk", "head"))
