"""Logs: what a container wrote, as the log's traces hold it.

Kubernetes: pkg/registry/core/pod/strategy.go (LogLocation), pkg/kubelet/kuberuntime/logs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.clock import SECOND, Micros, parse_rfc3339, rfc3339_micro
from lifecycle.core_v1 import field, status
from lifecycle.wire import Object
from podhub.api import list_options
from podhub.api.address import Address
from podhub.api.feed import following
from podhub.api.http import Call, Reply, stream
from podhub.api.threads import on_thread
from podhub.log.read import View, about, live
from podhub.runs.output import Written, runs

TEXT = "text/plain"

GROUPS = (
    ("initContainers", "initContainerStatuses"),
    ("containers", "containerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
)

PULLING = ("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName")


class Options(NamedTuple):
    """PodLogOptions. `since` is a moment."""

    follow: bool
    previous: bool
    timestamps: bool
    since: Micros | None
    tail: int | None
    limit: int | None


class Line(NamedTuple):
    """One line with its newline, and when it was written."""

    at: Micros
    text: str


async def answer(call: Call, address: Address, target: Target) -> Reply | None:
    """Answer with a container's output; in parts where it is followed. Raises: Refused."""
    options = _options(call, target.name, address)
    pod = await on_thread(lambda: _pod(address, target))
    name = container(pod, call.one("container"))
    if not pod["spec"].get("nodeName"):
        return Reply(204, b"", TEXT)
    check_started(pod, name, options.previous)
    follower = _Follower(call, address, pod, name, options)
    lines = await on_thread(follower.begin)
    if options.follow:
        await call.begin(200, TEXT)
        await stream(call, follower.run(lines))
        return None
    return Reply(200, follower.written(lines), TEXT)


def _pod(address: Address, target: Target) -> Object:
    version = address.view.find("pods", target.namespace, target.name)
    if version is None:
        raise Refused(status.not_found(target.kind, target.name))
    return version.object


def container(pod: Object, asked: str) -> str:
    """Return the container that is meant. Raises: Refused (400)."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [one["name"] for group, _ in GROUPS for one in spec.get(group) or ()]
    if asked:
        if asked not in names:
            raise Refused(status.bad_request(f"container {asked} is not valid for pod {name}"))
        return asked
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    why = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
    raise Refused(status.bad_request(why))


def status_of(pod: Object, name: str) -> Object:
    """Return a container's status; empty where there is none yet."""
    statuses = (one for _, kind in GROUPS for one in (pod.get("status") or {}).get(kind) or ())
    return next((one for one in statuses if one["name"] == name), {})


def check_started(pod: Object, name: str, previous: bool) -> None:
    """Refuse to tell what a container said that has not spoken. Raises: Refused (400)."""
    own, where = status_of(pod, name), f'container "{name}" in pod "{pod["metadata"]["name"]}"'
    state, last = own.get("state") or {}, (own.get("lastState") or {}).get("terminated")
    if previous:
        if not last or not last.get("containerID"):
            where = f'previous terminated container "{name}" in pod "{pod["metadata"]["name"]}"'
            raise Refused(status.bad_request(f"{where} not found"))
        return
    if "running" in state or "terminated" in state or last:
        return
    reason = (state.get("waiting") or {}).get("reason", "")
    if reason in PULLING:
        texts = {
            "ErrImageNeverPull": "image is missing and will never be pulled",
            "InvalidImageName": "image name is invalid",
        }
        why = f"{where} is waiting to start: {texts.get(reason, 'trying and failing to pull image')}"
    elif reason:
        why = f"{where} is waiting to start: {reason}"
    else:
        why = f"{where} is waiting to start - no logs yet"
    raise Refused(status.bad_request(why))


