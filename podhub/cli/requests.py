"""Reading what `podhub run` is given: manifests, recorded requests, and what a node finds when it pulls images."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.clock import Micros, from_seconds, parse_go_duration
from lifecycle.core_v1 import manifests, submission, yaml_reader
from lifecycle.core_v1.admission import EmptyCluster
from lifecycle.core_v1.manifests import Document
from lifecycle.core_v1.schema import kind_of
from lifecycle.core_v1.yaml_reader import Unreadable
from lifecycle.runtime.names import full_name
from lifecycle.wire import Image, Request
from podhub.cli.errors import CommandError

_FIELDS = {"t", "verb", "namespace", "resource", "name", "subresource", "contentType", "query", "body"}
MOST_VALUES = 10_000_000
"""Of one's own file, which may tell of days."""

_VERBS = ("create", "update", "patch", "delete", "deletecollection")


class UnknownKind(CommandError):
    """An object is of a kind that no simulated cluster serves."""

    def __init__(self, where: str, kind: str, version: str) -> None:
        self.what = f'resource mapping not found: no matches for kind "{kind}" in version "{version}"'
        super().__init__(f"error: {where}: {self.what}")


class Timed(NamedTuple):
    """A request and when it is made, as a span from the first one; `where` names its place for messages."""

    after: Micros
    request: Request
    where: str


def read_manifests(paths: list[str]) -> list[Timed]:
    """Return a create request for every object of the files, all at once, if each of them can be created.

    What is odd about one is said on stderr. Raises: CommandError with all that is wrong, each at its line.
    """
    texts = {path: _bytes(path) for path in paths}
    beside = _Beside([document.value for text in texts.values() for document in manifests.parse(text).documents])
    checked = [(path, submission.check(text, objects=beside)) for path, text in texts.items()]
    for path, one in checked:
        for warning in one.warnings:
            print(f"warning: {path}: {warning}", file=sys.stderr)
    problems = [f"error: {path}: {problem}" for path, one in checked for problem in one.problems]
    if problems:
        raise CommandError("\n".join(problems))
    return [_posted(document, path) for path, one in checked for document in one.documents]


