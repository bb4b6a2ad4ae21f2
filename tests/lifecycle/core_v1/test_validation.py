"""What the API server refuses, in its own words: one mistake at a time in a Pod that is otherwise right."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.core_v1 import Accepted, Status, accept, field
from lifecycle.core_v1.schema import fields, struct

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "containers": [{"name": "c", "image": "nginx", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        "volumes": [{"name": "v", "emptyDir": {}}],
    },
}


def with_change(path: str, value: Any) -> dict[str, Any]:
    """Return the Pod with one field set (None: taken away); a path's last list index may be one past the end."""
    pod = copy.deepcopy(POD)
    target: Any = pod
    *steps, last = field.parse(path)
    for step, following in zip(steps, [*steps[1:], last], strict=True):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(target, list):
            if len(target) == step:
                target.append(empty)
            target = target[int(step)]
        else:
            target = target.setdefault(step, empty)
    if isinstance(target, list) and len(target) == last:
        target.append(value)
    else:
        target[last] = value
    return pod


def causes(manifest: dict[str, Any]) -> list[str]:
    answer = accept(manifest, "Strict", namespace="default")
    if isinstance(answer, Accepted):
        return []
    assert answer.details
    return [f"{cause['field']}: {cause['message']}" for cause in answer.details["causes"]]


@pytest.mark.parametrize("case", CASES["pods"], ids=lambda case: case["set"])
def test_a_mistake_is_named_with_its_field(case: dict[str, Any]) -> None:
    found = causes(with_change(case["set"], case["to"]))
    assert (case["cause"] in found) if case["cause"] else found == []


def affinity(**kinds: Any) -> dict[str, Any]:
    return with_change("spec.affinity", kinds)


NODE = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ({"key": "k", "operator": "In"}, "values: Required value: must be specified when `operator` is 'In' or 'NotIn'"),
        (
            {"key": "k", "operator": "Exists", "values": ["a"]},
            "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            {"key": "k", "operator": "Gt", "values": ["1", "2"]},
            "values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
        ),
        ({"key": "k", "operator": "Like", "values": ["a"]}, 'operator: Invalid value: "Like": not a valid selector operator'),
    ],
)
def test_expressions_of_node_affinity_have_as_many_values_as_their_operator_takes(expression: Any, cause: str) -> None:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    found = causes(affinity(nodeAffinity={"requiredDuringSchedulingIgnoredDuringExecution": terms}))
    assert found == [f"{NODE}.matchExpressions[0].{cause}"]


def test_terms_of_pod_affinity_have_a_topology_key_and_a_weight_within_bounds() -> None:
    term = {"weight": 0, "podAffinityTerm": {"topologyKey": "", "labelSelector": {}}}
    path = "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]"
    found = causes(affinity(podAffinity={"preferredDuringSchedulingIgnoredDuringExecution": [term]}))
    assert found[0] == f"{path}.weight: Invalid value: 0: must be in the range 1-100"
    assert found[1] == f"{path}.podAffinityTerm.topologyKey: Required value: can not be empty"


def test_volumes_that_are_wrong_cannot_be_mounted() -> None:
    found = causes(with_change("spec.volumes[0]", {"name": "v", "hostPath": {"path": "x", "type": "Nope"}}))
    assert found[-1] == 'spec.containers[0].volumeMounts[0].name: Not found: "v"'


def test_the_message_holds_each_item_once_and_the_causes_all() -> None:
    mounts = [{"name": "v", "mountPath": path, "subPath": "../x"} for path in ("/a", "/b")]
    answer = accept(with_change("spec.containers[0].volumeMounts", mounts), namespace="default")
    item = "spec.containers[0].volumeMounts.subPath: Invalid value: \"../x\": must not contain '..'"
    assert isinstance(answer, Status)
    assert answer.details
    assert answer.message == f'Pod "web" is invalid: {item}'
    assert len(answer.details["causes"]) == 2


@pytest.mark.parametrize("case", CASES["kinds"], ids=lambda case: case["object"]["kind"])
def test_other_kinds_are_validated_too(case: dict[str, Any]) -> None:
    found = causes({"apiVersion": "v1", "metadata": {"name": "x"}, **case["object"]})
    assert (case["cause"] in found) if case["cause"] else found == []


def test_a_config_map_holds_a_mebibyte() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert causes({**body, "data": {"a": "x" * 2**20}}) == []
    assert causes({**body, "data": {"a": "x" * 2**20, "b": "x"}}) == ["[]: Too long: may not be more than 1048576 bytes"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=6), v, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({name for type in ("PodSpec", "Container", "Probe", "Volume", "VolumeMount") for name in fields(type)})


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5))
def test_whatever_is_posted_gets_an_answer(spec: dict[str, Any], container: dict[str, Any]) -> None:
    manifest = {**POD, "spec": {**POD["spec"], **spec, "containers": [{**POD["spec"]["containers"][0], **container}]}}
    assert isinstance(accept(manifest, namespace="default"), Accepted | Status)


