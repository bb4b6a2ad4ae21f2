"""What is applied and does not fit the types of its kind."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1.schema import KINDS
from lifecycle.core_v1.typed import mistyped

POD = KINDS["v1", "Pod"]
PREFIX = "failed to create typed patch object (default/web; /v1, Kind=Pod): "
UNKNOWN = "field not declared in schema"
MAP = "&value.valueUnstructured{Value:"


def text(**spec: Any) -> str:
    metadata = {"name": "web", "namespace": "default", "labels": {"any": "name"}}
    refused = mistyped(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return refused.message if refused else ""


def container(**fields: Any) -> dict[str, Any]:
    return {"containers": [{"name": "a", **fields}]}


IN_A = '.spec.containers[name="a"]'


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"hostNetwork": True, "nodeSelector": {"any": "name"}}, []),
        ({"colour": "red"}, [f".spec.colour: {UNKNOWN}"]),
        (container(imag="x"), [f"{IN_A}.imag: {UNKNOWN}"]),
        (
            container(ports=[{"containerPort": 80, "potocol": "UDP"}]),
            [f'{IN_A}.ports[containerPort=80,protocol="TCP"].potocol: {UNKNOWN}'],
        ),
        ({"tolerations": [{"key": "a"}, {"kee": "b"}]}, [f".spec.tolerations[1].kee: {UNKNOWN}"]),
        (
            {"securityContext": {"user": 1}, "colour": "red", "more": 1},
            [f".spec.securityContext.user: {UNKNOWN}", f".spec.colour: {UNKNOWN}"],
        ),
        (container(image=5), [f"{IN_A}.image: expected string, got {MAP}5}}"]),
        (container(image={"a": True}), [f'{IN_A}.image: expected string, got {MAP}map[string]interface {{}}{{"a":true}}}}']),
        (container(env=[{"name": "A", "value": 8080}]), [f'{IN_A}.env[name="A"].value: expected string, got {MAP}8080}}']),
        (container(tty="yes"), [f"{IN_A}.tty: expected boolean, got &{{yes}}"]),
        (
            container(ports=[{"containerPort": "80"}]),
            [f'{IN_A}.ports[containerPort="80",protocol="TCP"].containerPort: expected numeric (int or float), got string'],
        ),
        (
            container(resources={"limits": {"cpu": 1, "memory": [1]}}),
            [f"{IN_A}.resources.limits.memory: expected any scalar, got &{{[1]}}"],
        ),
        (container(resources=[1000000]), [f"{IN_A}.resources: expected map, got &{{[1e+06]}}"]),
        (container(command="run"), [f"{IN_A}.command: expected list, got &{{run}}"]),
        (container(command=["run", 1]), [f"{IN_A}.command[1]: expected string, got {MAP}1}}"]),
        ({"nodeSelector": {"a": 1}}, [f".spec.nodeSelector.a: expected string, got {MAP}1}}"]),
        ({"containers": [{"name": "a"}, {"name": "a"}]}, ['.spec.containers: duplicate entries for key [name="a"]']),
        ({"containers": [{}, {"image": "x"}]}, ['.spec.containers: duplicate entries for key [name=""]']),
        (
            {"containers": ["a", {"bad": 1}]},
            [".spec.containers: element 0: associative list with keys may not have non-map elements"],
        ),
        (
            {"containers": [{"name": "a"}, None]},
            [".spec.containers: element 1: associative list with keys may not have a null element"],
        ),
        ({"containers": None, "hostNetwork": None}, []),
        ({"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": "http"}}}]}, []),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(spec: dict[str, Any], errors: list[str]) -> None:
    expected = PREFIX + (errors[0] if len(errors) == 1 else "\n  ".join(["errors:", *errors])) if errors else ""
    assert text(**spec) == expected


@pytest.mark.parametrize(
    ("finalizers", "why"),
    [
        (["a/b", "a/b"], 'duplicate entries for key [="a/b"]'),
        ([None], "element 0: associative list without keys has an element that's an explicit null"),
        ([{}], "element 0: associative list without keys has an element that's a map type"),
    ],
)
def test_a_set_holds_each_scalar_once(finalizers: list[Any], why: str) -> None:
    refused = mistyped(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": finalizers}})
    assert refused is not None
    assert refused.message == f"failed to create typed patch object (/; /v1, Kind=Pod): .metadata.finalizers: {why}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"apiVersion": "v2", "kind": "Pod", "colour": "red"}, "invalid object type: /v2, Kind=Pod"),
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, "invalid object type: apps/v1, Kind=Deployment"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"managedFields": []}}, "metadata.managedFields must be nil"),
        (
            [],
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: "
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
    ],
)
def test_what_is_no_object_of_the_kind_is_a_bad_request(body: Any, message: str) -> None:
    refused = mistyped(POD, body)
    assert refused is not None
    assert (refused.code, refused.message) == (400, message)
