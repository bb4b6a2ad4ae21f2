"""portforward: a websocket on which connections to a Pod's ports are opened.

kubectl, from 1.31 on, tunnels SPDY through it (`tunnel.py`). The protocols with channels (`channels.py`) have two for each port
that the query names, and one connection to it: the clients of other languages.
Kubernetes: pkg/registry/core/pod/strategy.go (PortForwardLocation), kubelet/pkg/cri/streaming/portforward (websocket.go)
"""

from __future__ import annotations

import asyncio

from lifecycle.apiserver.connections import no_network
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.status import Status
from lifecycle.wire import Object
from podhub.api import channels
from podhub.api.address import Address
from podhub.api.channels import Protocol
from podhub.api.forwarding import MOST_CONNECTIONS, Connection, Forwarding, Respond, is_port
from podhub.api.http import Call, Disconnected
from podhub.api.threads import on_thread
from podhub.api.tunnel import Tunnel
from podhub.api.writing import check_writable
from podhub.runs import answers

TUNNEL = "SPDY/3.1+portforward.k8s.io"


async def check(call: Call, address: Address, target: Target) -> Object:
    """Return the Pod whose ports are to be forwarded. Raises: Refused."""
    version = await on_thread(lambda: address.view.find("pods", target.namespace, target.name))
    if version is None:
        raise Refused(status.not_found(target.kind, target.name))
    check_writable(address)
    cluster, pod = address.cluster, version.object
    if not cluster.takes_requests:
        why = answers.read_only(cluster)
        raise Refused(Status(why.code, why.body["reason"], why.body["message"], {}))
    if not pod["spec"].get("nodeName"):
        raise Refused(status.bad_request(f"pod {target.name} does not have a host assigned"))
    conditions = pod["status"].get("conditions") or ()
    if not any(one["type"] == "PodReadyToStartContainers" and one["status"] == "True" for one in conditions):
        raise Refused(status.bad_request(no_network(pod["metadata"])))
    return pod


async def serve(call: Call, address: Address, target: Target) -> None:
    """Forward ports over a websocket that was not accepted yet. Raises: Refused."""
    protocol = channels.chosen(call.scope.get("subprotocols", ()), (Protocol(TUNNEL), *channels.OF_PORTS))
    pod = await check(call, address, target)
    tunnels = protocol.name == TUNNEL
    forwarding = Tunnel(call, address, target, pod) if tunnels else Channels(call, address, target, pod, protocol)
    await call.send({"type": "websocket.accept", "subprotocol": protocol.name or None})
    await forwarding.run()


class Channels(Forwarding):
    """Two channels for each port: its data, and what went wrong. Each begins with the port's number."""

    def __init__(self, call: Call, address: Address, target: Target, pod: Object, protocol: Protocol) -> None:
        super().__init__(call, address, target, pod)
        self._protocol = protocol
        self._connections = [Connection(self, port, *self._channels(i)) for i, port in enumerate(_ports(call))]

    def _channels(self, i: int) -> tuple[Respond, Respond]:
        async def respond(data: bytes) -> None:
            await self.send(self._protocol.written(2 * i, data))

        async def end(message: bytes) -> None:
            if message:
                await self.send(self._protocol.written(2 * i + 1, message))

        return respond, end

    async def listen(self) -> None:
        try:
            for i, connection in enumerate(self._connections):
                for channel in (2 * i, 2 * i + 1):
                    await self.send(self._protocol.written(channel, connection.port.to_bytes(2, "little")))
            ends = asyncio.gather(*(self.start(connection) for connection in self._connections), return_exceptions=True)
            reading = asyncio.ensure_future(self._read())
            try:
                await asyncio.wait((ends, reading), return_when=asyncio.FIRST_COMPLETED)
            finally:
                reading.cancel()
            if ends.done():
                await self.close()
        except Disconnected:
            return

    async def _read(self) -> None:
        while (data := await self.receive()) is not None:
            channel, rest = self._protocol.read(data)
            if rest and channel in range(0, 2 * len(self._connections), 2):
                await self._connections[channel // 2].send(rest)


def _ports(call: Call) -> list[int]:
    """Return the ports that a query names. Raises: Refused (400)."""
    names = [name for value in call.query.get("ports", ()) for name in value.split(",")]
    if not names:
        raise Refused(status.bad_request('query parameter "port" is required'))
    if len(names) > MOST_CONNECTIONS // 2:
        raise Refused(status.bad_request(f"{len(names)} ports; {MOST_CONNECTIONS // 2} are forwarded at a time"))
    for name in names:
        if not is_port(name):
            raise Refused(status.bad_request(f"unable to parse {field.quote(name)} as a port"))
    return [int(name) for name in names]
