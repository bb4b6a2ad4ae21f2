"""exec and attach: a websocket whose messages belong to channels, each with its number in the first byte.

Kubernetes: apimachinery/pkg/util/remotecommand, client-go/tools/remotecommand (websocket.go)
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from abc import ABC, abstractmethod
from typing import Annotated, Any

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import status
from lifecycle.core_v1.status import Status
from lifecycle.wire import Object, Request
from podhub.api import channels
from podhub.api.address import Address
from podhub.api.channels import V5, Protocol
from podhub.api.http import Call
from podhub.api.logs import GROUPS, status_of
from podhub.api.threads import on_thread
from podhub.api.traces import follow
from podhub.api.writing import check_writable
from podhub.log.read import Line, about
from podhub.runs.queue import asubmit

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255

MOST = 512 * 1024
"""Bytes of input that one request carries."""

HELD = 2 * MOST
"""Bytes of input that wait for a request; beyond that the client waits."""

SIZE_SECONDS = 0.2
"""How long a terminal waits for the size of its window before its command starts."""

OPTIONS = ("command", "stdin", "stdout", "stderr", "tty")

CHANNELS = {"stdout": STDOUT, "stderr": STDERR}


NOT_FOUND = {"exec": 'container not found ("{0}")', "attach": "container {0} not found in pod {1}"}
"""Kubernetes: pkg/kubelet/kubelet_pods.go (GetExec, GetAttach)"""


class FromKubelet(Exception):
    """What a kubelet answers instead of a stream: the API server passes it on as it is, a text and no Status."""


async def check(call: Call, address: Address, target: Target) -> tuple[Object, str]:
    """Return the Pod and the container that a session is to be in. Raises: Refused, FromKubelet."""
    version = await on_thread(lambda: address.view.find("pods", target.namespace, target.name))
    if version is None:
        raise Refused(status.not_found(target.kind, target.name))
    check_writable(address)
    pod = version.object
    names = [one["name"] for group, _ in GROUPS for one in pod["spec"].get(group) or ()]
    asked = call.one("container")
    if asked and asked not in names:
        raise Refused(status.bad_request(f"container {asked} is not valid for pod {target.name}"))
    if not asked and len(pod["spec"]["containers"]) > 1:
        why = f"a container name must be specified for pod {target.name}, choose one of: [{' '.join(names)}]"
        raise Refused(status.bad_request(why))
    if not pod["spec"].get("nodeName"):
        raise Refused(status.bad_request(f"pod {target.name} does not have a host assigned"))
    if target.subresource == "exec" and not call.one("command"):
        raise Refused(status.bad_request("you must specify at least 1 command for the container"))
    if not any(call.flag(name) for name in ("stdin", "stdout", "stderr")):
        raise Refused(status.bad_request("you must specify at least 1 of stdin, stdout, stderr"))
    container = asked or pod["spec"]["containers"][0]["name"]
    held = status_of(pod, container)
    if "running" not in (held.get("state") or {}) or (
        target.subresource == "attach" and await on_thread(lambda: _is_over(address, pod, container, held))
    ):
        raise FromKubelet(NOT_FOUND[target.subresource].format(container, f"{target.name}_{target.namespace}"))
    return pod, container


def _is_over(address: Address, pod: Object, container: str, held: Object) -> bool:
    """Say whether a container's first process has ended and the Pod's status does not tell yet."""
    lines = about(address.cluster, pod["metadata"]["uid"], types=("exit",), upto=address.seq)
    exits = sum(line.content.get("container") == container for line in lines)
    return bool(exits > int(held.get("restartCount") or 0))


async def serve(call: Call, address: Address, target: Target) -> None:
    """Run a session over a websocket that was not accepted yet. Raises: Refused, FromKubelet."""
    protocol = channels.chosen(call.scope.get("subprotocols", ()), channels.OF_STREAMS)
    pod, container = await check(call, address, target)
    await call.send({"type": "websocket.accept", "subprotocol": protocol.name or None})
    kind = Exec if target.subresource == "exec" else Attach
    await kind(call, address, target, pod, container, protocol).run()


class Typing:
    """What a client has typed and no request has carried yet. Lives on the event loop."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.sizes: list[Object] = []
        self.ended = self.gone = False
        self.new = asyncio.Event()
        self.taken = asyncio.Event()

    async def add(self, data: bytes) -> None:
        """Take data; wait while too much waits already."""
        self.data += data
        self.new.set()
        while len(self.data) > HELD:
            self.taken.clear()
            await self.taken.wait()

    def resize(self, data: bytes) -> None:
        """Take a size as kubectl tells it; what is none is let pass.

        A client that attaches tells a wrong size first, so that the right one changes it: both are carried.
        """
        try:
            size = msgspec.json.decode(data, type=WindowSize)
        except msgspec.DecodeError:
            return
        self.sizes[1:] = [{"rows": size.height, "columns": size.width}]
        self.new.set()

    def end(self, gone: bool = False) -> None:
        self.ended, self.gone = True, gone or self.gone
        self.new.set()

    async def first_size(self) -> Object | None:
        """Return the size that a client tells of its window as soon as it has connected; None where it tells none."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.new.wait(), SIZE_SECONDS)
        return await self.next() if self.sizes else None

    async def next(self) -> Object:
        """Return what the next request is to carry, in the order of Typed's fields: a window's size, data, the end."""
        while not (self.data or self.sizes or self.ended):
            self.new.clear()
            await self.new.wait()
        if self.sizes:
            return {"size": self.sizes.pop(0)}
        part = bytes(self.data[:MOST])
        del self.data[:MOST]
        self.taken.set()
        end = self.ended and not self.data
        self.ended = self.ended and not end
        return {"data": base64.b64encode(part).decode(), "end": end, "gone": end and self.gone}


class WindowSize(msgspec.Struct, rename="pascal"):
    """Kubernetes: client-go/tools/remotecommand/resize.go (TerminalSize)"""

    width: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
    height: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]


class Session(ABC):
    """What exec and attach have in common. `position` is the seq after which the client is told everything."""

    types: tuple[str, ...] = ("exec", "session", "exit")

    def __init__(self, call: Call, address: Address, target: Target, pod: Object, container: str, protocol: Protocol) -> None:
        self.call, self.address, self.target, self.container = call, address, target, container
        self.protocol = protocol
        self.pod, self.uid = pod, pod["metadata"]["uid"]
        self.position = address.seq
        self.number = 0
        self.typing = Typing()

    @abstractmethod
    async def begin(self) -> Status | None:
        """Begin; return what is to be told at once where that is all there is."""

    @abstractmethod
    def ended(self, line: Line) -> Status | None:
        """Return what the client is told at the end, if a trace is that."""

    async def run(self) -> None:
        listening = asyncio.ensure_future(self._listen())
        try:
            await self._send(self._first_channel(), b"")  # tells a client that it is connected
            refused = await self.begin()
            if refused is not None:
                await self._end(refused)
                return
            await self._talk()
        finally:
            listening.cancel()

    async def _talk(self) -> None:
        """Carry what is typed one way and what is written the other, until either is over."""
        telling = follow(self.address.cluster, self.uid, self.types, self.position, self._tell)
        tasks = [asyncio.ensure_future(work) for work in (self._type(), telling)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()

    async def _tell(self, lines: list[Line]) -> bool:
        """Send what was written; True once it is over."""
        for line in lines:
            if line.type == "session":
                await self._show(line.content)
            elif (status_ := self.ended(line)) is not None:
                await self._end(status_)
                return True
        return False

    async def _show(self, body: Object) -> None:
        if body.get("session") == self.number and self.call.flag(body["stream"]):
            data = base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()
            await self._send(CHANNELS[body["stream"]], data)

    async def _end(self, found: Status) -> None:
        if self.protocol.tells_all:
            await self._send(ERROR, _encoded(found))
        elif found.code >= 400:
            await self._send(ERROR, found.message.encode())
        await self.call.send({"type": "websocket.close", "code": 1000})

    async def _send(self, channel: int, data: bytes) -> None:
        await self.call.send(self.protocol.written(channel, data))

    def _first_channel(self) -> int:
        """Return the lowest channel on which the client reads."""
        return next((CHANNELS[name] for name in CHANNELS if self.call.flag(name)), ERROR)

    async def _listen(self) -> None:
        """Take what the client types until it goes; it may say before that this is all."""
        while True:
            message = await self.call.receive()
            if message["type"] == "websocket.disconnect":
                self.typing.end(gone=True)
                return
            received: bytes = message.get("bytes") or (message.get("text") or "").encode("latin-1", "replace")
            channel, data = self.protocol.read(received)
            if channel == STDIN and data and self.call.flag("stdin"):
                await self.typing.add(data)
            elif channel == RESIZE and self.call.flag("tty"):
                self.typing.resize(data)
            elif channel == CLOSE and data[:1] == bytes((STDIN,)) and self.protocol == V5 and self.call.flag("stdin"):
                self.typing.end()

    async def _type(self) -> None:
        """Have the command read what is typed, as fast as requests are taken; return once the client has gone."""
        while True:
            body = await self.typing.next()
            await asubmit(self.address.cluster, self._request("update", {"session": self.number, **body}))
            if body.get("gone"):
                return

    def _request(self, verb: str, body: Any = None) -> Request:
        target, kind = self.target, self.target.kind
        query = {"container": [self.container]}
        if verb == "create":
            query |= {name: self.call.query[name] for name in OPTIONS if name in self.call.query}
        return Request(
            verb,
            kind.plural,
            kind.group_version,
            target.namespace,
            target.name,
            target.subresource,
            query=query,
            body=body,
            user=self.call.user,
        )


class Exec(Session):
    """A command of one's own in a container."""

    async def begin(self) -> Status | None:
        size = await self.typing.first_size() if self.call.flag("tty") else None
        answer = await asubmit(self.address.cluster, self._request("create", size))
        if answer.code >= 400:
            return status.internal_error(str(answer.body.get("message", "")))
        self.number = int(answer.body["details"]["name"])
        return None

    def ended(self, line: Line) -> Status | None:
        body = line.content
        if line.type == "exit":
            killed = body.get("container") == self.container and line.seq > self.number
            return _exit_status(137) if killed else None
        return _exit_status(body["exitCode"]) if body.get("session") == self.number and body["phase"] == "ended" else None


class Attach(Session):
    """The standard streams of a container's own first process."""

    async def begin(self) -> Status | None:
        answer = await asubmit(self.address.cluster, self._request("create"))
        if answer.code >= 400:
            why = NOT_FOUND["attach"].format(self.container, f"{self.target.name}_{self.target.namespace}")
            return status.internal_error(f"unable to upgrade connection: {why}")
        self.number = int(answer.body["details"]["name"])
        return None

    def ended(self, line: Line) -> Status | None:
        over = line.type == "exit" and line.content.get("container") == self.container and line.seq > self.number
        return _exit_status(0) if over else None


def _exit_status(code: int) -> Status:
    """Return what the error channel says of a command's end."""
    if code == 0:
        return Status(200)
    details = {"causes": [{"reason": "ExitCode", "message": str(code)}]}
    message = f"command terminated with non-zero exit code: exit status {code}"
    return Status(500, "NonZeroExitCode", message, details)


def _encoded(found: Status) -> bytes:
    obj = {name: value for name, value in found.object().items() if name not in ("kind", "apiVersion")}
    if found.reason == "NonZeroExitCode":
        obj.pop("code", None)
    return msgspec.json.encode(obj)
