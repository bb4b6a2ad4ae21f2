"""Ports that are forwarded and requests that are passed on, asked of a whole engine."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lifecycle.apiserver import connections
from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.programs import forwarding
from lifecycle.wire import DEFAULT_START, Answer, Config, Output, Request, Trace
from tests.lifecycle.rooms import pod

GET = b"GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"


class Cluster:
    """An engine with a Pod `web` behind a Service `web`, twenty seconds after both were made."""

    def __init__(self, **spec: Any) -> None:
        self.engine = Engine.new(Config(DEFAULT_START))
        self.outputs: list[Output] = []
        containers = [{"name": "app", "image": "nginx", "ports": [{"containerPort": 80}]}]
        manifest = pod("web", containers=containers, **spec)
        manifest["metadata"]["labels"] = {"app": "web"}
        self.ask("create", "pods", manifest)
        ports = [{"port": 8080, "targetPort": 80, "name": "http"}, {"port": 9090, "name": "metrics"}]
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
        self.ask("create", "services", {**service, "spec": {"selector": {"app": "web"}, "ports": ports}})
        self.run(20)

    def ask(self, verb: str, resource: str, body: Any = None, **more: Any) -> Answer:
        return self.engine.request(self.engine.now, Request(verb, resource, namespace="default", body=body, **more))

    def forward(self, port: int = 80, name: str = "web") -> Answer:
        return self.ask("create", "pods", name=name, subresource="portforward", query={"ports": [str(port)]})

    def send(self, session: str, data: bytes, **more: Any) -> Answer:
        body = {"session": int(session), "data": base64.b64encode(data).decode(), **more}
        return self.ask("update", "pods", body, name="web", subresource="portforward")

    def pass_on(self, resource: str = "pods", name: str = "web", **body: Any) -> Answer:
        return self.ask("create", resource, body, name=name, subresource="proxy")

    def run(self, seconds: float) -> None:
        self.outputs += self.engine.advance(self.engine.now + round(seconds * SECOND))

    def told(self, kind: str) -> list[Trace]:
        """Return the traces of a kind up to now."""
        self.run(0)
        return [one for one in self.outputs if isinstance(one, Trace) and one.kind == kind]

    def message(self, answer: Answer) -> str:
        assert answer.code >= 400, answer
        return str(answer.body["message"])


def opened(answer: Answer) -> str:
    """Return the number of what a request has opened."""
    assert answer.code == 200, answer.body
    return str(answer.body["details"]["name"])


def test_everything_that_comes_of_a_connection_names_a_request_as_its_cause() -> None:
    cluster = Cluster()
    answer = cluster.forward()
    session = opened(answer)
    sent = cluster.send(session, GET)
    [started] = cluster.told("portforward")
    assert (started.index, started.cause, started.body) == (
        int(session),
        answer.index,
        {"port": 80, "phase": "started", "message": ""},
    )
    [data] = cluster.told("session")
    assert (data.cause, data.body["session"], data.container) == (sent.index, int(session), "app")
    assert data.body["text"].startswith("HTTP/1.1 200 OK\r\n")
    assert cluster.told("output")[-1].body["text"].startswith("127.0.0.1 - - [")
    assert cluster.told("output")[-1].cause == sent.index
    hung_up = cluster.send(session, b"", gone=True)
    end = cluster.told("portforward")[-1]
    assert (end.cause, end.body) == (
        hung_up.index,
        {"port": 80, "phase": "ended", "message": "", "session": int(session)},
    )
    assert cluster.send(session, GET).body["message"] == "the connection has ended"


def test_a_port_where_nobody_listens_is_told_in_containerd_s_words() -> None:
    cluster = Cluster()
    session = opened(cluster.forward(81))
    end = cluster.told("portforward")[-1]
    assert end.cause == int(session)
    sandbox = end.body["message"].split()[6].rstrip(",")
    network = end.body["message"].split('"')[1]
    assert len(sandbox) == 64
    assert network.startswith("/var/run/netns/cni-")
    assert end.body["message"] == (
        f"error forwarding port 81 to pod {sandbox}, uid : failed to execute portforward in network namespace "
        f'"{network}": failed to connect to localhost:81 inside namespace "{sandbox}", IPv4: dial tcp4 127.0.0.1:81: '
        "connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused "
    )


def test_a_pod_on_its_node_s_network_has_no_namespace_of_its_own() -> None:
    cluster = Cluster(hostNetwork=True)
    cluster.forward(81)
    assert 'in network namespace "host": failed' in cluster.told("portforward")[-1].body["message"]


def test_a_pod_without_a_network_takes_no_connections() -> None:
    cluster = Cluster()
    cluster.ask("create", "pods", pod("waits", nodeSelector={"is": "nowhere"}))
    cluster.ask("create", "pods", pod("done", restartPolicy="Never", containers=[{"name": "app", "image": "hello-world"}]))
    cluster.run(10)
    assert cluster.message(cluster.forward(name="waits")) == "pod waits does not have a host assigned"
    assert cluster.message(cluster.forward(name="done")) == 'unable to upgrade connection: pod not found ("done_default")'
    assert cluster.message(cluster.forward(name="nope")) == 'pods "nope" not found'


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1", "٣", "9" * 5000])
def test_a_port_is_a_number(port: str) -> None:
    cluster = Cluster()
    answer = cluster.ask("create", "pods", name="web", subresource="portforward", query={"ports": [port]})
    assert (answer.code, cluster.message(answer)) == (400, f'unable to parse "{port}" as a port')


def test_a_kubelet_that_is_down_forwards_nothing() -> None:
    cluster = Cluster()
    fault = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "down"}}
    cluster.ask("create", "faults", {**fault, "spec": {"type": "KubeletDown", "node": "node1"}}, group_version="podhub.dev/v1")
    why = cluster.message(cluster.forward())
    assert why.startswith("error dialing backend: dial tcp ")
    assert why.endswith(":10250: connect: connection refused")


def test_too_many_connections_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "MOST_OPEN", 1)
    monkeypatch.setattr(connections, "MOST_OPEN", 1)
    cluster = Cluster()
    opened(cluster.forward())
    answer = cluster.forward()
    assert (answer.code, cluster.message(answer)) == (429, "1 ports are being forwarded already; end some first")


def test_the_deletion_of_a_pod_ends_its_connections() -> None:
    cluster = Cluster()
    opened(cluster.forward())
    cluster.ask("delete", "pods", name="web")
    cluster.run(5)
    assert [trace.body["phase"] for trace in cluster.told("portforward")] == ["started", "ended"]


def test_a_second_run_saved_and_restored_gives_the_same_bytes() -> None:
    def play(again: bool) -> list[Output]:
        cluster = Cluster()
        session = opened(cluster.forward())
        for piece in (GET[:10], GET[10:] + GET, b"garbage\r\n\r\n"):
            cluster.send(session, piece)
            if again:
                cluster.run(0)
                cluster.engine = Engine.restore(cluster.engine.save())
        cluster.pass_on("services", path="/")
        cluster.run(3)
        return cluster.outputs

    assert play(again=True) == play(again=False)


def test_a_request_is_passed_on_to_a_pod() -> None:
    cluster = Cluster()
    answer = cluster.pass_on(path="/?a=b", headers=[["User-Agent", "curl"], ["Host", "somewhere"]])
    session = opened(answer)
    started, ended = cluster.told("proxy")
    assert (started.index, started.cause) == (int(session), answer.index)
    assert started.body == {"method": "GET", "path": "/?a=b", "port": 80, "phase": "started"}
    assert ended.cause == int(session)
    assert (ended.body["session"], ended.body["status"], ended.body["message"]) == (int(session), 200, "")
    assert ["Server", "nginx/1.22.1"] in ended.body["headers"]
    assert "Welcome to nginx!" in ended.body["text"]
    assert cluster.told("output")[-1].body["text"].endswith('"GET /?a=b HTTP/1.1" 200 615 "-" "curl" "-"\n')


def test_what_is_passed_on_in_vain_says_why() -> None:
    cluster = Cluster()
    cluster.pass_on(port="81")
    cluster.pass_on(scheme="https")
    assert [trace.body["message"].partition(":81: ")[2] or trace.body["message"] for trace in cluster.told("proxy")[1::2]] == [
        "connect: connection refused",
        "http: server gave HTTP response to HTTPS client",
    ]


@pytest.mark.parametrize("port", ["http", "8080"])
def test_a_request_is_passed_on_to_a_pod_behind_a_service(port: str) -> None:
    cluster = Cluster()
    opened(cluster.pass_on("services", port=port))
    assert [trace.body.get("status") for trace in cluster.told("proxy")] == [None, 200]


def test_all_pods_behind_a_service_get_requests() -> None:
    cluster = Cluster()
    for number in range(3):
        other = pod(f"other-{number}", containers=[{"name": "app", "image": "nginx"}])
        other["metadata"]["labels"] = {"app": "web"}
        cluster.ask("create", "pods", other)
    cluster.run(20)
    for _ in range(40):
        cluster.pass_on("services", port="http")
    assert {trace.pod for trace in cluster.told("proxy")} == {"web", "other-0", "other-1", "other-2"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"port": "80"}, 'no service port 80 found for service "web"'),
        ({"port": "9091"}, 'no service port 9091 found for service "web"'),
        ({"port": "grpc"}, 'no endpoints available for service "web:grpc"'),
        ({}, 'no endpoints available for service "web"'),
        ({"port": "http", "scheme": "https"}, 'no endpoints available for service "https:web:http"'),
    ],
)
def test_a_service_that_leads_nowhere_is_unavailable(body: dict[str, str], why: str) -> None:
    cluster = Cluster(readinessGates=[{"conditionType": "never"}] if body.get("scheme") else [])
    answer = cluster.pass_on("services", **body)
    assert (answer.code, answer.body["reason"], cluster.message(answer)) == (503, "ServiceUnavailable", why)


def test_a_pod_without_an_address_is_not_passed_anything() -> None:
    cluster = Cluster()
    cluster.ask("create", "pods", pod("waits", nodeSelector={"is": "nowhere"}))
    assert cluster.message(cluster.pass_on(name="waits")) == "address not allowed"
    assert cluster.message(cluster.pass_on(port="nope")) == 'unable to parse "nope" as a port'
    assert cluster.message(cluster.pass_on(path=5)).startswith("the request's body cannot be handled as a Passed: ")
