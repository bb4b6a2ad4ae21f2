"""Asking over the network: who is reached under a host and port, and what comes back when.

Used by the kubelet's probes and hooks and by the clients in containers, each of which has its own words for what went wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.programs.network import CONTROL_PLANE, Service, is_address, is_public
from lifecycle.programs.servers import ACCESS_LOGS, GO, GRPC, MANNERS, SERVERS, HTTPRequest, HTTPResponse, completed
from lifecycle.programs.state import Listener, Process, SandboxState

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs

LATENCY: Micros = MILLISECOND
OUTSIDE: Micros = 20 * MILLISECOND
SERVICES, ADDRESSES = "services", "addresses"
"""What else has a version, beside sandboxes: Services with their names, and who has which address."""
API_SERVER = Listener("", 0, "kube-apiserver", CONTROL_PLANE.ip, CONTROL_PLANE.certificate)


class Reached(msgspec.Struct, frozen=True):
    """Where a connection comes to. `outcome` is open, refused, lost (no answer ever), or noname.

    An open one outside the cluster has no listener. `ip` is the address that was tried, `sandbox` who has it. `steady`: it
    comes to the same until the version of something grows that was `looked` at (`Programs.version`).
    """

    outcome: str
    ip: str = ""
    port: int = 0
    sandbox: SandboxState | None = None
    listener: Listener | None = None
    steady: bool = False
    delay: Micros = LATENCY
    looked: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True):
    """Who asks: a Pod's sandbox, or a node (then `sandbox` is None)."""

    node: str
    sandbox: SandboxState | None = None


def reach(room: Programs, origin: Origin, host: str, port: int) -> Reached:
    """Return where a connection to a host's port comes to."""
    namespace, pod = (origin.sandbox.spec.namespace, origin.sandbox.spec.pod) if origin.sandbox else ("", "")
    addresses = room.resolve(origin.sandbox, host)
    if origin.sandbox:
        cut = room.network.cut(namespace, pod, host, addresses or [])
        if cut is not None and host not in ("localhost", "127.0.0.1", origin.sandbox.spec.ip):
            return Reached("noname" if cut.dns else "lost", (addresses or [host])[0], port, steady=True, looked=(SERVICES,))
    names = () if is_address(host) else (SERVICES,)
    if not addresses:
        return Reached("noname", host, port, steady=True, looked=names)
    found = _connect(room, origin, addresses[0], port)
    return msgspec.structs.replace(found, looked=names + found.looked) if names else found


def _connect(room: Programs, origin: Origin, ip: str, port: int) -> Reached:
    if ip.startswith("127.") or ip == "::1":
        if origin.sandbox:
            return _at_sandbox(room, origin.sandbox, ip, port)
        listener = room.state.node_ports.get(origin.node, {}).get(port)
        looked = (node_ports(origin.node), *_owner(room, listener))
        return Reached("open" if listener else "refused", ip, port, None, listener, True, looked=looked)
    sandbox = room.sandbox_at(ip)
    if sandbox is not None:
        return _at_sandbox(room, sandbox, ip, port)
    service = room.network.service_at(ip)
    if service is not None:
        index = next((i for i, (_, number) in enumerate(service.ports) if number == port), None)
        return _at_service(room, origin, ip, port, service, index)
    if ip == CONTROL_PLANE.ip:
        listener = API_SERVER if port == CONTROL_PLANE.port else None
        return Reached("open" if listener else "refused", ip, port, None, listener, True)
    if is_public(ip):
        return Reached("open", ip, port, steady=True, delay=OUTSIDE)
    node = room.network.state.nodes.get(ip)
    if node is not None:
        return _at_node(room, origin, ip, port, node)
    return Reached("lost", ip, port, steady=True, looked=(SERVICES, ADDRESSES))


def _at_node(room: Programs, origin: Origin, ip: str, port: int, node: str) -> Reached:
    """Come to a node: to what listens there, or to the Service whose node port it is. Kubernetes: pkg/proxy"""
    looked = (SERVICES, ADDRESSES, node_ports(node))
    listener = room.state.node_ports.get(node, {}).get(port)
    if listener is not None:
        return Reached("open", ip, port, None, listener, True, looked=(*looked, *_owner(room, listener)))
    service = room.network.service_of_nodes(port)
    if service is None:
        return Reached("refused", ip, port, steady=True, looked=looked)
    found = _at_service(room, origin, ip, port, service, service.node_ports.index(port), node if service.local else "")
    return msgspec.structs.replace(found, looked=(*looked, *found.looked))


def node_ports(node: str) -> str:
    """Return the name of what has a version that grows with the ports of a node."""
    return f"ports of {node}"


def _owner(room: Programs, listener: Listener | None) -> tuple[str, ...]:
    """Return the sandbox of the container that listens, if it is a container's."""
    state = room.state.containers.get(listener.container) if listener else None
    return (state.spec.sandbox,) if state else ()


