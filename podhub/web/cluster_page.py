"""A cluster's page in pieces: rows of its Pods, each rendered once for a version, and its newest Events."""

from __future__ import annotations

from typing import Any

import msgspec
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from lifecycle.clock import Micros
from lifecycle.printers.pod_row import pod_cells, pod_status, pod_tally
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.models import Entry
from podhub.web import facts
from podhub.web.ages import retold
from podhub.web.renders import renders
from podhub.web.showing import Showing
from podhub.web.story import within
from podhub.web.timeline import pod_look

ROWS = 200
"""Pods on one page."""

NEWEST_EVENTS = 30

MOST_NEWS = 1000
"""Entries that an open page is told row by row; one that was away for longer gets the table as a whole."""

MOST_GONE = 100

Key = tuple[str, str]


class Row(msgspec.Struct, frozen=True):
    """A row of `kubectl get pods -o wide`, with moments where it prints ages."""

    key: str
    namespace: str
    name: str
    ready: str
    status: str
    look: str
    restarts: int
    last_restart: Micros | None
    created: Micros | None
    ip: str
    node: str
    nominated_node: str
    readiness_gates: str


def row_of(pod: Object) -> Row:
    metadata = pod["metadata"]
    cells = [str(cell) for cell in pod_cells(pod, 0)]
    word, tally = pod_status(pod), pod_tally(pod)
    created = facts.pod_facts(pod).created
    look = pod_look(pod, word)
    name, namespace = metadata["name"], metadata.get("namespace", "")
    return Row(
        f"{namespace}/{name}", namespace, name, cells[1], word, look, tally.restarts, tally.last_restart, created, *cells[5:]
    )


def row(showing: Showing, version: read.Version) -> str:
    """Render a Pod's row, once for this version: a live page counts its ages on by itself."""
    return renders.get(("row", showing.cluster.pk, version.seq), lambda: _row(showing, version))


def _row(showing: Showing, version: read.Version) -> str:
    return render_to_string("_pods_row.html", {"row": row_of(version.object), "at": showing.at, "cluster": showing.cluster})


def namespaces(showing: Showing) -> list[str]:
    """Return the namespaces that there are, or that Pods are in."""
    cluster, seq = showing.cluster, showing.seq
    made = {name for _, name in read.keys_at(cluster, "namespaces", seq)}
    return sorted(made | {namespace for namespace, _ in read.keys_at(cluster, "pods", seq)} | {"default"})


def pods(showing: Showing, namespace: str | None, after: Key | None = None) -> dict[str, Any]:
    """Return what the table of Pods shows, one page of it."""
    view = showing.view
    versions = view.list("pods", namespace, limit=ROWS + 1, after=after)
    more = versions[ROWS - 1] if len(versions) > ROWS else None
    return {
        "rows": mark_safe(retold("".join(row(showing, version) for version in versions[:ROWS]), showing.at)),
        "total": view.count("pods", namespace),
        "next": _key(more.object) if more else "",
        "after": "/".join(after) if after else "",
        "paged": after is not None or more is not None,
    }


class Gone(msgspec.Struct, frozen=True):
    """A Pod that the log tells of and that is there no more; `seq` is the last at which it was."""

    namespace: str
    name: str
    at: Micros
    seq: int


def gone(showing: Showing, namespace: str | None) -> list[Gone]:
    """Return the Pods that went away last, the newest first; those whose namesakes are there now are left out."""
    present = read.keys_at(showing.cluster, "pods", showing.seq)
    rows = Entry.objects.filter(within(showing.cluster, showing.seq), kind=Entry.Kind.CHANGE, resource="pods", type="DELETED")
    rows = rows if namespace is None else rows.filter(namespace=namespace)
    found: dict[Key, Gone] = {}
    for of, name, at, seq in rows.order_by("-seq").values_list("namespace", "name", "at", "seq")[:MOST_GONE]:
        if (of, name) not in present:
            found.setdefault((of, name), Gone(of, name, at, seq - 1))
    return list(found.values())


def _key(pod: Object) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"


def events(showing: Showing, namespace: str | None) -> dict[str, Any]:
    """Return the newest Events: what the last changes of Events made of them."""
    versions = showing.view.newest("events", namespace, most=NEWEST_EVENTS)
    return {"events": facts.events(version.object for version in versions), "with_object": True}


def news(showing: Showing, namespace: str | None, after: int) -> dict[str, Any]:
    """Return what an open page has to be told: rows by key (None: gone), and fragments to put in their places."""
    seq = showing.seq
    if seq - after > MOST_NEWS:
        fragments = table_fragment(showing, namespace), gone_fragment(showing, namespace, seq)
        return {"html": "".join((*fragments, events_fragment(showing, namespace, seq)))}
    changes = [
        line
        for line in read.tail(showing.cluster, after, limit=MOST_NEWS, upto=seq)
        if line.kind == "change" and (namespace is None or line.namespace == namespace)
    ]
    rows = {f"{line.namespace}/{line.name}": _row_after(showing, line) for line in changes if line.resource == "pods"}
    html = ""
    if event := max((line.seq for line in changes if line.resource == "events"), default=0):
        html += events_fragment(showing, namespace, event)
    if life := max((line.seq for line in changes if line.resource == "pods" and line.type != "MODIFIED"), default=0):
        html += gone_fragment(showing, namespace, life)
    return {"rows": list(rows.items()), "html": html} if rows or html else {}


def _row_after(showing: Showing, line: read.Line) -> str | None:
    if line.type == "DELETED":
        return None
    return row(showing, read.Version(line.seq, line.at, line.cause, line.type, line.content))


def events_fragment(showing: Showing, namespace: str | None, seq: int) -> str:
    """Render the newest Events for open pages, once for the seq that changed them."""
    key = ("events", showing.cluster.pk, namespace, seq, get_language())
    return renders.get(key, lambda: _fragment("_events.html", showing, events(showing, namespace)))


def gone_fragment(showing: Showing, namespace: str | None, seq: int) -> str:
    """Render the Pods that are gone for open pages, once for the seq with which one came or went."""
    key = ("gone", showing.cluster.pk, namespace, seq, get_language())
    return renders.get(key, lambda: _fragment("_gone.html", showing, {"gone": gone(showing, namespace)}))


def table_fragment(showing: Showing, namespace: str | None) -> str:
    return _fragment("_pods_table.html", showing, {"namespace": namespace, **pods(showing, namespace)})


def _fragment(template: str, showing: Showing, context: dict[str, Any]) -> str:
    common = {"cluster": showing.cluster, "at": showing.at, "oob": mark_safe(' hx-swap-oob="true"')}
    return render_to_string(template, common | context)
