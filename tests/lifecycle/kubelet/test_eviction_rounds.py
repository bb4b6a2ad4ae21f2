"""The law of eviction's rounds: one that is not played would have found nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.clock import SECOND, Micros
from lifecycle.engine import Engine
from lifecycle.kubelet.eviction import MONITORING_PERIOD, Eviction
from lifecycle.wire import DEFAULT_START, Change, Config, Object, Output, Request

UNTIL = 150

SMALL = {"cpu": "8", "memory": "1Gi", "ephemeral-storage": "1Gi", "pods": "110"}
NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node1"},
    "status": {"capacity": SMALL, "allocatable": SMALL},
}
"""Images are collected where Pods write some 700 MiB, and Pods go where they hold some 860 MiB of memory."""


def fill(name: str, steps: list[tuple[int, str, int]]) -> Object:
    """Return a Pod that takes so many MiB of something, one after another, each after so many seconds."""
    taken = {
        "disk": "dd if=/dev/zero of=/file{0} bs=1M count={1} 2>/dev/null",
        "volume": "dd if=/dev/zero of=/data/file{0} bs=1M count={1} 2>/dev/null",
        "memory": "dd if=/dev/zero of=/shm/file{0} bs=1M count={1} 2>/dev/null",
        "free": "rm -f /file* /data/* /shm/*",
    }
    lines = [f"sleep {wait}; {taken[kind].format(at, size)}" for at, (wait, kind, size) in enumerate(steps)]
    container = {
        "name": "app",
        "image": "busybox:1.36",
        "command": ["sh", "-c", "\n".join([*lines, "sleep 1000"])],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "shm", "mountPath": "/shm"}],
    }
    volumes = [{"name": "data", "emptyDir": {}}, {"name": "shm", "emptyDir": {"medium": "Memory"}}]
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], "volumes": volumes}}


def play(pods: list[Object], every_round: bool) -> list[Output]:
    engine = Engine.new(Config(DEFAULT_START, nodes=(NODE,)))
    outputs: list[Output] = []
    for pod in pods:
        engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=pod))
    rounds: Eviction = engine._kernel.rooms["kubelet"].eviction
    for at in range(0, UNTIL * SECOND, MONITORING_PERIOD):
        outputs += engine.advance(DEFAULT_START + at)
        if every_round:
            rounds.look(rounds.kubelet.state.nodes["node1"])
    return outputs


STEPS = st.lists(
    st.tuples(
        st.integers(1, 30), st.sampled_from(["disk", "volume", "memory", "free"]), st.sampled_from([1, 90, 200, 330, 400])
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=1, max_size=3))
def test_rounds_that_are_not_played_would_have_found_nothing(pods: list[list[tuple[int, str, int]]]) -> None:
    bodies = [fill(f"pod{number}", steps) for number, steps in enumerate(pods)]
    assert told(play(bodies, every_round=False)) == told(play(bodies, every_round=True))


def told(outputs: list[Output]) -> list[tuple[Micros, Object]]:
    """Return what outputs say, but not why: a round that nobody asked for has no cause."""
    return [(one.at, one.object if isinstance(one, Change) else one.body) for one in outputs]


def test_a_node_that_is_given_less_is_looked_at() -> None:
    engine = Engine.new(Config(DEFAULT_START, nodes=(NODE,)))
    engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=fill("pod", [(1, "disk", 400)])))
    engine.advance(DEFAULT_START + 60 * SECOND)
    less = {"status": {"capacity": {"ephemeral-storage": "512Mi"}}}
    kind = "application/merge-patch+json"
    engine.request(engine.now, Request("patch", "nodes", name="node1", subresource="status", content_type=kind, body=less))
    engine.advance(DEFAULT_START + 90 * SECOND)
    node = engine._kernel.rooms["apiserver"].get("nodes", "", "node1")
    assert next(c for c in node["status"]["conditions"] if c["type"] == "DiskPressure")["status"] == "True"