def _at_sandbox(room: Programs, sandbox: SandboxState, ip: str, port: int) -> Reached:
    listener = room.ports(sandbox).get(port)
    if listener is not None and listener.address.startswith("127.") and not ip.startswith("127."):
        listener = None
    looked: tuple[str, ...] = (sandbox.spec.id,)
    if sandbox.spec.host_network:
        looked += (ADDRESSES, node_ports(sandbox.spec.node), *_owner(room, listener))
    fault = room.network.port_fault(sandbox.spec.namespace, sandbox.spec.pod, port)
    if fault is not None and fault.effect == "drop":
        return Reached("lost", ip, port, sandbox, steady=True, looked=looked)
    if listener is None or (fault is not None and fault.effect == "refuse"):
        return Reached("refused", ip, port, sandbox, steady=True, looked=looked)
    return Reached("open", ip, port, sandbox, listener, True, looked=looked)


def _at_service(
    room: Programs, origin: Origin, ip: str, port: int, service: Service, index: int | None, only: str = ""
) -> Reached:
    """Let the node's proxy choose an endpoint; one without endpoints refuses, a port that it does not have is lost.

    `index` is the port's place among the Service's. With `only` the endpoint is on that node, and without one there what is
    sent is lost. Where there are several, nobody knows which it will be the next time.
    """
    if index is None:
        return Reached("lost", ip, port, steady=True, looked=(SERVICES,))
    behind = [(one.ip, one.ports[index]) for one in service.endpoints if index < len(one.ports) and one.ports[index]]
    if only and behind:
        behind = [one for one in behind if (sandbox := room.sandbox_at(one[0])) and sandbox.spec.node == only]
        if not behind:
            return Reached("lost", ip, port, steady=True, looked=(SERVICES, ADDRESSES))
    if not behind:
        return Reached("refused", ip, port, steady=True, looked=(SERVICES,))
    chosen = behind[0]
    if len(behind) > 1:
        room.state.connections += 1
        chosen = behind[room.kernel.seeds.number(len(behind), "endpoint", ip, room.state.connections)]
    found = _connect(room, origin, chosen[0], chosen[1])
    steady = found.steady and len(behind) == 1
    return msgspec.structs.replace(found, ip=ip, port=port, steady=steady, looked=(SERVICES, *found.looked))


def answer(room: Programs, reached: Reached, request: HTTPRequest, logged: bool = False) -> HTTPResponse:
    """Return what an open connection's server answers to an HTTP request.

    `logged`: the server writes the request into its access log, where it has one. It does so for everybody but the probes,
    whose attempts are not all played.
    """
    if reached.listener is None:
        return HTTPResponse(200, _OUTSIDE_PAGE, (("Content-Type", "text/html"),), OUTSIDE)
    if reached.listener.certificate and not request.tls:
        plain = MANNERS.get(reached.listener.server, GO).plain
        return completed(reached.listener.server, HTTPResponse(400, plain))
    if not reached.listener.container:
        found: HTTPResponse = room.kernel.rooms["apiserver"].respond(request)
        return found
    target = _process(room, reached.listener)
    if target is None:
        return HTTPResponse(delay=None)
    machine, process = target
    response = completed(reached.listener.server, SERVERS[reached.listener.server](machine, process, request))
    if process.waiting == "spin":
        return HTTPResponse(delay=None)
    if logged and process.code is None and (write := ACCESS_LOGS.get(reached.listener.server)):
        write(machine, process, request, response)
        response = msgspec.structs.replace(response, steady=False)
    return _with_fault(room, reached, request, response)


def _with_fault(room: Programs, reached: Reached, request: HTTPRequest, response: HTTPResponse) -> HTTPResponse:
    if reached.sandbox is None:
        return response
    spec = reached.sandbox.spec
    fault = room.network.port_fault(spec.namespace, spec.pod, reached.port, request.path)
    if fault is None:
        return response
    if fault.effect == "delay" and response.delay is not None:
        return msgspec.structs.replace(response, delay=response.delay + fault.delay)
    if fault.effect == "status":
        return msgspec.structs.replace(response, status=fault.status, body="", protocol="http")
    return response


def health(room: Programs, reached: Reached, listener: Listener, service: str) -> tuple[str, Micros | None, bool]:
    """Return what a gRPC server says of a service's health, after how long (None: never), and whether that is steady."""
    target = _process(room, listener)
    if target is None:
        return "", None, True
    status, steady = GRPC[listener.server](*target, service)
    delay: Micros | None = 0
    if reached.sandbox is not None:
        fault = room.network.port_fault(reached.sandbox.spec.namespace, reached.sandbox.spec.pod, reached.port)
        if fault is not None and fault.effect == "delay":
            delay = fault.delay
        elif fault is not None and fault.effect == "status":
            status = "NOT_SERVING"
    return status, delay, steady


def _process(room: Programs, listener: Listener) -> tuple[Machine, Process] | None:
    if listener.container not in room.state.containers:
        return None
    machine = room.machine(listener.container)
    if machine.sandbox.slow:
        room.rouse(machine)
    process = machine.state.processes.get(listener.pid)
    return (machine, process) if process is not None else None


_OUTSIDE_PAGE = (
    "<!doctype html>\n<html><head><title>Example</title></head><body><p>A page outside the cluster.</p></body></html>\n"
)
