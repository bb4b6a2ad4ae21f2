"""Connections from outside to a port of a Pod, as `kubectl port-forward` makes them inside the Pod's network.

What a client sends comes with requests; what its program answers is put out as traces `session`; whoever opened a connection
is told of its end. Kubernetes: containerd's internal/cri/server (sandbox_portforward).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.kernel import Reply
from lifecycle.programs import http1
from lifecycle.programs.exchange import Origin, Reached, answer, reach
from lifecycle.programs.servers import GO, MANNERS, SERVERS, HTTPRequest, HTTPResponse, completed, reason
from lifecycle.programs.state import Connection, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs

HOST = "127.0.0.1"

DIAL_TIMEOUT: Micros = 127 * SECOND
"""How long Linux tries to connect where nobody answers: after 1 s once more, and six times after twice as long."""

GRACE: Micros = SECOND
"""How long containerd waits for the other direction once one has ended."""

IDLE: Micros = 4 * 3600 * SECOND
"""After how long the kubelet ends what nothing is sent on (streamingConnectionIdleTimeout)."""

TURN: Micros = MILLISECOND
"""How long a server takes between requests that a client has sent at once."""

MOST_OPEN = 1_000
"""Connections of one cluster at a time."""

MOST_WAITING = 4 << 20
"""Bytes of one connection that its program has not read; one more, and the connection ends."""

PIECE = 64 << 10
"""Bytes of an answer in one trace."""

Talk = Callable[["Machine", Process, Connection], None]
"""What a server does with a connection that was just opened, or on which something came, or an end."""

TALKS: dict[str, Talk] = {}
"""Kind of server -> how it talks, where it does so in bytes and not in HTTP."""


def talks(*kinds: str) -> Callable[[Talk], Talk]:
    """Register a function as what some kinds of server do with a connection."""

    def register(function: Talk) -> Talk:
        for kind in kinds:
            TALKS[kind] = function
        return function

    return register


class Forwarding:
    """The connections from outside, each under the number that its opener gave it."""

    def __init__(self, room: Programs) -> None:
        self.room = room
        self.kernel = room.kernel

    @property
    def _open(self) -> dict[int, Connection]:
        return self.room.state.forwarded

    @property
    def full(self) -> bool:
        """Whether no more connections can be opened."""
        return len(self._open) >= MOST_OPEN

    def connect(self, sandbox_id: str, port: int, session: int, ended: Reply) -> str | None:
        """Open a connection to a port of a sandbox's own network; a text says why it cannot be.

        `ended` is told when it ends: an empty text, or why it did not come about after all.
        """
        sandbox = self.room.state.sandboxes[sandbox_id]
        reached = reach(self.room, Origin(sandbox.spec.node, sandbox), HOST, port)
        if reached.outcome == "refused":
            return "connection refused"
        connection = self._open[session] = Connection(session, sandbox_id, port, ended, reached.listener)
        if reached.listener is None:
            connection.timer = self.kernel.after(DIAL_TIMEOUT, "programs", "not_connected", session)
        else:
            self._talk(connection)
        return None

    def receive(self, session: int, data: bytes, end: bool) -> bool:
        """Give a connection's program what the client sends, and with `end` nothing more; False where it has ended."""
        connection = self._open.get(session)
        if connection is None or connection.ended:
            return False
        connection.data += data
        connection.ended = end
        if len(connection.data) > MOST_WAITING:
            self.close(session)
        elif connection.listener is not None:
            self._talk(connection)
        if end:
            self.kernel.after(GRACE, "programs", "hung_up", session)
        return True

    def hang_up(self, session: int) -> None:
        """End a connection as its client does, whatever is on its way."""
        connection = self._open.get(session)
        if connection is not None and connection.listener is not None:
            connection.ended = True
            self._talk(connection)
        self.close(session)

    def close(self, session: int, why: str = "") -> None:
        """End a connection."""
        connection = self._open.pop(session, None)
        if connection is not None:
            self.kernel.cancel(connection.timer)
            self.kernel.cancel(connection.idle)
            self.kernel.tell(connection.told, why)

    def close_sandbox(self, sandbox_id: str) -> None:
        """End the connections to a sandbox."""
        for session in [number for number, one in self._open.items() if one.sandbox == sandbox_id]:
            self.close(session)

    def close_process(self, container_id: str, pid: int) -> None:
        """End the connections to a process."""
        for session, connection in list(self._open.items()):
            listener = connection.listener
            if listener is not None and (listener.container, listener.pid) == (container_id, pid):
                self.close(session)

    def send(self, connection: Connection, data: bytes) -> None:
        """Put out what a program sends to the client, in pieces."""
        assert connection.listener is not None
        machine = self.room.machine(connection.listener.container)
        for at in range(0, len(data), PIECE):
            machine.trace("session", session=connection.session, stream="data", **written(data[at : at + PIECE]))

    def _talk(self, connection: Connection) -> None:
        """Let a server do what is to be done."""
        self.kernel.cancel(connection.idle)
        connection.idle = self.kernel.after(IDLE, "programs", "hung_up", connection.session, periodic=True)
        listener = connection.listener
        assert listener is not None
        machine = self.room.machine(listener.container)
        TALKS.get(listener.server, _http)(machine, machine.state.processes[listener.pid], connection)
        machine.run()

    def answer(self, connection: Connection, data: bytes, last: bool, delay: Micros) -> None:
        """Send an answer after a while, and end the connection with it where it is the last."""
        connection.answer, connection.last = data, last
        if delay:
            connection.timer = self.kernel.after(delay, "programs", "answered", connection.session)
        else:
            self.on_answered(connection.session)

    def on_answered(self, session: int) -> None:
        """An answer is ready: it is sent, and then comes what the client has asked for since."""
        connection = self._open.get(session)
        if connection is None:
            return
        connection.timer = None
        data, connection.answer = connection.answer, b""
        self.send(connection, data)
        if connection.last:
            self.close(session)
        elif connection.data or connection.ended:
            connection.timer = self.kernel.after(TURN, "programs", "turn", session)

    def on_turn(self, session: int) -> None:
        connection = self._open.get(session)
        if connection is not None:
            connection.timer = None
            self._talk(connection)

    def on_hung_up(self, session: int) -> None:
        self.hang_up(session)

    def on_not_connected(self, session: int) -> None:
        self.close(session, "connection timed out")


