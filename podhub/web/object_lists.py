"""Tables of a cluster's nodes and Services, as `kubectl get -o wide` has them, with what else one wants to see at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from lifecycle.clock import Micros
from lifecycle.printers.durations import moment
from lifecycle.printers.rows import node_cells, service_cells
from lifecycle.printers.service import SERVICE_NAME
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.models import Cluster, Entry
from podhub.web.choice import MOST_COUNTED, Choice
from podhub.web.node_timeline import node_look
from podhub.web.renders import renders
from podhub.web.residents import ends, nodes_of
from podhub.web.service_timeline import endpoints, service_bar
from podhub.web.showing import Showing
from podhub.web.story import within


class Cell(msgspec.Struct, frozen=True):
    """A cell under a column. `look`: it is a state; `url`: it leads there; `since`: it is an age."""

    column: str
    text: str = ""
    look: str = ""
    url: str = ""
    since: Micros | None = None


class Row(msgspec.Struct, frozen=True):
    key: str
    cells: list[Cell]


class Listing(msgspec.Struct, frozen=True):
    """A table: its columns, those of them that are left out where there is little room, its rows."""

    columns: tuple[str, ...]
    rare: tuple[str, ...]
    rows: list[Row]


NODE_COLUMNS = (
    *("NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION"),
    "CONTAINER-RUNTIME",
)


def nodes(showing: Showing, choice: Choice) -> Listing:
    """Return the nodes of a cluster; of a recording also those of which only Pods tell."""
    told = {version.object["metadata"]["name"]: version.object for version in showing.view.list("nodes")}
    pods = _pods_on(showing)
    names = sorted(told.keys() | (pods.keys() - {""} if showing.cluster.kind == Cluster.Kind.RECORDED else set()))
    rows = [Row(name, list(_node_cells(showing, choice, name, told.get(name), pods))) for name in names if choice.name in name]
    return Listing((*NODE_COLUMNS, "PODS"), ("EXTERNAL-IP", "KERNEL-VERSION", "CONTAINER-RUNTIME"), rows)


def _node_cells(showing: Showing, choice: Choice, name: str, node: Object | None, pods: Counter[str]) -> Iterator[Cell]:
    at = f"?{choice.query(namespace='', name='')}" if choice.at else ""
    texts = [str(cell) for cell in node_cells(node, showing.at)] if node else [name, *["–"] * (len(NODE_COLUMNS) - 1)]
    for column, text in zip(NODE_COLUMNS, texts, strict=True):
        if column == "NAME":
            yield Cell(column, text, url=reverse("node", args=(showing.cluster.name, name)) + at)
        elif column == "STATUS" and node:
            yield Cell(column, text, look=node_look(node))
        elif column == "AGE" and node:
            yield Cell(column, text, since=moment(node["metadata"].get("creationTimestamp")))
        else:
            yield Cell(column, text)
    yield Cell("PODS", str(pods[name]) if pods else "–")


def _pods_on(showing: Showing) -> Counter[str]:
    """Return how many Pods are on which node, 0 where some were; nothing where they are too many to look at each."""
    pods = read.keys_at(showing.cluster, "pods", showing.seq)
    if len(pods) > MOST_COUNTED:
        return Counter()
    found = Counter(nodes_of(showing.cluster, list(pods.values())))
    if showing.cluster.kind == Cluster.Kind.RECORDED:
        were = nodes_of(showing.cluster, [ref for _, ref in ends(showing.cluster, showing.seq)])
        found.update(dict.fromkeys(were, 0))
    return found


SERVICE_COLUMNS = ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR")


def services(showing: Showing, choice: Choice) -> Listing:
    """Return the Services of a cluster; of a recording also those of which only EndpointSlices tell."""
    told = {_name_of(version.object): version.object for version in showing.view.list("services")}
    slices: dict[read.Name, list[Object]] = {}
    for version in showing.view.list("endpointslices"):
        slices.setdefault(_service_of(version.object), []).append(version.object)
    of_slices = {name for name in slices if name[1]} if showing.cluster.kind == Cluster.Kind.RECORDED else set()
    names = choice.named(told.keys() | of_slices)
    rows = [
        Row("/".join(name), list(_service_cells(showing, choice, name, told.get(name), slices.get(name, [])))) for name in names
    ]
    return Listing(("NAMESPACE", *SERVICE_COLUMNS, "ENDPOINTS"), ("EXTERNAL-IP", "SELECTOR"), rows)


def _name_of(obj: Object) -> read.Name:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _service_of(endpoint_slice: Object) -> read.Name:
    metadata = endpoint_slice["metadata"]
    return metadata.get("namespace", ""), (metadata.get("labels") or {}).get(SERVICE_NAME, "")


def _service_cells(
    showing: Showing, choice: Choice, name: read.Name, service: Object | None, slices: list[Object]
) -> Iterator[Cell]:
    at = f"?{choice.query(namespace='', name='')}" if choice.at else ""
    texts = map(str, service_cells(service, showing.at)) if service else (name[1], *["–"] * (len(SERVICE_COLUMNS) - 1))
    yield Cell("NAMESPACE", name[0])
    for column, text in zip(SERVICE_COLUMNS, texts, strict=True):
        if column == "NAME":
            yield Cell(column, text, url=reverse("service", args=(showing.cluster.name, *name)) + at)
        elif column == "AGE" and service:
            yield Cell(column, text, since=moment(service["metadata"].get("creationTimestamp")))
        else:
            yield Cell(column, text)
    bar = service_bar(service, endpoints(slices))
    yield Cell("ENDPOINTS", bar.word, look=bar.look)


LISTS = {"nodes": nodes, "services": services}
"""What lists the objects of a kind."""

MADE_OF = {"nodes": ("nodes", "pods"), "services": ("services", "endpointslices")}
"""The resources whose changes a list shows."""


def listing(showing: Showing, resource: str, choice: Choice) -> dict[str, Any]:
    """Return what the table of a kind shows."""
    return {"listing": LISTS[resource](showing, choice), "choice": choice, "resource": resource}


def news(showing: Showing, resource: str, choice: Choice, after: int) -> dict[str, Any]:
    """Return what an open page has to be told: the table, where something in it is new."""
    rows = Entry.objects.filter(within(showing.cluster, showing.seq), seq__gt=after, kind=Entry.Kind.CHANGE)
    if not rows.filter(resource__in=MADE_OF[resource]).exists():
        return {}
    key = ("listing", showing.cluster.pk, resource, choice, showing.seq, get_language())
    return {"html": renders.get(key, lambda: _fragment(showing, resource, choice))}


def _fragment(showing: Showing, resource: str, choice: Choice) -> str:
    common = {"cluster": showing.cluster, "at": showing.at, "oob": mark_safe(' hx-swap-oob="true"')}
    return render_to_string("_objects_table.html", common | listing(showing, resource, choice))
