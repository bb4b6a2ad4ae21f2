"""A Pod's own side of the network, as ip, ifconfig, route and arp show it: loopback, eth0, and the node behind.

Kubernetes: the bridge plugin of containernetworking/plugins (a veth pair, the node's bridge as the gateway)
"""

from __future__ import annotations

import ipaddress

import msgspec

from lifecycle.programs.commands.call import Call, command

LOOPBACK = "127.0.0.1"


class Interface(msgspec.Struct, frozen=True):
    """A network interface. `peer` is the number of the other end of a veth pair (0: it is none)."""

    name: str
    number: int
    mac: str
    address: str
    prefix: int
    mtu: int
    peer: int = 0

    @property
    def loops(self) -> bool:
        return self.name == "lo"

    @property
    def network(self) -> ipaddress.IPv4Network:
        return ipaddress.ip_network(f"{self.address}/{self.prefix}", strict=False)  # type: ignore[return-value]

    @property
    def gateway(self) -> str:
        return str(self.network.network_address + 1)

    @property
    def link_local(self) -> str:
        """The IPv6 address that the kernel makes of the hardware's."""
        parts = [int(part, 16) for part in self.mac.split(":")]
        whole = bytes([parts[0] ^ 2, *parts[1:3], 0xFF, 0xFE, *parts[3:]])
        return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + whole))

    @property
    def inet6(self) -> tuple[str, str, int]:
        """Address, scope and prefix."""
        return ("::1", "host", 128) if self.loops else (self.link_local, "link", 64)


LO = Interface("lo", 1, "00:00:00:00:00:00", LOOPBACK, 8, 65536)


def interfaces(call: Call) -> list[Interface]:
    spec = call.machine.sandbox.spec
    try:
        packed = ipaddress.IPv4Address(spec.ip).packed
    except ValueError:
        return [LO]
    mac = ":".join(f"{byte:02x}" for byte in (0x0A, 0x58, *packed))
    return [LO, Interface("eth0", 2, mac, spec.ip, 24, 1500, 0 if spec.host_network else 2 + packed[-1])]


def _named(call: Call, name: str) -> Interface | None:
    return next((one for one in interfaces(call) if one.name == name), None)


# ── ip ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

_OBJECTS = ("address", "route", "link", "neighbor", "neighbour", "rule")
_FAMILIES = {"-4": "inet", "-6": "inet6"}


@command("ip", "ipaddr", "iplink", "iproute", "ipneigh")
def ip(call: Call) -> int:
    args = [arg for arg in call.args if not arg.startswith("-")]
    options = [arg for arg in call.args if arg.startswith("-")]
    if call.name != "ip":
        args.insert(0, call.name[2:])
    kind = next((one for one in _OBJECTS if args and one.startswith(args[0])), "")
    if not args or (not kind and call.busybox):
        call.err("Usage: ip [OPTIONS] address|route|link|tunnel|neigh|rule [ARGS]\n")
        return 1 if call.busybox else 255
    if not kind:
        call.err(f'Object "{args[0]}" is unknown, try "ip help".\n')
        return 1
    words = args[1:]
    if words and words[0] in ("add", "del", "delete", "set", "flush", "change", "replace", "append"):
        return _not_permitted(call)
    wanted = next((word for word in words if word not in ("show", "list", "ls", "dev", "up", "get", "s", "l", "sh")), "")
    family = next((_FAMILIES[option] for option in options if option in _FAMILIES), "")
    if kind == "route":
        return _ip_route(call, wanted if "get" in words else "")
    if kind == "rule":
        call.out("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n")
        return 0
    return _ip_neighbor(call) if kind.startswith("neigh") else _ip_address(call, kind, wanted, family, options)


def _not_permitted(call: Call) -> int:
    """A container may look, and change nothing: it does not have the capability NET_ADMIN."""
    said = (
        "ip: ioctl 0x8914 failed: Operation not permitted\n" if call.busybox else "RTNETLINK answers: Operation not permitted\n"
    )
    call.err(said)
    return 1 if call.busybox else 2


