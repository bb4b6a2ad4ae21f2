"""Which of several nodes that would do a Pod goes to."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.scheduler import scores
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.scores import Alone, Field
from lifecycle.wire import Object
from tests.lifecycle.scheduler.test_filters import HOST, ZONE, Objects, cluster, pod, put, term


def totals(cache: Cache, incoming: Object, *owners: Object) -> dict[str, int]:
    """Return each node's total."""
    candidate = Candidate.among(incoming, cache, lambda name: {}, Objects())
    nodes = list(cache)
    own = [scores.alone(candidate, node) for node in nodes]
    field = Field(cache, lambda name: {}, owners)
    return dict(zip(cache.nodes, scores.totals(candidate, nodes, own, field), strict=True))


def points(plugin: Any, cache: Cache, incoming: Object, *owners: Object) -> dict[str, int] | None:
    """Return what a plugin that looks at all nodes gives each."""
    candidate = Candidate.among(incoming, cache, lambda name: {}, Objects())
    found = plugin(candidate, list(cache), Field(cache, lambda name: {}, owners))
    return None if found is None else dict(zip(cache.nodes, found, strict=True))


def beyond(cache: Cache, incoming: Object) -> dict[str, int]:
    """Return what each node has above the least of them."""
    found = totals(cache, incoming)
    return {name: total - min(found.values()) for name, total in found.items()}


def asking(cpu: str = "", memory: str = "") -> list[Object]:
    requests = {name: amount for name, amount in (("cpu", cpu), ("memory", memory)) if amount}
    return [{"name": "app", "image": "x", "resources": {"requests": requests}}]


def test_preferred_terms_of_node_affinity_count_by_their_weights():
    cache = cluster(a="1", b="2", c="3")
    preferred = [
        {"weight": weight, "preference": {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}}
        for weight, zone in ((80, "1"), (20, "2"))
    ]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    assert beyond(cache, pod(affinity=affinity)) == {"a": 200, "b": 50, "c": 0}
    assert beyond(cache, pod()) == {"a": 0, "b": 0, "c": 0}


def test_a_taint_that_only_asks_makes_a_node_worse_unless_it_is_tolerated():
    cache = cluster(a="1", b="1")
    cache.nodes["a"].taints = [{"key": "slow", "effect": "PreferNoSchedule"}]
    assert beyond(cache, pod()) == {"a": 0, "b": 300}
    tolerant = pod(tolerations=[{"key": "slow", "operator": "Exists"}])
    assert beyond(cache, tolerant) == {"a": 0, "b": 0}


def weighted(kind: str, weight: int, app: str, key: str = ZONE) -> Object:
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "podAffinityTerm": term(app, key)}]}}


@pytest.mark.parametrize(("kind", "expected"), [("podAffinity", (100, 0)), ("podAntiAffinity", (0, 100))])
def test_a_pod_goes_rather_near_to_or_far_from_what_it_prefers(kind: str, expected: tuple[int, int]):
    cache = cluster(a="1", b="2")
    put(cache, "a", pod("db-0", "db"))
    found = points(scores.inter_pod_affinity, cache, pod(affinity=weighted(kind, 10, "db")))
    assert found == dict(zip("ab", expected, strict=True))


def test_what_pods_that_run_prefer_or_require_counts_too():
    cache = cluster(a="1", b="2", c="3")
    required = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term("web")]}}
    put(cache, "a", pod("db-0", "db", affinity=weighted("podAffinity", 10, "web")))
    put(cache, "b", pod("db-1", "db", affinity=required))
    assert points(scores.inter_pod_affinity, cache, pod()) == {"a": 100, "b": 10, "c": 0}


def test_constraints_that_need_not_hold_prefer_the_emptier_domain():
    cache = cluster(a="1", b="2", c="")
    put(cache, "a", pod("web-0"), pod("web-1"))
    soft = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway"}
    incoming = pod(topologySpreadConstraints=[{**soft, "labelSelector": {"matchLabels": {"app": "web"}}}])
    assert points(scores.pod_topology_spread, cache, incoming) == {"a": 0, "b": 100, "c": 0}


