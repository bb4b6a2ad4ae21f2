"""The laws of the engine: same in, same out, however time is cut and wherever it is saved."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.engine import Engine, Unreadable
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Object, Output, Request

SECOND = 1_000_000


def pod(name: str, command: str, **spec: Any) -> Object:
    container = {"name": "app", "image": "busybox:1.36", "command": ["sh", "-c", command], **spec.pop("container", {})}
    metadata = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


LIVENESS = {"livenessProbe": {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 5}}
READINESS = {"readinessProbe": {"exec": {"command": ["cat", "/tmp/ok"]}, "periodSeconds": 3}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
BODIES = {
    "ends": pod("ends", "echo hello; sleep 3", restartPolicy="Never"),
    "crashes": pod("crashes", "sleep 1; exit 3"),
    "unwell": pod("unwell", "touch /tmp/ok; sleep 12; rm /tmp/ok; sleep 600", container={**LIVENESS, **READINESS}),
    "stubborn": pod("stubborn", "trap '' TERM; while true; do sleep 1; done", terminationGracePeriodSeconds=4),
    "gentle": pod("gentle", "trap 'exit 0' TERM; while true; do sleep 1; done"),
    "homeless": pod("homeless", "sleep 60", nodeSelector={"disk": "ssd"}),
}


def create(name: str) -> Request:
    return Request("create", "pods", namespace="default", body=BODIES[name])


MERGE = "application/merge-patch+json"
DOWN = {
    "apiVersion": "podhub.dev/v1",
    "kind": "Fault",
    "metadata": {"name": "down"},
    "spec": {"type": "KubeletDown", "node": "node1"},
}
CORDON = {"spec": {"unschedulable": True}}
IMAGE = [{"op": "replace", "path": "/spec/containers/0/image", "value": "busybox:1.35"}]
OTHERS = (
    Request("create", "faults", "podhub.dev/v1", "default", body=DOWN),
    Request("delete", "faults", "podhub.dev/v1", "default", "down"),
    Request("patch", "nodes", name="node1", content_type=MERGE, body=CORDON),
    Request("patch", "nodes", name="node1", content_type=MERGE, body={"metadata": {"labels": {"disk": "ssd"}}}),
    Request("patch", "pods", namespace="default", name="gentle", content_type="application/json-patch+json", body=IMAGE),
    Request("create", "pods", namespace="default", name="gentle", subresource="eviction", body={}),
    Request("create", "pods", namespace="default", name="gentle", subresource="exec", query={"command": ["ls", "/"]}),
    Request("delete", "nodes", name="node1"),
)

REQUESTS = st.one_of(
    st.sampled_from(OTHERS),
    st.sampled_from([create(name) for name in BODIES]),
    st.builds(
        lambda name, grace: Request("delete", "pods", namespace="default", name=name, body={"gracePeriodSeconds": grace}),
        st.sampled_from(list(BODIES)),
        st.sampled_from([0, 1, 5, 30]),
    ),
    st.just(Request("create", "services", namespace="default", body=SERVICE)),
    st.just(Request("create", "pods", namespace="default", body={"kind": "Pod", "metadata": {}})),
)
SCRIPTS = st.lists(st.tuples(st.integers(0, 40 * SECOND), REQUESTS), min_size=1, max_size=6).map(
    lambda script: sorted(script, key=lambda step: step[0])
)
UNTIL = 60 * SECOND

laws = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def canonical(items: Any) -> bytes:
    return msgspec.json.encode(items, order="sorted")


def play(
    script: list[tuple[int, Request]], cuts: tuple[int, ...] = (), saved: bool = False
) -> tuple[list[Answer], list[Output]]:
    """Play requests; stop at `cuts`, and there (if `saved`) go on with an engine that was saved and restored."""
    engine = Engine.new(Config(DEFAULT_START, seed=7))
    answers: list[Answer] = []
    outputs: list[Output] = []
    steps = [*((at, request) for at, request in script), *((cut, None) for cut in cuts), (UNTIL, None)]
    for at, request in sorted(steps, key=lambda step: step[0]):
        if request is not None:
            answers.append(engine.request(DEFAULT_START + at, request))
            continue
        if saved:
            outputs += engine.advance(DEFAULT_START + at)
            engine = Engine.restore(engine.save())
        else:
            outputs += engine.advance(DEFAULT_START + at)
    return answers, outputs


@laws
@given(SCRIPTS)
def test_the_same_requests_give_the_same_bytes(script):
    assert canonical(play(script)) == canonical(play(script))


@laws
@given(SCRIPTS, st.lists(st.integers(0, UNTIL), max_size=4).map(tuple))
def test_cutting_time_into_pieces_changes_nothing(script, cuts):
    assert canonical(play(script, cuts)) == canonical(play(script))


@laws
@given(SCRIPTS, st.lists(st.integers(0, UNTIL), min_size=1, max_size=4).map(tuple))
def test_an_engine_that_was_saved_and_restored_goes_on_as_if_nothing_had_happened(script, cuts):
    assert canonical(play(script, cuts, saved=True)) == canonical(play(script))


@laws
@given(SCRIPTS)
def test_numbers_have_no_gap_time_never_goes_back_and_every_cause_comes_before(script):
    answers, outputs = play(script)
    numbers = sorted([answer.index for answer in answers] + [output.index for output in outputs])
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(before.at <= after.at for before, after in pairwise(outputs))
    assert all(before.index < after.index for before, after in pairwise(outputs))
    assert all(output.cause < output.index for output in outputs)


@laws
@given(SCRIPTS)
def test_changes_of_an_object_make_one_life(script):
    """An object is ADDED once, then MODIFIED, then DELETED; no change says what the one before said already."""
    _, outputs = play(script)
    last: dict[str, Object] = {}
    for change in outputs:
        if not isinstance(change, Change):
            continue
        uid = change.object["metadata"]["uid"]
        assert (uid in last) == (change.type != "ADDED")
        if change.type == "MODIFIED":
            assert change.object != last[uid]
        last[uid] = change.object
        if change.type == "DELETED":
            last.pop(uid)


@laws
@given(SCRIPTS, st.integers(1, 20))
def test_an_advance_that_stops_early_loses_nothing(script, most):
    whole = play(script)[1]
    engine = Engine.new(Config(DEFAULT_START, seed=7))
    for at, request in script:
        engine.request(DEFAULT_START + at, request)
    pieces = list(engine.advance(engine.now))
    while engine.now < DEFAULT_START + UNTIL:
        pieces += engine.advance(DEFAULT_START + UNTIL, most)
    assert canonical(pieces) == canonical(whole)


def test_a_stop_is_never_inside_an_instant():
    engine = Engine.new(Config(DEFAULT_START))
    engine.request(DEFAULT_START, create("ends"))
    while engine.now < DEFAULT_START + 10 * SECOND:
        first = engine.advance(DEFAULT_START + 10 * SECOND, most=1)
        now = engine.now
        assert all(output.at > now for output in engine.advance(DEFAULT_START + 10 * SECOND, most=1)) or not first


def test_a_cluster_begins_with_what_every_cluster_has():
    outputs = Engine.new(Config(DEFAULT_START, namespaces=("shop",))).advance(DEFAULT_START)
    held = {(o.object["kind"], o.object["metadata"].get("namespace", ""), o.object["metadata"]["name"]) for o in outputs}
    assert {
        ("Namespace", "", "default"),
        ("Namespace", "", "kube-system"),
        ("Namespace", "", "shop"),
        ("Node", "", "node1"),
        ("Service", "default", "kubernetes"),
        ("ServiceAccount", "shop", "default"),
        ("ConfigMap", "shop", "kube-root-ca.crt"),
    } <= held
    assert all(output.at == DEFAULT_START for output in outputs)
    (node,) = [o.object for o in outputs if o.object["kind"] == "Node"]
    assert node["status"]["allocatable"]["memory"] == "24581684Ki"
    assert node["spec"]["podCIDR"] == "10.244.0.0/24"


def test_given_nodes_stand_in_place_of_the_default_one():
    nodes = tuple({"metadata": {"name": name}, "status": {"capacity": {"cpu": "4"}}} for name in ("a", "b"))
    outputs = Engine.new(Config(DEFAULT_START, nodes=nodes)).advance(DEFAULT_START)
    found = {o.object["metadata"]["name"]: o.object for o in outputs if o.object["kind"] == "Node"}
    assert list(found) == ["a", "b"]
    assert found["b"]["status"]["allocatable"] == {**found["b"]["status"]["allocatable"], "cpu": "4", "pods": "110"}
    assert found["b"]["spec"]["podCIDR"] == "10.244.1.0/24"
    assert found["b"]["status"]["addresses"][0]["address"] == "172.30.0.11"


@pytest.mark.parametrize("body", [None, {"gracePeriodSeconds": (1 << 63) - 1}])
def test_a_grace_for_ever_can_be_asked_for_and_saved(body):
    engine = Engine.new(Config(DEFAULT_START))
    stubborn = pod("stubborn", "trap '' TERM; while true; do sleep 1; done", terminationGracePeriodSeconds=(1 << 63) - 1)
    engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=stubborn))
    at = DEFAULT_START + 30 * SECOND
    answer = engine.request(at, Request("delete", "pods", namespace="default", name="stubborn", body=body))
    assert answer.code == 200
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == (1 << 63) - 1
    engine.advance(at + 30 * SECOND)
    assert Engine.restore(engine.save()).now == engine.now


def test_a_request_before_now_is_taken_now():
    engine = Engine.new(Config(DEFAULT_START))
    engine.advance(DEFAULT_START + 5 * SECOND)
    engine.request(DEFAULT_START, create("ends"))
    (added,) = [o for o in engine.advance(engine.now) if isinstance(o, Change)]
    assert added.at == DEFAULT_START + 5 * SECOND


def test_a_cluster_in_which_nothing_goes_on_is_at_rest():
    engine = Engine.new(Config(DEFAULT_START))
    engine.advance(DEFAULT_START + SECOND)
    assert engine.at_rest
    engine.request(DEFAULT_START + SECOND, create("ends"))
    assert not engine.at_rest
    engine.advance(DEFAULT_START + 600 * SECOND)
    assert engine.at_rest


@pytest.mark.parametrize("data", [b"", b"nonsense", msgspec.msgpack.encode({"version": 1}), msgspec.msgpack.encode([1, 2])])
def test_bytes_that_no_engine_saved_are_refused(data):
    with pytest.raises(Unreadable):
        Engine.restore(data)


def test_an_engine_of_another_version_is_refused():
    saved = msgspec.msgpack.decode(Engine.new(Config(DEFAULT_START)).save())
    with pytest.raises(Unreadable, match="saved by version 0"):
        Engine.restore(msgspec.msgpack.encode({"version": 0, "kernel": "as it was then"}))
    with pytest.raises(Unreadable, match="saved by version 0"):
        Engine.restore(msgspec.msgpack.encode({**saved, "version": 0}))


def test_a_room_s_state_of_another_shape_is_refused():
    saved = msgspec.msgpack.decode(Engine.new(Config(DEFAULT_START)).save())
    saved["rooms"]["scheduler"] = msgspec.msgpack.encode("another shape")
    with pytest.raises(Unreadable, match="this is no saved engine"):
        Engine.restore(msgspec.msgpack.encode(saved))


def test_the_service_kubernetes_comes_back_within_ten_seconds():
    engine = Engine.new(Config(DEFAULT_START))
    at = DEFAULT_START + 3 * SECOND
    engine.advance(at)
    engine.request(at, Request("delete", "services", namespace="default", name="kubernetes"))
    outputs = engine.advance(at + 10 * SECOND)
    services = [output for output in outputs if isinstance(output, Change) and output.object["kind"] == "Service"]
    assert [(change.type, change.at - DEFAULT_START) for change in services] == [
        ("DELETED", 3 * SECOND),
        ("ADDED", 10 * SECOND),
    ]
    assert services[1].object["spec"]["clusterIP"] == "10.96.0.1"
