"""nslookup: bind's, and busybox's, which up to 1.28 was another one than it is since."""

from __future__ import annotations

import ipaddress

from msgspec.structs import replace

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.network import DNS_TIME, NAMES
from lifecycle.programs.images import catalogue
from lifecycle.programs.images.releases import numbers
from lifecycle.programs.interface import ResolvConf
from lifecycle.programs.network import Network, is_address, is_public

REWRITTEN, SEARCHES = (1, 29), (1, 29, 3)
"""From which releases on busybox asks the nameservers itself, and for names without a dot in each domain of its search list."""
BUSYBOX = "1.35.0"


@command("nslookup")
def nslookup(call: Call) -> int | None:
    call.looks(NAMES)
    args = [arg for arg in call.args if not arg.startswith("-")]
    if not args:
        return call.fail("missing host name") if not call.busybox else _usage(call)
    if "waited" not in call.data:
        call.data["waited"] = True
        call.sleep(DNS_TIME)
        return None
    network = call.machine.room.network
    conf = network.conf(call.machine.sandbox.spec)
    if len(args) > 1 and is_address(args[1]):
        conf = replace(conf, nameservers=(args[1],))
    server = next(iter(conf.nameservers), "")
    if server != network.state.dns_ip and not is_public(server):
        call.out(";; connection timed out; no servers could be reached\n\n")
        return 1
    if not call.busybox:
        return _bind(call, args[0], server, conf)
    release = numbers(catalogue.release(call.machine.state.spec.image) or BUSYBOX)
    if release < REWRITTEN:
        return _resolved(call, args[0], server, conf)
    return _asked(call, args[0], server, conf, release >= SEARCHES)


def _usage(call: Call) -> int:
    call.err(
        f"BusyBox v{catalogue.release(call.machine.state.spec.image) or BUSYBOX} multi-call binary.\n"
        "\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n"
        "\nQuery DNS about HOST\n"
    )
    return 1


def _is_cut(call: Call, name: str) -> bool:
    spec = call.machine.sandbox.spec
    cut = call.machine.room.network.cut(spec.namespace, spec.pod, name, [])
    return cut is not None and (cut.dns or cut.to == "*")


def _bind(call: Call, name: str, server: str, conf: ResolvConf) -> int:
    """Be bind's, which searches and shows the whole name that it has found."""
    network = call.machine.room.network
    head = f"Server:\t\t{server}\nAddress:\t{server}#53\n\n"
    if is_address(name):
        return _reverse(call, head, name, bind=True)
    found = None if _is_cut(call, name) else network.searched(name, conf)
    if found is None:
        call.out(f"{head}** server can't find {name}: NXDOMAIN\n\n")
        return 1
    head += "" if _is_own(network, found[0]) else "Non-authoritative answer:\n"
    call.out(head + "".join(f"Name:\t{found[0]}\nAddress: {address}\n" for address in found[1]) + "\n")
    return 0


def _is_own(network: Network, name: str) -> bool:
    return name.endswith(f".{network.state.cluster_domain}")


def _resolved(call: Call, name: str, server: str, conf: ResolvConf) -> int:
    """Be busybox's up to 1.28, which has the C library find names, and tells the names that addresses have."""
    network = call.machine.room.network
    call.out(f"Server:    {server}\nAddress 1: {server} {network.name_of(server)}".rstrip() + "\n\n")
    found = None if _is_cut(call, name) else network.resolve(name, conf)
    if not found:
        return call.fail(f"can't resolve '{name}'")
    lines = (f"Address {i}: {ip} {network.name_of(ip)}".rstrip() for i, ip in enumerate(found, 1))
    call.out("".join(f"{line}\n" for line in (f"Name:      {name}", *lines)))
    return 0


def _asked(call: Call, name: str, server: str, conf: ResolvConf, searches: bool) -> int:
    """Be busybox's since 1.29: it asks for addresses of both kinds, and fails where one of its questions does."""
    network = call.machine.room.network
    head = f"Server:\t\t{server}\nAddress:\t{server}:53\n\n"
    if is_address(name):
        return _reverse(call, head, name, bind=False)
    whole = [f"{name}.{domain}" for domain in conf.search] if searches and "." not in name else []
    asked = whole or [name.rstrip(".")]
    found = [None if _is_cut(call, name) else network.asked(one, conf) for one in asked]
    missing = [
        f"** server can't find {one}: NXDOMAIN\n\n" for one, addresses in zip(asked, found, strict=True) if addresses is None
    ]
    shown = [
        "".join(f"Name:\t{one}\nAddress: {address}\n" for address in addresses) + "\n"
        for one, addresses in zip(asked, found, strict=True)
        if addresses is not None
    ]
    empty = "Non-authoritative answer:\n\n" * len(shown)  # there is no address of version 6
    call.out("".join([head, *shown, *missing, empty, *missing]))
    return 1 if missing else 0


def _reverse(call: Call, head: str, ip: str, bind: bool) -> int:
    """Tell the name of an address."""
    pointer = ipaddress.ip_address(ip).reverse_pointer
    name = call.machine.room.network.name_of(ip)
    if not name:
        missing = f"** server can't find {pointer}: NXDOMAIN\n\n"
        call.out(missing if bind else head + missing)
        return 1
    call.out(f"{pointer}\tname = {name}.\n\n" if bind else f"{head}{pointer}\tname = {name}\n\n")
    return 0
