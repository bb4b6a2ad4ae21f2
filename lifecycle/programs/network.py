"""What names and addresses mean: Pods, Services and the world outside, and the Faults that cut or disturb them.

The controllers keep the Services (`set_service`), the fault controller the faults; sandboxes come and go with
`Programs.add_sandbox` and `remove_sandbox`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from lifecycle.clock import Micros


class Endpoint(msgspec.Struct, frozen=True, array_like=True):
    """An address behind a Service and, for each of the Service's ports in order, the port there (0: none)."""

    ip: str
    ports: tuple[int, ...]
    hostname: str = ""


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Service as DNS and the nodes' proxies see it.

    `cluster_ip` is an address, `None` (headless) or empty (ExternalName). `ports` are (name, port). `endpoints` are those
    that traffic may go to now: ready ones, or all where publishNotReadyAddresses is set.
    """

    namespace: str
    name: str
    cluster_ip: str = ""
    ports: tuple[tuple[str, int], ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    external_name: str = ""


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
    """The whole memory of the network. Sandboxes by address; Services by (namespace, name); faults by their own key."""

    services: dict[str, Service] = {}
    port_faults: dict[str, PortFault] = {}
    cut_faults: dict[str, CutFault] = {}
    dns_ip: str = "10.96.0.10"
    cluster_domain: str = "cluster.local"


class Network:
    """The table that the controllers keep."""

    def __init__(self, state: NetworkState) -> None:
        self.state = state

    def set_service(self, service: Service) -> None:
        """Add a Service or replace it."""
        self.state.services[f"{service.namespace}/{service.name}"] = service

    def remove_service(self, namespace: str, name: str) -> None:
        self.state.services.pop(f"{namespace}/{name}", None)

    def set_port_fault(self, key: str, fault: PortFault) -> None:
        """Let a fault hold until `remove_fault(key)`."""
        self.state.port_faults[key] = fault

    def set_cut_fault(self, key: str, fault: CutFault) -> None:
        self.state.cut_faults[key] = fault

    def remove_fault(self, key: str) -> None:
        self.state.port_faults.pop(key, None)
        self.state.cut_faults.pop(key, None)
