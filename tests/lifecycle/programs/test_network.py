"""Names, Services, connections, and what clients and probes say when nobody answers."""

from __future__ import annotations

import pytest

from lifecycle.clock import SECOND
from lifecycle.programs import CutFault, Endpoint, GRPCCheck, HTTPGet, PortFault, Service, TCPConnect
from tests.lifecycle.programs.world import World, reply

WEB = Service("default", "web", "10.96.0.50", (("http", 80),), (Endpoint("10.244.0.5", (80,)),))


def connect(world: World, host: str, port: int) -> str:
    subject = f"connect-{world.kernel.now}-{port}"
    world.programs.connect(TCPConnect("node1", host, port), reply(subject))
    return str(world.wait_for(subject).error)


def test_a_name_is_found_once_its_service_exists() -> None:
    world = World()
    world.script("until nslookup myservice.default.svc.cluster.local; do echo waiting; sleep 2; done")
    world.run(5)
    assert world.output().count("waiting") == 3
    assert world.output().startswith(
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
        "** server can't find myservice.default.svc.cluster.local: NXDOMAIN\n\n"
        "** server can't find myservice.default.svc.cluster.local: NXDOMAIN\n\nwaiting\n"
    )
    world.programs.network.set_service(Service("default", "myservice", "10.96.0.7", (("", 80),)))
    world.run(10)
    assert world.output().endswith(
        "Name:\tmyservice.default.svc.cluster.local\nAddress: 10.96.0.7\n\nNon-authoritative answer:\n\n"
    )
    assert world.exit_of()[1].code == 0


