"""The writer's lease on a cluster: who holds it, by its token, may append. It ends by itself, so a dead writer blocks nobody.

The lease keeps two writers from doing the same work. That two do not both append is the fence's business (the token stands in
the condition of the update that moves the head), so clocks that differ between machines cost time, never a log.
"""

from __future__ import annotations

import os
import time
from uuid import uuid4

from django.db.models import Q

from lifecycle.clock import SECOND, Micros
from podhub.log.models import Cluster
from podhub.runs.writing import fleeting

LEASE: Micros = 5 * SECOND


class Lost(Exception):
    """Another writer holds the lease by now; nothing was appended."""


def wall_now() -> Micros:
    return time.time_ns() // 1000


def free(wall: Micros) -> Q:
    """Return the condition of a lease that may be taken. One that ends too late is from a clock that was wrong."""
    return Q(lease_until__lte=wall) | Q(lease_until__gt=wall + 2 * LEASE)


def take(cluster_id: int) -> Cluster | None:
    """Return the cluster as it is now, with its lease taken; None where another writer is at it, or nobody may write."""
    wall, token = wall_now(), f"{os.getpid()}.{uuid4().hex[:24]}"
    mine = Cluster.objects.filter(free(wall), id=cluster_id, read_only=False)
    with fleeting():
        taken = mine.update(lease_token=token, lease_until=wall + LEASE)
    if not taken:
        return None
    return Cluster.objects.filter(id=cluster_id, lease_token=token).first()


def held(cluster: Cluster) -> bool:
    """Say whether a lease that was taken is still held."""
    return Cluster.objects.filter(id=cluster.id, lease_token=cluster.lease_token).exists()


def keep(cluster: Cluster) -> None:
    """Renew a lease of which less than half is left. Raises: Lost."""
    if cluster.lease_until - wall_now() < LEASE // 2:
        renew(cluster)


def renew(cluster: Cluster) -> None:
    """Take the lease for another while; raises: Lost where it is not held any more."""
    until = wall_now() + LEASE
    with fleeting():
        renewed = Cluster.objects.filter(id=cluster.id, lease_token=cluster.lease_token).update(lease_until=until)
    if not renewed:
        raise Lost(f"cluster {cluster.name}: the lease is lost")
    cluster.lease_until = until


def release(cluster: Cluster) -> None:
    """Let others write. To have lost the lease already is no mistake."""
    with fleeting():
        Cluster.objects.filter(id=cluster.id, lease_token=cluster.lease_token).update(lease_token="", lease_until=0)


def bury() -> None:
    """Release what processes of this machine hold that are not there any more. For an installation on one machine."""
    for cluster in Cluster.objects.exclude(lease_token=""):
        if not _lives(cluster.lease_token.partition(".")[0]):
            release(cluster)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:  # it lives, and is somebody else's
        return True
    return True
