"""Ports forwarded by stock kubectl and by Kubernetes' client for Python, and peers that mean no good."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import websocket
from kubernetes import client, config
from kubernetes.stream import portforward as forward_by_client

from podhub.api import forwarding, portforward, spdy, tunnel
from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import pod
from tests.podhub_up import ROOT, Server
from tests.servers import free_port

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: tests\r\n\r\n"


def server_pod() -> dict[str, Any]:
    """Return a Pod of nginx."""
    manifest = pod("web", app="web")
    manifest["spec"]["containers"] = [{"name": "main", "image": "nginx", "ports": [{"containerPort": 80}]}]
    return manifest


@pytest.fixture(scope="module")
def web(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Reached:
    """A cluster with the Pod `web`, which is ready, behind a Service of that name; all tests here share it."""
    server.make("forwarding", "10x")
    cluster = Reached(server, "forwarding", tmp_path_factory.mktemp("forwarding"))
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(server_pod()))
    cluster.kubectl("expose", "pod", "web", "--port=8080", "--target-port=80")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    return cluster


@contextlib.contextmanager
def forwarded(cluster: Reached, what: str, remote: int) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Have kubectl forward a port; give the local one, and kubectl."""
    program, port = shutil.which("kubectl"), free_port()
    assert program, "kubectl is not installed: `make system` installs what the tests need"
    command = [program, "--kubeconfig", cluster.kubeconfig(), "port-forward", what, f"{port}:{remote}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as kubectl:
        try:
            assert kubectl.stdout is not None
            assert kubectl.stdout.readline() == f"Forwarding from 127.0.0.1:{port} -> {80 if remote == 8080 else remote}\n"
            yield port, kubectl
        finally:
            kubectl.terminate()


def got(connection: http.client.HTTPConnection, path: str = "/") -> tuple[int, str, bytes]:
    """Ask for a path on a connection that may be in use already."""
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.headers["Server"], answer.read()


def test_a_browser_gets_the_simulated_server_s_answers(web: Reached) -> None:
    with forwarded(web, "pod/web", 80) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        status, server, body = got(connection, "/?kept")
        assert (status, server, b"Welcome to nginx!" in body) == (200, "nginx/1.22.1", True)
        local = connection.sock
        assert got(connection, "/nothing")[0] == 404
        assert connection.sock is local, "the connection was not kept"
        connection.close()
    asked = [line.split('"')[1:3] for line in web.kubectl("logs", "web").stdout.splitlines()]
    assert asked[-2:] == [["GET /?kept HTTP/1.1", " 200 615 "], ["GET /nothing HTTP/1.1", " 404 153 "]]


def test_many_connections_are_forwarded_side_by_side(web: Reached) -> None:
    with forwarded(web, "service/web", 8080) as (port, _), ThreadPoolExecutor(8) as threads:

        def ask(number: int) -> list[int]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            with contextlib.closing(connection):
                return [got(connection, path)[0] for path in ("/", f"/{number}", "/index.html")]

        assert list(threads.map(ask, range(8))) == [[200, 404, 200]] * 8


def test_a_large_file_arrives_whole(web: Reached) -> None:
    web.kubectl("exec", "web", "--", "sh", "-c", "seq 90000 > /usr/share/nginx/html/numbers.txt")
    with forwarded(web, "pod/web", 80) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        status, _, body = got(connection, "/numbers.txt")
    assert (status, body) == (200, "".join(f"{number}\n" for number in range(1, 90_001)).encode())


def test_kubectl_says_in_containerd_s_words_that_nobody_listens(web: Reached) -> None:
    with forwarded(web, "pod/web", 81) as (port, kubectl):
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            assert connection.recv(1) == b""
        _, said = kubectl.communicate(timeout=20)
    assert kubectl.returncode == 1
    why = re.search(r"an error occurred forwarding \d+ -> 81: error forwarding port 81 to pod (\w{64}), uid : (.*)", said)
    assert why, said
    assert (
        f'failed to connect to localhost:81 inside namespace \\"{why[1]}\\", IPv4: dial tcp4 127.0.0.1:81: connect: '
        "connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused"
    ) in why[2]
    assert said.endswith("error: lost connection to pod\n")


def test_what_a_client_sends_is_read_by_the_program(cluster: Reached) -> None:
    cluster.server.run("cluster", "speed", cluster.name, "1x")
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("nc", "echo hello | nc -l -p 9000; echo done; sleep 1000")))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/nc", "--timeout=20s")
    with forwarded(cluster, "pod/nc", 9000) as (port, _), socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall("wörds\n".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b"hello\n"
        assert connection.recv(100) == b""
    assert cluster.kubectl("logs", "nc").stdout == "wörds\ndone\n"


def test_what_went_over_a_port_is_played_again_to_the_byte(web: Reached) -> None:
    with forwarded(web, "pod/web", 80) as (port, _):
        got(http.client.HTTPConnection("127.0.0.1", port, timeout=20))
    assert "error" not in web.server.run("verify", "--cluster", web.name).lower()


def test_the_past_forwards_nothing(web: Reached) -> None:
    version = web.kubectl("get", "pod", "web", "-o", "jsonpath={.metadata.resourceVersion}").stdout
    refused = web.kubectl("port-forward", "pod/web", "0:80", moment=f"@seq-{version}", code=1)
    assert refused.stderr.startswith(f"error: error upgrading connection: cluster '{web.name}' as it was is read-only; ")


def test_a_pod_that_waits_has_no_ports(cluster: Reached) -> None:
    waits = pod("waits")
    waits["spec"]["nodeSelector"] = {"is": "nowhere"}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(waits))
    refused = cluster.kubectl("port-forward", "pod/waits", "0:80", code=1)
    assert refused.stderr == "error: unable to forward port because pod is not running. Current status=Pending\n"
    with pytest.raises(websocket.WebSocketBadStatusException, match="pod waits does not have a host assigned"):
        Peer(cluster, "waits")


