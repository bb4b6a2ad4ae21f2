"""A Service's page: its endpoints, the Pods it selects, and its timeline."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lifecycle.printers.describe import describe
from lifecycle.printers.durations import moment
from lifecycle.printers.rows import format_labels, service_cells
from lifecycle.printers.service import SERVICE_NAME
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.concerns import event_uids
from podhub.log.fold import Ref
from podhub.log.models import Cluster, Entry
from podhub.web import cluster_page, facts
from podhub.web.fragments import ObjectPage
from podhub.web.service_timeline import bars, endpoints, lanes, service_bar
from podhub.web.showing import clock_text
from podhub.web.story import Story, missed, unwatched_since, within
from podhub.web.timeline import Point, Version, points
from podhub.web.tracks import Track
from podhub.web.versions import each


class ServicePage(ObjectPage):
    """The Service of a name as one moment shows it."""

    kind, resource = "service", "services"
    fragments = {
        "state": ("services", "endpointslices"),
        "facts": ("services",),
        "note": ("services", "endpointslices"),
        "endpoints": ("endpointslices",),
        "pods": ("services", "endpointslices", "pods"),
        "events": ("events",),
        "describe": ("services", "endpointslices", "events"),
    }

    @cached_property
    def slices(self) -> list[Object]:
        """Its EndpointSlices."""
        refs = slices_of(self.cluster, self.namespace, self.name, self.showing.seq)
        return [version.object for version in read.versions_of(list(refs.values()))]

    @cached_property
    def pods(self) -> dict[read.Name, Ref]:
        """The Pods that it selects, or, where nothing is known of it but slices, those behind its endpoints."""
        found = read.keys_at(self.cluster, "pods", self.showing.seq)
        here = {name: ref for name, ref in sorted(found.items()) if name[0] == self.namespace}
        if self.object is None:
            behind = {one.pod for one in endpoints(self.slices)}
            return {name: ref for name, ref in here.items() if name[1] in behind}
        selector = (self.object.get("spec") or {}).get("selector") or {}
        if not selector:
            return {}
        labels = each("labels of", self.cluster.pk, list(here.values()), _labels)
        return {name: here[name] for name, own in zip(here, labels, strict=True) if selector.items() <= own.items()}

    @cached_property
    def events(self) -> list[Object]:
        return [version.object for version in self.showing.view.events_of(self.object)] if self.object else []

    def describe(self) -> str:
        """Return what `kubectl describe service` prints at this moment."""
        if self.object is None:
            return f'Error from server (NotFound): services "{self.name}" not found'
        return describe(self.object, self.events, self.showing.at, {"endpointslices": self.slices})

    def _state(self) -> dict[str, Any]:
        if self.object is None and not self.slices:
            return {"look": "unknown", "status_word": "NotFound"}
        bar = service_bar(self.object, endpoints(self.slices))
        return {"look": bar.look, "status_word": bar.word}

    def _facts(self) -> dict[str, Any]:
        if self.object is None:
            return {}
        cells = [str(cell) for cell in service_cells(self.object, self.showing.at)]
        spec = self.object.get("spec") or {}
        return {
            **dict(zip(("type", "cluster_ip", "external_ip", "ports"), cells[1:5], strict=True)),
            "selector": format_labels(spec.get("selector")),
            "affinity": spec.get("sessionAffinity", ""),
            "created": moment(self.object["metadata"].get("creationTimestamp")),
        }

    def _note(self) -> dict[str, Any]:
        slices = slices_ever(self.cluster, self.namespace, self.name, self.showing.seq)
        last = 0 if self.object else _last_seq(self.cluster, self.namespace, self.name, self.showing.seq)
        since = unwatched_since(self.cluster, self.showing.seq, self.version.seq) if self.version else None
        return {"alone": bool(slices) and not last, "last_seq": last - 1 if last else 0, "unwatched": clock_text(since)}

    def _endpoints(self) -> dict[str, Any]:
        return {"endpoints": endpoints(self.slices), "namespace": self.namespace}

    def _pods(self) -> dict[str, Any]:
        return {"rows": cluster_page.rows(self.showing, list(self.pods.values()), self.at_query)}

    def _events(self) -> dict[str, Any]:
        return {"events": facts.events(self.events)}

    def _describe(self) -> dict[str, Any]:
        return {"describe": self.describe()}


def _labels(version: read.Version) -> dict[str, str]:
    return version.object["metadata"].get("labels") or {}


def slices_of(cluster: Cluster, namespace: str, name: str, seq: int, *, gone: bool = False) -> dict[read.Name, Ref]:
    """Return a Service's EndpointSlices as of a seq, or those that are `gone` by then."""
    found = (read.gone_at if gone else read.keys_at)(cluster, "endpointslices", seq)
    here = {key: ref for key, ref in sorted(found.items()) if key[0] == namespace}
    return {key: here[key] for key, of in zip(here, services_of(cluster, list(here.values())), strict=True) if of == name}


