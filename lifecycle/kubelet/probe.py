"""One attempt of a probe: how each handler is asked, and what its answer means.

Kubernetes: pkg/kubelet/prober/prober.go, pkg/probe
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lifecycle import programs
from lifecycle.clock import SECOND, Micros, go_duration
from lifecycle.core_v1.types import Container, Probe
from lifecycle.kernel import Kernel, Reply
from lifecycle.kubelet.expansion import expand_all
from lifecycle.kubelet.state import Outcome, PodState, ProbeWorker
from lifecycle.runtime import texts
from lifecycle.runtime.records import ContainerRecord

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

OUTPUT_LIMIT = 10240
MAX_REDIRECTS = 10
USER_AGENT = "kube-probe/1.36"


def ask(
    kubelet: Kubelet,
    pod: PodState,
    container: Container,
    probe: Probe,
    record: ContainerRecord,
    worker: ProbeWorker,
    attempt: int,
) -> Outcome | None:
    """Begin an attempt; its answer goes to `on_probed`. Return an outcome where there is one already."""
    reply = Reply("kubelet", "probed", (pod.uid, f"{worker.container}/{worker.type}", attempt))
    if probe.exec:
        return _exec(kubelet, container, probe, record, reply)
    if probe.http_get:
        return _http(kubelet, pod, container, probe, worker, reply)
    if probe.tcp_socket:
        port = resolve_port(probe.tcp_socket.port, container)
        if isinstance(port, str):
            return Outcome("error", port, steady=True)
        host = probe.tcp_socket.host or kubelet.pod_ip(pod)
        kubelet.programs.connect(programs.TCPConnect(pod.node, host, port, probe.timeout_seconds * SECOND), reply)
    elif probe.grpc:
        timeout = probe.timeout_seconds * SECOND
        check = programs.GRPCCheck(pod.node, kubelet.pod_ip(pod), probe.grpc.port, probe.grpc.service, timeout)
        kubelet.programs.grpc(check, reply)
    else:
        return Outcome("error", f"missing probe handler for {kubelet.pod_id(pod)}:{container.name}", steady=True)
    return None


def _exec(kubelet: Kubelet, container: Container, probe: Probe, record: ContainerRecord, reply: Reply) -> Outcome | None:
    assert probe.exec
    if record.state != "running":
        return Outcome("error", texts.no_running_task(record.id))
    literal = {env.name: env.value for env in container.env if env.value_from is None}
    command = expand_all(probe.exec.command, literal)
    failure = kubelet.programs.exec(record.id, command, reply, probe.timeout_seconds * SECOND)
    if failure:
        output = cannot_exec(kubelet.kernel, record.id, failure.message, kubelet.kernel.now)
        return Outcome("error", output, failure.steady, failure.message, pids=1)
    return None


def cannot_exec(kernel: Kernel, container_id: str, reason: str, at: Micros) -> str:
    """Return ExecSync's error at a moment; each attempt has an id of its own."""
    return texts.cannot_exec(kernel.seeds.hex(64, "exec", container_id, at), reason)