def _options(call: Call, name: str, address: Address) -> Options:
    errors = []
    tail, limit, seconds = call.whole("tailLines"), call.whole("limitBytes"), call.whole("sinceSeconds")
    if tail is not None and tail < 0:
        errors.append(field.invalid("tailLines", tail, "must be greater than or equal to 0"))
    if limit is not None and limit < 1:
        errors.append(field.invalid("limitBytes", limit, "must be greater than 0"))
    if seconds is not None and seconds < 1:
        errors.append(field.invalid("sinceSeconds", seconds, "must be greater than 0"))
    if seconds is not None and call.one("sinceTime"):
        why = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(field.forbidden("", why))
    if errors:
        raise Refused(list_options.invalid("PodLogOptions", name, errors))
    since = None if seconds is None else address.now - min(seconds, 2**31) * SECOND
    if call.one("sinceTime"):
        since = _time(call.one("sinceTime"))
    return Options(call.flag("follow"), call.flag("previous"), call.flag("timestamps"), since, tail, limit)


def _time(text: str) -> Micros:
    try:
        return parse_rfc3339(text)
    except ValueError as wrong:
        raise Refused(status.bad_request(f"sinceTime: {wrong}")) from None


class _Follower:
    """What is told of a container's output, and how far that has come."""

    def __init__(self, call: Call, address: Address, pod: Object, name: str, options: Options) -> None:
        self.call, self.address, self.options, self.name = call, address, options, name
        self.pod, self.uid = pod, pod["metadata"]["uid"]
        self.position = address.seq
        self.left = options.limit
        self.ended = False

    def begin(self) -> list[Line]:
        """Return the lines that there are. Blocks."""
        types = ("output", "exit")
        found = runs(about(self.address.cluster, self.uid, types=types, upto=self.position), self.name)
        own = status_of(self.pod, self.name)
        state = own.get("state") or {}
        # A container that waits to be restarted is the one that ended last: it is "previous" already.
        place = int(own.get("restartCount") or 0) - (self.options.previous and "waiting" not in state)
        self.ended = self.options.previous or "running" not in state or self.address.moment is not None
        written = found[place] if 0 <= place < len(found) else []
        lines = [line for line in _lines(written) if self.options.since is None or line.at >= self.options.since]
        if self.options.tail is not None:
            lines = lines[-self.options.tail :] if self.options.tail else []
        return lines

    def written(self, lines: list[Line]) -> bytes:
        """Return lines as they are sent, as far as the limit lets them."""
        stamp = self.options.timestamps
        text = "".join(f"{nanoseconds(line.at)} {line.text}" if stamp else line.text for line in lines)
        body = text.encode("utf-8", "surrogatepass")
        if self.left is not None:
            body = body[: self.left]
            self.left -= len(body)
        return body

    async def run(self, lines: list[Line]) -> None:
        """Send what there is, and then what comes, until the container has ended."""
        await self.call.part(self.written(lines))
        if not self.ended:
            async with following(self.address.cluster) as feed:
                while not self.ended and self.left != 0:
                    seen = feed.head
                    body = self.written(await on_thread(self._news))
                    if body:
                        await self.call.part(body)
                    if not self.ended:
                        await feed.beyond(seen, 2.0)
        await self.call.part(b"", more=False)

    def _news(self) -> list[Line]:
        """Return what was written since, up to the container's end. Blocks."""
        cluster = self.address.cluster
        head, _ = live(cluster.pk)
        found: list[Any] = about(cluster, self.uid, types=("output", "exit"), after=self.position, upto=head)
        self.position = head
        split = runs(found, self.name)
        self.ended = len(split) > 1 or not self._still_there(head)
        return list(_lines(split[0]))

    def _still_there(self, head: int) -> bool:
        metadata = self.pod["metadata"]
        cluster = self.address.cluster
        cluster.head = max(cluster.head, head)
        version = View(cluster, head).find("pods", metadata["namespace"], metadata["name"])
        return version is not None and version.object["metadata"]["uid"] == self.uid


def _lines(written: list[Written]) -> Iterator[Line]:
    for piece in written:
        for text in piece.text.splitlines(keepends=True):
            yield Line(piece.at, text)


def nanoseconds(at: Micros) -> str:
    """Return a moment as the kubelet stamps lines: RFC 3339 with nine decimals."""
    return rfc3339_micro(at).removesuffix("Z") + "000Z"
