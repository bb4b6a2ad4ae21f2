"""Connections from outside to a Pod's ports: what servers of the catalogue answer to the bytes that a client sends."""

from __future__ import annotations

import base64
from typing import Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.clock import SECOND
from lifecycle.programs import PortFault, forwarding, http1
from tests.lifecycle.programs.world import World, reply

GET = b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.14\r\n\r\n"
LAST = b"GET /nothing HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"


class Client:
    """One connection into the Pod `pod` of a world."""

    def __init__(self, world: World, port: int = 80, session: int = 1) -> None:
        self.world, self.session = world, session
        self.refused = world.programs.forwarding.connect("pod", port, session, reply(f"end-{session}"))

    def send(self, data: bytes, end: bool = False) -> bool:
        return self.world.programs.forwarding.receive(self.session, data, end)

    @property
    def received(self) -> bytes:
        traces = [body for body in self.world.traces("session") if body["session"] == self.session]
        return b"".join(base64.b64decode(one["base64"]) if "base64" in one else one["text"].encode() for one in traces)

    @property
    def end(self) -> tuple[float, str] | None:
        """When the connection ended, and why where it did not come about."""
        return next(((at, why) for at, told, why in self.world.listener.told if told == f"end-{self.session}"), None)


def answers(data: bytes, methods: list[str]) -> list[tuple[int, dict[str, str], bytes]]:
    """Read answers as a client does: the status, the headers and the body of each."""
    found = []
    for method in methods:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        head, body = client.next_event(), b""
        while isinstance(head, h11.InformationalResponse):
            head = client.next_event()
        assert isinstance(head, h11.Response), head
        while isinstance(event := client.next_event(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage)
        found.append((head.status_code, {n.decode(): v.decode() for n, v in head.headers}, body))
        data = client.trailing_data[0]
    assert data == b""
    return found


def nginx(**more: object) -> World:
    world = World()
    world.container("nginx", **more)
    world.run(1)
    return world


def test_a_client_gets_the_server_s_status_headers_and_body() -> None:
    client = Client(nginx())
    client.send(GET)
    [(status, headers, body)] = answers(client.received, ["GET"])
    assert (status, headers["server"], headers["content-type"]) == (200, "nginx/1.22.1", "text/html")
    assert headers["connection"] == "keep-alive"
    assert headers["date"] == "Thu, 01 Jan 1970 00:00:01 GMT"
    assert b"Welcome to nginx!" in body
    assert client.end is None


def test_a_connection_is_kept_for_the_next_request_until_one_is_the_last() -> None:
    client = Client(nginx())
    client.send(GET)
    client.send(LAST)
    assert [(status, headers["connection"]) for status, headers, _ in answers(client.received, ["GET", "GET"])] == [
        (200, "keep-alive"),
        (404, "close"),
    ]
    assert client.end == (1.0, "")
    assert not client.send(GET)


def test_requests_sent_at_once_are_answered_in_their_order() -> None:
    client = Client(nginx())
    client.send(GET + GET + LAST)
    client.world.run(2)
    assert [status for status, _, _ in answers(client.received, ["GET"] * 3)] == [200, 200, 404]
    assert client.end == (1.002, "")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_how_the_bytes_come_does_not_matter(cuts: list[int]) -> None:
    whole, cut = Client(nginx()), Client(nginx())
    whole.send(GET + LAST)
    data, turn = GET + LAST, 0
    while data:
        cut.send(data[: cuts[turn % len(cuts)]])
        data, turn = data[cuts[turn % len(cuts)] :], turn + 1
    for client in (whole, cut):
        client.world.run(2)
    assert cut.received == whole.received


def test_a_server_writes_down_who_asked_for_what() -> None:
    client = Client(nginx())
    client.send(GET)
    assert client.world.output().endswith(
        '127.0.0.1 - - [01/Jan/1970:00:00:01 +0000] "GET / HTTP/1.1" 200 615 "-" "curl/8.14" "-"\n'
    )


def test_a_probe_is_not_written_down() -> None:
    """Its attempts are not all played; see `exchange.answer`."""
    world = nginx()
    before = world.output()
    assert world.get().status == 200
    assert world.output() == before


def test_another_pod_s_request_is_written_down() -> None:
    world = nginx()
    asker = world.script("sleep 100", pod="asker")
    assert world.exec(asker, "wget", "-qO-", "http://10.244.0.5/").code == 0
    assert '10.244.0.6 - - [01/Jan/1970:00:00:01 +0000] "GET / HTTP/1.1" 200' in world.output()


def test_a_file_that_the_client_has_is_not_sent_again() -> None:
    client = Client(nginx())
    client.send(GET)
    [(_, headers, _)] = answers(client.received, ["GET"])
    client.send(GET.replace(b"\r\n\r\n", b"\r\nIf-None-Match: " + headers["etag"].encode() + b"\r\n\r\n"))
    assert [status for status, _, _ in answers(client.received, ["GET", "GET"])] == [200, 304]


def test_an_answer_to_head_has_the_length_and_no_body() -> None:
    client = Client(nginx())
    client.send(GET.replace(b"GET", b"HEAD"))
    [(status, headers, body)] = answers(client.received, ["HEAD"])
    assert (status, headers["content-length"], body) == (200, "615", b"")


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_a_body_is_read_whole_before_the_answer(framing: bytes) -> None:
    world = World()
    world.container("acme/shop", ports=(8080,))
    world.run(1)
    client = Client(world, 8080)
    head = b"POST /orders HTTP/1.1\r\nHost: a\r\n"
    client.send((head + framing)[:-3])
    assert client.received == b""
    client.send((head + framing)[-3:])
    assert [(status, body) for status, _, body in answers(client.received, ["POST"])] == [(200, b"ok\n")]


def test_who_waits_to_be_told_to_go_on_is_told_once() -> None:
    client = Client(nginx())
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    client.send(head[:-2])
    client.send(head[-2:])
    assert client.received == http1.CONTINUE
    client.send(b"he")
    assert client.received == http1.CONTINUE
    client.send(b"llo")
    assert [status for status, _, _ in answers(client.received, ["POST"])] == [405]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * http1.MOST_HEAD, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n110000\r\n" + b"a" * 0x110000, 413),
    ],
)
def test_a_bad_request_ends_its_connection_and_nothing_else(data: bytes, status: int) -> None:
    client = Client(nginx())
    client.send(data)
    assert [one[0] for one in answers(client.received, ["GET"])] == [status]
    assert client.end is not None
    other = Client(client.world, session=2)
    other.send(GET)
    assert b"Welcome" in other.received