@pytest.mark.parametrize("name", ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local"])
def test_search_domains_complete_a_name(name: str) -> None:
    world = World()
    world.programs.network.set_service(WEB)
    assert world.programs.network.resolve(name, world.programs.network.cluster_conf("default")) == ["10.96.0.50"]


def test_another_namespaces_service_needs_its_namespace() -> None:
    world = World()
    world.programs.network.set_service(WEB)
    assert world.programs.network.resolve("web", world.programs.network.cluster_conf("shop")) is None
    assert world.programs.network.resolve("web.default", world.programs.network.cluster_conf("shop")) == ["10.96.0.50"]


def test_names_that_are_aliases_of_each_other_have_no_address() -> None:
    world = World()
    for name, other in (("a", "b"), ("b", "a")):
        world.programs.network.set_service(Service("default", name, external_name=f"{other}.default.svc.cluster.local"))
    app = world.script("sleep infinity")
    assert world.programs.network.lookup("a.default.svc.cluster.local") == []
    assert "no address" in world.exec(app, "sh", "-c", "wget -qO- http://a/ || echo no address").stdout


def test_headless_services_and_external_names() -> None:
    network = World().programs.network
    network.set_service(
        Service("default", "db", "None", (), (Endpoint("10.244.0.8", (), "db-0"), Endpoint("10.244.0.9", (), "db-1")))
    )
    network.set_service(Service("default", "out", external_name="example.com"))
    assert network.resolve("db", network.cluster_conf("default")) == ["10.244.0.8", "10.244.0.9"]
    assert network.resolve("db-1.db", network.cluster_conf("default")) == ["10.244.0.9"]
    assert network.resolve("out", network.cluster_conf("default")) == network.resolve(
        "example.com", network.cluster_conf("default")
    )


def test_traffic_goes_through_a_service_to_an_endpoint() -> None:
    world = World()
    world.nginx(pod="web")
    world.programs.network.set_service(WEB)
    client = world.container("busybox", "sleep", "100", pod="client")
    result = world.exec(client, "wget", "-q", "-O-", "http://web/")
    assert "<title>Welcome to nginx!</title>" in result.stdout
    assert not result.steady


@pytest.mark.parametrize(
    ("command", "code", "stderr"),
    [
        (("wget", "-q", "http://10.244.0.6:81/"), 1, "wget: can't connect to remote host (10.244.0.6): Connection refused\n"),
        (("wget", "-q", "http://nosuch/"), 1, "wget: bad address 'nosuch'\n"),
        (("wget", "-q", "-T", "2", "http://10.1.2.3/"), 1, "wget: download timed out\n"),
        (("wget", "-q", "http://10.244.0.6/nofile"), 1, "wget: server returned error: HTTP/1.1 404 Not Found\n"),
        (("nc", "10.244.0.6", "81"), 1, "nc: can't connect to remote host (10.244.0.6): Connection refused\n"),
        (("nc", "-z", "10.244.0.6", "80"), 0, ""),
        (("nc", "-z", "-w", "1", "10.1.2.3", "80"), 1, ""),
    ],
)
def test_busyboxs_clients_speak_as_they_do(command: tuple[str, ...], code: int, stderr: str) -> None:
    world = World()
    client = world.container("busybox", "sleep", "1000", pod="client")
    world.nginx(pod="server")
    result = world.exec(client, *command)
    assert (result.code, result.stderr) == (code, stderr)


@pytest.mark.parametrize(
    ("command", "code", "stderr"),
    [
        (("-s", "http://localhost/"), 0, ""),
        (("-sf", "http://localhost/nofile"), 22, ""),
        (("-sSf", "http://localhost/nofile"), 22, "curl: (22) The requested URL returned error: 404\n"),
        (
            ("-sS", "http://localhost:81/"),
            7,
            "curl: (7) Failed to connect to localhost port 81 after 1 ms: Couldn't connect to server\n",
        ),
        (("-sS", "http://no.such.invalid/"), 6, "curl: (6) Could not resolve host: no.such.invalid\n"),
    ],
)
def test_curl_speaks_as_it_does(command: tuple[str, ...], code: int, stderr: str) -> None:
    world = World()
    app = world.nginx()
    result = world.exec(app, "curl", *command)
    assert (result.code, result.stderr) == (code, stderr)


def test_curl_writes_the_status() -> None:
    world = World()
    app = world.nginx()
    assert world.exec(app, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://localhost/").stdout == "200"


def test_probes_hear_gos_errors() -> None:
    world = World()
    world.nginx()
    assert world.get(port=81).error == 'Get "http://10.244.0.5:81/": dial tcp 10.244.0.5:81: connect: connection refused'
    assert world.get(host="10.9.9.9").error.startswith('Get "http://10.9.9.9:80/": dial tcp 10.9.9.9:80: i/o timeout')
    assert connect(world, "10.244.0.5", 80) == ""
    assert connect(world, "10.244.0.5", 81) == "dial tcp 10.244.0.5:81: connect: connection refused"
    assert connect(world, "10.9.9.9", 80) == "dial tcp 10.9.9.9:80: i/o timeout"


def test_grpc_health() -> None:
    world = World()
    app = world.container(
        "registry.k8s.io/e2e-test-images/agnhost:2.40", args=("grpc-health-checking", "--delay-unhealthy-sec=20")
    )
    check = GRPCCheck("node1", "10.244.0.5", 5000)
    world.programs.grpc(check, reply("early"))
    assert world.wait_for("early").error == (
        'timeout: failed to connect service "10.244.0.5:5000" within 1s: context deadline exceeded'
    )
    assert world.kernel.now == SECOND
    world.programs.grpc(check, reply("good"))
    assert world.wait_for("good").status == "SERVING"
    version = world.programs.version("pod")
    world.run(21)
    assert world.programs.version("pod") > version
    world.programs.grpc(check, reply("late"))
    assert world.wait_for("late").status == "NOT_SERVING"
    assert world.exec(app, "curl", "-s", "http://localhost:8080/make-serving").code == 0
    world.programs.grpc(check, reply("forced"))
    assert world.wait_for("forced").status == "SERVING"


def test_a_grpc_server_answers_not_found_to_who_asks_for_another_service_than_its_own() -> None:
    world = World()
    world.container("registry.k8s.io/e2e-test-images/agnhost:2.40", args=("grpc-health-checking", "--service=main"))
    world.run(1)
    world.programs.grpc(GRPCCheck("node1", "10.244.0.5", 5000, service="main"), reply("own"))
    assert world.wait_for("own").status == "SERVING"
    world.programs.grpc(GRPCCheck("node1", "10.244.0.5", 5000, service="other"), reply("other"))
    assert world.wait_for("other").error == (
        "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service"
    )


def test_what_speaks_grpc_is_no_http() -> None:
    world = World()
    world.container("registry.k8s.io/e2e-test-images/agnhost:2.40", args=("grpc-health-checking",))
    world.run(1)
    frame = r'"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00"'
    assert world.get(port=5000).error == (
        f'Get "http://10.244.0.5:5000/": net/http: HTTP/1.x transport connection broken: malformed HTTP response {frame}'
    )
    world.programs.http(HTTPGet("node1", "10.244.0.5", 5000, "/", "HTTPS"), reply("secret"))
    assert world.wait_for("secret").error == (
        'Get "https://10.244.0.5:5000/": tls: first record does not look like a TLS handshake'
    )


def test_what_does_not_speak_grpc_is_never_connected_to() -> None:
    world = World()
    world.nginx()
    world.run(1)
    world.programs.grpc(GRPCCheck("node1", "10.244.0.5", 80), reply("asked"))
    assert world.wait_for("asked").error == (
        'timeout: failed to connect service "10.244.0.5:80" within 1s: context deadline exceeded'
    )
    assert world.kernel.now == 2 * SECOND


def test_a_server_of_which_nothing_is_known_is_assumed_to_serve_grpc() -> None:
    world = World()
    world.container("acme/api:1", ports=(9000,))
    world.run(1)
    world.programs.grpc(GRPCCheck("node1", "10.244.0.5", 9000), reply("asked"))
    assert world.wait_for("asked").status == "SERVING"


def test_a_cut_network_loses_packets_until_the_fault_is_gone() -> None:
    world = World()
    client = world.container("busybox", "sleep", "1000")
    world.programs.set_fault("f", CutFault("default", "pod", "example.com"))
    assert world.exec(client, "wget", "-q", "-T", "3", "-O-", "http://example.com/").stderr == "wget: download timed out\n"
    world.programs.remove_fault("f")
    assert world.exec(client, "wget", "-q", "-O-", "http://example.com/").code == 0


def test_faults_of_a_port() -> None:
    world = World()
    world.nginx()
    version = world.programs.version("pod")
    world.programs.set_fault("f", PortFault("default", "pod", "status", 80, status=503, path="/bad"))
    assert world.programs.version("pod") > version
    assert (world.get("/").status, world.get("/bad").status) == (200, 503)
    world.programs.set_fault("f", PortFault("default", "pod", "delay", 80, delay=2 * SECOND))
    assert "Client.Timeout exceeded while awaiting headers" in world.get("/").error
    world.programs.set_fault("f", PortFault("default", "pod", "refuse", 80))
    assert "connection refused" in world.get("/").error
    world.programs.set_fault("f", PortFault("default", "pod", "drop", 80))
    assert "i/o timeout" in world.get("/").error
    world.programs.remove_fault("f")
    assert world.get("/").status == 200


def test_a_listener_bound_to_localhost_is_not_reached_from_outside() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    assert world.exec(app, "nc", "-z", "localhost", "9").code == 1
    assert "connection refused" in connect(world, "10.244.0.5", 9)


def test_host_network_pods_share_the_nodes_ports() -> None:
    world = World()
    for name in ("one", "two"):
        world.pod(name, ip="172.30.0.10", host_network=True)
        world.nginx(pod=name)
    world.run(1)
    assert "bind() to 0.0.0.0:80 failed (98: Address already in use)" in world.output()
    assert world.get(host="172.30.0.10").status == 200


def test_a_server_without_a_certificate_is_asked_for_tls_in_vain() -> None:
    world = World()
    world.container("nginx", pod="web", name="web")
    client = world.container("curlimages/curl", "sleep", "1000", pod="client", name="client")
    world.run(1)
    result = world.exec(client, "curl", "-sSk", "https://10.244.0.5:80/")
    assert (result.stdout, result.code) == ("", 35)
    assert result.stderr == "curl: (35) OpenSSL/3.0.15: error:0A00010B:SSL routines::wrong version number\n"


def test_curl_sends_every_header_that_it_is_given() -> None:
    world = World()
    world.container("nginx", pod="web", name="web")
    client = world.container("curlimages/curl", "sleep", "1000", pod="client", name="client")
    world.run(1)
    known, other = ("-H", 'If-None-Match: "0-267"'), ("-H", "A: b")
    for headers in ((*known, *other), (*other, *known)):
        asked = world.exec(client, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *headers, "http://10.244.0.5/")
        assert asked.stdout == "304"


def test_a_path_without_a_slash_gets_one_as_go_writes_urls() -> None:
    world = World()
    world.nginx()
    assert world.get("healthz", port=81).error.startswith('Get "http://10.244.0.5:81/healthz": dial tcp')
    assert world.get("index.html").status == 200
