"""What can be refused without the cluster's writer: requests that no state of the cluster could make right."""

from __future__ import annotations

from lifecycle.clock import parse_rfc3339
from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster
from podhub.runs import answers
from podhub.runs.clock import parse_speed

CLUSTERS = "clusters"


def check(cluster: Cluster, request: Request) -> Answer | None:
    """Return the answer to a request that cannot be queued, or None."""
    if cluster.read_only:
        return answers.read_only(cluster.name, cluster.read_only_because)
    if request.resource == CLUSTERS:
        return _check_clock(request)
    return None


def _check_clock(request: Request) -> Answer | None:
    """A change of the clock: `{"speed": "10x"}`, `{"speed": "max", "until": "2026-01-01T00:01:00Z"}`."""
    body = request.body
    if request.verb != "patch":
        return answers.failure(405, "MethodNotAllowed", f"{request.verb} is not supported on clusters: patch their speed")
    if not isinstance(body, dict) or not isinstance(body.get("speed"), str):
        return answers.failure(422, "Invalid", "speed: expected a text such as 10x, max or paused")
    try:
        parse_speed(body["speed"])
        if body.get("until") is not None:
            parse_rfc3339(body["until"])
    except (ValueError, TypeError) as wrong:
        return answers.failure(422, "Invalid", str(wrong))
    return None