def test_bytes_that_nobody_reads_end_their_connection() -> None:
    world = World()
    world.container("acme/shop", ports=(8080,), behavior="listens: [{port: 8080}]\nanswers: [{path: /, hang: true}]")
    world.run(1)
    client = Client(world, 8080)
    client.send(GET)
    assert client.end is None
    for _ in range(forwarding.MOST_WAITING // (1 << 20) + 1):
        client.send(b"a" * (1 << 20))
    assert client.end is not None


def test_nobody_listens() -> None:
    client = Client(nginx(), 81)
    assert client.refused == "connection refused"
    assert client.world.programs.state.forwarded == {}


def test_packets_that_are_lost_time_out_at_last() -> None:
    world = nginx()
    world.programs.set_fault("f", PortFault("default", "pod", "drop", 80))
    client = Client(world)
    assert client.refused is None
    client.send(GET)
    world.run(200)
    assert client.end == (128.0, "connection timed out")


def test_a_fault_on_an_open_connection_keeps_the_answer_back() -> None:
    client = Client(nginx())
    client.send(GET)
    before = client.received
    client.world.programs.set_fault("f", PortFault("default", "pod", "drop", 80))
    client.send(GET)
    client.world.run(30)
    assert client.received == before


def test_a_slow_port_answers_late_and_a_broken_one_with_its_status() -> None:
    world = nginx()
    world.programs.set_fault("slow", PortFault("default", "pod", "delay", 80, delay=3 * SECOND))
    client = Client(world)
    client.send(GET)
    world.run(3.9)
    assert client.received == b""
    world.run(4.1)
    [(status, headers, _)] = answers(client.received, ["GET"])
    assert (status, headers["date"]) == (200, "Thu, 01 Jan 1970 00:00:04 GMT")
    world.programs.remove_fault("slow")
    world.programs.set_fault("broken", PortFault("default", "pod", "status", 80, status=503))
    client.send(GET)
    assert [one[0] for one in answers(client.received, ["GET", "GET"])] == [200, 503]


def test_the_end_of_a_program_is_the_end_of_its_connections() -> None:
    client = Client(nginx())
    client.world.programs.kill("pod/app")
    assert client.end == (1.0, "")
    assert not client.send(GET)


def test_a_container_that_is_removed_takes_its_connections_with_it() -> None:
    client = Client(nginx())
    client.world.programs.remove("pod/app")
    assert client.end == (1.0, "")


def test_a_client_that_sends_no_more_is_waited_for_a_second() -> None:
    world = World()
    behavior = "listens: [{port: 8080}]\nanswers: [{path: /, delay: 500ms, body: hé}, {path: /slow, delay: 5s}]"
    world.container("acme/shop", ports=(8080,), behavior=behavior)
    world.run(1)
    client, late = Client(world, 8080), Client(world, 8080, 2)
    client.send(b"GET / HTTP/1.0\r\n\r\n", end=True)
    late.send(b"GET /slow HTTP/1.0\r\n\r\n", end=True)
    world.run(10)
    assert answers(client.received, ["GET"])[0][2] == "hé".encode()
    assert client.end == (1.5, "")
    assert (late.received, late.end) == (b"", (2.0, ""))


def test_an_idle_connection_ends_after_four_hours() -> None:
    client = Client(nginx())
    client.world.run(3 * 3600)
    client.send(GET)
    client.world.run(7 * 3600 - 1)
    assert client.end is None
    client.world.run(7 * 3600 + 1)
    assert client.end == (7 * 3600.0, "")


def test_there_are_not_endlessly_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "MOST_OPEN", 2)
    world = nginx()
    Client(world)
    assert not world.programs.forwarding.full
    Client(world, session=2)
    assert world.programs.forwarding.full
    world.programs.forwarding.hang_up(1)
    assert not world.programs.forwarding.full


