"""Which clusters have something to do that nobody works at."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from lifecycle.clock import Micros
from podhub.log.models import Cluster
from podhub.runs import lease
from podhub.runs.models import QueuedRequest

_WAITING = Q(Exists(QueuedRequest.objects.filter(cluster=OuterRef("pk"), answered_at=None)))


def overdue(wall: Micros) -> QuerySet[Cluster]:
    """Return the clusters that have something due, or a request waiting, and whose lease nobody holds."""
    return Cluster.objects.filter(_overdue(wall), read_only=False)


def called(mine: Cluster, wall: Micros) -> set[int]:
    """Return the numbers of the clusters that are overdue, and of one's own where a request waits for it."""
    found = Cluster.objects.filter(_overdue(wall) | (_WAITING & Q(pk=mine.pk)), read_only=False)
    return set(found.order_by().values_list("pk", flat=True))


def _overdue(wall: Micros) -> Q:
    return lease.free(wall) & (Q(wake_wall__lte=wall) | _WAITING)
