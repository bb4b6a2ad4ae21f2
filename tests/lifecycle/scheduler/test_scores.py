"""Which of several nodes that would do a Pod goes to."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.scheduler import scores
from lifecycle.scheduler.filters import Candidate
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.wire import Object
from tests.lifecycle.scheduler.test_filters import HOST, ZONE, cluster, pod, put, term


def points(plugin: Any, nodes: dict[str, NodeInfo], incoming: Object) -> dict[str, int]:
    candidate = Candidate.among(incoming, nodes.values(), lambda name: {})
    return dict(zip(nodes, plugin(candidate, list(nodes.values())), strict=True))


def test_preferred_terms_of_node_affinity_count_by_their_weights():
    nodes = cluster(a="1", b="2", c="3")
    preferred = [
        {"weight": weight, "preference": {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}}
        for weight, zone in ((80, "1"), (20, "2"))
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    assert points(scores.node_affinity, nodes, pod(affinity=affinity)) == {"a": 100, "b": 25, "c": 0}
    assert points(scores.node_affinity, nodes, pod()) == {"a": 0, "b": 0, "c": 0}


def test_a_taint_that_only_asks_makes_a_node_worse_unless_it_is_tolerated():
    nodes = cluster(a="1", b="1")
    nodes["a"].taints = [{"key": "slow", "effect": "PreferNoSchedule"}]
    assert points(scores.taint_toleration, nodes, pod()) == {"a": 0, "b": 100}
    tolerant = pod(tolerations=[{"key": "slow", "operator": "Exists"}])
    assert points(scores.taint_toleration, nodes, tolerant) == {"a": 100, "b": 100}


def weighted(kind: str, weight: int, app: str, key: str = ZONE) -> Object:
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": term(app, key)}]}}


@pytest.mark.parametrize(("kind", "expected"), [("podAffinity", (100, 0)), ("podAntiAffinity", (0, 100))])
def test_a_pod_goes_rather_near_to_or_far_from_what_it_prefers(kind: str, expected: tuple[int, int]):
    nodes = cluster(a="1", b="2")
    put(nodes, "a", pod("db-0", "db"))
    found = points(scores.inter_pod_affinity, nodes, pod(affinity=weighted(kind, 10, "db")))
    assert (found["a"], found["b"]) == expected


def test_what_pods_that_run_prefer_or_require_counts_too():
    nodes = cluster(a="1", b="2", c="3")
    required = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term("web")]}}
    put(nodes, "a", pod("db-0", "db", affinity=weighted("podAffinity", 10, "web")))
    put(nodes, "b", pod("db-1", "db", affinity=required))
    assert points(scores.inter_pod_affinity, nodes, pod()) == {"a": 100, "b": 10, "c": 0}


def test_constraints_that_need_not_hold_prefer_the_emptier_domain():
    nodes = cluster(a="1", b="2", c="")
    put(nodes, "a", pod("web-0"), pod("web-1"))
    soft = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway"}
    incoming = pod(topologySpreadConstraints=[{**soft, "labelSelector": {"matchLabels": {"app": "web"}}}])
    assert points(scores.pod_topology_spread, nodes, incoming) == {"a": 0, "b": 100, "c": 0}


def test_a_preference_outweighs_a_little_more_room():
    nodes = cluster(a="1", b="2")
    busy = {"name": "c", "image": "x", "resources": {"requests": {"cpu": "500m"}}}
    put(nodes, "a", pod("other", "other", containers=[busy]))
    preferred = {"weight": 1, "preference": {"matchExpressions": [{"key": HOST, "operator": "In", "values": ["a"]}]}}
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}}
    a, b = points(scores.totals, nodes, pod(affinity=affinity)).values()
    assert a > b
    a, b = points(scores.totals, nodes, pod()).values()
    assert a < b