def test_a_saved_world_goes_on_with_its_connections() -> None:
    world = nginx()
    world.programs.set_fault("slow", PortFault("default", "pod", "delay", 80, delay=SECOND))
    client = Client(world)
    client.send(GET + GET[:20])
    other = world.saved_and_restored()
    for one in (world, other):
        client.world = one
        client.send(GET[20:])
        one.run(9)
    assert [one[0] for one in answers(client.received, ["GET", "GET"])] == [200, 200]
    assert other.kernel.outputs == world.kernel.outputs


def test_nc_sends_its_input_and_writes_out_what_comes() -> None:
    world = World()
    world.script("echo welcome | nc -l -p 9000; echo gone")
    world.run(1)
    client = Client(world, 9000)
    assert client.received == b"welcome\n"
    client.send(b"first ")
    client.send(b"second\n", end=True)
    world.run(2)
    assert world.output() == "first second\ngone\n"
    assert client.end == (1.0, "")


def test_nc_whose_input_has_ended_is_left_by_a_client_that_says_nothing() -> None:
    world = World()
    world.script("echo welcome | nc -l -p 9000; echo gone")
    world.run(1)
    client = Client(world, 9000)
    world.run(20)
    assert (client.received, client.end) == (b"welcome\n", (11.0, ""))
    assert world.output() == "gone\n"


def test_nc_whose_input_has_ended_is_left_after_a_second() -> None:
    world = World()
    world.script("while true; do printf 'HTTP/1.1 200 OK\\r\\n\\r\\nhello' | nc -l -p 9000; done")
    world.run(1)
    for session in (1, 2):
        client = Client(world, 9000, session)
        client.send(GET)
        world.run(session * 3)
        assert client.received == b"HTTP/1.1 200 OK\r\n\r\nhello"
        assert client.end is not None
    assert world.output().count("GET / HTTP/1.1") == 2


def test_what_speaks_no_http_ends_the_connection_and_says_what_was_assumed() -> None:
    world = World()
    world.container("postgres", env=(("POSTGRES_PASSWORD", "x"),))
    world.run(3)
    client = Client(world, 5432)
    assert client.end is None
    client.send(b"PING\r\n")
    assert (client.received, client.end) == (b"", (3.0, ""))
    [assumed] = [one["text"] for one in world.traces("assumption")]
    assert assumed == "What postgres answers on port 5432 is not modelled: it is assumed to end the connection."


