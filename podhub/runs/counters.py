"""What this process has done for its clusters, counted; the sweep writes it to the log of the process once a minute."""

from __future__ import annotations

import logging
from collections import Counter

log = logging.getLogger(__name__)

counters: Counter[str] = Counter()
"""sent, unsent (messages), alarms, turns, entries, requests, lost (leases), refused (requests), halted (clusters)."""

_told: Counter[str] = Counter()


def tell() -> None:
    """Write a line of what was done since the last one; none where nothing was."""
    new = counters - _told
    if new:
        log.info("driver %s", " ".join(f"{name}={number}" for name, number in sorted(new.items())))
    _told.clear()
    _told.update(counters)