def _ip_address(call: Call, kind: str, wanted: str, family: str, options: list[str]) -> int:
    found = [one for one in interfaces(call) if wanted in ("", one.name)]
    if not found:
        call.err(f"ip: can't find device '{wanted}'\n" if call.busybox else f'Device "{wanted}" does not exist.\n')
        return 1
    brief = {"-br", "-brief"} & set(options)
    call.out("".join(_brief(one, kind) if brief else _whole(call, one, kind, family) for one in found))
    return 0


def _title(one: Interface) -> str:
    return f"{one.name}@if{one.peer}" if one.peer else one.name


def _brief(one: Interface, kind: str) -> str:
    state = "UNKNOWN" if one.loops else "UP"
    flags = "<LOOPBACK,UP,LOWER_UP>" if one.loops else "<BROADCAST,MULTICAST,UP,LOWER_UP>"
    shown = f"{one.mac} {flags}" if kind == "link" else f"{one.address}/{one.prefix} {one.inet6[0]}/{one.inet6[2]}"
    return f"{_title(one):<16} {state:<14} {shown} \n"


def _whole(call: Call, one: Interface, kind: str, family: str) -> str:
    flags = "LOOPBACK,UP,LOWER_UP" if one.loops else "BROADCAST,MULTICAST,UP,LOWER_UP"
    flags += ",M-DOWN" if one.peer and call.busybox else ""
    text = f"{one.number}: {_title(one)}: <{flags}> mtu {one.mtu} qdisc noqueue "
    if not call.busybox:
        mode = "mode DEFAULT " if kind == "link" else ""
        text += f"state {'UNKNOWN' if one.loops else 'UP'} {mode}group default "
    text += "qlen 1000\n" if one.loops else "\n"
    if not family or kind == "link":
        layer, broadcast = ("loopback", "00:00:00:00:00:00") if one.loops else ("ether", "ff:ff:ff:ff:ff:ff")
        behind = " link-netnsid 0" if one.peer and not call.busybox else ""
        text += f"    link/{layer} {one.mac} brd {broadcast}{behind}\n"
    return text if kind == "link" else text + _addresses(one, family)


def _addresses(one: Interface, family: str) -> str:
    text, ever = "", "       valid_lft forever preferred_lft forever\n"
    if family != "inet6":
        broadcast = "" if one.loops else f" brd {one.network.broadcast_address}"
        scope = "host" if one.loops else "global"
        text += f"    inet {one.address}/{one.prefix}{broadcast} scope {scope} {one.name}\n{ever}"
    if family != "inet":
        address, scope, prefix = one.inet6
        text += f"    inet6 {address}/{prefix} scope {scope} \n{ever}"
    return text


def _ip_route(call: Call, to: str) -> int:
    own = _named(call, "eth0")
    if own is None:
        return 0
    if to:
        via = "" if ipaddress.ip_address(to) in own.network else f"via {own.gateway} "
        call.out(f"{to} {via}dev eth0 src {own.address} uid {call.process.user} \n    cache \n")
        return 0
    scope = "scope link  src" if call.busybox else "proto kernel scope link src"
    call.out(f"default via {own.gateway} dev eth0 \n{own.network} dev eth0 {scope} {own.address} \n")
    return 0


def _gateways_mac(own: Interface) -> str:
    return ":".join(f"{byte:02x}" for byte in (0x0A, 0x58, *ipaddress.IPv4Address(own.gateway).packed))


def _ip_neighbor(call: Call) -> int:
    own = _named(call, "eth0")
    if own is not None:
        used = " used 0/0/0 probes 1" if call.busybox else ""
        call.out(f"{own.gateway} dev eth0 lladdr {_gateways_mac(own)}{used} REACHABLE \n")
    return 0


# ── the older ones ───────────────────────────────────────────────────────────────────────────────────────────────────


