"""Laws of any Pod's life, tried on random Pods, programs and requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.wire import Change, Object
from tests.lifecycle.kubelet.cluster import Cluster, container, probe
from tests.lifecycle.kubelet.fake_programs import Behavior
from tests.lifecycle.kubelet.invariants import check

LIFE = 400.0
SPAM_BURST = 25

seconds = st.integers(0, 40).map(float)
exits = st.none() | st.tuples(seconds, st.sampled_from([0, 0, 1, 42, 137]))
term = st.none() | st.tuples(st.sampled_from([0.0, 0.5, 3.0, 45.0]), st.sampled_from([0, 143]))
answers = st.lists(st.tuples(seconds, st.sampled_from([0, 0, 1])), min_size=1, max_size=4).map(lambda a: tuple(sorted(a)))


@st.composite
def behaviors(draw: Any) -> Behavior:
    return Behavior(
        exits=draw(exits),
        term=draw(term),
        answers={"check": draw(answers), "hook": ((0.0, draw(st.sampled_from([0, 0, 0, 1]))),)},
        hook_takes=draw(st.sampled_from([0.0, 0.0, 0.0, 5.0])),
        cannot_start=draw(st.sampled_from(["", "", "", "", 'exec: "x": not found'])),
    )


@st.composite
def probes(draw: Any) -> Object:
    return probe(
        every=draw(st.sampled_from([1, 3, 10])),
        failureThreshold=draw(st.sampled_from([1, 3])),
        initialDelaySeconds=draw(st.sampled_from([0, 0, 7])),
    )


@st.composite
def containers(draw: Any, name: str, kind: str) -> Object:
    found = container(name, image=draw(st.sampled_from(["app:1", "app:1", "slow:1", "gone:1"])))
    if kind != "init":
        for field in ("livenessProbe", "startupProbe", "readinessProbe"):
            if draw(st.integers(0, 3)) == 0:
                found[field] = draw(probes())
        if draw(st.integers(0, 4)) == 0:
            hook = {"exec": {"command": ["hook"]}}
            found["lifecycle"] = {draw(st.sampled_from(["postStart", "preStop"])): hook}
    if kind == "sidecar":
        found["restartPolicy"] = "Always"
    elif kind == "regular" and draw(st.integers(0, 3)) == 0:
        found["restartPolicy"] = draw(st.sampled_from(["Always", "OnFailure", "Never"]))
        action = draw(st.sampled_from(["Restart", "RestartAllContainers"]))
        found["restartPolicyRules"] = [{"action": action, "exitCodes": {"operator": "In", "values": [42]}}]
    return found


@st.composite
def pods(draw: Any) -> Object:
    init = [draw(containers(f"i{i}", draw(st.sampled_from(["init", "sidecar"])))) for i in range(draw(st.integers(0, 2)))]
    regular = [draw(containers(f"c{i}", "regular")) for i in range(draw(st.integers(1, 2)))]
    spec: Object = {
        "containers": regular,
        "restartPolicy": draw(st.sampled_from(["Always", "OnFailure", "Never"])),
        "terminationGracePeriodSeconds": draw(st.sampled_from([0, 2, 30])),
    }
    if init:
        spec["initContainers"] = init
    if draw(st.integers(0, 5)) == 0:
        spec["activeDeadlineSeconds"] = draw(st.integers(1, 60))
    return spec


TROUBLES: dict[str, tuple[Callable[[Cluster, str], None], Callable[[Cluster, str], None]]] = {
    "kubelet": (lambda c, key: c.kubelet.stop("node1", key), lambda c, key: c.kubelet.start("node1", key)),
    "power": (
        lambda c, key: c.kubelet.restarting.power_off("node1", key),
        lambda c, key: c.kubelet.restarting.power_on("node1", key),
    ),
    "network": (
        lambda c, key: c.kubelet.node_status.network_lost("node1", key),
        lambda c, key: c.kubelet.node_status.network_found("node1", key),
    ),
    "memory": (
        lambda c, key: c.kubelet.eviction.take("node1", key, "memory", 1 << 20),
        lambda c, key: c.kubelet.eviction.give_back("node1", key),
    ),
    "disk": (
        lambda c, key: c.kubelet.eviction.take("node1", key, "ephemeral-storage", 1 << 30),
        lambda c, key: c.kubelet.eviction.give_back("node1", key),
    ),
}
"""What befalls a node, and how it ends."""


@st.composite
def stories(draw: Any) -> Object:
    """Return a Pod's spec, what its containers do, when it is deleted and how, and when the kubelet is away."""
    spec = draw(pods())
    names = [c["name"] for c in (*spec.get("initContainers", ()), *spec["containers"])]
    return {
        "spec": spec,
        "behaviors": {name: draw(behaviors()) for name in names},
        "delete": draw(st.none() | st.tuples(st.floats(0, 120), st.sampled_from([None, 0, 1, 10]))),
        "away": draw(st.none() | st.tuples(st.floats(0, 60), st.floats(0, 60))),
        "troubles": draw(
            st.lists(st.tuples(st.sampled_from(sorted(TROUBLES)), st.floats(0, 90), st.floats(0, 60)), max_size=3)
        ),
        "seed": draw(st.integers(0, 1000)),
    }