def slices_ever(cluster: Cluster, namespace: str, name: str, seq: int) -> set[read.Name]:
    """Return the EndpointSlices that a Service has or has had as of a seq."""
    return {key for gone in (True, False) for key in slices_of(cluster, namespace, name, seq, gone=gone)}


def services_of(cluster: Cluster, refs: list[Ref]) -> list[str]:
    """Return to which Services versions of EndpointSlices belong; "" for one that belongs to none."""
    return each("service of", cluster.pk, refs, lambda version: _labels(version).get(SERVICE_NAME, ""))


def _last_seq(cluster: Cluster, namespace: str, name: str, upto: int) -> int:
    """Return the seq of the last that a log says of a Service itself; 0: it tells nothing of it."""
    rows = Entry.objects.filter(within(cluster, upto), kind=Entry.Kind.CHANGE, resource="services")
    return rows.filter(namespace=namespace, name=name).order_by("-seq").values_list("seq", flat=True).first() or 0


def is_known(cluster: Cluster, namespace: str, name: str, seq: int) -> bool:
    """Say whether a log tells of a Service: of itself, or of its EndpointSlices alone."""
    return bool(_last_seq(cluster, namespace, name, seq) or slices_ever(cluster, namespace, name, seq))


def story(cluster: Cluster, namespace: str, name: str, upto: int, after: int = 0) -> Story:
    """Return what a Service's timeline draws of what came after a seq."""
    service = Track(cluster, "services", namespace, name, after=after, upto=upto)
    known = slices_ever(cluster, namespace, name, upto)
    slices = [Track(cluster, "endpointslices", *key, after=after, upto=upto) for key in sorted(known)]
    before = {"service": service.before, "slices": {one.name: one.before for one in slices if one.before}}
    began = before["service"] is not None or bool(before["slices"])
    states = [*_states(service, slices, before), *missed(cluster, after, upto, "endpointslices")]
    told = list(points(sorted(states, key=lambda one: one.seq), bars, before if began else None))
    marks = sorted([*service.requests("service"), *service.events("events")], key=lambda mark: mark.seq)
    return Story(upto, lanes(_ends(told, before)), told, marks)


def _states(service: Track, slices: list[Track], before: Object) -> Iterator[Version]:
    """Yield the Service and its slices as they were together after each change of one of them."""
    changes = [(version, track) for track in (service, *slices) for version in track.versions]
    state = before
    for version, track in sorted(changes, key=lambda change: change[0].seq):
        here = None if version.type == "DELETED" else version.object
        if track is service:
            state = {**state, "service": here}
        else:
            others = {name: one for name, one in state["slices"].items() if name != track.name}
            state = {**state, "slices": {**others, track.name: here} if here else others}
        there = state["service"] or state["slices"]
        yield Version(version.seq, version.at - service.cluster.start, "MODIFIED" if there else "DELETED", state)


def _ends(told: list[Point], before: Object) -> list[tuple[str, str]]:
    """Return the lanes of all endpoints that are told of, with their last address."""
    found = {one.lane: one.address for one in endpoints(before["slices"].values())}
    found |= {point.lane: point.life for point in told if point.lane.startswith("endpoint/") and point.bar}
    return sorted(found.items())


def touched(page: ServicePage, after: int) -> dict[str, int]:
    """Return what of a Service's page came after a seq, with the newest seq for each resource."""
    rows = Entry.objects.filter(within(page.cluster, page.showing.seq), seq__gt=after, kind=Entry.Kind.CHANGE)
    rows = rows.filter(resource__in=("services", "endpointslices", "pods", "events")).order_by("seq")
    uids = event_uids(page.object) if page.object else set()
    own: dict[str, set[read.Name]] = {
        "services": {(page.namespace, page.name)},
        "endpointslices": slices_ever(page.cluster, page.namespace, page.name, page.showing.seq),
        "pods": set(page.pods),
    }
    found = {}
    for seq, resource, namespace, name, about in rows.values_list("seq", "resource", "namespace", "name", "about"):
        if about in uids if resource == "events" else (namespace, name) in own[resource]:
            found[resource] = seq
    return found