def test_pods_of_a_service_are_spread_over_nodes_and_zones_though_they_do_not_ask_for_it():
    cache = cluster(a="1", b="1", c="2")
    put(cache, "a", pod("web-0"), pod("web-1"))
    assert points(scores.pod_topology_spread, cache, pod(), {"app": "web"}) == {"a": 50, "b": 75, "c": 100}
    assert points(scores.pod_topology_spread, cache, pod()) is None


def test_a_node_without_a_zone_is_compared_by_its_name_where_spreading_is_the_default():
    cache = cluster(a="", b="")
    put(cache, "a", pod("web-0"))
    found = points(scores.pod_topology_spread, cache, pod(), {"app": "web"})
    assert found is not None
    assert found["b"] > found["a"]


def test_the_emptier_node_has_more_points():
    cache = cluster(a="1", b="1")
    put(cache, "a", pod("other", "other", containers=asking("500m", "1Gi")))
    candidate = Candidate.of(pod(containers=asking("500m", "1Gi")))
    assert {node.name: scores.least_allocated(candidate, node) for node in cache} == {"a": 70, "b": 85}


def test_containers_that_ask_for_nothing_count_for_something_where_room_is_compared():
    cache = cluster(a="1", b="1")
    put(cache, "a", pod("other", "other"))
    candidate = Candidate.of(pod())
    assert {node.name: scores.least_allocated(candidate, node) for node in cache} == {"a": 94, "b": 97}


def test_a_pod_that_evens_out_what_is_taken_has_more_points_than_one_that_does_not():
    cache = cluster(a="1", b="1")
    put(cache, "a", pod("hungry", "other", containers=asking("1")))
    candidate = Candidate.of(pod(containers=asking(memory="12Gi")))
    assert {node.name: scores.balanced_allocation(candidate, node) for node in cache} == {"a": 87, "b": 62}


def test_a_pod_that_asks_for_nothing_is_not_balanced():
    assert scores.balanced_allocation(Candidate.of(pod()), cluster(a="1").nodes["a"]) == 0


def with_image(cache: Cache, node: str, name: str, mebibytes: int) -> None:
    found = cache.nodes[node].node
    images = [{"names": [name], "sizeBytes": mebibytes * 1024 * 1024}]
    cache.set_node({**found, "status": {**found["status"], "images": images}})


def test_a_node_that_has_the_image_is_preferred_by_its_size_and_by_how_many_have_it():
    cache = cluster(a="1", b="1", c="1", d="1")
    containers = [{"name": "app", "image": "registry.example.com/app"}]
    assert points(scores.image_locality, cache, pod(containers=containers)) is None
    with_image(cache, "a", "registry.example.com/app:latest", 2000)
    assert points(scores.image_locality, cache, pod(containers=containers)) == {"a": 48, "b": 0, "c": 0, "d": 0}
    with_image(cache, "b", "registry.example.com/app:latest", 1000)
    assert points(scores.image_locality, cache, pod(containers=containers)) == {"a": 100, "b": 48, "c": 0, "d": 0}


def test_a_preference_outweighs_a_little_more_room():
    cache = cluster(a="1", b="2")
    put(cache, "a", pod("other", "other", containers=asking("500m")))
    preferred = {"weight": 1, "preference": {"matchExpressions": [{"key": HOST, "operator": "In", "values": ["a"]}]}}
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}}
    a, b = totals(cache, pod(affinity=affinity)).values()
    assert a > b
    a, b = totals(cache, pod()).values()
    assert a < b


def test_what_a_node_gives_alone_does_not_depend_on_which_of_two_like_pods_asks():
    cache = cluster(a="1")
    one, other = Candidate.of(pod("one")), Candidate.of(pod("other"))
    assert one.shape() == other.shape()
    assert scores.alone(one, cache.nodes["a"]) == scores.alone(other, cache.nodes["a"])
    assert isinstance(scores.alone(one, cache.nodes["a"]), Alone)
    assert Candidate.of(pod(containers=asking("1"))).shape() != one.shape()
