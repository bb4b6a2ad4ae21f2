"""What can be refused without the cluster's writer: requests that no state of the cluster could make right."""

from __future__ import annotations

import msgspec

from lifecycle.apiserver.options import field_validation
from lifecycle.clock import parse_moment
from lifecycle.core_v1 import registry
from lifecycle.core_v1.schema import KINDS, Kind
from lifecycle.core_v1.status import LARGEST_BODY, Status, internal_error, method_not_allowed, no_such_path, too_large
from lifecycle.wire import Answer, Request
from podhub.log.models import Cluster
from podhub.log.read import View
from podhub.runs import answers
from podhub.runs.clock import parse_speed

CLUSTERS = "clusters"

_BY_PLURAL = {(kind.group_version, kind.plural): kind for kind in KINDS.values()}


def check(cluster: Cluster, request: Request, *, valid: bool = False) -> Answer | None:
    """Return the answer to a request that need not be queued, or None. Reads the log at most.

    `valid`: what it creates was found valid by whoever asks.
    """
    unwritable = _unwritable(request)
    if unwritable is not None:
        return unwritable
    if not cluster.takes_requests:
        return answers.read_only(cluster)
    if request.resource == CLUSTERS:
        return _check_clock(request)
    kind = _BY_PLURAL.get((request.group_version, request.resource))
    if kind is None:
        return _answer(no_such_path())
    if request.verb == "create" and not request.subresource and not valid:
        return _check_create(cluster, kind, request)
    return None


def _unwritable(request: Request) -> Answer | None:
    """Refuse what the log could not hold: what is too large, or cannot be written as JSON."""
    try:
        size = len(msgspec.json.encode(request.body))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as wrong:
        return _answer(Status(400, "BadRequest", f"the body cannot be written as JSON: {wrong}"))
    return _answer(too_large()) if size > LARGEST_BODY else None


def _answer(status: Status) -> Answer:
    return Answer(0, status.code, status.object(), warnings=status.warnings)


def _check_create(cluster: Cluster, kind: Kind, request: Request) -> Answer | None:
    """Refuse an object that cannot be decoded; and one that is not valid, if its namespace is there to refuse it."""
    try:
        accepted = registry.accept(request.body, field_validation(request), expected=kind, namespace=request.namespace)
    except Exception as wrong:  # a defect in reading what anybody may post must not become one of the server
        return _answer(internal_error(f"{type(wrong).__name__}: {wrong}"))
    if not isinstance(accepted, Status) or accepted.code == 403:  # what admission says depends on what is there
        return None
    if accepted.code == 422 and kind.namespaced and not _namespace_is_there(cluster, request):
        return None
    return _answer(accepted)


def _namespace_is_there(cluster: Cluster, request: Request) -> bool:
    metadata = request.body.get("metadata") or {}
    found = View(cluster, cluster.head).find("namespaces", "", request.namespace or metadata.get("namespace") or "default")
    return found is not None and not found.object["metadata"].get("deletionTimestamp")


def _check_clock(request: Request) -> Answer | None:
    """A change of the clock: `{"speed": "10x"}`, `{"speed": "max", "until": "2026-01-01T00:01:00Z"}`."""
    body = request.body
    if request.verb != "patch":
        return _answer(method_not_allowed())
    if not isinstance(body, dict) or not isinstance(body.get("speed"), str):
        return answers.failure(422, "Invalid", "speed: expected a text such as 10x, max or paused")
    try:
        parse_speed(body["speed"])
        if body.get("until") is not None:
            parse_moment(body["until"])
    except (ValueError, TypeError) as wrong:
        return answers.failure(422, "Invalid", str(wrong))
    return None