@command("ifconfig")
def ifconfig(call: Call) -> int:
    names = [arg for arg in call.args if arg != "-a"]
    if len(names) > 1:
        return call.fail("ioctl 0x8914 failed: Operation not permitted" if call.busybox else "Operation not permitted")
    found = sorted((one for one in interfaces(call) if not names or one.name == names[0]), key=lambda one: one.name)
    if not found:
        prefix = "ifconfig: " if call.busybox else ""
        call.err(f"{prefix}{names[0]}: error fetching interface information: Device not found\n")
        return 1
    call.out("".join(map(_busybox_ifconfig if call.busybox else _net_tools_ifconfig, found)))
    return 0


def _busybox_ifconfig(one: Interface) -> str:
    kind = "Local Loopback  " if one.loops else f"Ethernet  HWaddr {one.mac.upper()}  "
    broadcast = "" if one.loops else f"  Bcast:{one.network.broadcast_address}"
    flags = "UP LOOPBACK RUNNING" if one.loops else "UP BROADCAST RUNNING MULTICAST"
    pad = " " * 10
    address, scope, prefix = one.inet6
    return (
        f"{one.name:<10}Link encap:{kind}\n"
        f"{pad}inet addr:{one.address}{broadcast}  Mask:{one.network.netmask}\n"
        f"{pad}inet6 addr: {address}/{prefix} Scope:{scope.capitalize()}\n"
        f"{pad}{flags}  MTU:{one.mtu}  Metric:1\n"
        f"{pad}RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n"
        f"{pad}TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n"
        f"{pad}collisions:0 txqueuelen:{1000 if one.loops else 0} \n"
        f"{pad}RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n"
    )


def _net_tools_ifconfig(one: Interface) -> str:
    flags = "73<UP,LOOPBACK,RUNNING>" if one.loops else "4163<UP,BROADCAST,RUNNING,MULTICAST>"
    broadcast = "" if one.loops else f"  broadcast {one.network.broadcast_address}"
    layer = "loop  txqueuelen 1000  (Local Loopback)" if one.loops else f"ether {one.mac}  txqueuelen 0  (Ethernet)"
    address, scope, prefix = one.inet6
    pad = " " * 8
    return (
        f"{one.name}: flags={flags}  mtu {one.mtu}\n"
        f"{pad}inet {one.address}  netmask {one.network.netmask}{broadcast}\n"
        f"{pad}inet6 {address}  prefixlen {prefix}  scopeid {'0x10<host>' if scope == 'host' else '0x20<link>'}\n"
        f"{pad}{layer}\n"
        f"{pad}RX packets 0  bytes 0 (0.0 B)\n{pad}RX errors 0  dropped 0  overruns 0  frame 0\n"
        f"{pad}TX packets 0  bytes 0 (0.0 B)\n{pad}TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"
    )


def routes(call: Call, metric: str) -> str:
    """Return the table of `route -n` and `netstat -rn`; `metric` are the columns between the flags and the interface."""
    own = _named(call, "eth0")
    if own is None:
        return ""
    rows = [
        ("0.0.0.0", own.gateway, "0.0.0.0", "UG"),
        (str(own.network.network_address), "0.0.0.0", str(own.network.netmask), "U"),
    ]
    return "".join(f"{to:<15} {via:<15} {mask:<15} {flags:<5}{metric} eth0\n" for to, via, mask, flags in rows)


@command("route")
def route(call: Call) -> int:
    if any(word in call.args for word in ("add", "del")):
        return call.fail("SIOCADDRT: Operation not permitted")
    call.out("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n")
    text = routes(call, " 0      0        0")
    call.out(text if any(arg.startswith("-") and "n" in arg for arg in call.args) else text.replace("0.0.0.0 ", "default ", 1))
    return 0


@command("arp")
def arp(call: Call) -> int:
    own = _named(call, "eth0")
    if own is None:
        return 0
    if call.busybox or "-a" in call.args:
        call.out(f"? ({own.gateway}) at {_gateways_mac(own)} [ether]  on eth0\n")
    else:
        call.out("Address                  HWtype  HWaddress           Flags Mask            Iface\n")
        call.out(f"{own.gateway:<24} ether   {_gateways_mac(own)}   C                     eth0\n")
    return 0
