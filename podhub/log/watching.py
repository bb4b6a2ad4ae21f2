"""LIST and WATCH of one resource of a real cluster. Kubernetes: client-go/tools/cache (Reflector)."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from lifecycle.clock import Micros
from lifecycle.wire import Object
from podhub.log import codec
from podhub.log.errors import LogError
from podhub.log.kubeconfig import Server, Unreachable

PAGE = 500
WATCH_SECONDS = 240
LONGEST_PAUSE = 30.0


class Resource(NamedTuple):
    """What is watched, and where its API stands."""

    plural: str
    kind: str
    group_version: str = "v1"
    namespaced: bool = True

    def path(self, namespace: str) -> str:
        root = f"/api/{self.group_version}" if self.group_version == "v1" else f"/apis/{self.group_version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace and self.namespaced else f"{root}/{self.plural}"


RESOURCES = (
    Resource("pods", "Pod"),
    Resource("events", "Event"),
    Resource("endpointslices", "EndpointSlice", "discovery.k8s.io/v1"),
    Resource("nodes", "Node", namespaced=False),
)


class Refused(LogError):
    """An API server that does not let a resource be listed or watched."""


class Listed(NamedTuple):
    """All objects that there are of a resource now. `gap` is the Status because of which it was listed anew."""

    at: Micros
    resource: Resource
    objects: list[Object]
    gap: Object | None


class Seen(NamedTuple):
    """One event of a watch."""

    at: Micros
    resource: Resource
    type: str
    object: Object


class Failed(NamedTuple):
    """A resource that cannot be watched (any more), and why."""

    resource: Resource
    wrong: LogError


Heard = Listed | Seen | Failed


class _Expired(Exception):
    """The resourceVersion to go on from is too old. `status` is the server's word for it."""

    def __init__(self, status: Object) -> None:
        super().__init__(status.get("message"))
        self.status = status


class Watch(threading.Thread):
    """Follows one resource and puts what it hears into a queue, for as long as it is not told to stop."""

    def __init__(
        self, server: Server, resource: Resource, namespace: str, heard: queue.Queue[Heard], stop: threading.Event
    ) -> None:
        super().__init__(name=f"watch {resource.plural}", daemon=True)
        self._server, self._resource, self._path = server, resource, resource.path(namespace)
        self._heard, self._stop_event = heard, stop

    def run(self) -> None:
        """List, watch from there, and list anew where the server has forgotten from where to go on."""
        gap: Object | None = None
        try:
            while not self._stop_event.is_set():
                version = self._listed(gap)
                try:
                    self._follow(version)
                except _Expired as expired:
                    gap = expired.status
        except LogError as wrong:
            self._heard.put(Failed(self._resource, wrong))

    def _listed(self, gap: Object | None) -> str:
        """List everything, page by page, and return the resourceVersion to watch from. Raises: Refused."""
        pause = 1.0
        while True:
            try:
                objects, version = self._pages()
            except Unreachable:
                if gap is None:
                    raise
                pause = self._paused(pause)
            except _Expired:
                continue  # The list took so long that its own pages expired.
            else:
                self._heard.put(Listed(_now(), self._resource, objects, gap))
                return version
            if self._stop_event.is_set():
                return ""

    def _pages(self) -> tuple[list[Object], str]:
        objects: list[Object] = []
        query = {"limit": str(PAGE)}
        while True:
            with self._server.get(self._path, **query) as answer:
                page = _parsed(answer.read(), self._server)
                self._check(answer.status, page)
            objects += [self._whole(item) for item in page.get("items") or []]
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                return objects, str(metadata.get("resourceVersion", ""))
            query["continue"] = metadata["continue"]

    def _follow(self, version: str) -> None:
        """Watch from a resourceVersion on, again and again as the server ends the watch. Raises: _Expired, Refused."""
        pause = 1.0
        while not self._stop_event.is_set():
            heard = False
            try:
                for type, obj in self._events(version):
                    version = str(obj["metadata"].get("resourceVersion", version))
                    heard, pause = True, 1.0
                    if type != "BOOKMARK":
                        self._heard.put(Seen(_now(), self._resource, type, self._whole(obj)))
            except Unreachable:
                heard = False
            if not heard:
                pause = self._paused(pause)

    def _events(self, version: str) -> Iterator[tuple[str, Object]]:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
            "resourceVersion": version,
        }
        with self._server.get(self._path, **query) as answer:
            if answer.status != 200:
                self._check(answer.status, _parsed(answer.read(), self._server))
            while line := answer.readline():
                event = _parsed(line, self._server)
                if event.get("type") == "ERROR":
                    self._check(int(event.get("object", {}).get("code") or 500), event.get("object", {}))
                yield event["type"], event["object"]

    def _check(self, code: int, status: Object) -> None:
        if code == 410:
            raise _Expired(status)
        if code in (401, 403, 404, 405):
            raise Refused(f"{self._server.url}: {self._resource.plural}: {status.get('message') or code}")
        if code != 200:
            raise Unreachable(f"{self._server.url}: {self._resource.plural}: {status.get('message') or code}")

    def _whole(self, item: Object) -> Object:
        """Return an object with its kind, which the items of a list leave out, and without its managedFields."""
        metadata = {field: value for field, value in item["metadata"].items() if field != "managedFields"}
        return {"apiVersion": self._resource.group_version, "kind": self._resource.kind, **item, "metadata": metadata}

    def _paused(self, seconds: float) -> float:
        self._stop_event.wait(seconds)
        return min(2 * seconds, LONGEST_PAUSE)


def _now() -> Micros:
    return time.time_ns() // 1000


def _parsed(data: bytes, server: Server) -> Any:
    try:
        value = codec.parse(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unreachable(f"{server.url}: an answer that is no JSON object: is this a Kubernetes API server?")
    return value