class _Beside(EmptyCluster):
    """The objects that the same files create: a Pod may name a ServiceAccount or PriorityClass that stands beside it."""

    def __init__(self, values: list[dict[str, Any]]) -> None:
        self._objects: dict[tuple[str, str], dict[str, Any]] = {}
        for value in values:
            kind, metadata = kind_of(value.get("apiVersion"), value.get("kind")), value.get("metadata")
            if kind and isinstance(metadata, dict):
                self._objects[kind.plural, str(metadata.get("name"))] = value

    def get(self, resource: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self._objects.get((resource, name)) or super().get(resource, namespace, name)

    def list(self, resource: str, namespace: str | None = None) -> Iterable[dict[str, Any]]:
        return [value for (plural, _), value in self._objects.items() if plural == resource]


def _posted(document: Document, path: str) -> Timed:
    line, _ = document.where(())
    where = f"{path}: line {line}"
    return Timed(0, _create(document.value, where), where)


def read_requests(path: str) -> list[Timed]:
    """Return the requests that a file lists, with their times. Raises: CommandError."""
    listed = _load(path)
    if not isinstance(listed, list):
        raise CommandError(f"error: {path}: expected a list of requests, each with t and verb")
    timed = list(_served(listed, path))
    for before, after in pairwise(timed):
        if after.after < before.after:
            raise CommandError(f"error: {after.where}: t is before that of the request above; put requests in order of time")
    return timed


def _served(listed: list[Any], path: str) -> Iterator[Timed]:
    """Give the requests, without those for kinds that no simulated cluster serves; these are said on stderr."""
    for number, entry in enumerate(listed, 1):
        where = f"{path}: request {number}"
        try:
            yield _timed(entry, where)
        except UnknownKind as unknown:
            print(f"warning: {where}: {unknown.what}; the request is left out", file=sys.stderr)


def read_images(path: str) -> dict[str, Image]:
    """Return what a file says of images. Raises: CommandError."""
    listed = _load(path)
    if not isinstance(listed, dict):
        raise CommandError(f"error: {path}: expected a mapping of images to what a node finds when it pulls them")
    images = {str(name): _image(entry, f"{path}: {name}") for name, entry in listed.items()}
    _check_names(images, path)
    return images


def _check_names(images: dict[str, Image], path: str) -> None:
    """Refuse a name that two entries claim. Raises: CommandError."""
    claimed: dict[str, str] = {}
    for image, found in images.items():
        for name in (image, *found.names):
            other = claimed.setdefault(full_name(name), image)
            if other != image:
                raise CommandError(f"error: {path}: {image}: {name} is a name of {other} already; write them as one entry")


def _image(entry: Any, where: str) -> Image:
    try:
        image = msgspec.convert(entry or {}, Image)
        if image.pull is not None and parse_go_duration(image.pull) < 0:
            raise ValueError(f"pull: {image.pull} is less than nothing")
        if image.size is not None and not 0 <= image.size < 1 << 63:
            raise ValueError(f"size: expected a number of bytes, found {image.size}")
    except (msgspec.ValidationError, ValueError) as wrong:
        known = "pull (such as 624ms), size (bytes), present, error, names (others of the same image)"
        raise CommandError(f"error: {where}: {wrong}; known are {known}") from None
    return image


def _timed(entry: Any, where: str) -> Timed:
    if not isinstance(entry, dict):
        raise CommandError(f"error: {where}: expected a mapping with t and verb")
    unknown = sorted(str(key) for key in entry if key not in _FIELDS)
    if unknown:
        raise CommandError(f"error: {where}: unknown field {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}")
    if isinstance(entry.get("t"), bool) or not isinstance(entry.get("t"), int | float) or not 0 <= entry["t"] < 1e9:
        raise CommandError(f"error: {where}: t: expected the seconds since the first request")
    if entry.get("verb") not in _VERBS:
        raise CommandError(f"error: {where}: verb: expected one of {', '.join(_VERBS)}")
    return Timed(from_seconds(entry["t"]), _request(entry, where), where)


def _request(entry: dict[str, Any], where: str) -> Request:
    body = entry.get("body")
    if not entry.get("resource"):
        if entry["verb"] != "create":
            raise CommandError(f"error: {where}: resource: expected a plural such as pods")
        return _create(body, where, _text(entry, "namespace", where))
    plural = _text(entry, "resource", where)
    return Request(
        verb=entry["verb"],
        resource=plural,
        group_version=_group_version(plural),
        namespace=_text(entry, "namespace", where),
        name=_text(entry, "name", where),
        subresource=_text(entry, "subresource", where),
        content_type=_text(entry, "contentType", where) or "application/json",
        query=_query(entry.get("query"), where),
        body=body,
    )


def _group_version(plural: str) -> str:
    """Return the group and version under which a resource is served, the core group's first."""
    return min(
        (version for version, name in BY_PLURAL if name == plural), key=lambda version: ("/" in version, version), default="v1"
    )


def _create(body: Any, where: str, namespace: str = "") -> Request:
    """Return the request that posts an object to where objects of its kind live."""
    if not isinstance(body, dict):
        raise CommandError(f"error: {where}: expected an object with apiVersion, kind and metadata")
    for field in ("apiVersion", "kind"):
        if not isinstance(body.get(field), str) or not body[field]:
            raise CommandError(f"error: {where}: {field} not set")
    known = kind_of(body["apiVersion"], body["kind"])
    if known is None:
        raise UnknownKind(where, body["kind"], body["apiVersion"])
    metadata = body.get("metadata")
    own = metadata.get("namespace") if isinstance(metadata, dict) else None
    if known.namespaced:
        namespace = namespace or (own if isinstance(own, str) else "") or "default"
    return Request("create", known.plural, body["apiVersion"], namespace if known.namespaced else "", body=body)


def _query(query: Any, where: str) -> dict[str, list[str]]:
    if query is None:
        return {}
    if not isinstance(query, dict):
        raise CommandError(f"error: {where}: query: expected a mapping of parameters")
    return {str(key): [str(v) for v in value] if isinstance(value, list) else [str(value)] for key, value in query.items()}


def _text(entry: dict[str, Any], field: str, where: str) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise CommandError(f"error: {where}: {field}: expected a text, found {value!r}")
    return value


def _documents(path: str) -> list[Any]:
    try:
        return [node.value for node in yaml_reader.read(_read(path), most=MOST_VALUES, written=True)]
    except Unreadable as wrong:
        problem = f"error converting YAML to JSON: yaml: line {wrong.line}: {wrong.message}"
        raise CommandError(f"error: {path}: {problem}") from None


def _load(path: str) -> Any:
    documents = _documents(path)
    if len(documents) != 1:
        raise CommandError(f"error: {path}: expected one YAML document, found {len(documents)}")
    return documents[0]


def _read(path: str) -> str:
    try:
        return _bytes(path).decode()
    except UnicodeDecodeError as wrong:
        raise CommandError(f"error: {path}: byte {wrong.start + 1} is no UTF-8 text") from None


def _bytes(path: str) -> bytes:
    """Return what is in a file, or with `-` on standard input."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as wrong:
        raise CommandError(f"error: the path {path!r} cannot be read: {wrong.strerror}") from None
