"""A cluster's log as a recording: JSON lines of watch events with their moments."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.clock import SECOND, Micros, rfc3339_micro
from lifecycle.wire import Object
from podhub.log import codec, read
from podhub.log.models import Cluster, Entry


def lines(cluster: Cluster, pod: read.Name | None = None) -> Iterator[dict[str, Any]]:
    """Yield `{t, received, type, object}` for every change, in the order of the log; a gap has the type ERROR.

    What was imported comes out as it came in. The objects of a simulated cluster get their seq as resourceVersion. Of one
    `pod` (namespace and name) alone: its own changes, the Events about it, and the gaps.
    """
    simulated = cluster.kind == Cluster.Kind.SIMULATED
    for row, content in read.recorded(cluster):
        if pod and not _regards(row, content, pod):
            continue
        said = _in_order(codec.parse(row.line.encode())) if row.line else _moment(row.at, cluster.start)
        yield {**said, "type": _type(row), "object": _numbered(content, row.seq) if simulated else content}


def encode(line: dict[str, Any]) -> bytes:
    """Return a line's bytes: its fields as they stand (people read `t` first), the object canonical."""
    return msgspec.json.encode({**line, "object": msgspec.Raw(codec.canonical(line["object"]))}) + b"\n"


def packed(cluster: Cluster, pod: read.Name | None = None) -> bytes:
    """Return the lines of a recording, gzipped: for the same log the same bytes."""
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", mtime=0) as file:
        for line in lines(cluster, pod):
            file.write(encode(line))
    return held.getvalue()


def _in_order(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a line says with its moment first, so that a recording's bytes are the same wherever it was imported."""
    return {**{field: said[field] for field in ("t", "received") if field in said}, **said}


def _regards(row: Entry, content: Object, pod: read.Name) -> bool:
    if row.kind == Entry.Kind.GAP:
        return True
    if row.resource == "events":
        about = content.get("involvedObject") or content.get("regarding") or {}
        return about.get("kind") == "Pod" and (about.get("namespace"), about.get("name")) == pod
    return row.resource == "pods" and (row.namespace, row.name) == pod


def _moment(at: Micros, start: Micros) -> dict[str, Any]:
    return {"t": (at - start) / SECOND, "received": rfc3339_micro(at)}


def _type(row: Entry) -> str:
    return "ERROR" if row.kind == Entry.Kind.GAP else row.type


def _numbered(obj: Object, seq: int) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(seq)}} if "metadata" in obj else obj