def test_a_pod_that_is_done_has_no_ports(cluster: Reached) -> None:
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("done", "true")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/done", "--timeout=20s")
    with pytest.raises(websocket.WebSocketBadStatusException, match="unable to upgrade connection: pod not found"):
        Peer(cluster, "done")


def test_the_python_client_forwards_ports(web: Reached) -> None:
    api = client.CoreV1Api(config.new_client_from_config(web.kubeconfig()))
    ports = forward_by_client(api.connect_get_namespaced_pod_portforward, "web", "default", ports="80,81")
    connection = ports.socket(80)
    connection.settimeout(20)
    connection.sendall(GET)
    answer = b""
    while b"</html>" not in answer:
        answer += connection.recv(100_000)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n")
    until = time.monotonic() + 20
    while not ports.error(81) and time.monotonic() < until:
        time.sleep(0.05)
    assert ports.error(81).startswith("error forwarding port 81 to pod ")
    assert ports.error(80) is None
    ports.close()


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", 'query parameter \\"port\\" is required'),
        ("?ports=80,x", 'unable to parse \\"x\\" as a port'),
        ("?ports=0", '\\"0\\"'),
    ],
)
def test_channels_need_ports(web: Reached, query: str, why: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Peer(web, protocol="v4.channel.k8s.io", query=query)
    assert why in str(refused.value.resp_body.decode() if refused.value.resp_body else refused.value)


# ── peers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Peer:
    """A client that speaks SPDY as it likes."""

    def __init__(self, cluster: Reached, name: str = "web", protocol: str = portforward.TUNNEL, query: str = "") -> None:
        url = f"{cluster.root.replace('http:', 'ws:')}/api/v1/namespaces/default/pods/{name}/portforward{query}"
        self.socket = websocket.create_connection(url, subprotocols=[protocol], timeout=20, suppress_origin=True)
        self.reader, self.writer = spdy.Reader(), spdy.Writer()
        self.frames: list[spdy.Frame] = []
        self.closed: tuple[int, str] | None = None

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown()

    def send(self, *frames: spdy.Frame) -> None:
        self.socket.send_binary(b"".join(self.writer.write(frame) for frame in frames))

    def open(self, first: int = 1, port: str = "80", request: str = "0") -> None:
        """Open the two streams of a connection."""
        headers = {"port": port, "requestid": request}
        self.send(
            spdy.SynStream(first, {**headers, "streamtype": "error"}),
            spdy.Data(first, b"", True),
            spdy.SynStream(first + 2, {**headers, "streamtype": "data"}),
        )

    def next(self) -> spdy.Frame | None:
        """Return the next frame, or None once the server has closed."""
        while not self.frames:
            code, data = self.socket.recv_data()
            if code == websocket.ABNF.OPCODE_CLOSE:
                self.closed = struct.unpack(">H", data[:2])[0], data[2:].decode()
                return None
            self.frames += self.reader.feed(data)
        return self.frames.pop(0)

    def until(self, type: type[spdy.Frame]) -> Any:
        while not isinstance(frame := self.next(), type):
            assert frame is not None, self.closed
        return frame

    def answer(self) -> bytes:
        """Ask on stream 3 and return what comes of it."""
        self.send(spdy.Data(3, GET))
        data = b""
        while b"</html>" not in data:
            data += self.until(spdy.Data).data
        return data


def test_a_peer_that_speaks_spdy_is_served(web: Reached) -> None:
    with Peer(web) as peer:
        peer.send(spdy.Ping(1))
        assert peer.next() == spdy.Ping(1)
        peer.open()
        assert [peer.next(), peer.next()] == [spdy.SynReply(1, {}), spdy.SynReply(3, {})]
        assert peer.answer().startswith(b"HTTP/1.1 200 OK\r\n")
        peer.send(spdy.Data(3, b"", True))
        ends = {(peer.until(spdy.Data).stream, True) for _ in range(2)}
        assert ends == {(1, True), (3, True)}
        peer.send(spdy.GoAway(3))
        assert peer.next() is None
        assert peer.closed == (1000, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "data"},
        {"port": "80"},
        {"port": "0", "streamtype": "data"},
        {"port": "65536", "streamtype": "data"},
        {"port": "x" * 1000, "streamtype": "data"},
        {"port": "80", "streamtype": "other"},
    ],
)
def test_a_stream_that_says_nothing_useful_is_reset_alone(web: Reached, headers: dict[str, str]) -> None:
    with Peer(web) as peer:
        peer.send(spdy.SynStream(1, headers))
        assert peer.next() == spdy.RstStream(1, spdy.CANCEL)
        peer.open(3)
        assert [peer.next(), peer.next()] == [spdy.SynReply(3, {}), spdy.SynReply(5, {})]


