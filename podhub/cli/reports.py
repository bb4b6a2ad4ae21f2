"""What `podhub run` prints of a life: as it goes on, or when it has ended."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from lifecycle.clock import MILLISECOND, SECOND, Micros, go_duration
from lifecycle.printers import timeline
from lifecycle.printers.describe import describe
from lifecycle.printers.layout import escaped, tabled
from lifecycle.printers.pod_row import pod_cells
from lifecycle.wire import Change, Object, Output

_encode = msgspec.json.Encoder(order="sorted").encode


class Report(Protocol):
    def take(self, output: Output) -> None:
        """See one output, in order."""

    def end(self, now: Micros) -> None:
        """See that nothing more comes."""


class Watch:
    """One JSON line for each change of an object, as a watch would send it; the resourceVersion is the change's number."""

    def __init__(self, start: Micros) -> None:
        self.start = start

    def take(self, output: Output) -> None:
        if isinstance(output, Change):
            sys.stdout.buffer.write(_encode(self.line(output)) + b"\n")

    def line(self, change: Change) -> dict[str, Any]:
        metadata = {**change.object["metadata"], "resourceVersion": str(change.index)}
        return {
            "t": (change.at - self.start) / SECOND,
            "type": change.type,
            "object": {**change.object, "metadata": metadata},
        }

    def end(self, now: Micros) -> None:
        sys.stdout.flush()


class Lines:
    """Rows of a table, printed at the end, when the widths of its columns are known."""

    def __init__(self, start: Micros, *headers: str) -> None:
        self.start = start
        self.rows = ["\t".join(headers)]

    def add(self, at: Micros, *cells: object) -> None:
        self.rows.append("\t".join((since(self.start, at), *(escaped(str(cell)) for cell in cells))))

    def end(self, now: Micros) -> None:
        sys.stdout.write(tabled(self.rows))


class Events(Lines):
    """Every Event at every moment at which it happened."""

    def __init__(self, start: Micros) -> None:
        super().__init__(start, "T", "TYPE", "REASON", "OBJECT", "MESSAGE")

    def take(self, output: Output) -> None:
        if isinstance(output, Change) and output.object["kind"] == "Event" and output.type != "DELETED":
            event = output.object
            self.add(output.at, event["type"], event["reason"], _about(event["involvedObject"]), event_text(event))


class Table(Lines):
    """The rows of `kubectl get pods -o wide`, one whenever it changes by more than its age."""

    def __init__(self, start: Micros) -> None:
        super().__init__(start, "T", "NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE")
        self._last: dict[str, list[object]] = {}

    def take(self, output: Output) -> None:
        if not isinstance(output, Change) or output.object["kind"] != "Pod":
            return
        pod = output.object
        cells = pod_cells(pod, output.at)[:7]
        row = [*cells[:4], *cells[5:]]
        if output.type == "DELETED":
            cells[2], row = "(deleted)", ["(deleted)"]
        if self._last.get(pod["metadata"]["uid"]) != row:
            self._last[pod["metadata"]["uid"]] = row
            self.add(output.at, pod["metadata"]["namespace"], *cells)


class Describe:
    """The text of `kubectl describe` for every Pod as it was last."""

    def __init__(self, start: Micros) -> None:
        self.pods: dict[str, Object] = {}
        self.events: dict[str, dict[str, Object]] = {}

    def take(self, output: Output) -> None:
        if not isinstance(output, Change):
            return
        obj = output.object
        if obj["kind"] == "Pod":
            self.pods[obj["metadata"]["uid"]] = obj
        elif obj["kind"] == "Event":
            self.events.setdefault(obj["involvedObject"].get("uid", ""), {})[obj["metadata"]["name"]] = obj

    def end(self, now: Micros) -> None:
        texts = [describe(pod, list(self.events.get(uid, {}).values()), now, {}) for uid, pod in self.pods.items()]
        sys.stdout.write("\n\n".join(texts))


class Timeline:
    """All of a life as it goes on: what became of each Pod, the Events, and what happened inside."""

    def __init__(self, start: Micros) -> None:
        self._timeline = timeline.Timeline(start, shutil.get_terminal_size((timeline.WIDTH, 0)).columns)

    def take(self, output: Output) -> None:
        for line in self._timeline.lines([output]):
            print(line)

    def end(self, now: Micros) -> None:
        sys.stdout.flush()


REPORTS: dict[str, Callable[[Micros], Report]] = {
    "watch": Watch,
    "events": Events,
    "table": Table,
    "describe": Describe,
    "timeline": Timeline,
}


def since(start: Micros, at: Micros) -> str:
    """Return how long after the start a moment is, to the millisecond."""
    return go_duration((at - start) // MILLISECOND * MILLISECOND)


def event_text(event: Object) -> str:
    """Return an Event's message, and how often it happened where that is more than once."""
    count = event.get("count") or (event.get("series") or {}).get("count") or 1
    return str(event["message"]).strip() + (f" (x{count})" if count > 1 else "")


def _about(reference: dict[str, Any]) -> str:
    return f"{reference['kind'].lower()}/{reference['name']}"
