"""A process that advances clusters when it is told to, and stalls where it is told to: the other side of a test's pipe.

`python -m tests.podhub.runs.worker LEASE_SECONDS` reads commands, a line each, and answers each with a line:
`create NAME` → its id; `ask ID JSON` → the queued request's number; `advance ID` → `done`; `advance ID STEP` → `stalled`, and
once it has read `go`, `done`. What was appended is for the test to look up.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from typing import Any

import django


def main() -> None:
    django.setup()
    from lifecycle.clock import from_seconds
    from podhub.runs import clusters, dispatch, kept, lease
    from tests.podhub.runs.toy import Toy

    lease.LEASE = from_seconds(float(sys.argv[1]))
    kept.Engine = Toy  # type: ignore[misc, assignment]
    dispatch.nudge = lambda *_, **__: None
    clusters.reach = lambda cluster, at: False  # type: ignore[assignment]
    for line in sys.stdin:
        print(_obey(*line.strip().split(" ", 2)), flush=True)


def _obey(word: str, first: str, second: str = "") -> Any:
    import msgspec

    from lifecycle.wire import Request
    from podhub.log.models import Cluster
    from podhub.runs import clusters, steps
    from podhub.runs.advance import advance
    from podhub.runs.intake import Coming, row_of

    if word == "create":
        return clusters.create_cluster(first, speed="60x").pk
    if word == "ask":
        row = row_of(Coming(Cluster.objects.get(pk=first), msgspec.json.decode(second, type=Request), Future()))
        row.save()
        return row.pk
    steps.on_step = _stall(second) if second else None
    advance(int(first))
    return "done"


def _stall(at: str) -> Any:
    stalled: list[str] = []

    def reached(step: str) -> None:
        if step == at and not stalled:
            stalled.append(step)
            print("stalled", flush=True)
            assert sys.stdin.readline().strip() == "go"

    return reached


if __name__ == "__main__":
    main()
