"""Decoding: Go's complaints, and what Go writes again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.core_v1.decode import Complaint, Decoded, decode, pairs
from lifecycle.core_v1.merge_patch import same
from lifecycle.core_v1.schema import KINDS, fields, kind_of, struct, type_of

REAL: list[dict[str, Any]] = json.loads((Path(__file__).parent / "real_objects.json").read_text())
POD = type_of(KINDS["v1", "Pod"])


def complaint(value: Any) -> str:
    found = decode(value, POD)
    assert isinstance(found, Complaint)
    return found.message


@pytest.mark.parametrize("obj", REAL, ids=lambda obj: f"{obj['kind']}-{obj['metadata']['name']}")
def test_what_a_real_cluster_wrote_comes_back_unchanged(obj: dict[str, Any]) -> None:
    kind = kind_of(obj["apiVersion"], obj["kind"])
    assert kind
    found = decode(obj, type_of(kind))
    assert isinstance(found, Decoded)
    assert not found.strict
    assert same(found.object, obj)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"metadata": "x"}, "string into Go struct field Pod.metadata of type v1.ObjectMeta"),
        ({"metadata": {"labels": ["a"]}}, "array into Go struct field ObjectMeta.metadata.labels of type map[string]string"),
        ({"metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string"),
        ({"spec": {"containers": "x"}}, "string into Go struct field PodSpec.spec.containers of type []v1.Container"),
        ({"spec": {"containers": ["x"]}}, "string into Go struct field PodSpec.spec.containers of type v1.Container"),
        ({"spec": {"nodeName": True}}, "bool into Go struct field PodSpec.spec.nodeName of type string"),
        ({"spec": {"restartPolicy": 1}}, "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"),
        (
            {"spec": {"containers": [{"env": [{"value": 1}]}]}},
            "number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            {"spec": {"containers": [{"ports": [{"containerPort": 1.5}]}]}},
            "number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            {"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": {}}}}]}},
            "object into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32",
        ),
        ({"spec": {"priority": 2**31}}, "number 2147483648 into Go struct field PodSpec.spec.priority of type int32"),
    ],
)
def test_a_wrong_type_is_complained_about_in_gos_words(value: Any, message: str) -> None:
    assert complaint(value) == f"json: cannot unmarshal {message}"


def test_a_bad_quantity_is_said_before_a_wrong_type_that_came_earlier() -> None:
    spec = {"nodeName": 1, "containers": [{"resources": {"limits": {"cpu": "lots"}}}]}
    assert complaint({"spec": spec}).startswith("quantities must match")


def test_a_bad_time_is_said_as_go_says_it() -> None:
    message = 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'
    assert complaint({"metadata": {"creationTimestamp": "yesterday"}}) == message


def test_unknown_and_repeated_fields_are_told_with_their_paths_and_left_out() -> None:
    text = '{"spec": {"containers": [{"name": "a", "imagee": "x", "name": "b"}], "foo": 1}}'
    found = decode(json.loads(text, object_pairs_hook=pairs), POD)
    assert isinstance(found, Decoded)
    assert {one.message for one in found.strict} == {
        'unknown field "spec.containers[0].imagee"',
        'duplicate field "spec.containers[0].name"',
        'unknown field "spec.foo"',
    }
    assert found.object["spec"] == {"containers": [{"name": "b", "resources": {}}]}


def test_quantities_and_times_are_written_in_their_canonical_form() -> None:
    spec = {"containers": [{"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}]}
    found = decode({"metadata": {"creationTimestamp": "2026-01-01T01:00:00+01:00"}, "spec": spec}, POD)
    assert isinstance(found, Decoded)
    assert found.object["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert found.object["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"


def test_empty_fields_are_left_out_unless_they_are_pointers_or_structs() -> None:
    spec = {
        "hostNetwork": False,
        "automountServiceAccountToken": False,
        "volumes": [{"name": "v", "emptyDir": {}}],
        "tolerations": [],
    }
    found = decode({"spec": spec}, POD)
    assert isinstance(found, Decoded)
    assert found.object == {
        "metadata": {},
        "spec": {"automountServiceAccountToken": False, "volumes": [{"name": "v", "emptyDir": {}}], "containers": None},
        "status": {},
    }


def test_the_table_knows_every_type_that_a_served_kind_leads_to() -> None:
    seen: set[str] = set()
    waiting = [type_of(kind) for kind in KINDS.values()]
    while waiting:
        type = waiting.pop()
        if type.shape == "struct" and type.name not in seen:
            seen.add(type.name)
            waiting += [field.type for field in fields(type.name).values()]
        elif type.of:
            waiting.append(type.of)
    assert len(seen) > 150
    assert fields("PodSpec")["containers"].merge_key == "name"
    assert fields("Container")["ports"].merge_key == "containerPort"
    assert fields("PodSpec")["tolerations"].merge_key is None
    assert struct("Volume") == fields("PodSpec")["volumes"].type.of
