"""Two lives of Pods side by side: what happened in both, how much later in one, and what in one alone.

Both are counted from their own creation. The third Started of one is set beside the third of the other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from lifecycle.clock import Micros
from lifecycle.printers.pod_row import pod_status
from lifecycle.wire import Object
from podhub.log.models import Cluster
from podhub.web.differences import Difference, differences
from podhub.web.showing import newest, span
from podhub.web.story import Book, Story, chapter, story

MOST_ROWS = 1000
"""Rows of a comparison that are shown: the first ones."""

_TOKEN_VOLUME = re.compile(r"\bkube-api-access-[a-z0-9]{5}\b")

Place = tuple[str, str, int]
"""What is set beside one another: a lane, what happened there, and which time that was."""


class Happening(NamedTuple):
    """Something in a Pod's life, so many Micros after it was created; `inside`: no API object tells of it."""

    at: Micros
    lane: str
    what: str
    more: str
    inside: bool = False


class Row(NamedTuple):
    """What happened in either life, or in both. `early`: the other is not that old yet; `untold`: its recording cannot tell."""

    lane: str
    what: str
    first: Happening | None
    second: Happening | None
    early: bool = False
    untold: bool = False

    @property
    def at(self) -> Micros:
        return min(one.at for one in (self.first, self.second) if one)

    @property
    def times(self) -> tuple[str, str]:
        return _time(self.first), _time(self.second)

    @property
    def later(self) -> str:
        """How much later it was in the second life; empty where one lacks it, or both agree to the hundredth of a second."""
        if self.first is None or self.second is None:
            return ""
        ms = (self.second.at - self.first.at) // 1000
        return "" if abs(ms) < 10 else f"{'+' if ms > 0 else '−'}{span(abs(ms) * 1000)}"

    @property
    def is_news(self) -> bool:
        if self.first is None or self.second is None:
            return not (self.early or self.untold)
        return bool(self.later) or self.first.more != self.second.more

    @property
    def more(self) -> list[str]:
        """What else is said of it: one text where both say the same."""
        return list(dict.fromkeys(one.more for one in (self.first, self.second) if one and one.more))


def _time(happening: Happening | None) -> str:
    return span(happening.at) if happening else ""


class Life(NamedTuple):
    """The newest life that a log has of a Pod's name, as far as it is known."""

    cluster: Cluster
    namespace: str
    name: str
    pod: Object
    """Its last version."""
    gone: bool
    age: Micros
    """How old it is, as far as that is known; of one that is gone how old it became."""
    happenings: list[Happening]

    @property
    def status(self) -> str:
        return _("gone") if self.gone else pod_status(self.pod)

    @property
    def restarts(self) -> int:
        return sum(one.get("restartCount", 0) for one in (self.pod.get("status") or {}).get("containerStatuses") or ())

    @property
    def ready(self) -> str:
        """After how long it was Ready first."""
        return next((span(one.at) for one in self.happenings if (one.lane, one.what) == ("Ready", "True")), "")

    @property
    def lasted(self) -> str:
        return span(self.age) if self.gone else ""


def life(cluster: Cluster, namespace: str, name: str) -> Life | None:
    """Read the newest life of a Pod of this name; None where the log tells of none."""
    shown = newest(cluster)
    begins = [turn.seq for turn in Book(cluster, namespace, name, shown.seq).turns if turn.type == "ADDED"]
    if not begins:
        return None
    told = chapter(cluster, namespace, name, after=begins[-1] - 1, upto=shown.seq)
    first, last = told.versions[0], told.versions[-1]
    gone = last.type == "DELETED"
    age = (last.at if gone else shown.at) - first.at
    return Life(cluster, namespace, name, last.object, gone, age, _happenings(story(told), first.at - cluster.start))


def _happenings(told: Story, created: Micros) -> list[Happening]:
    labels = {
        lane.id: " · ".join(lane.id.split("/")[1:]) if lane.id.startswith("probe/") else lane.label for lane in told.lanes
    }
    marks = (
        (mark.seq, Happening(mark.at, labels.get(mark.lane, mark.lane), mark.title, mark.text, mark.shape != "event"))
        for mark in told.marks
    )
    changes = ((seq, one._replace(lane=labels.get(one.lane, one.lane))) for seq, one in _changes(told))
    found = sorted(chain(marks, changes), key=lambda one: (one[1].at, one[0]))
    return [one._replace(at=max(one.at - created, 0)) for _seq, one in found]


def _changes(told: Story) -> Iterator[tuple[int, Happening]]:
    """Yield where a lane came to look otherwise than before, in words."""
    shown: dict[str, tuple[str, str]] = {}
    for point in told.points:
        if point.bar is None:
            if point.lane == "pod":
                yield point.seq, Happening(point.at, point.lane, _("gone"), "")
            continue
        looks = point.bar.word, point.life
        if shown.get(point.lane) != looks:
            yield point.seq, Happening(point.at, point.lane, point.bar.word, point.bar.detail)
        shown[point.lane] = looks


def rows(first: Life, second: Life) -> list[Row]:
    """Set two lives side by side, in the order of time."""
    one, other = _placed(first.happenings), _placed(second.happenings)
    places = dict.fromkeys((*one, *other))
    found = (Row(*place[:2], one.get(place), other.get(place)) for place in places)
    return sorted((_explained(row, first, second) for row in found), key=lambda row: row.at)


def _explained(row: Row, first: Life, second: Life) -> Row:
    """Say why a life lacks what stands in a row, if not for another course: it is too young, or what an API showed of it."""
    if row.first and row.second:
        return row
    lacking, there = (second, row.first) if row.first else (first, row.second)
    untold = bool(there and there.inside) and lacking.cluster.kind == Cluster.Kind.RECORDED
    return row._replace(early=not untold and not lacking.gone and row.at > lacking.age, untold=untold)


def _placed(happenings: Iterable[Happening]) -> dict[Place, Happening]:
    times: Counter[tuple[str, str]] = Counter()
    found: dict[Place, Happening] = {}
    for one in happenings:
        times[one.lane, one.what] += 1
        found[one.lane, one.what, times[one.lane, one.what]] = one
    return found


def asked_otherwise(first: Object, second: Object) -> list[Difference]:
    """Return the fields in which two Pods were asked for otherwise; names that the server made up do not count."""
    return list(differences(_asked(first), _asked(second)))


def _asked(pod: Object) -> Any:
    asked = {"metadata": {key: pod["metadata"].get(key) for key in ("labels", "annotations")}, "spec": pod.get("spec") or {}}
    return json.loads(_TOKEN_VOLUME.sub("kube-api-access", json.dumps(asked)))
