"""What a request would be answered: asked of a copy of the cluster's engine, which nobody keeps (dryRun)."""

from __future__ import annotations

import threading

import msgspec

from lifecycle.engine import Engine
from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster
from podhub.runs import answers, engines, lease
from podhub.runs.clock import clock_of
from podhub.runs.engines import Broken
from podhub.runs.kept import Cache, at_head
from podhub.runs.replay import Diverged

_cache = Cache(size=8)
_lock = threading.Lock()


def rehearse(cluster: Cluster, request: Request) -> Answer:
    """Return the answer to a request that changes nothing. No writer is needed; `changed` in it is None."""
    cluster.refresh_from_db()
    try:
        copy = _copy(cluster)
        at = max(clock_of(cluster).now(lease.wall_now()), copy.now)
        answer, _ = engines.ask(copy, at, request)
    except (Broken, Diverged) as wrong:
        return answers.broken(str(wrong))
    return msgspec.structs.replace(answer, index=0, changed=None)


def _copy(cluster: Cluster) -> Engine:
    """Return an engine at the cluster's head that may be spoilt; the one it is a copy of is kept for the next time."""
    with _lock:
        engine = at_head(cluster, _cache).engine
        _cache.put(cluster.pk, engine)
        return type(engine).restore(engine.save())
