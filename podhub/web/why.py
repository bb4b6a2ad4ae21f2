"""Why something happened: an entry of a log, what brought it about, and so on, back to a request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from lifecycle.clock import Micros, as_datetime
from podhub.log import read
from podhub.log.models import Cluster
from podhub.web.differences import Difference, differences
from podhub.web.facts import event_facts
from podhub.web.sentences import cause, request_sentence, sentence
from podhub.web.showing import span
from podhub.web.timeline import trace_severity

MOST = 12
"""Links of a chain that are told at once."""

MOST_FIELDS = 4
"""Fields of a change that are told: the first of them."""


class Link(msgspec.Struct, frozen=True):
    """An entry of a chain. `before`: how long before the first one it was; `pod`: whose page shows the moment, if one does."""

    seq: int
    before: str
    clock: str
    what: str
    severity: str
    fields: list[Difference]
    pod: read.Name | None


def chain(cluster: Cluster, seq: int) -> tuple[list[Link], int]:
    """Return an entry and what brought it about, the nearest first; and where the chain goes on that is longer, or 0."""
    lines = read.causes(cluster, seq, MOST + 1)
    return [_link(cluster, line, lines[0].at) for line in lines[:MOST]], lines[MOST].seq if len(lines) > MOST else 0


def _link(cluster: Cluster, line: read.Line, first: Micros) -> Link:
    what, severity = _told(line)
    fields = list(islice(_altered(cluster, line), MOST_FIELDS))
    return Link(line.seq, span(first - line.at), f"{as_datetime(line.at):%H:%M:%S.%f}"[:-3], what, severity, fields, _pod(line))


def _told(line: read.Line) -> tuple[str, str]:
    """Return what an entry says, and how severe it is."""
    body: dict[str, Any] = line.content
    if line.kind == "request":
        return _("request %(request)s") % {"request": request_sentence(body)}, "Normal"
    if line.kind == "trace":
        text = sentence(line.type, body)
        return f"{body['container']}: {text}" if body.get("container") else text, trace_severity(line.type, body)
    if line.resource == "events":
        event = event_facts(body)
        return f"{event.reason}: {event.message}", event.type
    name = f"{line.namespace}/{line.name}" if line.namespace else line.name
    return cause(line.kind, line.type, line.resource, name), "Normal"


def _altered(cluster: Cluster, line: read.Line) -> Iterator[Difference]:
    """Yield what a change of an object, other than an Event, altered in it."""
    if line.kind != "change" or line.type != "MODIFIED" or line.resource == "events":
        return
    before = read.View(cluster, line.seq - 1).find(line.resource, line.namespace, line.name)
    if before:
        yield from differences(before.object, line.content)


def _pod(line: read.Line) -> read.Name | None:
    if line.kind == "change" and line.resource == "events":
        event = event_facts(line.content)
        return (event.namespace, event.name) if event.kind == "Pod" else None
    of_pod = line.resource == "pods" and line.kind in ("change", "trace")
    return (line.namespace, line.name) if of_pod and line.name else None
