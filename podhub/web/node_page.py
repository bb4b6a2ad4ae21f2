"""A node's page: its conditions, what it has and what is asked of it, its Pods and images; and its timeline."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

import msgspec

from lifecycle.clock import Micros
from lifecycle.controllers import heartbeats
from lifecycle.core_v1.quantity import parse
from lifecycle.core_v1.resources import amounts
from lifecycle.printers.describe import describe
from lifecycle.printers.durations import moment
from lifecycle.printers.node import STANDARD, asked_in_all, is_live, percent, room_of, taint_text
from lifecycle.printers.rows import node_cells, node_status
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.concerns import event_uids
from podhub.log.fold import Ref
from podhub.log.models import Cluster, Entry
from podhub.web import cluster_page, facts
from podhub.web.facts import ConditionFacts
from podhub.web.fragments import ObjectPage
from podhub.web.node_timeline import bars, condition_look, lanes, node_look, resident_bars
from podhub.web.residents import former, residents
from podhub.web.showing import clock_text
from podhub.web.story import Story, unwatched_since, within
from podhub.web.tracks import Track

MOST_LANES = 50
"""Pods of which a node's timeline tells: those that changed last."""


class Share(msgspec.Struct, frozen=True):
    """One of a node's resources: what it has, what Pods may have of it, and what they ask for, also in percent."""

    name: str
    capacity: str
    allocatable: str
    requests: str
    requested: int
    limits: str
    limited: int


class ImageFacts(msgspec.Struct, frozen=True):
    name: str
    names: list[str]
    megabytes: str


class NodePage(ObjectPage):
    """The node of a name as one moment shows it."""

    kind, resource = "node", "nodes"
    fragments = {
        "state": ("nodes",),
        "facts": ("nodes", "pods"),
        "note": ("nodes",),
        "conditions": ("nodes",),
        "shares": ("nodes", "pods"),
        "pods": ("pods",),
        "images": ("nodes",),
        "events": ("events",),
        "describe": ("nodes", "pods", "events"),
    }

    @cached_property
    def object(self) -> Object | None:
        found = super().object
        if found is None or self.cluster.kind == Cluster.Kind.RECORDED:
            return found
        return heartbeats.reported(found, self.showing.at)

    @property
    def status(self) -> Object:
        return (self.object or {}).get("status") or {}

    @cached_property
    def residents(self) -> dict[read.Name, Ref]:
        return residents(self.cluster, self.name, self.showing.seq)

    @cached_property
    def pods(self) -> list[Object]:
        """The Pods on it."""
        return [version.object for version in read.versions_of(list(self.residents.values()))]

    @cached_property
    def events(self) -> list[Object]:
        return [version.object for version in self.showing.view.events_of(self.object)] if self.object else []

    def describe(self) -> str:
        """Return what `kubectl describe node` prints at this moment."""
        if self.object is None:
            return f'Error from server (NotFound): nodes "{self.name}" not found'
        return describe(self.object, self.events, self.showing.at, {"pods": self.pods, "leases": self._leases()})

    def _leases(self) -> list[Object]:
        found = self.showing.view.find("leases", heartbeats.LEASES, self.name)
        if found is None:
            return []
        recorded = self.cluster.kind == Cluster.Kind.RECORDED
        return [found.object if recorded else heartbeats.renewed(found.object, self.cluster.start, self.showing.at)]

    def _state(self) -> dict[str, Any]:
        if self.object is None:
            return {"look": "unknown", "status_word": "NotFound"}
        return {"look": node_look(self.object), "status_word": node_status(self.object)}

    def _facts(self) -> dict[str, Any]:
        if self.object is None:
            return {}
        cells = [str(cell) for cell in node_cells(self.object, self.showing.at)]
        return {
            **dict(zip(("roles", "_", "version", "ip", "_", "os", "kernel", "runtime"), cells[2:], strict=True)),
            "taints": [taint_text(taint) for taint in (self.object.get("spec") or {}).get("taints") or ()],
            "live_pods": sum(map(is_live, self.pods)),
            "pods_at_most": str(room_of(self.status).get("pods", "")),
            "created": moment(self.object["metadata"].get("creationTimestamp")),
        }

    def _note(self) -> dict[str, Any]:
        last = None if self.object else _last_version(self.cluster, self.name, self.showing.seq)
        since = unwatched_since(self.cluster, self.showing.seq, self.version.seq) if self.version else None
        return {
            "alone": not last and bool(self.residents or former(self.cluster, self.name, self.showing.seq)),
            "last_seq": last[0] - 1 if last else 0,
            "unwatched": clock_text(since),
        }

    def _conditions(self) -> dict[str, Any]:
        return {"conditions": list(self._told_conditions())}

    def _told_conditions(self) -> Iterator[ConditionFacts]:
        for one in self.status.get("conditions") or []:
            since = moment(one.get("lastTransitionTime"))
            status, reason, message = one.get("status", "Unknown"), one.get("reason", ""), one.get("message", "")
            yield ConditionFacts(one["type"], status, condition_look(one), since, reason, message)

    def _shares(self) -> dict[str, Any]:
        return {"shares": list(self._told_shares())}

    def _told_shares(self) -> Iterator[Share]:
        capacity, room = amounts(self.status.get("capacity")), room_of(self.status)
        live = [pod for pod in self.pods if is_live(pod)]
        requests, limits = asked_in_all(live)
        requests = {**requests, "pods": parse(str(len(live)))}
        order = [name for name in (*STANDARD, "pods") if name in room]
        for name in (*order, *sorted(name for name in room if name not in order and (room[name] or requests.get(name)))):
            asked, limit = requests.get(name), limits.get(name)
            yield Share(
                name,
                str(capacity.get(name, "")),
                str(room[name]),
                str(asked or 0),
                percent(asked, room, name),
                str(limit or 0) if name != "pods" else "",
                percent(limit, room, name),
            )

    def _pods(self) -> dict[str, Any]:
        return {"rows": cluster_page.rows(self.showing, list(self.residents.values()), self.at_query)}

    def _images(self) -> dict[str, Any]:
        return {"images": [_image(image) for image in self.status.get("images") or ()]}

    def _events(self) -> dict[str, Any]:
        return {"events": facts.events(self.events)}

    def _describe(self) -> dict[str, Any]:
        return {"describe": self.describe()}


