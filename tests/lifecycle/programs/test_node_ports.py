"""Nodes pass on what comes to their ports to Services."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.controllers.bootstrap import default_node
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Config, Request, Trace

NODE1, NODE2 = "172.30.0.10", "172.30.0.11"


def cluster(**spec: Any) -> Engine:
    """Return a cluster of two nodes, with a web server on the first and a Service for it, and somebody who asks."""
    engine = Engine.new(Config(DEFAULT_START, nodes=(default_node("node1"), default_node("node2"))))
    ports = [{"port": 8000, "targetPort": 80, "nodePort": 30080}, {"name": "more", "port": 9000, "nodePort": 30090}]
    ports[0]["name"] = "http"
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    create(engine, "services", body | {"spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": ports, **spec}})
    create(engine, "pods", pod("web", "node1", {"image": "nginx"}))
    create(engine, "pods", pod("asks", "node2", {"image": "curl", "command": ["sleep", "1000"]}))
    engine.advance(DEFAULT_START + 10 * SECOND)
    return engine


def pod(name: str, node: str, container: dict[str, Any]) -> dict[str, Any]:
    spec = {"nodeName": node, "containers": [{"name": "c", **container}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def create(engine: Engine, resource: str, body: dict[str, Any]) -> None:
    assert engine.request(engine.now, Request("create", resource, namespace="default", body=body)).code == 201


def asked(engine: Engine, url: str) -> tuple[int | None, str]:
    """Return how curl ends, and what it says."""
    query = {"command": ["curl", "-sS", "-m", "2", url], "stdout": ["true"], "stderr": ["true"]}
    engine.request(engine.now, Request("create", "pods", namespace="default", name="asks", subresource="exec", query=query))
    outputs = engine.advance(engine.now + 5 * SECOND)
    said = "".join(one.body["text"] for one in outputs if isinstance(one, Trace) and one.kind == "session")
    ends = [
        one.body["exitCode"]
        for one in outputs
        if isinstance(one, Trace) and one.kind == "exec" and one.body["phase"] == "ended"
    ]
    return ends[0], said


@pytest.mark.parametrize("node", [NODE1, NODE2])
def test_every_node_passes_on_what_comes_to_a_node_port(node: str) -> None:
    code, said = asked(cluster(), f"http://{node}:30080/")
    assert code == 0
    assert "Welcome to nginx!" in said


def test_a_port_of_a_node_that_nobody_has_is_refused() -> None:
    assert asked(cluster(), f"http://{NODE1}:30081/")[0] == 7


def test_a_node_port_without_endpoints_is_refused() -> None:
    assert asked(cluster(selector={"app": "nobody"}), f"http://{NODE1}:30080/")[0] == 7


def test_with_the_local_policy_only_a_node_that_has_an_endpoint_passes_on() -> None:
    engine = cluster(externalTrafficPolicy="Local")
    assert asked(engine, f"http://{NODE1}:30080/")[0] == 0
    assert asked(engine, f"http://{NODE2}:30080/")[0] == 28


def test_an_address_of_no_node_is_lost() -> None:
    assert asked(cluster(), "http://172.30.0.99:30080/")[0] == 28
