"""Faults: what no real API can ask for, while they hold."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.engine import Engine
from lifecycle.faults import FIELDS, validate
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Object, Output, Request, Trace

SECOND = 1_000_000


class Cluster:
    """An engine, and all that it has put out."""

    def __init__(self) -> None:
        self.engine = Engine.new(Config(DEFAULT_START))
        self.outputs: list[Output] = []

    def ask(self, verb: str, resource: str, body: Any = None, name: str = "") -> Answer:
        version = "podhub.dev/v1" if resource == "faults" else "v1"
        return self.engine.request(self.engine.now, Request(verb, resource, version, "default", name, body=body))

    def run(self, seconds: float) -> None:
        self.outputs += self.engine.advance(self.engine.now + round(seconds * SECOND))

    def impose(self, type: str, **spec: Any) -> None:
        answer = self.ask("create", "faults", fault(type, **spec))
        assert answer.code == 201, answer.body

    def lift(self) -> None:
        assert self.ask("delete", "faults", name="f").code == 200

    def pod(self, name: str = "web") -> Object:
        last = [o.object for o in self.outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
        return [obj for obj in last if obj["metadata"]["name"] == name][-1]

    def container(self, name: str = "web") -> dict[str, Any]:
        return dict(self.pod(name)["status"]["containerStatuses"][0])

    def messages(self) -> list[str]:
        return [o.object["message"] for o in self.outputs if isinstance(o, Change) and o.object["kind"] == "Event"]


def fault(type: str, **spec: Any) -> Object:
    return {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "f"}, "spec": {"type": type, **spec}}


def web(**container: Any) -> Object:
    whole = {"name": "app", "image": "nginx:1.25", "imagePullPolicy": "IfNotPresent", **container}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [whole]}}


PROBE = {"httpGet": {"port": 80, "path": "/"}, "periodSeconds": 2, "failureThreshold": 1}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (None, "spec"),
        ({}, "spec.type"),
        ({"type": "Earthquake"}, "spec.type"),
        ({"type": "KubeletDown"}, "spec.node"),
        ({"type": "KubeletDown", "node": 5}, "spec.node"),
        ({"type": "KubeletDown", "node": "a", "port": 80}, "spec.port"),
        ({"type": "ContainerExit", "pod": "a", "container": "b", "exitCode": True}, "spec.exitCode"),
        ({"type": "ContainerExit", "pod": "a", "container": "b", "exitCode": 256}, "spec.exitCode"),
        ({"type": "PortRefused", "pod": "a", "port": -1}, "spec.port"),
        ({"type": "PortStatus", "pod": "a", "status": 9999}, "spec.status"),
        ({"type": "PortSlow", "pod": "a", "delay": "soon"}, "spec.delay"),
        ({"type": "PortSlow", "pod": "a", "delay": "-5s"}, "spec.delay"),
        ({"type": "NetworkCut", "pod": "a", "dns": "yes"}, "spec.dns"),
        ({"type": "NodePressure", "node": "a"}, "spec.available"),
        ({"type": "NodePressure", "node": "a", "available": "little"}, "spec.available"),
        ({"type": "NodePressure", "node": "a", "available": "-1Gi"}, "spec.available"),
        ({"type": "NodePressure", "node": "a", "available": "1Mi", "resource": "cpu"}, "spec.resource"),
    ],
)
def test_a_fault_that_means_nothing_is_refused_at_its_field(spec, field):
    assert [error.field for error in validate({"spec": spec})] == [field]


@pytest.mark.parametrize("type", FIELDS)
def test_a_fault_about_nothing_changes_nothing_else(cluster, type):
    values = {"port": 80, "status": 500, "exitCode": 3, "dns": True, "delay": "1s", "resource": "memory", "available": "50Mi"}
    spec = {field: values.get(field, "nothing-of-this-name") for field in FIELDS[type]}
    cluster.run(0)
    cluster.outputs.clear()
    cluster.impose(type, **spec)
    cluster.run(120)
    cluster.lift()
    cluster.run(120)
    assert {o.object["kind"] for o in cluster.outputs if isinstance(o, Change)} == {"Fault"}


@pytest.mark.parametrize(("pod", "container"), [("web", "other"), ("nobody", "app")])
def test_a_fault_that_has_ended_no_container_says_so(cluster, pod, container):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("ContainerExit", pod=pod, container=container)
    cluster.run(0)
    (said,) = [o for o in cluster.outputs if isinstance(o, Trace) and o.kind == "decision" and o.body["by"] == "faults"]
    assert (said.pod, said.container) == (pod, container)
    assert cluster.container()["restartCount"] == 0


def test_a_container_exits_with_the_code_that_was_asked_for(cluster):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("ContainerExit", pod="web", container="app", exitCode=42)
    cluster.run(5)
    assert cluster.container()["lastState"]["terminated"]["exitCode"] == 42
    assert cluster.container()["restartCount"] == 1


def test_a_container_is_killed_for_memory(cluster):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("ContainerOOMKilled", pod="web", container="app")
    cluster.run(5)
    assert cluster.container()["lastState"]["terminated"]["reason"] == "OOMKilled"


@pytest.mark.parametrize(
    ("type", "spec", "words"),
    [
        ("PortRefused", {"port": 80}, "connect: connection refused"),
        ("PortDropped", {"port": 80}, "i/o timeout"),
        ("PortSlow", {"port": 80, "delay": "3s"}, "context deadline exceeded"),
        ("PortStatus", {"port": 80, "status": 500}, "HTTP probe failed with statuscode: 500"),
    ],
)
def test_a_port_fails_while_the_fault_holds_and_no_longer(cluster, type, spec, words):
    cluster.ask("create", "pods", web(readinessProbe=PROBE))
    cluster.run(10)
    assert cluster.container()["ready"]
    cluster.impose(type, pod="web", **spec)
    cluster.run(10)
    assert not cluster.container()["ready"]
    assert any(words in message for message in cluster.messages())
    cluster.lift()
    cluster.run(10)
    assert cluster.container()["ready"]


def test_an_image_cannot_be_pulled_while_the_fault_holds(cluster):
    cluster.impose("ImageMissing", image="nginx:1.25", message="registry is on fire")
    cluster.ask("create", "pods", web())
    cluster.run(20)
    assert cluster.container()["state"]["waiting"]["reason"] in ("ErrImagePull", "ImagePullBackOff")
    assert any("registry is on fire" in message for message in cluster.messages())
    cluster.lift()
    cluster.run(60)
    assert cluster.container()["ready"]


def test_a_pull_takes_as_long_as_the_fault_says(cluster):
    cluster.impose("ImageSlow", image="nginx:1.25", delay="40s")
    cluster.ask("create", "pods", web())
    cluster.run(30)
    assert cluster.container()["state"]["waiting"]["reason"] == "ContainerCreating"
    cluster.run(15)
    assert cluster.container()["ready"]
    assert any('Successfully pulled image "nginx:1.25" in 40s' in message for message in cluster.messages())


def test_what_a_pod_cannot_reach_it_cannot_reach(cluster):
    cluster.impose("NetworkCut", pod="web", to="example.com", dns=True)
    script = "while true; do wget -qO- -T 2 http://example.com >/dev/null && echo got || echo lost; sleep 5; done"
    cluster.ask("create", "pods", web(image="busybox:1.36", command=["sh", "-c", script]))
    cluster.run(12)
    said = [o.body["text"] for o in cluster.outputs if not isinstance(o, Change) and o.kind == "output"]
    assert "lost" in "".join(said)
    assert "got" not in "".join(said)


def test_while_its_kubelet_is_down_nothing_of_a_pod_changes_but_what_controllers_say(cluster):
    cluster.ask("create", "pods", web(image="busybox:1.36", command=["sh", "-c", "sleep 20; exit 5"]))
    cluster.run(10)
    cluster.impose("KubeletDown", node="node1")
    cluster.run(30)
    assert "running" in cluster.container()["state"]
    cluster.lift()
    cluster.run(5)
    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["lastState"]["terminated"]["exitCode"] == 5


def node_taints(cluster):
    last = [o.object for o in cluster.outputs if isinstance(o, Change) and o.object["kind"] == "Node"]
    nodes = {node["metadata"]["name"]: node["spec"].get("taints") or [] for node in last}
    return {
        name: sorted((taint["key"].partition("/")[2], taint["effect"]) for taint in taints) for name, taints in nodes.items()
    }


def test_a_node_under_pressure_gets_its_taint_and_loses_it_after_the_transition_period(cluster):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("NodePressure", node="node1", available="50Mi")
    cluster.run(25)
    assert node_taints(cluster)["node1"] == [("memory-pressure", "NoSchedule")]
    assert cluster.pod()["status"]["conditions"][0]["type"] == "DisruptionTarget"
    cluster.lift()
    cluster.run(330)
    assert node_taints(cluster)["node1"] == []


def test_a_node_whose_network_plugin_is_not_ready_is_tainted_where_another_is_well(cluster):
    other = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node2"}}
    assert cluster.ask("create", "nodes", other).code == 201
    cluster.run(10)
    cluster.impose("NetworkPluginNotReady", node="node1")
    cluster.run(20)
    assert node_taints(cluster)["node1"] == [("not-ready", "NoExecute"), ("not-ready", "NoSchedule")]
    cluster.lift()
    cluster.run(20)
    assert node_taints(cluster)["node1"] == []


def test_a_node_that_was_off_has_lost_its_containers_and_starts_them_again(cluster):
    always = web(command=["sh", "-c", "echo here > /tmp/file; sleep 1000"], image="busybox")
    cluster.ask("create", "pods", always)
    never = {**always, "metadata": {"name": "never"}, "spec": {**always["spec"], "restartPolicy": "Never"}}
    cluster.ask("create", "pods", never)
    cluster.run(10)
    cluster.impose("NodeDown", node="node1")
    cluster.run(20)
    assert cluster.pod()["status"]["phase"] == "Running"
    exits = [o.body for o in cluster.outputs if isinstance(o, Trace) and o.kind == "exit"]
    assert [(body["exitCode"], body["reason"]) for body in exits] == [(255, "Unknown")] * 2
    cluster.lift()
    cluster.run(30)
    last = cluster.container()["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"], cluster.container()["restartCount"]) == (255, "Unknown", 1)
    assert "running" in cluster.container()["state"]
    assert cluster.pod("never")["status"]["phase"] == "Failed"
    assert "Pod sandbox changed, it will be killed and re-created." in cluster.messages()
    assert any(message.startswith("Node node1 has been rebooted, boot id: ") for message in cluster.messages())


def test_init_containers_run_one_after_another_again_once_a_node_is_back(cluster):
    pod = web(command=["sleep", "1000"], image="busybox")
    inits = [{"name": name, "image": "busybox", "command": ["sleep", "4"]} for name in ("first", "second")]
    cluster.ask("create", "pods", {**pod, "spec": {**pod["spec"], "initContainers": inits}})
    cluster.run(20)
    assert "running" in cluster.container()["state"]
    cluster.impose("NodeDown", node="node1")
    cluster.run(5)
    cluster.lift()
    cluster.run(24)
    first, second = cluster.pod()["status"]["initContainerStatuses"]
    assert "running" in first["state"]
    assert (first["restartCount"], first["lastState"]["terminated"]["reason"]) == (1, "Completed")
    assert (second["restartCount"], second["state"]["terminated"]["reason"]) == (0, "Completed")
    assert "running" not in cluster.container()["state"]
    cluster.run(12)
    second = cluster.pod()["status"]["initContainerStatuses"][1]
    assert (second["restartCount"], second["lastState"]["terminated"]["exitCode"]) == (1, 0)
    assert "running" in cluster.container()["state"]


def test_a_pod_that_was_deleted_while_its_node_was_off_goes_when_it_is_back(cluster):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("NodeDown", node="node1")
    cluster.run(1)
    cluster.ask("delete", "pods", name="web")
    cluster.run(100)
    assert cluster.pod()["metadata"]["deletionTimestamp"]
    cluster.lift()
    cluster.run(30)
    assert any(o.type == "DELETED" and o.object["kind"] == "Pod" for o in cluster.outputs if isinstance(o, Change))


def test_a_kubelet_stays_down_until_the_last_fault_that_keeps_it_so_is_lifted(cluster):
    cluster.ask("create", "pods", web())
    cluster.run(10)
    cluster.impose("KubeletDown", node="node1")
    second = fault("KubeletDown", node="node1")
    second["metadata"]["name"] = "second"
    assert cluster.ask("create", "faults", second).code == 201
    cluster.lift()
    cluster.run(10)
    cluster.ask("delete", "pods", name="web")
    cluster.run(20)
    assert cluster.pod()["metadata"]["deletionTimestamp"]
    assert cluster.ask("delete", "faults", name="second").code == 200
    cluster.run(20)
    assert any(o.type == "DELETED" and o.object["kind"] == "Pod" for o in cluster.outputs if isinstance(o, Change))


def test_the_kernel_kills_where_a_node_has_nothing_left(cluster):
    eater = web(image="busybox", command=["sh", "-c", "tail /dev/zero"])
    cluster.ask("create", "pods", {**eater, "spec": {**eater["spec"], "restartPolicy": "Never"}})
    cluster.run(150)
    ended = cluster.container()["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    assert any(message.startswith("System OOM encountered, victim process: tail, pid: ") for message in cluster.messages())