def play(story: Object, *, pause: float | None = None) -> Cluster:
    cluster = Cluster(seed=story["seed"])
    cluster.behaviors = story["behaviors"]
    answer = cluster.request("create", "pods", pod(story["spec"]))
    assert answer.code == 201, answer.body
    acts = []
    if story["delete"]:
        acts.append((story["delete"][0], lambda: delete(cluster, story["delete"][1])))
    if story["away"]:
        since, long = story["away"]
        acts += [(since, lambda: cluster.kubelet.stop("node1")), (since + long, lambda: cluster.kubelet.start("node1"))]
    for i, (what, since, long) in enumerate(story["troubles"]):
        begin, end = TROUBLES[what]
        acts += [(since, partial(begin, cluster, str(i))), (since + long, partial(end, cluster, str(i)))]
    if pause is not None:
        acts.append((pause, cluster.save_and_restore))
    for at, act in sorted(acts, key=lambda one: one[0]):
        cluster.run(max(0.0, at - cluster.now))
        with cluster.kernel.because(0):
            act()
    cluster.run(LIFE - cluster.now)
    return cluster


def pod(spec: Object) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"nodeName": "node1", **spec}}


def delete(cluster: Cluster, grace: int | None) -> None:
    cluster.request("delete", "pods", {} if grace is None else {"gracePeriodSeconds": grace}, name="web")


def written(cluster: Cluster) -> list[Any]:
    return [
        (o.at, o.cause, o.type, o.object) if isinstance(o, Change) else (o.at, o.cause, o.kind, o.body)
        for o in cluster.kernel.outputs
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories())
def test_every_life_is_a_legal_one(story: Object) -> None:
    cluster = play(story)
    check(cluster.versions())
    times = [output.at for output in cluster.kernel.outputs]
    assert times == sorted(times)
    assert all(output.cause < output.index for output in cluster.kernel.outputs)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories())
def test_a_deleted_pod_leaves_nothing_behind(story: Object) -> None:
    story["away"] = None
    story["delete"] = (min((story["delete"] or (60.0, None))[0], 100.0), None)
    cluster = play(story)
    assert cluster.pod() is None
    assert not cluster.kubelet.state.pods
    assert not cluster.programs.state.processes
    assert not cluster.kubelet.state.nodes["node1"].ips


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories(), pause=st.floats(0, 100))
def test_saving_and_restoring_at_any_moment_changes_nothing(story: Object, pause: float) -> None:
    assert written(play(story, pause=pause)) == written(play(story))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories())
def test_no_event_tells_of_a_restart_that_did_not_happen(story: Object) -> None:
    cluster = play(story)
    versions = cluster.versions()
    last = {c["name"]: c["restartCount"] for c in versions[-1]["status"].get("containerStatuses") or ()}
    if len(cluster.changes("Event")) >= SPAM_BURST:
        return  # the recorder has begun to drop Events
    for name, restarts in last.items():
        path = f"spec.containers{{{name}}}"
        created = [
            c
            for c in cluster.changes("Event")
            if c.object["reason"] == "Created" and c.object["involvedObject"].get("fieldPath") == path
        ]
        assert restarts <= len(created)
