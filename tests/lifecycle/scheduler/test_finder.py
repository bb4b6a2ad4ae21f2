"""Looking for a node in clusters in which not all nodes are compared."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.finder import ENOUGH, Finder
from lifecycle.scheduler.nodes import PodInfo
from lifecycle.scheduler.verdicts import NO_SUCH_NODE
from lifecycle.seeds import Seeds
from lifecycle.wire import Object
from tests.lifecycle.scheduler.test_filters import Objects, cluster, pod, put
from tests.lifecycle.scheduler.test_scores import asking, with_image

MANY = [f"node{number:03}" for number in range(ENOUGH + 30)]


def large() -> Cache:
    return cluster(**dict.fromkeys(MANY, ""))


def finder(cache: Cache) -> Finder:
    return Finder(cache, Seeds(1), lambda name: {})


def among(cache: Cache, incoming: Object) -> Candidate:
    return Candidate.among(incoming, cache, lambda name: {}, Objects())


def named(*nodes: str) -> Object:
    fields = [{"key": "metadata.name", "operator": "In", "values": list(nodes)}]
    return {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": fields}]}}
    }


def cordon(cache: Cache, name: str) -> None:
    node = cache.nodes[name].node
    cache.set_node({**node, "spec": {**node.get("spec", {}), "unschedulable": True}})


steps = st.lists(
    st.tuples(
        st.sampled_from(["fill", "leave", "cordon", "image", "remove", "taint"]),
        st.sampled_from(MANY[:6] + MANY[-6:]),
        st.integers(0, 140),
    ),
    max_size=20,
)


def changed(cache: Cache, what: str, name: str) -> None:
    """Change one node, or the Pods on it."""
    if name not in cache.nodes:
        cache.set_node(cluster(**{name: ""}).nodes[name].node)
    node = cache.nodes[name].node
    match what:
        case "fill":
            put(cache, name, pod(f"full-{name}", "other", containers=asking("3900m")))
        case "leave":
            for uid in list(cache.nodes[name].pods):
                cache.remove_pod(uid)
        case "cordon":
            cordon(cache, name)
        case "image":
            with_image(cache, name, "x:latest", 900)
        case "remove":
            cache.remove_node(name)
        case "taint":
            cache.set_node({**node, "spec": {"taints": [{"key": "slow", "effect": "PreferNoSchedule"}]}})


@settings(max_examples=40, deadline=None)
@given(steps)
def test_what_was_remembered_before_nodes_changed_changes_no_choice(given_steps):
    cache = large()
    remembering = finder(cache)
    for number, (what, name, start) in enumerate(given_steps):
        changed(cache, what, name)
        for incoming in (pod(f"a-{number}", containers=asking("1")), pod(f"b-{number}", affinity=named(*MANY[:3]))):
            found, looked = remembering.find(among(cache, incoming), start, ())
            assert (found, looked) == finder(cache).find(among(cache, incoming), start, ())
            if found.node is not None:
                cache.set_pod(PodInfo.of(incoming), found.node.name)


def test_in_a_large_cluster_so_many_nodes_are_looked_at_that_enough_would_do():
    cache = large()
    look = finder(cache)
    assert look.find(among(cache, pod()), 0, ())[1] == ENOUGH
    for name in MANY[10:15]:
        cordon(cache, name)
    assert look.find(among(cache, pod()), 0, ())[1] == ENOUGH + 5
    assert look.find(among(cache, pod()), 20, ())[1] == ENOUGH
    assert look.find(among(cache, pod()), len(MANY) - 1, ())[1] == ENOUGH + 5


def test_where_fewer_would_do_all_nodes_are_looked_at_and_the_emptiest_is_found():
    cache = large()
    for name in MANY[3:]:
        cordon(cache, name)
    for name in MANY[:2]:
        put(cache, name, pod(f"there-{name}", "other", containers=asking("2")))
    found, looked = finder(cache).find(among(cache, pod(containers=asking("1"))), 50, ())
    assert (found.node, looked) == (cache.nodes[MANY[2]], len(MANY))


def test_a_pod_that_names_its_nodes_hears_of_each_other_node_that_it_is_none_of_them():
    cache = large()
    cordon(cache, MANY[7])
    found, looked = finder(cache).find(among(cache, pod(affinity=named(MANY[7]))), 3, ())
    assert (found.node, looked) == (None, len(MANY))
    assert list(found.rejections) == MANY[3:] + MANY[:3]
    assert {name: rejection.plugin for name, rejection in found.rejections.items() if rejection is not NO_SUCH_NODE} == {
        MANY[7]: "NodeUnschedulable"
    }
