"""A cluster's page in pieces: rows of its Pods, each rendered once for a version, and its newest Events."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from lifecycle.clock import Micros
from lifecycle.printers.metadata import NONE
from lifecycle.printers.pod_row import pod_cells, pod_status, pod_tally
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.fold import Ref
from podhub.log.models import Entry
from podhub.web import facts
from podhub.web.ages import retold
from podhub.web.choice import Choice, chosen, counts, state_of
from podhub.web.renders import renders
from podhub.web.showing import Showing
from podhub.web.story import within
from podhub.web.timeline import pod_look
from podhub.web.versions import each

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

    @property
    def on_node(self) -> bool:
        return self.node != NONE


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


def rows(showing: Showing, refs: Sequence[Ref], at: str = "") -> SafeString:
    """Render the rows of these versions of Pods, ages put in; only what nobody has seen yet is read."""
    found = each("row", showing.cluster.pk, refs, lambda version: _row(showing, version))
    return as_of(showing, "".join(found), at)


def as_of(showing: Showing, html: str, at: str) -> SafeString:
    """Put in ages, and let links to what there was then lead to the moment `at` that a page was asked for."""
    dated = html.replace('/" data-dated>', f'/?{urlencode({"at": at})}" data-dated>') if at else html
    return mark_safe(retold(dated, showing.at))


def _row(showing: Showing, version: read.Version) -> str:
    return render_to_string("_pods_row.html", {"row": row_of(version.object), "at": showing.at, "cluster": showing.cluster})


def namespaces(showing: Showing) -> list[str]:
    """Return the namespaces that there are, or that Pods are in."""
    cluster, seq = showing.cluster, showing.seq
    made = {name for _, name in read.keys_at(cluster, "namespaces", seq)}
    return sorted(made | {namespace for namespace, _ in read.keys_at(cluster, "pods", seq)} | {"default"})


def pods(showing: Showing, choice: Choice) -> dict[str, Any]:
    """Return what the table of Pods shows, one page of it, and what stands above it."""
    keys = read.keys_at(showing.cluster, "pods", showing.seq)
    names = chosen(showing, choice)
    passed = bisect_right(names, choice.after) if choice.after else 0
    page = names[passed : passed + ROWS]
    return {
        "rows": rows(showing, [keys[name] for name in page], choice.at),
        "total": len(names),
        "first": passed + 1,
        "last": passed + len(page),
        "next": "/".join(page[-1]) if len(names) > passed + ROWS else "",
        **_counted(showing, choice),
    }


def _counted(showing: Showing, choice: Choice) -> dict[str, Any]:
    found = counts(showing, choice)
    return {"choice": choice, "counts": found, "counted": sum(one.number for one in found)}


class Gone(msgspec.Struct, frozen=True):
    """A Pod that the log tells of and that is there no more; `seq` is the last at which it was."""

    namespace: str
    name: str
    at: Micros
    seq: int


def gone(showing: Showing, namespace: str) -> list[Gone]:
    """Return the Pods that went away last, the newest first; those whose namesakes are there now are left out."""
    taken = read.gone_at(showing.cluster, "pods", showing.seq)
    ends = [ref.seq for name, ref in taken.items() if not namespace or name[0] == namespace]
    rows = Entry.objects.filter(within(showing.cluster, showing.seq), seq__in=heapq.nlargest(MOST_GONE, ends))
    columns = rows.order_by("-seq").values_list("namespace", "name", "at", "seq") if ends else ()
    return [Gone(of, name, at, seq - 1) for of, name, at, seq in columns]


def events(showing: Showing, choice: Choice) -> SafeString:
    """Render the newest Events, what the last changes of Events made of them: once for these, ages put in."""
    newest = read.newest_at(showing.cluster, "events", showing.seq, choice.namespace or None, most=NEWEST_EVENTS)
    key = ("events", showing.cluster.pk, tuple(ref.seq for ref in newest), get_language())
    return as_of(showing, renders.get(key, lambda: _events(showing, newest)), choice.at)


def _events(showing: Showing, newest: Sequence[Ref]) -> str:
    told = facts.events(version.object for version in read.versions_of(newest))
    context = {"events": told, "with_object": True, "cluster": showing.cluster, "at": showing.at}
    return render_to_string("_events_table.html", context)


def news(showing: Showing, choice: Choice, after: int) -> dict[str, Any]:
    """Return what an open page has to be told: rows by key (None: not shown there), and fragments to put in their places."""
    seq, namespace = showing.seq, choice.namespace
    if seq - after > MOST_NEWS:
        fragments = table_fragment(showing, choice), gone_fragment(showing, namespace, seq)
        return {"html": "".join((*fragments, events_fragment(showing, namespace, seq)))}
    changes = [
        line
        for line in read.tail(showing.cluster, after, limit=MOST_NEWS, upto=seq)
        if line.kind == "change" and (not namespace or line.namespace == namespace)
    ]
    lives = [line for line in changes if line.resource == "pods" and choice.holds((line.namespace, line.name))]
    rows = {f"{line.namespace}/{line.name}": _row_after(showing, line, choice) for line in lives}
    html = counts_fragment(showing, choice) if lives else ""
    if event := max((line.seq for line in changes if line.resource == "events"), default=0):
        html += events_fragment(showing, namespace, event)
    if life := max((line.seq for line in changes if line.resource == "pods" and line.type != "MODIFIED"), default=0):
        html += gone_fragment(showing, namespace, life)
    return {"rows": list(rows.items()), "html": html} if rows or html else {}


def _row_after(showing: Showing, line: read.Line, choice: Choice) -> str | None:
    if line.type == "DELETED" or not choice.wants(state_of(line.content)):
        return None
    return row(showing, read.Version(line.seq, line.at, line.cause, line.type, line.content))


def counts_fragment(showing: Showing, choice: Choice) -> str:
    """Render for open pages how many Pods are in which state."""
    key = ("counts panel", showing.cluster.pk, choice, showing.seq, get_language())
    return renders.get(key, lambda: _fragment("_pods_counts.html", showing, _counted(showing, choice)))


def events_fragment(showing: Showing, namespace: str, seq: int) -> str:
    """Render the newest Events for open pages, once for the seq that changed them."""
    key = ("events panel", showing.cluster.pk, namespace, seq, get_language())
    return renders.get(key, lambda: _fragment("_events.html", showing, {"events_table": events(showing, Choice(namespace))}))


def gone_fragment(showing: Showing, namespace: str, seq: int) -> str:
    """Render the Pods that are gone for open pages, once for the seq with which one came or went."""
    key = ("gone", showing.cluster.pk, namespace, seq, get_language())
    return renders.get(key, lambda: _fragment("_gone.html", showing, {"gone": gone(showing, namespace)}))


def table_fragment(showing: Showing, choice: Choice) -> str:
    return _fragment("_pods_table.html", showing, pods(showing, choice))


def _fragment(template: str, showing: Showing, context: dict[str, Any]) -> str:
    common = {"cluster": showing.cluster, "at": showing.at, "oob": mark_safe(' hx-swap-oob="true"')}
    return render_to_string(template, common | context)
