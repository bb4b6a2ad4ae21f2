"""How long the kubelet and its watches take for what nobody decides. Spans in Micros; what one node showed."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, Micros

WATCH: Micros = 6 * MILLISECOND
"""From a change of a Pod to the kubelet's knowing of it."""

PATCH: Micros = 4 * MILLISECOND
"""From a new status in the status manager to its change of the Pod; later ones meanwhile go into the same patch."""

REMOVE: Micros = 3 * MILLISECOND
"""From the final patch to the deletion with grace 0."""

ON_DEMAND_RELIST: Micros = 3 * MILLISECOND

TRIGGER: Micros = 6 * MILLISECOND
"""From the kubelet's wish for a readiness probe to its attempt: the status that made it is with the API server by then."""

VOLUMES: Micros = 300 * MILLISECOND
"""The volume manager's wait: its populator and its reconciler take 100 ms each, and success is asked for every 300 ms."""

WORKER: Micros = 1
"""From the start of one of a Pod's probe workers to that of the next."""

WORKERS: Micros = 64
"""Between whole numbers of these, of which a second has a whole number, each of a Pod's workers has a moment of its own."""

UNMOUNT: Micros = 180 * MILLISECOND
"""From the end of the last container to the last volume's."""


def slotted(at: Micros, slot: Micros) -> Micros:
    """Return a worker's own moment, from one on: no other worker of its Pod ever begins at the same."""
    return -(-at // WORKERS) * WORKERS + slot