def _image(image: Object) -> ImageFacts:
    names = image.get("names") or []
    tagged = [name for name in names if "@" not in name]
    size = image.get("sizeBytes") or 0
    return ImageFacts((tagged or names or [""])[0], names, f"{size / 1e6:,.1f}".removesuffix(".0"))


def _last_version(cluster: Cluster, name: str, upto: int) -> tuple[int, Micros] | None:
    """Return seq and moment of the last that a log says of a node up to a seq."""
    rows = Entry.objects.filter(within(cluster, upto), kind=Entry.Kind.CHANGE, resource="nodes", namespace="", name=name)
    return rows.order_by("-seq").values_list("seq", "at").first()


def is_known(cluster: Cluster, name: str, seq: int) -> bool:
    """Say whether a log tells of a node: of itself, or, as many recordings do, of Pods on it alone."""
    known = _last_version(cluster, name, seq) or residents(cluster, name, seq) or former(cluster, name, seq)
    return bool(known)


def story(cluster: Cluster, name: str, upto: int, after: int = 0) -> Story:
    """Return what a node's timeline draws of what came after a seq; of a Pod's lane that was not there by then all is told."""
    node = Track(cluster, "nodes", "", name, after=after, upto=upto)
    told, last = _pods_told(cluster, name, upto)
    known = _pods_told(cluster, name, after)[1] if after else []
    others = {pod: after for pod, ref in told.items() if ref.seq > after} if after else {}
    since = others | {pod: 0 for pod in last if pod not in known}
    pods = [Track(cluster, "pods", *pod, after=of, upto=upto) for pod, of in since.items()]
    looks = partial(resident_bars, node=name)
    points = [*node.points(bars), *(point for pod in pods for point in pod.points(looks))]
    marks = [*node.requests("node"), *node.events("events")]
    objects = node.objects or _known(cluster, name, upto)
    own_lanes = lanes(objects[-1] if objects else None, sorted(last))
    return Story(upto, own_lanes, sorted(points, key=lambda point: point.seq), sorted(marks, key=lambda mark: mark.seq))


def _pods_told(cluster: Cluster, name: str, upto: int) -> tuple[dict[read.Name, Ref], list[read.Name]]:
    """Return the Pods that are or were on a node, with the row that tells of each last, and those that have a lane."""
    told = former(cluster, name, upto) | residents(cluster, name, upto)
    return told, sorted(told, key=lambda pod: told[pod].seq)[-MOST_LANES:]


def has_more(cluster: Cluster, name: str, upto: int) -> bool:
    """Say whether Pods are or were on a node that have no lane."""
    return len(_pods_told(cluster, name, upto)[0]) > MOST_LANES


def _known(cluster: Cluster, name: str, upto: int) -> list[Object]:
    last = _last_version(cluster, name, upto)
    found = read.versions(cluster, "nodes", "", name, after=last[0] - 1, upto=upto) if last else []
    return [version.object for version in found]


def touched(page: NodePage, after: int) -> dict[str, int]:
    """Return what of a node's page came after a seq, with the newest seq for each: nodes, pods, events."""
    rows = Entry.objects.filter(within(page.cluster, page.showing.seq), seq__gt=after, kind=Entry.Kind.CHANGE)
    rows = rows.filter(resource__in=("nodes", "pods", "events")).order_by("seq")
    uids = event_uids(page.object) if page.object else set()
    pods = page.residents.keys() | former(page.cluster, page.name, page.showing.seq).keys()
    found = {}
    for seq, resource, namespace, name, about in rows.values_list("seq", "resource", "namespace", "name", "about"):
        is_own = {"nodes": name == page.name, "pods": (namespace, name) in pods, "events": about in uids}
        if is_own[resource]:
            found[resource] = seq
    return found