def _http(
    kubelet: Kubelet, pod: PodState, container: Container, probe: Probe, worker: ProbeWorker, reply: Reply
) -> Outcome | None:
    get = probe.http_get
    assert get
    port = resolve_port(get.port, container)
    if isinstance(port, str):
        return Outcome("error", port, steady=True)
    headers = [(h.name, h.value) for h in get.http_headers]
    given = {name.lower() for name, _ in headers}
    if "user-agent" not in given:
        headers.append(("User-Agent", USER_AGENT))
    if "accept" not in given:
        headers.append(("Accept", "*/*"))
    scheme, host, path = get.scheme, get.host or kubelet.pod_ip(pod), get.path
    if not path.startswith("/"):
        path = "/" + path
    if worker.url:
        parts = urlsplit(worker.url)
        scheme, host = parts.scheme.upper(), parts.hostname or host
        port = parts.port or (443 if scheme == "HTTPS" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    else:
        worker.url_host = host
    timeout = probe.timeout_seconds * SECOND
    kubelet.programs.http(programs.HTTPGet(pod.node, host, port, path, scheme, tuple(headers), timeout), reply)
    return None


def interpret(probe: Probe, result: Any) -> Outcome | str:
    """Return what an answer means; a text is an address to which HTTP sends the probe on."""
    match result:
        case programs.ExecResult():
            return _exec_outcome(probe, result)
        case programs.HTTPResult():
            return _http_outcome(result)
        case programs.ConnectResult(error=error, steady=steady, looked=looked):
            return Outcome("failure" if error else "success", error, steady, looked=looked)
        case programs.GRPCResult(status=status, error=error, steady=steady, looked=looked):
            if error:
                return Outcome("failure", error, steady, looked=looked)
            if status == "SERVING":
                return Outcome("success", "", steady, looked=looked)
            return Outcome("failure", f'service unhealthy (responded with "{status}")', steady, looked=looked)
    raise TypeError(f"no probe is answered by {result!r}")


def _exec_outcome(probe: Probe, result: programs.ExecResult) -> Outcome:
    if result.timed_out:
        assert probe.exec
        limit = go_duration(probe.timeout_seconds * SECOND)
        text = f"command timed out: {quoted(' '.join(probe.exec.command))} timed out after {limit}"
        return Outcome("failure", text, result.steady, pids=result.pids, looked=result.looked, outlived=result.outlived)
    output = (result.stdout + result.stderr)[:OUTPUT_LIMIT]
    return Outcome(
        "failure" if result.code else "success",
        output,
        result.steady,
        pids=result.pids,
        looked=result.looked,
        outlived=result.outlived,
    )


def _http_outcome(result: programs.HTTPResult) -> Outcome | str:
    if result.error:
        return Outcome("failure", result.error, result.steady, looked=result.looked)
    location = next((value for name, value in result.headers if name.lower() == "location"), "")
    if result.status in (301, 302, 303, 307, 308) and location:
        return location
    if 300 <= result.status < 400:
        return _not_followed(result)
    if 200 <= result.status < 300:
        return Outcome("success", "", result.steady, looked=result.looked)
    return Outcome("failure", f"HTTP probe failed with statuscode: {result.status}", result.steady, looked=result.looked)


def _not_followed(result: programs.HTTPResult) -> Outcome:
    text = f"Probe terminated redirects, Response body: {result.body[:OUTPUT_LIMIT]}"
    return Outcome("warning", text, result.steady, looked=result.looked)


def redirect(worker: ProbeWorker, location: str, result: programs.HTTPResult, base: str) -> Outcome | None:
    """Follow a redirect (None: ask again) as long as the host stays the same."""
    url = urljoin(worker.url or base, location)
    if urlsplit(url).hostname != worker.url_host:
        return _not_followed(result)
    worker.hops += 1
    if worker.hops >= MAX_REDIRECTS:
        text = f'Get "{location}": stopped after {MAX_REDIRECTS} redirects'
        return Outcome("failure", text, result.steady, looked=result.looked)
    worker.url = url
    return None


def resolve_port(port: int | str, container: Container) -> int | str:
    """Return a port's number, or the text of why there is none. Kubernetes: pkg/probe/util.go"""
    number = port if isinstance(port, int) else None
    if number is None:
        found = next((p.container_port for p in container.ports if p.name == port), None)
        if found is not None:
            number = found
        elif re.fullmatch(r"[+-]?\d+", str(port)):
            number = int(port)
        else:
            return f"strconv.Atoi: parsing {quoted(str(port))}: invalid syntax"
    return number if 0 < number < 65536 else f"invalid port number: {number}"


def quoted(text: str) -> str:
    """Return a text as Go's %q prints it."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char < " " or char == "\x7f":
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
