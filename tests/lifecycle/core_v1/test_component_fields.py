"""What the components of Kubernetes manage of objects."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.apiserver import events
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.clock import SECOND
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Object, Request

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], Object]:
    """The last version of every object of a cluster in which a Pod stands behind a Service."""
    engine = Engine.new(Config(DEFAULT_START))
    bodies = {
        "pods": {**POD, "spec": {"containers": [{"name": "c", "image": "nginx"}]}},
        "services": {**SERVICE, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
    }
    for plural, body in bodies.items():
        answer = engine.request(DEFAULT_START, Request("create", plural, namespace="default", body=body))
        assert answer.code == 201, answer.body
    found = engine.advance(DEFAULT_START + 20 * SECOND)
    return {_key(one.object): one.object for one in found if isinstance(one, Change)}


def _key(obj: Object) -> tuple[str, str]:
    name = obj["reason"] if obj["kind"] == "Event" else obj["metadata"].get("generateName") or obj["metadata"]["name"]
    return obj["kind"], name


def managers(obj: Object) -> dict[tuple[str, str], Any]:
    """Return what each manager has of an object as it is read, by name and subresource."""
    kind = next(kind for kind in BY_PLURAL.values() if kind.kind == obj["kind"])
    entries = events.managed(obj) if obj["kind"] == "Event" else expanded(kind, obj)["metadata"].get("managedFields", [])
    assert all(entry["operation"] == "Update" for entry in entries)
    return {(entry["manager"], entry.get("subresource", "")): entry["fieldsV1"] for entry in entries}


def test_a_node_is_its_kubelet_s_and_partly_the_controller_manager_s(objects: dict[tuple[str, str], Object]) -> None:
    found = managers(objects["Node", "node1"])
    assert list(found) == [("kube-controller-manager", ""), ("kubelet", ""), ("kubelet", "status")]
    assert found["kube-controller-manager", ""] == {
        "f:metadata": {"f:annotations": {"f:node.alpha.kubernetes.io/ttl": {}}},
        "f:spec": {"f:podCIDR": {}, "f:podCIDRs": {".": {}, 'v:"10.244.0.0/24"': {}}},
    }
    assert "f:spec" not in found["kubelet", ""]
    assert found["kubelet", "status"]["f:status"]["f:conditions"]['k:{"type":"DiskPressure"}'] == {"f:lastHeartbeatTime": {}}


@pytest.mark.parametrize(
    ("key", "manager"),
    [
        (("Namespace", "kube-system"), "kube-apiserver"),
        (("Service", "kubernetes"), "kube-apiserver"),
        (("Endpoints", "kubernetes"), "kube-apiserver"),
        (("PriorityClass", "system-node-critical"), "kube-apiserver"),
        (("Endpoints", "web"), "kube-controller-manager"),
        (("EndpointSlice", "web-"), "kube-controller-manager"),
        (("ConfigMap", "kube-root-ca.crt"), "kube-controller-manager"),
        (("Lease", "node1"), "kubelet"),
        (("Event", "Scheduled"), "kube-scheduler"),
        (("Event", "Started"), "kubelet"),
    ],
    ids=str,
)
def test_who_makes_an_object_manages_its_fields(
    objects: dict[tuple[str, str], Object], key: tuple[str, str], manager: str
) -> None:
    ((name, subresource),) = managers(objects[key])
    assert (name, subresource) == (manager, "")


def test_an_event_has_the_fields_of_the_group_in_which_it_was_recorded(objects: dict[tuple[str, str], Object]) -> None:
    (scheduled,) = events.managed(objects["Event", "Scheduled"])
    assert scheduled["apiVersion"] == "events.k8s.io/v1"
    names = ("action", "eventTime", "note", "reason", "regarding", "reportingController", "reportingInstance", "type")
    assert scheduled["fieldsV1"] == {f"f:{name}": {} for name in names}
    (started,) = events.managed(objects["Event", "Started"])
    assert started["apiVersion"] == "v1"
    assert started["fieldsV1"]["f:source"] == {"f:component": {}, "f:host": {}}


def test_what_has_no_fields_of_its_own_has_no_managers(objects: dict[tuple[str, str], Object]) -> None:
    account = objects["ServiceAccount", "default"]
    assert "managedFields" not in expanded(BY_PLURAL["v1", "serviceaccounts"], account)["metadata"]


def test_who_labels_a_node_has_the_label_and_its_kubelet_the_others() -> None:
    engine = Engine.new(Config(DEFAULT_START))
    patch = {"metadata": {"labels": {"disk": "ssd"}}}
    query = {"fieldManager": ["kubectl-label"]}
    kind = "application/merge-patch+json"
    answer = engine.request(DEFAULT_START, Request("patch", "nodes", name="node1", body=patch, content_type=kind, query=query))
    found = managers(answer.body)
    assert found["kubectl-label", ""] == {"f:metadata": {"f:labels": {"f:disk": {}}}}
    labels = found["kubelet", ""]["f:metadata"]["f:labels"]
    assert "f:kubernetes.io/os" in labels
    assert "f:disk" not in labels


def test_the_images_that_a_node_tells_of_are_its_kubelets(objects: dict[tuple[str, str], Object]) -> None:
    node = objects["Node", "node1"]
    said = {**node["status"], "images": [{"names": ["docker.io/library/nginx:latest"], "sizeBytes": 1}]}
    found = managers({**node, "status": said})
    assert found["kubelet", "status"]["f:status"]["f:images"] == {}
    bare = {name: value for name, value in node["status"].items() if name != "images"}
    assert "f:images" not in managers({**node, "status": bare})["kubelet", "status"]["f:status"]
