"""How long the runtime takes for what, and how much that varies. Spans in Micros.

The values are what one node with containerd showed; each draw lies within ±JITTER of its value.
"""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.seeds import Seeds

JITTER = 0.15

SANDBOX: Micros = 85 * MILLISECOND
STOP_SANDBOX: Micros = 60 * MILLISECOND
CREATE: Micros = 9 * MILLISECOND
START: Micros = 52 * MILLISECOND
EXEC: Micros = 35 * MILLISECOND
EXIT: Micros = 45 * MILLISECOND
"""From the death of process 1 to the runtime's taking the container for exited; who waits for that is answered then."""

PULL: Micros = 1 * SECOND
PULL_SIZE = 50_000_000
"""What an image of which nothing is known takes and weighs (bytes)."""

PULL_CHECK: Micros = 500 * MILLISECOND
"""What pulling an image takes at most that is there already: only its manifest is asked for."""

PULL_FAILS: Micros = 5 * MILLISECOND


def drawn(seeds: Seeds, span: Micros, *key: str | int) -> Micros:
    """Return a span with its jitter; the same key gives the same span."""
    return round(span * seeds.between(1 - JITTER, 1 + JITTER, *key))
