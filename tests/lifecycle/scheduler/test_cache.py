"""What is counted as Pods come and go is what counting all of them anew gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import reject
from lifecycle.scheduler.finder import Finder
from lifecycle.scheduler.nodes import PodInfo
from lifecycle.seeds import Seeds
from lifecycle.wire import Object
from tests.lifecycle.scheduler.test_filters import HOST, ZONE, Objects, away, cluster, near, pod, spread, term

NODES = ("a", "b", "c", "d")
APPS = ("web", "db", "cache")

shapes = st.fixed_dictionaries(
    {},
    optional={
        "affinity": st.sampled_from([away(term("web", HOST)), away(term("db")), near(term("web")), near(term("db", HOST))]),
        "topologySpreadConstraints": st.sampled_from([spread(), spread(2, HOST), spread(whenUnsatisfiable="ScheduleAnyway")]),
        "nodeSelector": st.just({ZONE: "1"}),
        "containers": st.sampled_from(
            [[{"name": "c", "image": "x", "resources": {"requests": {"cpu": cpu}}}] for cpu in ("100m", "700m", "1500m")]
        ),
    },
)
steps = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(APPS), st.sampled_from([*NODES, ""]), st.booleans(), shapes), max_size=25
)


def made(number: int, app: str, leaving: bool, spec: dict[str, Any]) -> Object:
    one = pod(f"p{number}", app, **spec)
    if leaving:
        one["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return one


def nodes() -> Cache:
    return cluster(a="1", b="1", c="2", d="")


def played(given_steps: list[Any], ask_early: bool) -> tuple[Cache, dict[str, tuple[Object, str]]]:
    """Return a cache in which Pods came, moved, changed and went, and the Pods that are there in the end."""
    cache, there = nodes(), {}
    if ask_early:
        assert cache.population is not None
    for number, app, node, leaving, spec in given_steps:
        one = made(number, app, leaving, spec)
        uid = one["metadata"]["uid"]
        if node:
            cache.set_pod(PodInfo.of(one), node)
            there[uid] = (one, node)
        else:
            cache.remove_pod(uid)
            there.pop(uid, None)
    return cache, there


def anew(there: dict[str, tuple[Object, str]]) -> Cache:
    cache = nodes()
    for one, node in there.values():
        cache.set_pod(PodInfo.of(one), node)
    return cache


def among(cache: Cache, incoming: Object) -> Candidate:
    return Candidate.among(incoming, cache, lambda name: {}, Objects())


def said(cache: Cache, incoming: Object) -> dict[str, Any]:
    candidate = among(cache, incoming)
    return {node.name: reject(candidate, node) for node in cache}


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans(), shapes, st.sampled_from(APPS))
def test_a_cache_that_was_kept_says_what_one_that_is_new_says(given_steps, ask_early, spec, app):
    kept, there = played(given_steps, ask_early)
    incoming = pod("incoming", app, **spec)
    assert said(kept, incoming) == said(anew(there), incoming)


@settings(max_examples=60, deadline=None)
@given(steps, shapes, st.sampled_from(APPS))
def test_what_is_tried_without_a_pod_is_what_would_be_so_without_it(given_steps, spec, app):
    cache, there = played(given_steps, True)
    incoming = pod("incoming", app, **spec)
    for uid, (one, name) in there.items():
        node = cache.nodes[name]
        tried = node.copy()
        tried.remove(uid)
        found = reject(among(cache, incoming).moved(node, PodInfo.of(one), -1), tried)
        rest = anew({other: there[other] for other in there if other != uid})
        assert found == reject(among(rest, incoming), rest.nodes[name])


@settings(max_examples=40, deadline=None)
@given(steps, st.lists(st.tuples(shapes, st.sampled_from(APPS)), min_size=1, max_size=4))
def test_what_is_remembered_of_like_pods_changes_no_choice(given_steps, asked):
    cache, _ = played(given_steps, True)
    remembering = Finder(cache, Seeds(1), lambda name: {})
    for number, (spec, app) in enumerate(asked * 2):
        incoming = pod(f"new-{number}", app, **spec)
        found, looked = remembering.find(among(cache, incoming), 0, ())
        fresh = Finder(cache, Seeds(1), lambda name: {}).find(among(cache, incoming), 0, ())
        assert (found, looked) == fresh
        if found.node is not None:
            cache.set_pod(PodInfo.of(incoming), found.node.name)
