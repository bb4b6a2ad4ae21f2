"""Recordings of real clusters, brought into clusters of their own.

A recording is JSON lines, each a watch's event with its moment: `{"t": seconds, "received": RFC 3339, "type": "ADDED",
"object": {...}}`, in one file or in the `*.jsonl` files of a folder; or a v1 List, which is one moment's whole dump.
`type` is ADDED, MODIFIED or DELETED; ERROR (with a metav1.Status) is a gap; a BOOKMARK says nothing of an object and is
passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction

from lifecycle.clock import SECOND, Micros, from_seconds, parse_rfc3339
from lifecycle.wire import Object
from podhub.log import clusters, codec, retention
from podhub.log.append import Gap, Recorded, Writer, slices
from podhub.log.errors import BadRecording, NameTaken
from podhub.log.models import Cluster

CHANGES = ("ADDED", "MODIFIED", "DELETED")
FURTHEST = 100 * 365 * 24 * 3600
"""Seconds that a line's `t` may count at most."""


DEEPEST = 100
"""Levels of nesting of an object; Kubernetes' own have about 20."""


class Recording(msgspec.Struct, frozen=True):
    """What is to be stored, in the order of the log, and the moment that it starts at."""

    start: Micros
    items: list[Recorded | Gap]


class _Line(msgspec.Struct):
    """One line that was read. `where` is its file and number; `rest` all of it beside `type` and `object`."""

    where: str
    place: int
    type: str
    object: Object
    received: Micros | None
    t: Micros | None
    rest: dict[str, Any]

    @property
    def resource_version(self) -> int:
        text = str(self.object.get("metadata", {}).get("resourceVersion", ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def load(path: Path) -> Recording:
    """Read a recording from a folder or a file. Raises: BadRecording."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise BadRecording(f"{path}: no recording: a folder has to hold pods.jsonl, events.jsonl or other files of JSON lines")
    return read([(str(file), _bytes(file)) for file in files])


def read(files: list[tuple[str, bytes]]) -> Recording:
    """Read a recording from the contents of files, given with their names. Raises: BadRecording."""
    if len(files) == 1:
        dump = _dump(*files[0])
        if dump is not None:
            return dump
    lines = [line for name, data in files for line in _lines(name, data)]
    if not lines:
        raise BadRecording(f"{', '.join(name for name, _ in files)}: no line holds an object")
    for place, line in enumerate(lines):
        line.place = place
    return _ordered(lines)


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


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as wrong:
        raise BadRecording(f"{file}: cannot be read: {wrong.strerror}") from None


def _parsed(data: bytes, where: str) -> Any:
    try:
        return codec.parse(data)
    except RecursionError:
        raise BadRecording(f"{where}: nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise BadRecording(f"{where}: not JSON: {wrong}") from None


def _lines(name: str, data: bytes) -> Iterator[_Line]:
    for number, text in enumerate(data.split(b"\n"), 1):
        if text.strip():
            line = _line(f"{name}: line {number}", _parsed(text, f"{name}: line {number}"))
            if line.type != "BOOKMARK":
                yield line


def _line(where: str, value: Any) -> _Line:
    if not isinstance(value, dict):
        raise BadRecording(f'{where}: expected {{"t": ..., "received": ..., "type": ..., "object": {{...}}}}')
    type, obj = value.get("type"), value.get("object")
    if type not in (*CHANGES, "ERROR", "BOOKMARK"):
        raise BadRecording(f"{where}: type: expected ADDED, MODIFIED, DELETED, ERROR or BOOKMARK, not {_shown(type)}")
    if not isinstance(obj, dict):
        raise BadRecording(f"{where}: object: expected an object, not {_shown(obj)}")
    if type in CHANGES:
        check_object(obj, f"{where}: object")
    received, t = _received(value.get("received"), where), _t(value.get("t"), where)
    if received is None and t is None and type != "BOOKMARK":
        raise BadRecording(
            f"{where}: received: missing: a line has to say when it was received (RFC 3339), or its t in seconds"
        )
    rest = {field: part for field, part in value.items() if field not in ("type", "object")}
    return _Line(where, 0, type, obj, received, t, rest)


def check_object(obj: Object, where: str) -> None:
    """Raises: BadRecording where something is no Kubernetes object that the log can file."""
    for field in ("apiVersion", "kind"):
        _text(obj.get(field), f"{where}.{field}")
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        raise BadRecording(f"{where}.metadata: expected an object, not {_shown(metadata)}")
    _text(metadata.get("name"), f"{where}.metadata.name")
    for field in ("namespace", "uid", "resourceVersion"):
        if metadata.get(field) not in (None, ""):
            _text(metadata[field], f"{where}.metadata.{field}")
    for field in ("involvedObject", "regarding"):
        if obj["kind"] == "Event" and not isinstance(obj.get(field) or {}, dict):
            raise BadRecording(f"{where}.{field}: expected an object, not {_shown(obj[field])}")
    if not _shallow(obj, DEEPEST):
        raise BadRecording(f"{where}: nested too deeply: {DEEPEST} levels at most")
    try:
        codec.canonical(obj)
    except (OverflowError, UnicodeEncodeError, RecursionError) as wrong:
        raise BadRecording(f"{where}: holds what JSON cannot: {wrong}") from None


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    return levels > 0 and all(_shallow(part, levels - 1) for part in (value.values() if isinstance(value, dict) else value))


def _text(value: Any, where: str) -> None:
    if not isinstance(value, str) or not value or len(value) > 253 or "\0" in value:
        raise BadRecording(f"{where}: expected a text of 1 to 253 characters, not {_shown(value)}")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _received(value: Any, where: str) -> Micros | None:
    if value is None:
        return None
    try:
        return parse_rfc3339(value)
    except (ValueError, TypeError):
        raise BadRecording(
            f"{where}: received: expected a time such as 2026-11-21T08:26:19.699Z, not {_shown(value)}"
        ) from None


def _t(value: Any, where: str) -> Micros | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -FURTHEST < value < FURTHEST:
        raise BadRecording(f"{where}: t: expected seconds, not {_shown(value)}")
    return from_seconds(value)


def _ordered(lines: list[_Line]) -> Recording:
    """Put lines into the order of the log: by when they were received, then resourceVersion, then place in the file."""
    start = _start(lines)
    moments = {line.place: line.received if line.received is not None else start + (line.t or 0) for line in lines}
    lines.sort(key=lambda line: (moments[line.place], line.resource_version, line.place))
    return Recording(min(start, moments[lines[0].place]), [_item(line, moments[line.place]) for line in lines])


def _start(lines: list[_Line]) -> Micros:
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
        created = parse_rfc3339(first.object["metadata"]["creationTimestamp"])
    except (KeyError, ValueError, TypeError):
        raise BadRecording(
            f"{first.where}: neither received nor object.metadata.creationTimestamp says when this was"
        ) from None
    return created - (first.t or 0) // SECOND * SECOND


def _item(line: _Line, at: Micros) -> Recorded | Gap:
    rest = codec.canonical(line.rest).decode()
    return Gap(at, line.object, rest) if line.type == "ERROR" else Recorded(at, line.type, line.object, rest)


def _dump(name: str, data: bytes) -> Recording | None:
    """Return the one moment that a v1 List shows, or None where the file is something else.

    The moment is the latest time that any of its objects tells, for a dump does not say when it was made.
    """
    try:
        whole = codec.parse(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # Lines, or nothing that can be read: then the line at fault is named.
    kind = str(whole.get("kind", "")) if isinstance(whole, dict) else ""
    if not kind.endswith("List") or "items" not in whole:
        return None
    if not isinstance(whole["items"], list) or not whole["items"]:
        raise BadRecording(f"{name}: items: expected a list of objects with something in it")
    # Items of a PodList may leave out their kind, as an API server does.
    given = {"kind": kind.removesuffix("List"), "apiVersion": whole.get("apiVersion")} if kind != "List" else {}
    objects = [{**given, **obj} if isinstance(obj, dict) else obj for obj in whole["items"]]
    for i, obj in enumerate(objects):
        if not isinstance(obj, dict):
            raise BadRecording(f"{name}: items[{i}]: expected an object, not {_shown(obj)}")
        check_object(obj, f"{name}: items[{i}]")
    at = max((moment for obj in objects for moment in _times(obj)), default=None)
    if at is None:
        raise BadRecording(f"{name}: no object tells a time, such as metadata.creationTimestamp")
    return Recording(at, [Recorded(at, "ADDED", obj) for obj in objects])


def _times(value: Any) -> Iterator[Micros]:
    """Yield the times in fields whose names end as Kubernetes' times do."""
    if isinstance(value, dict):
        for field, part in value.items():
            if isinstance(part, str) and field.endswith(("Timestamp", "Time", "At")):
                try:
                    yield parse_rfc3339(part)
                except ValueError:
                    continue
            else:
                yield from _times(part)
    elif isinstance(value, list):
        for part in value:
            yield from _times(part)
