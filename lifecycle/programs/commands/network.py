"""Asking for names: nslookup, dig, host, getent."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.exchange import SERVICES, Reached
from lifecycle.programs.network import is_address, is_public

DNS_TIME: Micros = 2 * MILLISECOND
CONNECT_TIME: Micros = 130 * SECOND
"""How long Linux tries to connect where nobody answers."""


NAMES = Reached("noname", steady=True, looked=(SERVICES,))
"""What an answer depends on that is about names alone."""

# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("nslookup")
def nslookup(call: Call) -> int | None:
    call.looks(NAMES)
    args = [arg for arg in call.args if not arg.startswith("-")]
    if not args:
        return call.fail("missing host name") if not call.busybox else _nslookup_usage(call)
    if "waited" not in call.data:
        call.data["waited"] = True
        call.sleep(DNS_TIME)
        return None
    name, network = args[0], call.machine.room.network
    cut = network.cut(call.machine.sandbox.spec.namespace, call.machine.sandbox.spec.pod, name, [])
    addresses = None if cut is not None and (cut.dns or cut.to == "*") else _looked_up(call, name)
    server = next(iter(network.conf(call.machine.sandbox.spec).nameservers), "")
    if server != network.state.dns_ip and not is_public(server):
        call.out(";; connection timed out; no servers could be reached\n\n")
        return 1
    call.out(f"Server:\t\t{server}\nAddress:\t{server}{':53' if call.busybox else '#53'}\n\n")
    if addresses is None:
        missing = f"** server can't find {name}: NXDOMAIN\n\n"
        call.out(missing * 2 if call.busybox else missing)
        return 1
    shown = "".join(f"Name:\t{name}\nAddress: {address}\n" for address in addresses)
    call.out(shown + "\nNon-authoritative answer:\n\n" if call.busybox else shown + "\n")
    return 0


def _nslookup_usage(call: Call) -> int:
    call.err(
        "BusyBox v1.35.0 multi-call binary.\n"
        "\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n"
        "\nQuery DNS about HOST\n"
    )
    return 1


def _looked_up(call: Call, name: str) -> list[str] | None:
    """Return a name's addresses. busybox's nslookup asks for the name as it stands, the others search."""
    network = call.machine.room.network
    conf = network.conf(call.machine.sandbox.spec)
    if is_address(name):
        return [name]
    if not call.busybox:
        return network.resolve(name, conf)
    found = network.asked(name.rstrip("."), conf)
    if found is None and "." not in name.rstrip("."):
        return network.resolve(name, conf)
    return found


@command("dig", "host", "getent")
def dig(call: Call) -> int | None:
    call.looks(NAMES)
    names = [arg for arg in call.args if not arg.startswith(("-", "+", "@"))]
    if call.name == "getent":
        names = names[1:]
    if not names:
        return 1
    found = call.machine.room.resolve(call.machine.sandbox, names[0])
    if call.name == "host":
        call.out(f"{names[0]} has address {found[0]}\n" if found else f"Host {names[0]} not found: 3(NXDOMAIN)\n")
    elif call.name == "getent":
        call.out(f"{found[0]:<15} {names[0]}\n" if found else "")
        return 0 if found else 2
    elif "+short" in call.args:
        call.out("".join(address + "\n" for address in found or []))
        return 0
    else:
        section = "".join(f"{names[0]}.\t\t30\tIN\tA\t{address}\n" for address in found or [])
        call.out(
            f";; ->>HEADER<<- opcode: QUERY, status: {'NOERROR' if found else 'NXDOMAIN'}\n\n;; ANSWER SECTION:\n{section}\n"
        )
        return 0
    return 0 if found else 1
