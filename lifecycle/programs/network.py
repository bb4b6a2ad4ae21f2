"""What names and addresses mean: Pods, Services and the world outside, and the Faults that cut or disturb them.

The controllers keep the Services (`set_service`), the fault controller the faults; sandboxes come and go with
`Programs.add_sandbox` and `remove_sandbox`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import msgspec

from lifecycle.clock import Micros
from lifecycle.programs.interface import ResolvConf, Sandbox


class ControlPlane(msgspec.Struct, frozen=True):
    """Where the API server is, and the certificate of the cluster's authority: whoever has that knows the server by it."""

    ip: str
    port: int
    certificate: str


MAX_ALIASES = 8
"""How many names a nameserver follows one after another that are aliases (Services of the type ExternalName)."""
CONTROL_PLANE = ControlPlane("172.30.0.2", 6443, "-----BEGIN CERTIFICATE-----\nUG9kSHVi\n-----END CERTIFICATE-----\n")


class Endpoint(msgspec.Struct, frozen=True, array_like=True):
    """An address behind a Service and, for each of the Service's ports in order, the port there (0: none)."""

    ip: str
    ports: tuple[int, ...]
    hostname: str = ""


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Service as DNS and the nodes' proxies see it.

    `cluster_ip` is an address, `None` (headless) or empty (ExternalName). `ports` are (name, port). `endpoints` are those
    that traffic may go to now: ready ones, or all where publishNotReadyAddresses is set. `node_ports` are those under which
    the nodes pass on to its ports, in the same order (0: none); with `local` only to endpoints of their own
    (externalTrafficPolicy).
    """

    namespace: str
    name: str
    cluster_ip: str = ""
    ports: tuple[tuple[str, int], ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    external_name: str = ""
    node_ports: tuple[int, ...] = ()
    local: bool = False


class PortFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Pod's port (0: every port) that refuses, drops, delays (`delay`, Micros) or answers HTTP with `status`.

    `path` limits a status or a delay to one path (empty: all).
    """

    namespace: str
    pod: str
    effect: Literal["refuse", "drop", "delay", "status"]
    port: int = 0
    delay: Micros = 0
    status: int = 503
    path: str = ""


class CutFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """The network between a Pod and a name or address (`*`: everything) is cut off: packets are lost.

    With `dns` the name does not resolve either: the resolver answers that there is no such name.
    """

    namespace: str
    pod: str
    to: str = "*"
    dns: bool = False


class NetworkState(msgspec.Struct):
    """The whole memory of the network. Services by `namespace/name`, nodes by their address, faults by their own key."""

    services: dict[str, Service] = {}
    port_faults: dict[str, PortFault] = {}
    cut_faults: dict[str, CutFault] = {}
    nodes: dict[str, str] = {}
    dns_ip: str = "10.96.0.10"
    cluster_domain: str = "cluster.local"
    version: int = 0


