"""`advance`: bring a cluster up to its clock's now. Idempotent; may be called by anybody, at any time, any number of times."""

from __future__ import annotations

import logging
import multiprocessing
import time

from django.conf import settings

from podhub.log.errors import LeaseLost
from podhub.log.models import Cluster
from podhub.runs import answers, kept, lease, snapshots
from podhub.runs.counters import counters
from podhub.runs.due import overdue
from podhub.runs.engines import ENGINE_VERSION, Broken
from podhub.runs.lease import Lost
from podhub.runs.models import QueuedRequest
from podhub.runs.replay import Diverged
from podhub.runs.steps import reached
from podhub.runs.turn import Refused, Turn

log = logging.getLogger(__name__)

TURN_SECONDS = 0.2
"""Wall time after which a turn ends although more is to be done, if other clusters wait for theirs."""


def advance(cluster_id: int, seconds: float = TURN_SECONDS) -> bool:
    """Take what waits, play the time up to now and append it; return whether more is due at once.

    Where another writer is at it, that one does what there is to do.
    """
    while True:
        cluster = lease.take(cluster_id)
        if cluster is None:
            return False
        try:
            done = _turn(cluster, seconds)
        except (Lost, LeaseLost) as wrong:
            counters["lost"] += 1
            log.warning("turn lost cluster=%s why=%s", cluster.name, wrong)
            return False
        except Exception:
            if lease.held(cluster):
                raise
            log.warning("turn lost cluster=%s", cluster.name)  # it read a log that somebody else was writing to
            return False
        finally:
            lease.release(cluster)
        reached("released")
        if not done and not _may_go_on(cluster_id):
            return True
        # Who committed a request while the lease was held has sent no message.
        if done and not waits(cluster_id):
            return False


stopping = multiprocessing.Event()
"""Set when this worker's processes are to end; what they have in hand is sent again."""


def _may_go_on(cluster_id: int) -> bool:
    """Say whether no other cluster waits for this worker among several: the next one would have to catch up first."""
    return settings.TEAM and not stopping.is_set() and not overdue(lease.wall_now()).exclude(pk=cluster_id).exists()


def waits(cluster_id: int) -> bool:
    """Say whether a request waits in a cluster's queue."""
    return QueuedRequest.objects.filter(cluster_id=cluster_id, answered_at=None).exists()


def _turn(cluster: Cluster, seconds: float) -> bool:
    began = time.perf_counter()
    reached("leased")
    counters["turns"] += 1
    try:
        begun = kept.at_head(cluster, breathe=lambda: lease.keep(cluster))
        reached("restored")
        turn = Turn(cluster, begun)
        done = turn.run(seconds)
    except Refused:
        return False
    except (Diverged, Broken) as wrong:
        halt(cluster, _told(cluster, wrong))
        return True
    kept.cache.put(cluster.pk, turn.engine, turn.writer)
    reached("cached")
    if snapshots.due(cluster.pk, turn.writer.head) or turn.upgraded:
        snapshots.write(cluster, turn.engine, turn.writer.head)
    reached("snapshot")
    log.debug("turn cluster=%s entries=%d head=%d ms=%.1f", cluster.name, turn.appended, turn.writer.head, _ms(began))
    return done


def _told(cluster: Cluster, wrong: Exception) -> str:
    """Return why a log is not gone on with; where another version of the engine wrote it, that is why."""
    wrote, reads = cluster.engine_version, ENGINE_VERSION
    if wrote == reads:
        return str(wrong)
    return f"version {wrote} of the engine wrote its log, and version {reads} does not go on with it: {wrong}"


def halt(cluster: Cluster, why: str) -> None:
    """Let nothing be appended to a cluster any more, say why, and answer all who wait."""
    counters["halted"] += 1
    log.error("cluster halted cluster=%s head=%d why=%s", cluster.name, cluster.head, why)
    cluster.read_only, cluster.read_only_because = True, why[:500]
    mine = Cluster.objects.filter(pk=cluster.pk, lease_token=cluster.lease_token)
    if not mine.update(read_only=True, read_only_because=cluster.read_only_because, wake_wall=None):
        raise Lost(cluster.name)
    for queued in QueuedRequest.objects.filter(cluster=cluster, answered_at=None).order_by("id"):
        answers.refuse(queued, answers.read_only(cluster))


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