def test_what_is_sent_before_the_pair_is_whole_waits_within_measure(web: Reached) -> None:
    headers = {"port": "80", "requestid": "7"}
    with Peer(web) as peer:
        peer.send(spdy.SynStream(1, {**headers, "streamtype": "data"}), spdy.Data(1, GET))
        peer.send(spdy.SynStream(3, {**headers, "streamtype": "error"}))
        assert peer.until(spdy.Data).data.startswith(b"HTTP/1.1 200 OK\r\n")
    with Peer(web) as peer:
        peer.send(spdy.SynStream(1, {**headers, "streamtype": "data"}))
        for _ in range(forwarding.MOST_WAITING // 60_000 + 1):
            peer.send(spdy.Data(1, b"x" * 60_000))
        assert peer.until(spdy.GoAway).status == spdy.GO_AWAY_PROTOCOL_ERROR


def test_a_stream_that_is_there_already_is_reset(web: Reached) -> None:
    with Peer(web) as peer:
        headers = {"port": "80", "requestid": "7", "streamtype": "error"}
        peer.send(spdy.SynStream(1, headers), spdy.SynStream(3, headers))
        assert [peer.next(), peer.next()] == [spdy.SynReply(1, {}), spdy.RstStream(3, spdy.CANCEL)]


def test_there_are_not_endlessly_many_streams(web: Reached) -> None:
    with Peer(web) as peer:
        most = 2 * forwarding.MOST_CONNECTIONS
        for number in range(most + 1):
            peer.send(spdy.SynStream(2 * number + 1, {"port": "80", "requestid": str(number), "streamtype": "error"}))
        replies = [peer.next() for _ in range(most + 1)]
        assert replies[:-1] == [spdy.SynReply(2 * number + 1, {}) for number in range(most)]
        assert replies[-1] == spdy.RstStream(2 * most + 1, spdy.REFUSED_STREAM)
        peer.send(spdy.RstStream(1, spdy.CANCEL), spdy.SynStream(2 * most + 3, {"port": "80", "streamtype": "error"}))
        assert peer.next() == spdy.SynReply(2 * most + 3, {})


def _bomb() -> bytes:
    block = struct.pack(">II", 1, 4) + b"port" + struct.pack(">I", 8_000_000) + b"\0" * 8_000_000
    return spdy.Writer().write(spdy.SynStream(1, {"x": block.decode("latin-1")}))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of "),
        (b"\xff" * 100, "a frame of "),
        (struct.pack(">II", 1, spdy.MOST_DATA + 1), "a frame of "),
        (_bomb(), "headers of more than "),
        (spdy.Writer().write(spdy.SynStream(2, {"port": "80", "streamtype": "data"})), "stream 2 cannot be opened"),
        (struct.pack(">II", 1 << 31 | 3 << 16 | 77, 0), "a control frame of the unknown type 77"),
    ],
)
def test_garbage_ends_its_own_connection_and_nothing_else(web: Reached, data: bytes, why: str) -> None:
    with Peer(web) as other:
        other.open()
        with Peer(web) as peer:
            peer.socket.send_binary(data)
            assert peer.until(spdy.GoAway).status == spdy.GO_AWAY_PROTOCOL_ERROR
            assert peer.next() is None
            assert peer.closed is not None
            assert (peer.closed[0], peer.closed[1][: len(why)]) == (tunnel.PROTOCOL_ERROR, why)
            assert b"Welcome to nginx!" in other.answer()