def written(data: bytes) -> dict[str, str]:
    """Return bytes as a trace holds them: as `text`, or in `base64` where they are none."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _http(machine: Machine, process: Process, connection: Connection) -> None:
    """Answer the request that a connection's bytes begin with; while an answer is on its way the next ones wait."""
    assert connection.listener is not None
    if connection.timer is not None or connection.last or process.waiting == "spin":
        return
    if not MANNERS.get(connection.listener.server, GO).http:
        _no_http(machine, process, connection)
        return
    forwarding = machine.room.forwarding
    incoming = http1.read(connection.data, connection.port, HOST)
    if incoming.status:
        refusal = HTTPResponse(incoming.status, f"{incoming.status} {reason(incoming.status)}")
        _respond(machine, connection, "GET", True, completed(connection.listener.server, refusal))
    elif incoming.request is not None:
        connection.data, connection.greeted = incoming.rest, False
        response = _served(machine, connection, incoming.request)
        _respond(machine, connection, incoming.request.method, incoming.last, response)
    elif connection.ended:
        forwarding.close(connection.session)
    elif incoming.expects and not connection.greeted:
        connection.greeted = True
        forwarding.send(connection, http1.CONTINUE)


def _served(machine: Machine, connection: Connection, request: HTTPRequest) -> HTTPResponse:
    """Return what the server answers; packets that a Fault drops come nowhere on a connection that is open either."""
    room, spec = machine.room, machine.sandbox.spec
    fault = room.network.port_fault(spec.namespace, spec.pod, connection.port)
    if fault is not None and fault.effect == "drop":
        return HTTPResponse(delay=None)
    reached = Reached("open", HOST, connection.port, machine.sandbox, connection.listener)
    return answer(room, reached, request, logged=True)


def _respond(machine: Machine, connection: Connection, method: str, last: bool, response: HTTPResponse) -> None:
    """Send an answer when its time has come. One that never comes leaves the connection busy for good."""
    assert connection.listener is not None
    if response.delay is None:
        connection.last = True
        return
    if response.protocol == "http" and 100 <= response.status <= 999:
        at = machine.kernel.now + response.delay
        data, last = http1.write(connection.listener.server, response, method, last, at)
    else:
        data, last = response.body.encode("latin-1", "replace"), True
    machine.room.forwarding.answer(connection, data, last, response.delay)


def _no_http(machine: Machine, process: Process, connection: Connection) -> None:
    """Take a client's first words, which a port's program is not modelled to understand, and end the connection."""
    if not connection.data:
        return
    assert connection.listener is not None
    name = process.argv[0].rpartition("/")[2] if process.argv else process.program
    machine.assume(
        "network", f"What {name} answers on port {connection.port} is not modelled: it is assumed to end the connection."
    )
    request = HTTPRequest("", "", "", connection.port, (), connection.data.decode("latin-1"), HOST)
    connection.data = b""
    _respond(machine, connection, "", True, SERVERS[connection.listener.server](machine, process, request))