class Network:
    """The table that the controllers keep."""

    def __init__(self, state: NetworkState) -> None:
        self.state = state
        self.changed: Callable[[], None] = lambda: None
        """Called after each change of a Service."""
        self._by_ip = {
            service.cluster_ip: service for service in state.services.values() if service.cluster_ip not in ("", "None")
        }

    # ── kept by others ───────────────────────────────────────────────────────────────────────────────────────────────

    def set_service(self, service: Service) -> None:
        """Add a Service or replace it."""
        self.remove_service(service.namespace, service.name)
        self.state.services[f"{service.namespace}/{service.name}"] = service
        if service.cluster_ip not in ("", "None"):
            self._by_ip[service.cluster_ip] = service
        self.state.version += 1
        self.changed()

    def remove_service(self, namespace: str, name: str) -> None:
        old = self.state.services.pop(f"{namespace}/{name}", None)
        if old:
            self._by_ip.pop(old.cluster_ip, None)
        self.state.version += 1
        self.changed()

    def set_node(self, ip: str, name: str) -> None:
        """Let an address be a node's."""
        self.state.nodes[ip] = name

    def set_port_fault(self, key: str, fault: PortFault) -> None:
        """Let a fault hold until `remove_fault(key)`. `Programs.set_fault` also tells those who probe."""
        self.state.port_faults[key] = fault

    def set_cut_fault(self, key: str, fault: CutFault) -> None:
        self.state.cut_faults[key] = fault

    def remove_fault(self, key: str) -> None:
        self.state.port_faults.pop(key, None)
        self.state.cut_faults.pop(key, None)

    # ── asked by programs ────────────────────────────────────────────────────────────────────────────────────────────

    def service_at(self, ip: str) -> Service | None:
        return self._by_ip.get(ip)

    def service_of_nodes(self, port: int) -> Service | None:
        """Return the Service that every node passes on to which is asked at a port."""
        return next((one for one in self.state.services.values() if port in one.node_ports), None) if port else None

    def conf(self, sandbox: Sandbox) -> ResolvConf:
        """Return what a Pod's resolver is told."""
        return sandbox.resolv_conf or self.cluster_conf(sandbox.namespace)

    def cluster_conf(self, namespace: str) -> ResolvConf:
        """Return what the resolver of a Pod is told that asks the cluster's DNS."""
        return _cluster_conf(self.state.dns_ip, self.state.cluster_domain, namespace)

    def resolve(self, name: str, conf: ResolvConf) -> list[str] | None:
        """Return the addresses of a name as a resolver finds them, with its search domains; None: no such name."""
        found = self.searched(name, conf)
        return found[1] if found else None

    def searched(self, name: str, conf: ResolvConf) -> tuple[str, list[str]] | None:
        """Return under which whole name a resolver finds a name, and its addresses."""
        if is_address(name):
            return name, [name]
        searched = [] if name.endswith(".") else [f"{name}.{domain}" for domain in conf.search]
        name = name.rstrip(".")
        candidates = [name, *searched] if name.count(".") >= conf.ndots else [*searched, name]
        for candidate in candidates:
            found = self.asked(candidate, conf)
            if found is not None:
                return candidate, found
        return None

    def name_of(self, ip: str) -> str:
        """Return the name that the cluster's DNS has for an address: a Service's, or a Pod's behind a headless one."""
        domain = self.state.cluster_domain
        if ip == self.state.dns_ip:
            return f"kube-dns.kube-system.svc.{domain}"
        service = self.service_at(ip)
        if service is not None:
            return f"{service.name}.{service.namespace}.svc.{domain}"
        for service in self.state.services.values():
            if service.cluster_ip == "None":
                for one in service.endpoints:
                    if one.ip == ip:
                        return f"{one.hostname or ip.replace('.', '-')}.{service.name}.{service.namespace}.svc.{domain}"
        return ""

    def asked(self, name: str, conf: ResolvConf) -> list[str] | None:
        """Return what the nameserver that is asked answers for one whole name: only the cluster's own knows its Services."""
        server = next(iter(conf.nameservers), "")
        if server == self.state.dns_ip:
            return self.lookup(name)
        return public_addresses(name) if is_public(server) else None

    def lookup(self, name: str, aliases: int = 0) -> list[str] | None:
        """Return the addresses of one whole name (no search); None: NXDOMAIN. It is an alias's alias's ... so many times."""
        if aliases > MAX_ALIASES:
            return []
        domain = self.state.cluster_domain
        if not name.endswith(f".{domain}"):
            return None if name == domain or self._begins_here(name) else public_addresses(name)
        labels = name[: -len(domain) - 1].split(".")
        if labels[-1:] == ["svc"] and len(labels) in (3, 4):
            service = self.state.services.get(f"{labels[-2]}/{labels[-3]}")
            if service is not None:
                return self._addresses(service, labels[0] if len(labels) == 4 else "", aliases)
            if labels[-3:-1] == ["kubernetes", "default"] and len(labels) == 3:
                return ["10.96.0.1"]
        if labels[-1:] == ["pod"] and len(labels) == 3 and re.fullmatch(r"\d+-\d+-\d+-\d+", labels[0]):
            return [labels[0].replace("-", ".")]
        return None

    def _begins_here(self, name: str) -> bool:
        """Say whether a name is the beginning of one in this cluster, which nobody outside knows: web.shop, web.shop.svc."""
        labels = name.split(".")
        last = labels[-1]
        return last in ("svc", "default", "kube-system") or (len(labels) > 1 and f"{last}/{labels[-2]}" in self.state.services)

    def _addresses(self, service: Service, hostname: str, aliases: int) -> list[str] | None:
        if service.external_name:
            return self.lookup(service.external_name, aliases + 1)
        if service.cluster_ip != "None":
            return None if hostname else [service.cluster_ip]
        found = [one.ip for one in service.endpoints if not hostname or one.hostname == hostname]
        return found or (None if hostname else [])

    def cut(self, namespace: str, pod: str, name: str, addresses: list[str]) -> CutFault | None:
        """Return the fault that cuts a Pod off from a name or address, if there is one."""
        for fault in self.state.cut_faults.values():
            if fault.namespace == namespace and fault.pod in (pod, "*") and (fault.to in ("*", name) or fault.to in addresses):
                return fault
        return None

    def port_fault(self, namespace: str, pod: str, port: int, path: str | None = None) -> PortFault | None:
        """Return the fault of a Pod's port; one that is about a path only where that is asked for."""
        for fault in self.state.port_faults.values():
            if fault.namespace == namespace and fault.pod == pod and fault.port in (0, port) and fault.path in ("", path):
                return fault
        return None


@lru_cache(1024)
def _cluster_conf(dns_ip: str, domain: str, namespace: str) -> ResolvConf:
    return ResolvConf((dns_ip,), (f"{namespace}.svc.{domain}", f"svc.{domain}", domain), ("ndots:5",))


@lru_cache(1024)
def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_public(ip: str) -> bool:
    return is_address(ip) and ipaddress.ip_address(ip).is_global


def public_addresses(name: str) -> list[str] | None:
    """Return an address for a public name: names outside the cluster answer unless a Fault says otherwise.

    A name that no registry could have handed out (no dot, or an ending reserved by RFC 2606 and RFC 6761) is not found.
    """
    if name == "localhost":
        return ["127.0.0.1"]
    labels = name.lower().split(".")
    if (
        len(labels) < 2
        or labels[-1] in ("invalid", "local", "internal", "test", "lan", "localdomain")
        or not labels[-1].isalpha()
    ):
        return None
    if not all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", label) for label in labels):
        return None
    number = sum(ord(letter) * (i + 7) for i, letter in enumerate(name.lower()))
    return [f"93.184.{number % 200 + 20}.{number // 200 % 250 + 1}"]
