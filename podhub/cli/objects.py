"""Where `podhub get` and `podhub describe` take objects from: a dump in a file, or a cluster's log.

`Source` is what both commands ask; `FileSource` answers from a v1 List (no Django is imported), and
`podhub.cli.log_source.LogSource(cluster, at)` from a cluster's log.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from lifecycle.clock import Micros, parse_rfc3339
from podhub.cli.errors import CommandError
from podhub.cli.resources import resource_of
from podhub.log.concerns import concerns

Object = dict[str, Any]

DEFAULT_CLUSTER = "default"


class Source(Protocol):
    """The objects of one cluster at one moment.

    `resource` is a plural (`pods`, `events`, `nodes` ...); `namespace` is ignored for what has none. `list` answers in key
    order (namespace, name); its namespace None means all of them. `events_of` answers the Events that `concerns` this
    object, in key order. `now` is the moment that ages are counted to.
    What is wrong (no such cluster, no such moment) is a CommandError with the text for the user.
    """

    @property
    def now(self) -> Micros: ...

    def find(self, resource: str, namespace: str, name: str) -> Object | None: ...

    def list(self, resource: str, namespace: str | None) -> Sequence[Object]: ...

    def events_of(self, obj: Object) -> Sequence[Object]: ...

    def whole(self, obj: Object) -> Object:
        """Return an object with the fields of each of its managers, which a log does not hold."""


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which objects, as of when."""
    parser.add_argument("-n", "--namespace", default="default", help="the namespace (default)")
    parser.add_argument("-f", "--filename", metavar="FILE", help="a JSON List of objects to read in place of a cluster")
    parser.add_argument("--now", metavar="TIME", help="with -f: the moment that ages are counted to, RFC 3339 (the clock's)")
    parser.add_argument("--cluster", metavar="NAME", help=f"the cluster to read ({DEFAULT_CLUSTER})")
    parser.add_argument("--at", metavar="TIME", help="a past moment: 35s or 2m from the start, seq-120, or RFC 3339")


def open_source(arguments: argparse.Namespace) -> Source:
    """Return the source that the options name; Django is imported only for a cluster. Raises: CommandError."""
    if arguments.filename is not None:
        if arguments.cluster or arguments.at:
            raise CommandError("error: --cluster and --at name a cluster's moment; with -f it is --now")
        return FileSource.read(arguments.filename, arguments.now)
    if arguments.now is not None:
        raise CommandError("error: --now goes with -f; a cluster's past moment is --at")
    from podhub.cli.log_source import LogSource

    source: Source = LogSource(arguments.cluster or DEFAULT_CLUSTER, arguments.at)
    return source


class FileSource:
    """Objects from a v1 List (or a single object) in a file, as `kubectl get ... -o json` writes it."""

    def __init__(self, objects: Sequence[Object], now: Micros) -> None:
        self.now = now
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        for obj in objects:
            self._add(obj)

    @classmethod
    def read(cls, path: str, now: str | None) -> FileSource:
        """Read a file; `now` is RFC 3339, or None for the wall clock. Raises: CommandError."""
        return cls(_objects(_document(path), path), _moment(now))

    def _add(self, obj: Object) -> None:
        resource = resource_of(obj)
        metadata = obj["metadata"]
        self._objects.setdefault(resource, {})[metadata.get("namespace", ""), metadata["name"]] = obj

    def find(self, resource: str, namespace: str, name: str) -> Object | None:
        held = self._objects.get(resource, {})
        return held.get((namespace, name)) or held.get(("", name))

    def list(self, resource: str, namespace: str | None) -> Sequence[Object]:
        held = self._objects.get(resource, {})
        return [held[key] for key in sorted(held) if namespace is None or key[0] in (namespace, "")]

    def events_of(self, obj: Object) -> Sequence[Object]:
        return [event for event in self.list("events", None) if concerns(event, obj)]

    def whole(self, obj: Object) -> Object:
        return obj


def printed(objects: Sequence[Object], text: Callable[[], str]) -> str:
    """Return a text made of objects. Raises: CommandError where an object is not of the form that its kind has."""
    try:
        return text()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as wrong:
        names = ", ".join(f"{obj['kind']} {obj['metadata']['name']!r}" for obj in objects[:3])
        raise CommandError(f"error: {names}: not as Kubernetes writes it: {type(wrong).__name__}: {wrong}") from wrong


def write(text: str) -> None:
    """Print a text; what is no character (half a surrogate pair) becomes a question mark."""
    sys.stdout.write(text.encode(errors="replace").decode())


def _moment(now: str | None) -> Micros:
    if now is None:
        return time.time_ns() // 1000
    try:
        return parse_rfc3339(now)
    except ValueError as wrong:
        raise CommandError(f"error: --now: {wrong}") from None


def _document(path: str) -> Any:
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as wrong:
        raise CommandError(f"error: the path {path!r} cannot be read: {wrong.strerror}") from None
    except UnicodeDecodeError as wrong:
        raise CommandError(f"error: {path}: not JSON: byte {wrong.start + 1} is no UTF-8") from None
    except json.JSONDecodeError as wrong:
        raise CommandError(f"error: {path}: not JSON: line {wrong.lineno}, column {wrong.colno}: {wrong.msg}") from None
    except RecursionError:
        raise CommandError(f"error: {path}: nested too deeply") from None


def _objects(document: Any, path: str) -> list[Object]:
    is_list = isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document
    items = document["items"] if is_list else [document]
    if not isinstance(items, list):
        raise CommandError(f"error: {path}: items: expected a list of objects")
    kind = str(document["kind"]).removesuffix("List") if is_list else ""
    return [_checked(item, kind, f"{path}: items[{i}]" if is_list else path) for i, item in enumerate(items)]


def _checked(item: Any, kind: str, where: str) -> Object:
    """Return an object that has a kind and a name; items of a PodList may leave their kind out, as API servers do."""
    if not isinstance(item, dict):
        raise CommandError(f"error: {where}: expected an object with kind and metadata")
    metadata = item.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise CommandError(f"error: {where}: metadata.name: expected a string")
    obj: Object = item if "kind" in item or not kind else {"kind": kind, "apiVersion": "v1", **item}
    if not isinstance(obj.get("kind"), str):
        raise CommandError(f"error: {where}: kind: expected a string")
    return obj
