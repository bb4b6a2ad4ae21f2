"""The page of all Events that a log tells of, those that Kubernetes has dropped since among them, and its timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import msgspec
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from lifecycle.printers.pod_row import pod_status
from lifecycle.printers.rows import node_status
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.fold import Ref
from podhub.log.models import Cluster, Entry
from podhub.web.choice import Asked
from podhub.web.cluster_page import as_of
from podhub.web.facts import EventFacts, event_facts
from podhub.web.fragments import ObjectPage
from podhub.web.node_timeline import node_look
from podhub.web.showing import Showing
from podhub.web.story import Story, within
from podhub.web.timeline import Bar, Lane, Looks, Mark, pod_bar
from podhub.web.tracks import Track
from podhub.web.versions import each

ROWS = 200
"""Events on one page."""

MOST = 5000
"""Events among which a page looks for those that are chosen: those that changed last."""

MOST_MARKS = 2000
"""Events, each as often as it was counted, that a timeline tells of: the last."""

MOST_LANES = 30
"""Objects that have a lane: those of which something was told last."""

MOST_REASONS = 16

DRAWN = {"Pod": "pods", "Node": "nodes"}
"""The kinds whose state is drawn below their Events, and their resources."""


class EventChoice(Asked, frozen=True, omit_defaults=True):
    """Which Events a page's address asks for. An empty field: all; of `object` (`pod/web`) a part will do."""

    namespace: str = ""
    object: str = ""
    type: str = ""
    reason: str = ""
    source: str = ""
    kept: str = ""
    """Not empty: only those that Kubernetes has not dropped yet, as `kubectl events` lists them."""
    order: str = ""
    """`oldest`: first; else the newest are."""
    page: str = ""
    at: str = ""

    def holds(self, event: EventFacts) -> bool:
        return (
            (not self.namespace or event.namespace == self.namespace)
            and self.object.lower() in event.object.lower()
            and self.type in ("", event.type)
            and self.reason in ("", event.reason)
            and self.source in ("", event.source)
        )

    @property
    def filtered(self) -> bool:
        return bool(self.namespace or self.object or self.type or self.reason or self.source)

    @property
    def number(self) -> int:
        """The number of the page, from 1."""
        digits = self.page.isascii() and self.page.isdigit() and len(self.page) < 6
        return max(int(self.page), 1) if digits else 1


class Told(NamedTuple):
    """An Event, and the row that tells of it last."""

    ref: Ref
    event: EventFacts


class Reason(NamedTuple):
    word: str
    type: str
    number: int


class EventsPage(ObjectPage):
    """The Events of a cluster as one moment shows them."""

    kind, resource = "all_events", "events"
    fragments = {"reasons": ("events",), "table": ("events",)}

    def __init__(self, showing: Showing, choice: EventChoice) -> None:
        super().__init__(showing, choice.namespace, "")
        self.choice = choice

    @property
    def key(self) -> tuple[Hashable, ...]:
        return self.kind, self.cluster.pk, msgspec.structs.replace(self.choice, at="")

    @cached_property
    def object(self) -> Object | None:
        return None

    @cached_property
    def told(self) -> list[Told]:
        """All Events of which is told, but for the oldest where they are too many."""
        cluster, seq = self.cluster, self.showing.seq
        refs = [*read.keys_at(cluster, "events", seq).values()]
        refs += () if self.choice.kept else read.gone_at(cluster, "events", seq).values()
        newest = sorted(refs, key=lambda ref: ref.seq)[-MOST:]
        return [Told(*one) for one in zip(newest, events_of(cluster, newest), strict=True)]

    @cached_property
    def chosen(self) -> list[Told]:
        """Those that are chosen, by the time they were seen last."""
        found = [one for one in self.told if self.choice.holds(one.event)]
        newest_first = self.choice.order != "oldest"
        return sorted(found, key=lambda one: (one.event.last_seen or 0, one.ref.seq), reverse=newest_first)

    def _table(self) -> dict[str, Any]:
        first = (self.choice.number - 1) * ROWS
        shown = self.chosen[first : first + ROWS]
        return {
            "choice": self.choice,
            "rows": rows(self.showing, [one.ref for one in shown], self.at_query),
            "first": first + 1,
            "last": first + len(shown),
            "total": len(self.chosen),
            "cut": MOST if len(self.told) == MOST else 0,
            "next": str(self.choice.number + 1) if len(self.chosen) > first + ROWS else "",
        }

    def _reasons(self) -> dict[str, Any]:
        others = msgspec.structs.replace(self.choice, reason="")
        found = Counter((one.event.reason, one.event.type) for one in self.told if others.holds(one.event))
        ranked = sorted(found, key=lambda reason: (reason[1] != "Warning", -found[reason], reason))
        reasons = [Reason(*reason, found[reason]) for reason in ranked[:MOST_REASONS]]
        return {"choice": self.choice, "reasons": reasons, "counted": found.total()}

    def offered(self) -> dict[str, list[str]]:
        """Return what there is to choose from."""
        events = [one.event for one in self.told]
        return {
            "reasons": sorted({event.reason for event in events}),
            "sources": sorted({event.source for event in events} - {""}),
            "namespaces": sorted({event.namespace for event in events} - {""}),
        }


