"""A Pod's page: what its fragments say."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from lifecycle.clock import Micros, as_datetime
from lifecycle.printers.pod import describe_pod
from lifecycle.printers.pod_row import pod_status
from lifecycle.wire import Object
from podhub.log import read
from podhub.log.concerns import concerns
from podhub.log.models import Cluster, Entry
from podhub.web import facts
from podhub.web.fragments import ObjectPage
from podhub.web.renders import renders
from podhub.web.sentences import cause, sentence
from podhub.web.showing import Showing, clock_text, span
from podhub.web.story import Book, Chapter, Turn, told_by, unwatched_since, within
from podhub.web.timeline import pod_look, trace_severity

MOST_LINES = 500
"""Output traces of a container that a page shows: the newest."""

MOST_TRACES = 300

NOT_TOLD = ("output", "assumption")
"""Types of traces that are shown elsewhere than in the list of all others."""

WITH_SESSIONS = ("exec", "attach", "portforward")
"""Types of traces that open a session, of which more traces tell what it was sent."""


class OutputLine(msgspec.Struct, frozen=True):
    seq: int
    stream: str
    text: str


class Output(msgspec.Struct, frozen=True):
    """What one container has written; `cut`: there was more before."""

    name: str
    lines: list[OutputLine]
    cut: bool


class TraceFacts(msgspec.Struct, frozen=True):
    seq: int
    time: str
    clock: str
    container: str
    text: str
    severity: str
    cause: int
    because: str


class PodPage(ObjectPage):
    """The Pod of a name as one moment shows it. Every value is read from the log once, when it is asked for.

    `book`, where there is one, is where everything is read. `end`: the moment is the Pod's last, and this is what took it away.
    What fragments are made of: `life` is a Pod's beginning or end.
    """

    kind, resource = "pod", "pods"
    fragments = {
        "state": ("pods",),
        "facts": ("pods",),
        "note": ("life", "assumption"),
        "containers": ("pods",),
        "conditions": ("pods",),
        "output": ("life", "output"),
        "events": ("events",),
        "traces": ("life", "trace"),
        "describe": ("pods", "events"),
    }

    def __init__(self, showing: Showing, namespace: str, name: str, book: Book | None = None, end: Turn | None = None) -> None:
        super().__init__(showing, namespace, name)
        self.book, self.end = book, end

    @property
    def moment(self) -> tuple[Hashable, ...]:
        return *super().moment, self.end is not None

    @cached_property
    def version(self) -> read.Version | None:
        if self.book is None:
            return super().version
        found = self._versions[-1:]
        return found[0] if found and found[0].type != "DELETED" else None

    @cached_property
    def _versions(self) -> list[read.Version]:
        """All versions up to the moment."""
        if self.book is None:
            return read.versions(self.cluster, "pods", self.namespace, self.name, upto=self.showing.seq)
        return [version for version in self.book.chapter.versions if version.seq <= self.showing.seq]

    @property
    def pod(self) -> Object | None:
        return self.object

    @cached_property
    def last(self) -> Object | None:
        """The Pod, or where it is gone its last version: what it wrote and did is still to be read."""
        return self.pod or (self._versions[-1].object if self._versions else None)

    @property
    def last_seq(self) -> int:
        """Where the Pod is gone: the last seq at which it was there; else 0."""
        return int(self.last["metadata"]["resourceVersion"]) - 1 if self.last and self.pod is None else 0

    @property
    def uid(self) -> str:
        return str(self.last["metadata"].get("uid", "")) if self.last else ""

    @cached_property
    def events(self) -> list[Object]:
        if self.last is None:
            return []
        if self.book is None or not self.uid:
            return [version.object for version in self.showing.view.events_of(self.last)]
        newest = {line.name: line for line in self._lines() if line.resource == "events"}
        events = [newest[name].content for name in sorted(newest) if newest[name].type != "DELETED"]
        return [event for event in events if concerns(event, self.last)]

    def _lines(self) -> Iterator[read.Line]:
        """Yield what the book says about this Pod up to the moment."""
        lines = self.book.chapter.lines if self.book else ()
        uids = told_by(self.last) if self.last else ()
        return (line for line in lines if line.about in uids and line.seq <= self.showing.seq)

    def describe(self) -> str:
        """Return what `kubectl describe pod` prints at this moment."""
        if self.pod is None:
            return f'Error from server (NotFound): pods "{self.name}" not found'
        return describe_pod(self.pod, self.events, self.showing.at)

    def traces(self, types: tuple[str, ...], most: int) -> list[read.Line]:
        """Return the newest traces of these types (none given: all but output and assumptions), in order."""
        if not self.uid:
            return []
        if self.book is None or types == ("output",):
            return newest_traces(self.cluster, self.uid, types, self.showing.seq, most)
        told = [line for line in self._lines() if line.kind == "trace" and _wanted(line.type, types)]
        if not types and any(line.type in WITH_SESSIONS for line in told):
            told += newest_traces(self.cluster, self.uid, ("session",), self.showing.seq, most)
            told.sort(key=lambda line: line.seq)
        return told[-most:]

    def _state(self) -> dict[str, Any]:
        if self.pod is None:
            return {"look": "unknown", "status_word": "NotFound", "end": None, "gone": True}
        word = pod_status(self.pod)
        return {"look": pod_look(self.pod, word), "status_word": word, "end": self.end, "gone": self.end is not None}

    def _facts(self) -> dict[str, Any]:
        return {"facts": facts.pod_facts(self.pod) if self.pod else None}

    def _note(self) -> dict[str, Any]:
        lines = self.traces(("assumption",), MOST_TRACES) if self.pod else []
        assumptions = [{**line.content, "text": sentence(line.type, line.content)} for line in lines]
        return {
            "never": self.last is None,
            "last_seq": self.last_seq,
            "end": clock_text(self.end.at) if self.end else "",
            "unwatched": clock_text(unwatched_since(self.cluster, self.showing.seq, self.version.seq)) if self.version else "",
            "assumptions": list({str(one): one for one in assumptions}.values()),
        }

    def _containers(self) -> dict[str, Any]:
        return {"containers": facts.containers(self.pod) if self.pod else []}

    def _conditions(self) -> dict[str, Any]:
        return {"conditions": facts.conditions(self.pod) if self.pod else []}

    def _events(self) -> dict[str, Any]:
        return {"events": facts.events(self.events)}

    def _describe(self) -> dict[str, Any]:
        return {"describe": self.describe()}

    def _output(self) -> dict[str, Any]:
        written = self.traces(("output",), MOST_LINES)
        return {"outputs": self.outputs(written, cut=len(written) == MOST_LINES)}

    def outputs(self, written: Iterable[read.Line], cut: bool = False) -> list[Output]:
        """Return what traces of output say, by container."""
        found: dict[str, list[OutputLine]] = {}
        for line in written:
            body = line.content
            found.setdefault(body.get("container", ""), []).append(
                OutputLine(line.seq, body.get("stream", "stdout"), body.get("text", ""))
            )
        return [Output(name, lines, cut) for name, lines in found.items()]

    def _traces(self) -> dict[str, Any]:
        lines = self.traces((), MOST_TRACES)
        return {"traces": self.trace_rows(lines), "traces_cut": MOST_TRACES if len(lines) == MOST_TRACES else 0}

    def trace_rows(self, lines: Sequence[read.Line]) -> SafeString:
        """Render traces as rows, the newest first, each once for all who look at it."""
        created, key = self._created(lines), ("trace", self.cluster.pk, self.namespace, self.name, get_language())
        new = {line.cause for line in lines if (*key, line.seq) not in renders}
        causes = self._causes(new) if new else {}

        def row(line: read.Line) -> str:
            known = causes if line.cause in causes else self._causes({line.cause})
            trace = self._trace(line, created, known.get(line.cause, ""))
            return render_to_string("_pod_traces_row.html", {"trace": trace, "cluster": self.cluster})

        rows = [renders.get((*key, line.seq), lambda line=line: row(line)) for line in reversed(lines)]  # type: ignore[misc]
        return mark_safe("".join(rows))

    def _created(self, lines: Sequence[read.Line]) -> Micros:
        """Return the moment that the page counts from: when the log first tells of this name."""
        if not lines:
            return self.cluster.start
        if self.book is not None:
            return self.book.turns[0].at if self.book.turns else self.cluster.start
        first = read.versions(self.cluster, "pods", self.namespace, self.name, limit=1)
        return first[0].at if first else self.cluster.start

    def _causes(self, seqs: set[int]) -> dict[int, str]:
        """Return in words what each of these entries is; an Event is called by its reason."""
        reasons = {event["metadata"]["name"]: event.get("reason") or "" for event in self.events}
        found = {}
        for entry in entries(self.cluster, seqs):
            own = entry.resource == "pods" and entry.name == self.name
            name = "" if own else reasons.get(entry.name, entry.name) if entry.resource == "events" else entry.name
            found[entry.seq] = cause(entry.kind, entry.type, entry.resource, name)
        return found

    def _trace(self, line: read.Line, created: Micros, because: str) -> TraceFacts:
        moment = as_datetime(line.at)
        body = line.content
        return TraceFacts(
            seq=line.seq,
            time=f"+{span((line.at - created) // 1000 * 1000)}",
            clock=f"{moment:%H:%M:%S.%f}"[:-3],
            container=body.get("container", ""),
            text=sentence(line.type, body),
            severity=trace_severity(line.type, body),
            cause=line.cause,
            because=because,
        )


def traces_about(cluster: Cluster, uid: str, types: tuple[str, ...], upto: int) -> QuerySet[Entry]:
    """Return the rows of the traces about a Pod up to a seq; no types: all but output and assumptions."""
    rows = Entry.objects.filter(within(cluster, upto), about=uid, kind=Entry.Kind.TRACE)
    return rows.filter(type__in=types) if types else rows.exclude(type__in=NOT_TOLD)


def _wanted(type: str, types: tuple[str, ...]) -> bool:
    return type in types if types else type not in NOT_TOLD


def newest_traces(cluster: Cluster, uid: str, types: tuple[str, ...], upto: int, most: int) -> list[read.Line]:
    """Return the newest `most` traces about a Pod up to a seq, in order; no types: all but output and assumptions."""
    rows = traces_about(cluster, uid, types, upto)
    wanted = list(rows.order_by("-seq").values_list("seq", "type")[:most])
    if not wanted:
        return []
    kinds = tuple({type for _, type in wanted})
    return read.about(cluster, uid, kind="trace", types=kinds, after=wanted[-1][0] - 1, upto=upto)


def entries(cluster: Cluster, seqs: set[int]) -> Iterator[Entry]:
    """Yield these entries, without their bodies."""
    rows = Entry.objects.filter(within(cluster, max(seqs)), seq__in=seqs)
    yield from rows.only("seq", "kind", "type", "resource", "name")


def touched(news: Chapter) -> dict[str, int]:
    """Return what a chapter touches, with the newest seq for each: pods, life, events, trace, output, assumption."""
    found: dict[str, int] = {}
    for version in news.versions:
        found["pods"] = version.seq
        if version.type != "MODIFIED":
            found["life"] = version.seq
    for line in news.lines:
        if line.kind == "trace":
            found[line.type if line.type in NOT_TOLD else "trace"] = line.seq
        elif line.resource == "events":
            found["events"] = line.seq
    return found
