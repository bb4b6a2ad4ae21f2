"""Who listens at which port of a Pod: netstat and ss."""

from __future__ import annotations

from typing import NamedTuple

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.interfaces import routes
from lifecycle.programs.commands.processes import short_name
from lifecycle.programs.servers import GO, MANNERS
from lifecycle.programs.state import Listener


class Socket(NamedTuple):
    """An open port. Without a `program` its process is another container's, and cannot be seen."""

    protocol: str
    address: str
    port: int
    pid: int = 0
    program: str = ""


def sockets(call: Call) -> list[Socket]:
    """Return the open ports of the Pod's network, TCP before UDP."""
    call.moves()
    room, sandbox = call.machine.room, call.machine.sandbox
    found = [_socket(call, "tcp", port, one) for port, one in sorted(room.ports(sandbox).items())]
    return found + [_socket(call, "udp", port, one) for port, one in sorted(sandbox.udp_ports.items())]


def _socket(call: Call, protocol: str, port: int, one: Listener) -> Socket:
    address = "::" if one.address == "0.0.0.0" and MANNERS.get(one.server) is GO and protocol == "tcp" else one.address
    process = call.machine.state.processes.get(one.pid) if one.container == call.machine.state.spec.id else None
    return Socket(protocol, address, port, one.pid if process else 0, short_name(process) if process else "")


def _wanted(found: list[Socket], letters: str) -> list[Socket]:
    if ("t" in letters) == ("u" in letters):
        return found
    return [one for one in found if one.protocol == ("tcp" if "t" in letters else "udp")]


def _letters(call: Call) -> str:
    long = {"--listening": "l", "--tcp": "t", "--udp": "u", "--numeric": "n", "--programs": "p", "--all": "a", "--route": "r"}
    return "".join(long.get(arg, "") if arg.startswith("--") else arg[1:] for arg in call.args if arg.startswith("-"))


@command("netstat")
def netstat(call: Call) -> int:
    letters = _letters(call)
    if "r" in letters:
        call.out("Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n")
        call.out(routes(call, "     0 0          0"))
        return 0
    listed = "only servers" if "l" in letters else "servers and established" if "a" in letters else "w/o servers"
    owner = "PID/Program name    " if "p" in letters else ""
    call.out(f"Active Internet connections ({listed})\n")
    call.out(f"Proto Recv-Q Send-Q Local Address           Foreign Address         State       {owner}\n")
    for one in _wanted(sockets(call), letters) if {"l", "a"} & set(letters) else ():
        state = "LISTEN" if one.protocol == "tcp" else ""
        who = f"{one.pid}/{one.program}" if one.program else "-"
        here, there = f"{one.address}:{one.port}", f"{one.address if one.address == '::' else '0.0.0.0'}:*"
        call.out(f"{one.protocol:<5}      0      0 {here:<23} {there:<23} {state:<11} {f'{who:<20}' if owner else ''}\n")
    if not {"t", "u"} & set(letters):
        call.out(f"Active UNIX domain sockets ({listed})\nProto RefCnt Flags       Type       State         I-Node Path\n")
    return 0


@command("ss")
def ss(call: Call) -> int:
    letters = _letters(call)
    found = _wanted(sockets(call), letters) if {"l", "a"} & set(letters) else []
    both = ("t" in letters) == ("u" in letters)
    call.out(f"{'Netid ' if both else ''}State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n")
    for one in found:
        address = "*" if one.address == "::" else one.address
        state, peer = ("LISTEN", "0.0.0.0") if one.protocol == "tcp" else ("UNCONN", "0.0.0.0")
        peer = "*" if address == "*" else peer
        who = f'users:(("{one.program}",pid={one.pid},fd=3))' if "p" in letters and one.program else ""
        kind = f"{one.protocol:<6}" if both else ""
        queue = 4096 if one.protocol == "tcp" else 0
        call.out(f"{kind}{state} 0      {queue:<6} {address:>13}:{one.port:<4} {peer:>12}:*    {who}\n")
    return 0