def events_of(cluster: Cluster, refs: Sequence[Ref]) -> list[EventFacts]:
    return each("event", cluster.pk, refs, lambda version: event_facts(version.object))


def rows(showing: Showing, refs: Sequence[Ref], at: str) -> SafeString:
    """Render Events as rows, each once for all who see it, ages put in."""
    return as_of(showing, "".join(each(f"event row {get_language()}", showing.cluster.pk, refs, partial(_row, showing))), at)


def _row(showing: Showing, version: read.Version) -> str:
    context = {"event": event_facts(version.object), "dropped": version.type == "DELETED", "with_object": True}
    return render_to_string("_events_row.html", context | {"cluster": showing.cluster, "at": showing.at})


class Place(NamedTuple):
    """The object that an Event is about."""

    kind: str
    namespace: str
    name: str

    @property
    def lane(self) -> str:
        return f"about/{self.kind}/{self.namespace}/{self.name}"


def _place(event: EventFacts) -> Place:
    return Place(event.kind, "" if event.kind == "Node" else event.namespace, event.name)


def story(cluster: Cluster, choice: EventChoice, upto: int, after: int = 0) -> Story:
    """Return what the timeline of the chosen Events draws of what came after a seq: a lane for each object.

    Of a lane that was not there by then all is told.
    """
    told = [(seq, at, event) for seq, at, event in _changes(cluster, upto) if choice.holds(event)]
    places = _last_places(event for _, _, event in told)
    known = _last_places(event for seq, _, event in told if seq <= after)
    others = {_place(event): after for *_, event in told} if after else {}
    since = others | {place: 0 for place in places if place not in known}
    marks = [
        Mark(seq, at - cluster.start, place.lane, "event", event.type, _title(event), event.message)
        for seq, at, event in told
        if (place := _place(event)) in since and seq > since[place]
    ]
    lanes = [Lane(place.lane, place.kind, place.name, place.namespace or place.kind.lower()) for place in sorted(places)]
    points = [point for track, place in _tracks(cluster, since, upto, after) for point in track.points(partial(_looks, place))]
    return Story(upto, lanes, sorted(points, key=lambda point: point.seq), marks)


def has_more(cluster: Cluster, choice: EventChoice, upto: int) -> bool:
    """Say whether a timeline leaves Events or objects out."""
    told = _changes(cluster, upto)
    return len(told) == MOST_MARKS or len({_place(event) for *_, event in told if choice.holds(event)}) > MOST_LANES


def _last_places(events: Iterable[EventFacts]) -> list[Place]:
    """Return the objects that have a lane, those told of last first."""
    return list(dict.fromkeys(reversed([_place(event) for event in events])))[:MOST_LANES]


def _title(event: EventFacts) -> str:
    return event.reason + (f" ×{event.count}" if event.count > 1 else "")


def _changes(cluster: Cluster, upto: int) -> list[tuple[int, int, EventFacts]]:
    """Return the last Events that came or were counted once more, in order: seq, moment, what each said then."""
    rows = Entry.objects.filter(within(cluster, upto), kind=Entry.Kind.CHANGE, resource="events").exclude(type="DELETED")
    found = list(rows.order_by("-seq").values_list("cluster_id", "seq", "at")[:MOST_MARKS])[::-1]
    events = events_of(cluster, [Ref(of, seq) for of, seq, _ in found])
    return [(seq, at, event) for (_, seq, at), event in zip(found, events, strict=True)]


def _tracks(cluster: Cluster, since: Mapping[Place, int], upto: int, after: int) -> Iterator[tuple[Track, Place]]:
    """Yield the lives of objects whose state is drawn, each since its seq: if not from 0, then those that changed."""
    rows = Entry.objects.filter(within(cluster, upto), seq__gt=after, kind=Entry.Kind.CHANGE, resource__in=DRAWN.values())
    changed = set(rows.values_list("resource", "namespace", "name")) if after else set()
    for place, of in since.items():
        key = DRAWN.get(place.kind, ""), place.namespace, place.name
        if key[0] and (not of or key in changed):
            yield Track(cluster, *key, after=of, upto=upto), place


def _looks(place: Place, obj: Object) -> Looks:
    uid = str(obj["metadata"].get("uid", ""))
    bar = pod_bar(obj, pod_status(obj)) if place.kind == "Pod" else Bar(node_look(obj), node_status(obj))
    return {place.lane: (bar, uid)}


def touched(page: EventsPage, after: int) -> Mapping[str, int]:
    """Return the newest seq with which an Event changed after a seq, where one did."""
    rows = Entry.objects.filter(within(page.cluster, page.showing.seq), seq__gt=after, kind=Entry.Kind.CHANGE)
    newest = rows.filter(resource="events").order_by("-seq").values_list("seq", flat=True).first()
    return {"events": newest} if newest else {}