def of_type(name: str, depth: int = 3) -> st.SearchStrategy[Any]:
    """Return values of the right types, of which nothing else is right."""

    def value(type: Any, depth: int) -> st.SearchStrategy[Any]:
        if type.shape == "struct":
            return of_type(type.name, depth - 1) if depth else st.just({})
        if type.shape == "list":
            return st.lists(value(type.of, depth), max_size=2)
        if type.shape == "map":
            return st.dictionaries(st.text(max_size=3), value(type.of, depth), max_size=2)
        scalars: dict[str, st.SearchStrategy[Any]] = {
            "bool": st.booleans(),
            "Quantity": st.sampled_from(["1", "-1", "100m", "1Gi"]),
            "IntOrString": st.integers(-5, 70000) | st.text(max_size=3),
            "Time": st.just("2026-01-01T00:00:00Z"),
            "MicroTime": st.just("2026-01-01T00:00:00.000000Z"),
            "bytes": st.just("YQ=="),
        }
        numbers = st.integers(-2, 2**31 - 1)
        return scalars.get(type.name, numbers if type.name.startswith("int") else st.text(max_size=3))

    known = fields(name)
    return st.dictionaries(st.sampled_from(sorted(known)), st.none(), max_size=6).flatmap(
        lambda chosen: st.fixed_dictionaries({field: value(known[field].type, depth) for field in chosen})
    )


@given(of_type("PodSpec"), of_type("Container"), of_type("ObjectMeta", 1))
def test_whatever_has_the_right_types_gets_an_answer(spec: Any, container: Any, metadata: Any) -> None:
    manifest = {**POD, "metadata": metadata, "spec": {**spec, "containers": [container]}}
    assert isinstance(accept(manifest), Accepted | Status)
    assert struct("PodSpec").go == "v1.PodSpec"


def test_an_annotation_of_behavior_that_cannot_be_used_is_warned_of() -> None:
    pod = copy.deepcopy(POD)
    pod["metadata"]["annotations"] = {
        "podhub.dev/behavior.c": "listens:\n- port: eighty\n",
        "podhub.dev/behavior.d": "exits: {after: 3s}",
        "podhub.dev/other": "[",
    }
    accepted = accept(pod, namespace="default")
    assert isinstance(accepted, Accepted)
    assert accepted.warnings == (
        "metadata.annotations[podhub.dev/behavior.c]: line 2: listens[0].port: Expected `int`, got `str`; "
        "the container does not use it",
        "metadata.annotations[podhub.dev/behavior.d]: no container has this name; there are c",
    )
    pod["metadata"]["annotations"] = {"podhub.dev/behavior.c": "listens:\n- port: 80\n"}
    accepted = accept(pod, namespace="default")
    assert isinstance(accepted, Accepted)
    assert accepted.warnings == ()


def _volumes(*names: str) -> dict[str, Any]:
    volumes = [{"name": name, "emptyDir": {}} for name in names]
    mounts = [{"name": name, "mountPath": f"/{place}"} for place, name in enumerate(names)]
    container = {"name": "c", "image": "x", "volumeMounts": mounts}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"volumes": volumes, "containers": [container]},
    }


def test_what_was_found_right_is_not_taken_for_what_only_looks_like_it() -> None:
    """Specs that differ in a token's volume alone are tested once; a name that is wrong, or stands twice, is still found."""
    one, other = "kube-api-access-aaaaa", "kube-api-access-bbbbb"
    for right in ((one,), (other,), (one, other), (other, one), (one, "data")):
        assert isinstance(accept(_volumes(*right)), Accepted)
    for wrong in ((one, one), ("kube-api-access-AAAAA",), (other, "data", "data"), ("kube-api-access-aaaa_",)):
        refused = accept(_volumes(*wrong))
        assert isinstance(refused, Status), wrong
        assert refused.code == 422


def test_a_volume_that_is_made_for_a_pod_is_tested_with_the_pod_s_name() -> None:
    claim = {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}
    for name, code in (("a", 0), ("a" * 253, 422), ("b", 0)):
        pod = _volumes("data")
        pod["metadata"]["name"], pod["spec"]["volumes"] = name, [{"name": "data", "ephemeral": claim}]
        found = accept(pod)
        assert (found.code if isinstance(found, Status) else 0) == code, name
