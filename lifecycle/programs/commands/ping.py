"""Who answers at an address, and by which way: ping and traceroute."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, SECOND
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.interfaces import interfaces
from lifecycle.programs.commands.times import seconds
from lifecycle.programs.network import CONTROL_PLANE, is_public

LAST_WAIT = 10
"""Seconds that ping waits for the answer to its last question."""
HOP_WAIT = 5
PROBES = 3


def answers(call: Call, host: str, ip: str) -> bool:
    """Say whether somebody answers there. A Service's address is nobody's: nodes know it for its ports alone."""
    room, spec = call.machine.room, call.machine.sandbox.spec
    if room.network.cut(spec.namespace, spec.pod, host, [ip]) is not None:
        return False
    if ip.startswith("127.") or ip == "::1" or room.sandbox_at(ip) is not None:
        return True
    return room.network.service_at(ip) is None and (is_public(ip) or _is_node(call, ip))


def _is_node(call: Call, ip: str) -> bool:
    gateways = [one.gateway for one in interfaces(call)]
    return ip in gateways or ip.rpartition(".")[0] == CONTROL_PLANE.ip.rpartition(".")[0]


def _no_name(call: Call, host: str) -> int:
    if call.busybox:
        return call.fail(f"bad address '{host}'")
    return call.fail(f"{host}: Name or service not known", 2)


@command("ping", "ping6")
def ping(call: Call) -> int | None:
    call.moves()
    options, operands = call.options("c:w:W:i:s:q46nI:t:A", {})
    if not operands:
        return call.fail("usage error: Destination address required", 2 if not call.busybox else 1)
    data = call.data
    if "ip" not in data:
        addresses = call.machine.room.resolve(call.machine.sandbox, operands[0])
        if not addresses:
            return _no_name(call, operands[0])
        data.update(host=operands[0], ip=addresses[0], sent=0, came=0, since=call.now)
        size = int(options.get("s", "56"))
        call.out(
            f"PING {operands[0]} ({addresses[0]}): {size} data bytes\n"
            if call.busybox
            else f"PING {operands[0]} ({addresses[0]}) {size}({size + 28}) bytes of data.\n"
        )
    deadline = seconds(options["w"]) if "w" in options else None
    count = int(options.get("c", "0"))
    if (count and data["sent"] >= count) or (deadline is not None and call.now - data["since"] >= deadline * SECOND):
        return summed_up(call)
    _send(call, int(options.get("s", "56")), "q" in options)
    wait = seconds(options.get("i", "1")) or 1
    if data["sent"] == count:
        wait = 0.001 if data["came"] else seconds(options.get("W", "")) or LAST_WAIT
        wait = wait if deadline is None else min(wait, deadline)
    call.sleep_seconds(wait)
    return None


def _send(call: Call, size: int, quiet: bool) -> None:
    """Ask once; the answer, if one comes, is there at once."""
    data = call.data
    if answers(call, data["host"], data["ip"]):
        number = f"seq={data['sent']}" if call.busybox else f"icmp_seq={data['sent'] + 1}"
        if not quiet:
            call.out(f"{size + 8} bytes from {data['ip']}: {number} ttl=64 time={_TIME} ms\n")
        data["came"] += 1
    data["sent"] += 1


_TIME = "0.100"


def summed_up(call: Call) -> int:
    """Say how many answers have come."""
    data = call.data
    sent, came = data["sent"], data["came"]
    lost = 100 * (sent - came) // max(sent, 1)
    if call.busybox:
        text = f"{sent} packets transmitted, {came} packets received, {lost}% packet loss\n"
        text += f"round-trip min/avg/max = {_TIME}/{_TIME}/{_TIME} ms\n" if came else ""
    else:
        time = (call.now - data["since"]) // MILLISECOND
        text = f"{sent} packets transmitted, {came} received, {lost}% packet loss, time {time}ms\n"
        text += f"rtt min/avg/max/mdev = {_TIME}/{_TIME}/{_TIME}/0.000 ms\n" if came else "\n"
    call.out(f"\n--- {data['host']} ping statistics ---\n{text}")
    return int(not came)


@handler("ping", "ping6")
def ping_signal(call: Call, signal: str) -> bool:
    """Sum up when somebody has seen enough."""
    if signal != "SIGINT" or "ip" not in call.data:
        return False
    call.machine.end(call.process, summed_up(call))
    return True


@command("traceroute", "traceroute6", "tracepath")
def traceroute(call: Call) -> int | None:
    call.moves()
    options, operands = call.options("m:w:q:p:nIFvs:i:f:46lrdt:z:g:", {})
    if not operands:
        return call.fail("missing host")
    most = int(options.get("m", "30"))
    data = call.data
    if "ip" not in data:
        addresses = call.machine.room.resolve(call.machine.sandbox, operands[0])
        if not addresses:
            return _no_name(call, operands[0])
        data.update(ip=addresses[0], hop=0)
        size = operands[1] if len(operands) > 1 else "46" if call.busybox else "60"
        call.out(f"traceroute to {operands[0]} ({addresses[0]}), {most} hops max, {size} byte packets\n")
    while data["hop"] < most:
        data["hop"] += 1
        router = _hop(call, operands[0], data["ip"], data["hop"])
        if router:
            call.out(f"{data['hop']:2}  {router} ({router})" + "  0.010 ms" * int(options.get("q", PROBES)) + "\n")
            if router == data["ip"]:
                return 0
            continue
        call.out(f"{data['hop']:2}" + "  *" * int(options.get("q", PROBES)) + "\n")
        call.sleep_seconds(int(options.get("w", HOP_WAIT)) * int(options.get("q", PROBES)))
        return None
    return 0


def _hop(call: Call, host: str, ip: str, hop: int) -> str:
    """Return who answers so many hops away: the target, where it is on this node, else the node first; empty: nobody."""
    own = next((one for one in interfaces(call) if not one.loops), None)
    sandbox = call.machine.room.sandbox_at(ip)
    near = ip.startswith("127.") or (sandbox is not None and sandbox.spec.node == call.machine.sandbox.spec.node)
    if hop == 1 and not near and own is not None:
        return own.gateway
    return ip if answers(call, host, ip) else ""