def test_a_message_that_is_too_large_ends_its_connection(web: Reached) -> None:
    with Peer(web) as peer:
        peer.socket.send_binary(b"\0" * (forwarding.MOST_MESSAGE + 1))
        assert peer.next() is None
        assert peer.closed == (1009, f"a message of {forwarding.MOST_MESSAGE + 1} bytes; {forwarding.MOST_MESSAGE} are taken")


def test_a_peer_that_drops_dead_leaves_no_connection_open(web: Reached) -> None:
    with Peer(web) as peer:
        peer.open()
        assert b"Welcome" in peer.answer()
        peer.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.socket.sock.close()
        _wait_until_open(web, 0)


def test_a_stream_that_is_reset_ends_its_connection_alone(web: Reached) -> None:
    _wait_until_open(web, 0)
    with Peer(web) as peer:
        peer.open()
        peer.open(5, request="1")
        assert b"Welcome" in peer.answer()
        _wait_until_open(web, 2)
        peer.send(spdy.RstStream(7, spdy.CANCEL))
        _wait_until_open(web, 1)
        assert b"Welcome" in peer.answer()


def _wait_until_open(cluster: Reached, number: int) -> None:
    """Wait until so many connections are open as the log tells of them."""
    until = time.monotonic() + 20
    while (now := _open(cluster)) != number:
        assert time.monotonic() < until, f"{now} connections are open"


_TELL = """
import django, sys
django.setup()
from podhub.log import clusters, read
lines = read.tail(clusters.named(sys.argv[1]), 0, 100_000)
phases = [line.content["phase"] for line in lines if line.type == "portforward"]
print(phases.count("started") - phases.count("ended"))
"""


def _open(cluster: Reached) -> int:
    environment = cluster.server.environment | {"DJANGO_SETTINGS_MODULE": "podhub.settings"}
    command = [sys.executable, "-c", _TELL, cluster.name]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)
