"""Recordings of real clusters, brought into clusters of their own.

A recording is JSON lines, each a watch's event with its moment: `{"t": seconds, "received": RFC 3339, "type": "ADDED",
"object": {...}}`, in one file or in several. `type` is ADDED, MODIFIED or DELETED; ERROR (with a metav1.Status) is a gap; a
BOOKMARK says nothing of an object and is passed over.

It may as well be what kubectl and what collects support data write: objects, Lists of them, a watch's events without their
moments, as JSON or YAML, in folders and archives. These do not say when they were received, and an object's own times say
since when it is as it is. What was so before the first Event, or before the first line that does say, was so at the start.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from lifecycle.clock import HOUR, SECOND, Micros, parse_moment
from podhub.log import clusters, codec, retention
from podhub.log.append import Gap, Recorded, Writer, slices
from podhub.log.errors import BadRecording, NameTaken
from podhub.log.fold import Key
from podhub.log.models import Cluster
from podhub.log.recorded_objects import BORN, born, made_at
from podhub.log.recording_files import LARGEST_TEXT, Allowance, Passed, Text, decoded, texts_at, texts_in
from podhub.log.recording_lines import CHANGES, Line, lines_of
from podhub.log.recording_texts import EXPECTED, values

SLACK = 24 * HOUR
"""How far the clocks of a real cluster may be ahead of ours before what they tell is taken for the future."""


class Recording(msgspec.Struct, frozen=True):
    """What is to be stored, in the order of the log, and the moment that it starts at.

    `passed` are the files that nothing was taken from; `repeated` counts versions that were told more than once.
    """

    start: Micros
    items: list[Recorded | Gap]
    passed: tuple[Passed, ...] = ()
    repeated: int = 0

    def passed_by_reason(self) -> list[tuple[str, list[str]]]:
        """Return why files were passed over, and their names."""
        found: dict[str, list[str]] = {}
        for file in self.passed:
            found.setdefault(file.why, []).append(file.name)
        return list(found.items())


def load(path: Path) -> Recording:
    """Read a recording from a folder, a file or an archive. Raises: BadRecording."""
    return _recording(str(path), texts_at(path))


def read(files: Iterable[tuple[str, IO[bytes]]], largest: int = LARGEST_TEXT) -> Recording:
    """Read a recording from files and archives, given with their names; `largest`: bytes, unpacked. Raises: BadRecording."""
    files, allowance = list(files), Allowance(largest)
    texts = (text for name, file in files for text in texts_in(name, file, allowance))
    return _recording(", ".join(name for name, _file in files), texts)


def store(recording: Recording, name: str, *, replace: bool = False) -> Cluster:
    """Bring a recording into a new cluster of this name; all of it is stored, or nothing.

    Raises: BadName; NameTaken unless the cluster that is there is to be replaced; HasForks where it cannot be.
    """
    with transaction.atomic():
        taken = Cluster.objects.filter(name=name).first()
        if taken and not replace:
            raise NameTaken(name)
        if taken:
            retention.drop(taken, reason="replaced by an import")
        cluster = clusters.create_recorded(name, recording.start, lease_token="import")
        writer = Writer(cluster, "import")
        for items, horizon in slices(recording.items, recording.items[-1].at):
            writer.append(items, horizon)
        Cluster.objects.filter(pk=cluster.pk).update(lease_token="", read_only=True)
        cluster.refresh_from_db()
    return cluster


def _recording(name: str, texts: Iterable[Text | Passed]) -> Recording:
    now = time.time_ns() // 1000 + SLACK
    lines: list[Line] = []
    passed: list[Passed] = []
    for text in texts:
        if isinstance(text, Passed):
            passed.append(text)
            continue
        try:
            lines += _lines(text, now)
        except BadRecording as wrong:
            # What somebody named has to be read; what lay beside it may be anything.
            if not text.found:
                raise
            passed.append(Passed(text.name, str(wrong).removeprefix(f"{text.name}: ")))
    if not lines:
        why = f" ({passed[0].name}: {passed[0].why})" if passed else ""
        nothing = _("no recording: it holds no object")
        raise BadRecording(name, f"{nothing}{why}; {_(EXPECTED)}")
    for place, line in enumerate(lines):
        line.place = place
    return _ordered(lines, tuple(passed))


def _lines(text: Text, now: Micros) -> list[Line]:
    """Return what one text tells. Raises: BadRecording, also where nothing in it is from a cluster."""
    lines = [line for value in values(text.name, decoded(text)) for line in lines_of(value, now)]
    if lines and not any(line.timed or line.told is not None for line in lines):
        why = _("no object tells a time, such as metadata.creationTimestamp: create a manifest in a simulated cluster instead")
        raise BadRecording(lines[0].where, why)
    return lines


def _ordered(lines: list[Line], passed: tuple[Passed, ...]) -> Recording:
    """Put lines into the order of the log: by when they were received, then resourceVersion, then place in the file."""
    timed = [line for line in lines if line.timed]
    start = _start(timed) if timed else None
    moments = {line.place: _moment(line, start) for line in timed}
    begin = min((*moments.values(), *_events_told(lines)), default=None)
    moments |= _told(lines, begin)
    for line in list(_born(lines, moments, begin)):
        moments[line.place] = line.told or 0
        lines.append(line)
    lines.sort(key=lambda line: (moments[line.place], line.version, line.place))
    items, repeated = _items(lines, moments)
    first = items[0].at
    return Recording(first if start is None else min(start, first), items, passed, repeated)


def _moment(line: Line, start: Micros | None) -> Micros:
    return line.received if line.received is not None else (start or 0) + (line.t or 0)


def _start(lines: list[Line]) -> Micros:
    """Return the moment that t = 0 stands for.

    It is what a line that tells both says; else the second of the first line received; else, where no line says when it was
    received, as in a run's output, the second in which the first object was made, less its t.
    """
    both = [(line.received, line.received - line.t) for line in lines if line.received is not None and line.t is not None]
    if both:
        return min(both)[1]
    received = [line.received for line in lines if line.received is not None]
    if received:
        return min(received) // SECOND * SECOND
    first = min(lines, key=lambda line: (line.t or 0, line.place))
    try:
        created = parse_moment(first.object["metadata"]["creationTimestamp"])
    except (KeyError, ValueError, TypeError):
        text = _("neither received nor object.metadata.creationTimestamp says when this was")
        raise BadRecording(first.where, text) from None
    return created - (first.t or 0) // SECOND * SECOND


def _events_told(lines: list[Line]) -> Iterator[Micros]:
    for line in lines:
        if not line.timed and line.told is not None and line.object.get("kind") == "Event":
            yield line.told


def _told(lines: list[Line], begin: Micros | None) -> dict[int, Micros]:
    """Return the moments of the lines that do not say when they came, none of them before `begin`.

    A version is never before the one that it follows. What tells no time at all was so at the end; that a watch ended (ERROR)
    was after the line before it.
    """
    untimed = [line for line in lines if not line.timed]
    told = {line.place: line.told for line in untimed if line.told is not None}
    first, last = begin or min(told.values(), default=0), max((*told.values(), begin or 0), default=0)
    moments: dict[int, Micros] = {}
    newest: dict[Key, Micros] = {}
    for line in sorted((line for line in untimed if line.type != "ERROR"), key=lambda line: (line.version, line.place)):
        moments[line.place] = newest[line.key] = max(told.get(line.place, last), first, newest.get(line.key, first))
    for line in untimed:
        if line.type == "ERROR":
            moments[line.place] = moments.get(line.place - 1, first) + 1
    return moments


def _born(lines: list[Line], moments: dict[int, Micros], begin: Micros | None) -> Iterator[Line]:
    """Yield that Pods and Nodes were there since they were made, where all that is told of their status came later."""
    first: dict[tuple[Key, str], Line] = {}
    for line in lines:
        if line.type in ("", *CHANGES) and line.object["kind"] in BORN:
            before = first.setdefault((line.key, line.uid), line)
            if moments[line.place] < moments[before.place]:
                first[line.key, line.uid] = line
    for number, line in enumerate(first.values(), 1):
        made = made_at(line.object)
        made = made if made is None or begin is None else max(made, begin)
        if not line.timed and made is not None and made < moments[line.place]:
            yield Line(line.where, "", born(line.object), told=made, place=-number)


def _items(lines: list[Line], moments: dict[int, Micros]) -> tuple[list[Recorded | Gap], int]:
    """Return what is stored of lines in their order, and how many objects were told again as they were."""
    items: list[Recorded | Gap] = []
    held: dict[Key, Line] = {}
    known: set[tuple[tuple[Key, str, int, bytes], str, str]] = set()
    repeated = 0
    for line in lines:
        at, rest = moments[line.place], codec.canonical(line.rest).decode() if line.timed else ""
        if line.type == "ERROR":
            items.append(Gap(at, line.object, rest))
            continue
        type = "" if line.type == "ADDED" and not line.timed else line.type  # it was there already when the watch began
        same = (line.key, line.uid, line.version, b"" if line.version else codec.canonical(line.object))
        if (same, type, rest) in known:
            repeated += 1
            continue
        before = held.pop(line.key, None)
        if not type and before and before.uid != line.uid:
            # It has the name of one that must have been deleted before.
            items.append(Recorded(at, "DELETED", before.object))
            before = None
        items.append(Recorded(at, type or ("MODIFIED" if before else "ADDED"), line.object, rest))
        if line.type != "DELETED":
            held[line.key] = line
            known.add((same, "", ""))
        if line.timed:
            known.add((same, type, rest))
    return items, repeated
