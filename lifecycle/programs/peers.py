"""Connections between two processes that both write what comes, as it comes; and datagrams.

Each process has the other's container and number in its `data` under `peer`; `ended`: the other has nothing more to say,
`parted`: it has gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs import streams
from lifecycle.programs.exchange import Origin
from lifecycle.programs.state import Listener, Process, SandboxState

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs


def other(room: Programs, process: Process) -> tuple[Machine, Process] | None:
    """Return who is at the other end of a process's connection, while it lives."""
    container, pid = process.data.get("peer") or ("", 0)
    if container not in room.state.containers:
        return None
    machine = room.machine(container)
    found = machine.state.processes.get(pid)
    return (machine, found) if found is not None and found.code is None else None


def join(one: Machine, process: Process, listener: Listener) -> bool:
    """Connect a process with who listens; False where that one is busy, or has gone."""
    room = one.room
    if listener.container not in room.state.containers:
        return False
    machine = room.machine(listener.container)
    found = machine.state.processes.get(listener.pid)
    if found is None or found.code is not None or found.data.get("peer"):
        return False
    found.data["peer"], process.data["peer"] = [one.state.spec.id, process.pid], [listener.container, listener.pid]
    _wake(machine, found)
    return True


def pass_on(machine: Machine, process: Process) -> bool:
    """Send the other end what comes on standard input; True once that has ended. The process waits meanwhile."""
    at = other(machine.room, process)
    while at is not None:
        piece = streams.read(machine, process, 0)
        if piece is None:
            return False
        if not piece:
            break
        at[0].write(at[1], 1, piece)
        at[0].run()
        if not machine.spend(process, 1):
            return False
    return True


def hang_up(machine: Machine, process: Process) -> None:
    """Leave a connection; the other end is told."""
    at = other(machine.room, process)
    process.data.pop("peer", None)
    if at is not None:
        at[1].data["parted"] = True
        _wake(*at)


def end(machine: Machine, process: Process) -> None:
    """Tell the other end that nothing more comes."""
    at = other(machine.room, process)
    if at is not None and not at[1].data.get("ended"):
        at[1].data["ended"] = True
        _wake(*at)


def _wake(machine: Machine, process: Process) -> None:
    if process.waiting in ("read", "signal", "time") and process.code is None:
        machine.ready(process)
        machine.run()


# ── datagrams ────────────────────────────────────────────────────────────────────────────────────────────────────────


def receiver(room: Programs, origin: Origin, host: str, port: int) -> tuple[SandboxState, Listener] | None:
    """Return who gets datagrams that are sent to a host's port; nobody is told where there is none."""
    addresses = room.resolve(origin.sandbox, host)
    if not addresses:
        return None
    ip, spec = addresses[0], origin.sandbox.spec if origin.sandbox else None
    if spec is not None and room.network.cut(spec.namespace, spec.pod, host, [ip]) is not None:
        return None
    service = room.network.service_at(ip)
    if service is not None:
        index = next((i for i, (_, number) in enumerate(service.ports) if number == port), None)
        behind = [one for one in service.endpoints if index is not None and one.ports[index : index + 1] not in ((), (0,))]
        if index is None or not behind:
            return None
        ip, port = behind[0].ip, behind[0].ports[index]
    sandbox = origin.sandbox if ip.startswith("127.") else room.sandbox_at(ip)
    listener = sandbox.udp_ports.get(port) if sandbox else None
    return (sandbox, listener) if sandbox and listener else None


def bind(machine: Machine, process: Process, port: int, server: str) -> bool:
    """Have a process get what is sent to a UDP port; False where another one does."""
    ports = machine.sandbox.udp_ports
    if port in ports:
        return False
    ports[port] = Listener(machine.state.spec.id, process.pid, server)
    return True


def release(machine: Machine, process: Process) -> None:
    """Give back the UDP ports of a process that has ended."""
    ports, container = machine.sandbox.udp_ports, machine.state.spec.id
    for port in [port for port, one in ports.items() if (one.container, one.pid) == (container, process.pid)]:
        del ports[port]