def test_python_s_server_answers_in_its_old_version_and_closes() -> None:
    world = World()
    world.container("python", "python", "-m", "http.server", "8000")
    world.run(1)
    client = Client(world, 8000)
    client.send(GET)
    assert client.received.startswith(b"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\n")
    assert client.end == (1.0, "")
    assert world.output() == '127.0.0.1 - - [01/Jan/1970 00:00:01] "GET / HTTP/1.1" 200 -\n'


def test_a_large_file_of_nothing_is_sent_in_part() -> None:
    world = nginx()
    assert world.exec("pod/app", "dd", "if=/dev/zero", "of=/usr/share/nginx/html/big.bin", "bs=1M", "count=20000").code == 0
    client = Client(world)
    client.send(GET.replace(b"/ ", b"/big.bin "))
    [(status, headers, body)] = answers(client.received, ["GET"])
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    assert len(body) == int(headers["content-length"]) == 16 << 20


PIECES = [
    GET,
    LAST,
    GET[:30],
    GET[30:],
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"GET /exit?code=3 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /redirect?location=/%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n",
    b"PING\r\n",
    b"\0\xff",
]
SERVERS = [
    ("nginx", ()),
    ("redis", ("redis-server", "--port", "80")),
    ("busybox", ("nc", "-lk", "-p", "80")),
    ("busybox", ("sh", "-c", "while true; do date | nc -l -p 80; done")),
    ("python", ("python", "-m", "http.server", "80")),
    ("registry.k8s.io/e2e-test-images/agnhost:2.40", ("/agnhost", "netexec", "--http-port=80")),
    ("acme/shop", ()),
]
STEPS = st.one_of(
    st.tuples(st.just("connect"), st.integers(1, 3)),
    st.tuples(st.just("send"), st.integers(1, 3), st.sampled_from(PIECES) | st.binary(max_size=20), st.booleans()),
    st.tuples(st.just("hang up"), st.integers(1, 3)),
    st.tuples(st.just("signal"), st.sampled_from(["SIGTERM", "SIGKILL", "SIGHUP"])),
    st.tuples(st.just("fault"), st.sampled_from(["drop", "delay", "status", "refuse", ""])),
    st.tuples(st.just("run"), st.sampled_from([0.0, 0.5, 2.0, 200.0])),
)


class Play:
    """Steps that are taken in a world with one server."""

    def __init__(self, image: str, command: tuple[str, ...]) -> None:
        self.world = World()
        self.world.container(image, *command, ports=(80, 6379))
        self.sessions: dict[int, int] = {}
        self.opened = 0

    def step(self, what: str, *more: Any) -> None:
        room = self.world.programs
        session = self.sessions.get(more[0], 0) if what in ("send", "hang up") else 0
        match what:
            case "connect":
                self.opened += 1
                if room.forwarding.connect("pod", 80, self.opened, reply(f"end-{self.opened}")) is None:
                    self.sessions[more[0]] = self.opened
            case "send":
                room.forwarding.receive(session, more[1], more[2])
            case "hang up":
                room.forwarding.hang_up(session)
            case "signal":
                room.signal("pod/app", more[0])
            case "fault":
                room.remove_fault("f")
                if more[0]:
                    room.set_fault("f", PortFault("default", "pod", more[0], 80, delay=SECOND))
            case "run":
                self.world.run(self.world.kernel.now / SECOND + more[0])


@given(st.sampled_from(SERVERS), st.lists(STEPS, max_size=25))
@settings(max_examples=150, deadline=None)
def test_whatever_clients_do_each_connection_ends_once_and_a_saved_world_goes_on_alike(
    server: tuple[str, tuple[str, ...]], steps: list[tuple[Any, ...]]
) -> None:
    play, again = Play(*server), Play(*server)
    for step in steps:
        play.step(*step)
        again.step(*step)
        again.world = again.world.saved_and_restored()
    assert again.world.kernel.outputs == play.world.kernel.outputs
    for session in list(play.world.programs.state.forwarded):
        play.world.programs.forwarding.hang_up(session)
    ends = [told for _, told, _ in play.world.listener.told if told.startswith("end-")]
    assert len(ends) == len(set(ends))
    assert {f"end-{session}" for session in play.sessions.values()} <= set(ends)
    assert all("\nSet-Cookie" not in body.get("text", "") for body in play.world.traces("session"))
