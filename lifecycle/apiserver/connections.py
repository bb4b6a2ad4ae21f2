"""Connections into Pods that somebody asks the API server for: a port forwarded, a request passed on to a Pod or a Service.

Kubernetes: pkg/registry/core/pod (strategy.go: PortForwardLocation, ResourceLocation), pkg/registry/core/service/storage
(storage.go: ResourceLocation), apimachinery/pkg/util/proxy
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.apiserver.pods import body_of
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel, Pod, Reply
from lifecycle.programs import HTTPGet, HTTPResult
from lifecycle.programs.forwarding import MOST_OPEN, written
from lifecycle.runtime import texts
from lifecycle.wire import Object, Request

KUBELET_PORT = 10250


class Sent(msgspec.Struct):
    """What the client of a forwarded port sends: `data` is base64; after `end` there is nothing more, `gone` hangs up."""

    session: int = 0
    data: bytes = b""
    end: bool = False
    gone: bool = False


class Passed(msgspec.Struct):
    """A request that is passed on: `port` is a number or the name of a Service's port, `body` base64."""

    scheme: str = ""
    port: str = ""
    method: str = "GET"
    path: str = "/"
    headers: list[tuple[str, str]] = []
    body: bytes = b""


def forward(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Open a connection to a Pod's port; the traces of kind `session` and `portforward` tell what comes of it."""
    port = _port((request.query.get("ports") or [""])[0])
    forwarding = kernel.rooms["programs"].forwarding
    if forwarding.full:
        raise Refused(status.too_many_requests(f"{MOST_OPEN:,} ports are being forwarded already; end some first", 1))
    sandbox = _sandbox(kernel, pod)
    metadata = pod["metadata"]
    about = Pod(metadata["namespace"], metadata["name"], metadata["uid"])
    session = kernel.trace("portforward", about, port=port, phase="started", message="")
    with kernel.because(session):
        told = Reply("apiserver", "forward_ended", (about.namespace, about.name, about.uid, sandbox, port, session))
        refused = forwarding.connect(sandbox, port, session, told)
        if refused:
            kernel.tell(told, refused)
    return _session(session, about.uid)


def _port(text: str) -> int:
    """Return a port's number. Raises: Refused (400)."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 1 << 16:
        raise Refused(status.bad_request(f"unable to parse {field.quote(text)} as a port"))
    return int(text)


def _sandbox(kernel: Kernel, pod: Object) -> str:
    """Return the Pod's network as the runtime knows it. Raises: Refused where it has none (yet, or any more)."""
    metadata = pod["metadata"]
    if not pod["spec"].get("nodeName"):
        raise Refused(status.bad_request(f"pod {metadata['name']} does not have a host assigned"))
    kubelet = kernel.rooms["kubelet"].state
    node = kubelet.nodes.get(pod["spec"]["nodeName"])
    if node is not None and node.down:
        why = f"error dialing backend: dial tcp {node.ip}:{KUBELET_PORT}: connect: connection refused"
        raise Refused(status.unavailable(why))
    known = kubelet.pods.get(metadata["uid"])
    for sandbox in known.runtime.sandboxes if known else ():
        if sandbox.ready:
            return str(sandbox.id)
    raise Refused(status.bad_request(no_network(metadata)))


def no_network(metadata: Object) -> str:
    """Return what a kubelet says where a Pod has no network of its own at the moment."""
    return f'unable to upgrade connection: pod not found ("{metadata["name"]}_{metadata["namespace"]}")'


def send(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Give a connection what its client sends, or hang up."""
    sent, forwarding = body_of(request, Sent), kernel.rooms["programs"].forwarding
    if sent.gone:
        forwarding.hang_up(sent.session)
        return Status(200).object()
    taken = forwarding.receive(sent.session, sent.data, sent.end)
    return Status(200, message="" if taken else "the connection has ended").object()


def forward_ended(kernel: Kernel, about: Pod, sandbox: str, port: int, session: int, why: str) -> None:
    """Tell that a connection has ended, and why where it did not come about."""
    message = ""
    if why:
        spec = kernel.rooms["programs"].state.sandboxes[sandbox].spec
        network = "host" if spec.host_network else f"/var/run/netns/cni-{kernel.seeds.uid('netns', sandbox)}"
        message = texts.cannot_forward(sandbox, network, port, why)
    kernel.trace("portforward", about, port=port, phase="ended", message=message, session=session)


def pass_to_pod(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Pass a request on to a Pod; the trace of kind `proxy` tells the answer."""
    passed = body_of(request, Passed)
    declared = (port["containerPort"] for one in pod["spec"]["containers"] for port in one.get("ports") or ())
    port = _port(passed.port) if passed.port else next(declared, 443 if passed.scheme == "https" else 80)
    return _pass_on(kernel, pod, port, passed)


def pass_to_service(kernel: Kernel, service: Object, request: Request) -> Object:
    """Pass a request on to one of the Pods behind a Service."""
    passed = body_of(request, Passed)
    api, metadata = kernel.rooms["apiserver"], service["metadata"]
    name = _port_name(service, passed.port)
    endpoints = api.get("endpoints", metadata["namespace"], metadata["name"])
    if endpoints is None:
        raise Refused(Status(404, "NotFound", f'endpoints "{metadata["name"]}" not found', {"kind": "endpoints"}))
    behind = list(_behind(api, metadata["namespace"], endpoints, name))
    if not behind:
        asked = ":".join(filter(None, (passed.scheme, metadata["name"], passed.port)))
        raise Refused(status.unavailable(f"no endpoints available for service {field.quote(asked)}"))
    pod, port = behind[kernel.seeds.number(len(behind), "proxy", metadata["uid"], kernel.cause)]
    return _pass_on(kernel, pod, port, passed)


def _port_name(service: Object, asked: str) -> str:
    """Return the name of a Service's port that is asked for by its number or its name."""
    if not asked.isdigit():
        return asked
    for port in service["spec"].get("ports") or ():
        if str(port["port"]) == asked:
            return str(port.get("name", ""))
    why = f"no service port {asked} found for service {field.quote(service['metadata']['name'])}"
    raise Refused(status.unavailable(why))


def _behind(api: Any, namespace: str, endpoints: Object, name: str) -> Iterator[tuple[Object, int]]:
    """Yield the Pods that are ready behind a port of a Service, and their port; an address that is no Pod's is passed over."""
    for subset in endpoints.get("subsets") or ():
        port = next((int(one["port"]) for one in subset.get("ports") or () if one.get("name", "") == name), 0)
        for address in subset.get("addresses") or () if port else ():
            target = address.get("targetRef") or {}
            pod = api.get("pods", namespace, target.get("name", "")) if target.get("kind") == "Pod" else None
            if pod is not None and pod["status"].get("podIP") == address["ip"]:
                yield pod, port


def _pass_on(kernel: Kernel, pod: Object, port: int, passed: Passed) -> Object:
    metadata, ip = pod["metadata"], pod["status"].get("podIP") or ""
    if not _is_allowed(ip):
        raise Refused(status.bad_request("address not allowed"))
    about = Pod(metadata["namespace"], metadata["name"], metadata["uid"])
    asked = {"method": passed.method, "path": passed.path, "port": port}
    session = kernel.trace("proxy", about, **asked, phase="started")
    scheme, headers = passed.scheme.upper() or "HTTP", tuple((name, value) for name, value in passed.headers)
    with kernel.because(session):
        told = Reply("apiserver", "passed_on", (about.namespace, about.name, about.uid, session))
        ask = HTTPGet("", ip, port, passed.path, scheme, headers, None, passed.method, passed.body.decode("latin-1"))
        kernel.rooms["programs"].round_trip(ask, told)
    return _session(session, about.uid)


def _is_allowed(ip: str) -> bool:
    """Say whether requests are passed on to an address: to no loopback, and to none that is not one host's."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)


def passed_on(kernel: Kernel, about: Pod, session: int, result: HTTPResult) -> None:
    """Tell what came of a request that was passed on: an answer, or why there is none (`message`)."""
    answer = {"status": result.status, "headers": [list(pair) for pair in result.headers], "message": result.error}
    body = written(result.body.encode("latin-1", "replace"))
    kernel.trace("proxy", about, phase="ended", session=session, **answer, **body)


def _session(session: int, uid: str) -> Object:
    return {**Status(200).object(), "details": {"name": str(session), "kind": "sessions", "uid": uid}}
