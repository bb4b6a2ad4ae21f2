"""exec and attach: a websocket whose messages belong to channels, each with its number in the first byte.

Kubernetes: apimachinery/pkg/util/remotecommand, client-go/tools/remotecommand (websocket.go)
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.core_v1.status import Status
from lifecycle.wire import Object, Request
from podhub.api.address import Address
from podhub.api.http import Call
from podhub.api.logs import GROUPS, status_of
from podhub.api.resources import Target
from podhub.api.terminal import Terminal
from podhub.api.threads import on_thread
from podhub.api.traces import follow
from podhub.api.writing import check_writable
from podhub.log.read import Line, about
from podhub.runs.queue import asubmit

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""v5 lets a client say that its standard input has ended."""

MOST = 32 * 1024
"""Bytes of input that one request carries."""


async def check(call: Call, address: Address, target: Target) -> tuple[Object, str]:
    """Return the Pod and the container that a session is to be in. Raises: Refused."""
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
    return pod, asked or pod["spec"]["containers"][0]["name"]


async def serve(call: Call, address: Address, target: Target) -> None:
    """Run a session over a websocket that was not accepted yet. Raises: Refused."""
    protocol = next((one for one in call.scope.get("subprotocols", ()) if one in PROTOCOLS), None)
    if protocol is None:
        raise Refused(status.bad_request(f"unable to upgrade: none of the subprotocols is known; use {' or '.join(PROTOCOLS)}"))
    pod, container = await check(call, address, target)
    await call.send({"type": "websocket.accept", "subprotocol": protocol})
    kind = Exec if target.subresource == "exec" else Attach
    await kind(call, address, target, pod, container).run()


class Session:
    """What exec and attach have in common. `position` is the seq after which the client is told everything."""

    types: tuple[str, ...] = ()

    def __init__(self, call: Call, address: Address, target: Target, pod: Object, container: str) -> None:
        self.call, self.address, self.target, self.container = call, address, target, container
        self.pod, self.uid = pod, pod["metadata"]["uid"]
        self.position = address.seq
        self.number = 0
        self.terminal = Terminal() if call.flag("tty") else None

    async def begin(self) -> Status | None:
        """Begin; return what is to be told at once where that is all there is."""
        raise NotImplementedError

    def told(self, line: Line) -> list[tuple[int, bytes]]:
        """Return what of a trace is to be sent, on which channel; the last one is the error channel's."""
        raise NotImplementedError

    async def run(self) -> None:
        refused = await self.begin()
        if refused is not None:
            await self._end(_encoded(refused))
            return
        typing = asyncio.ensure_future(self._listen())
        telling = asyncio.ensure_future(follow(self.address.cluster, self.uid, self.types, self.position, self._tell))
        try:
            done, _ = await asyncio.wait((typing, telling), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            typing.cancel()
            telling.cancel()

    async def _tell(self, lines: list[Line]) -> bool:
        """Send what was written; True once it is over."""
        for line in lines:
            for channel, data in self.told(line):
                if channel == ERROR:
                    await self._end(data)
                    return True
                await self._send(channel, data)
        return False

    async def _send(self, channel: int, data: bytes) -> None:
        if self.terminal is not None:
            channel, data = STDOUT, self.terminal.shown(data)
        if self.call.flag({STDOUT: "stdout", STDERR: "stderr"}[channel]) or self.terminal is not None:
            await self.call.send({"type": "websocket.send", "bytes": bytes((channel,)) + data})

    async def _end(self, data: bytes) -> None:
        await self.call.send({"type": "websocket.send", "bytes": bytes((ERROR,)) + data})
        await self.call.send({"type": "websocket.close", "code": 1000})

    async def _listen(self) -> None:
        """Take what the client types until it goes, or says that this is all."""
        while True:
            message = await self.call.receive()
            if message["type"] == "websocket.disconnect":
                await self._type(b"", end=True)
                return
            data: bytes = message.get("bytes") or (message.get("text") or "").encode("latin-1", "replace")
            if data[:1] == bytes((STDIN,)) and len(data) > 1:
                await self._typed(data[1:])
            elif data[:2] == bytes((CLOSE, STDIN)):
                await self._type(b"", end=True)

    async def _typed(self, data: bytes) -> None:
        if self.terminal is None:
            for at in range(0, len(data), MOST):
                await self._type(data[at : at + MOST])
            return
        echo, line, end = self.terminal.typed(data)
        if echo:
            await self.call.send({"type": "websocket.send", "bytes": bytes((STDOUT,)) + echo})
        if line or end:
            await self._type(line, end)

    async def _type(self, data: bytes, end: bool = False) -> None:
        """Have the command read something."""
        if not self.call.flag("stdin"):
            return
        body = {"session": self.number, "data": base64.b64encode(data).decode(), "end": end}
        await asubmit(self.address.cluster, self._request("update", {"container": [self.container]}, body))

    def _request(self, verb: str, query: dict[str, list[str]], body: Any = None) -> Request:
        target, kind = self.target, self.target.kind
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

    types = ("exec", "session", "exit")

    async def begin(self) -> Status | None:
        names = ("command", "stdin", "stdout", "stderr", "tty")
        query = {name: self.call.query[name] for name in names if name in self.call.query}
        answer = await asubmit(self.address.cluster, self._request("create", {**query, "container": [self.container]}))
        if answer.code >= 400:
            return status.internal_error(str(answer.body.get("message", "")))
        self.number = int(answer.body["details"]["name"])
        return None

    def told(self, line: Line) -> list[tuple[int, bytes]]:
        body = line.content
        if line.type == "exit":
            if body.get("container") == self.container and line.seq > self.number:
                return [(ERROR, _encoded(_exit_status(137)))]
            return []
        if body.get("session") != self.number:
            return []
        if line.type == "session":
            data = base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()
            return [(STDERR if body["stream"] == "stderr" else STDOUT, data)]
        return [(ERROR, _encoded(_exit_status(body["exitCode"])))] if body["phase"] == "ended" else []


class Attach(Session):
    """The standard streams of a container's own first process."""

    types = ("output", "exit")

    async def begin(self) -> Status | None:
        if "running" not in (status_of(self.pod, self.container).get("state") or {}) or await on_thread(self._is_over):
            why = f"container {self.container} not found in pod {self.target.name}_{self.target.namespace}"
            return status.internal_error(f"unable to upgrade connection: {why}")
        return None

    def _is_over(self) -> bool:
        """Say whether the first process has ended and the Pod's status does not tell yet."""
        lines = about(self.address.cluster, self.uid, types=("exit",), upto=self.position)
        exits = sum(line.content.get("container") == self.container for line in lines)
        restarts: int = status_of(self.pod, self.container).get("restartCount") or 0
        return exits > restarts

    def told(self, line: Line) -> list[tuple[int, bytes]]:
        body = line.content
        if body.get("container") != self.container:
            return []
        if line.type == "exit":
            return [(ERROR, _encoded(_exit_status(0)))]
        return [(STDERR if body["stream"] == "stderr" else STDOUT, body["text"].encode())]


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
