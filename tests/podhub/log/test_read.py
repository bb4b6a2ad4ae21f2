"""Reading the past: any seq, any moment, through forks, and the laws of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle import wire
from podhub.log import clusters, codec, fold, read
from podhub.log.errors import NotYet
from podhub.log.models import Cluster
from podhub.log.read import View
from podhub.log.verify import verify
from tests.podhub.log.making import SECOND, START, change, event, leased, pod, write

pytestmark = pytest.mark.django_db


def names(view: View, resource: str = "pods", namespace: str | None = None) -> list[str]:
    return ["{namespace}/{name}".format(**version.object["metadata"]) for version in view.list(resource, namespace)]


def test_a_moment_is_every_entry_of_that_instant() -> None:
    cluster = write(leased(), [change(1, pod("a"), at=5), change(2, pod("b"), at=5), change(3, pod("c"), at=9)], horizon=12)
    assert [read.seq_at(cluster, START + at) for at in (0, 4, 5, 8, 9, 12)] == [0, 0, 2, 2, 3, 3]


def test_a_moment_above_the_horizon_is_not_yet() -> None:
    cluster = write(leased(), [change(1, pod())], horizon=12)
    with pytest.raises(NotYet) as error:
        read.seq_at(cluster, START + 13)
    assert error.value.horizon == START + 12


def test_a_row_that_was_read_before_the_log_grew_knows_the_newer_horizon() -> None:
    before = leased()
    write(before, [change(1, pod(), at=7)], horizon=12)
    assert read.seq_at(before, START + 10) == 1
    assert View(before, 1).find("pods", "default", "web") is not None


def test_a_view_above_the_head_is_not_yet() -> None:
    with pytest.raises(NotYet, match="seq-2 has not happened yet"):
        View(write(leased(), [change(1, pod())]), 2)


def test_readers_see_the_seq_as_resource_version_and_may_alter_what_they_get() -> None:
    view = View(write(leased(), [change(1, pod("a")), change(2, pod("b"))]), 2)
    found = view.find("pods", "default", "b")
    assert found is not None
    assert found.object["metadata"]["resourceVersion"] == "2"
    found.object["spec"].clear()
    again = view.find("pods", "default", "b")
    assert again is not None
    assert again.object["spec"]


def test_lists_are_in_key_order_and_without_what_is_gone() -> None:
    objects = [pod("b"), pod("Z"), pod("a", "zoo"), pod("a-b"), pod("a"), pod("gone")]
    batch = [change(i, obj, "ADDED") for i, obj in enumerate(objects, 1)]
    cluster = write(leased(), [*batch, change(7, pod("gone"), "DELETED"), change(8, pod("gone", uid="2"), "ADDED")])
    assert names(View(cluster, 7)) == ["default/Z", "default/a", "default/a-b", "default/b", "zoo/a"]
    assert names(View(cluster, 8)) == ["default/Z", "default/a", "default/a-b", "default/b", "default/gone", "zoo/a"]
    assert names(View(cluster, 6), namespace="zoo") == ["zoo/a"]
    assert (View(cluster, 7).count("pods"), View(cluster, 7).count("pods", "zoo")) == (5, 1)
    assert [{*read.gone_at(cluster, "pods", seq).items()} for seq in (6, 7, 8)] == [
        set(),
        {(("default", "gone"), (cluster.pk, 7))},
        set(),
    ]
    assert [ref.seq for ref in read.newest_at(cluster, "pods", 8, "default", most=3)] == [8, 5, 4]


def test_a_list_can_be_read_page_by_page() -> None:
    cluster = write(leased(), [change(i, pod(f"p{i:02}"), "ADDED") for i in range(1, 11)])
    view, after, seen = View(cluster, 10), None, []
    while page := view.list("pods", limit=3, after=after):
        seen.append([version.object["metadata"]["name"] for version in page])
        after = ("default", seen[-1][-1])
    assert seen == [["p01", "p02", "p03"], ["p04", "p05", "p06"], ["p07", "p08", "p09"], ["p10"]]


def test_events_are_found_by_the_uid_of_what_they_regard() -> None:
    old, new = pod(uid="old"), pod(uid="new")
    batch = [change(1, event("e1", old, count=1), "ADDED"), change(2, old, "ADDED"), change(3, event("e1", old, count=2))]
    batch += [change(4, old, "DELETED"), change(5, new, "ADDED"), change(6, event("e2", new, count=1), "ADDED")]
    cluster = write(leased(), [*batch, change(7, event("e1", old, count=2), "DELETED")])
    found = [[(v.object["metadata"]["name"], v.object["count"]) for v in View(cluster, 6).events_of(of)] for of in (old, new)]
    assert found == [[("e1", 2)], [("e2", 1)]]
    assert [v.object["count"] for v in View(cluster, 2).events_of(old)] == [1]
    assert View(cluster, 7).events_of(old) == []


def test_a_tail_gives_every_kind_of_entry_after_a_seq() -> None:
    cluster = write(leased(), [change(i, pod(n=i), "ADDED" if i == 1 else "MODIFIED", at=i) for i in range(1, 31)])
    lines = read.tail(cluster, 10, limit=15)
    assert [line.seq for line in lines] == list(range(11, 26))
    assert [line.content["status"]["n"] for line in lines] == list(range(11, 26))
    assert [line.seq for line in read.tail(cluster, 25, upto=28)] == [26, 27, 28]


def test_a_fork_reads_its_parent_up_to_where_it_left_and_then_its_own() -> None:
    parent = write(leased(), [change(1, pod("a", n=1), "ADDED", at=1), change(2, pod("b"), "ADDED", at=2)], horizon=3)
    fork = clusters.fork(parent, 2, "fork", wall=0)
    parent = write(parent, [change(3, pod("a", n=3), at=4), change(4, pod("b"), "DELETED", at=5)])
    Cluster.objects.filter(pk=fork.pk).update(lease_token="mine")
    fork = write(fork, [change(3, pod("a", n=33), at=6), change(4, pod("c"), "ADDED", at=7)])
    assert names(View(fork, 4)) == ["default/a", "default/b", "default/c"]
    assert names(View(parent, 4)) == ["default/a"]
    assert [v.object["status"].get("n") for v in read.versions(fork, "pods", "default", "a")] == [1, 33]
    assert [line.name for line in read.tail(fork, 0)] == ["a", "b", "a", "c"]
    assert [line.name for line in read.tail(fork, 1, limit=2)] == ["b", "a"]
    assert [read.seq_at(fork, START + at) for at in (0, 1, 2, 5, 6, 7)] == [0, 1, 2, 2, 3, 4]
    assert [*verify(parent), *verify(fork)] == []


def test_a_fork_of_a_fork_may_begin_before_the_first_one_left() -> None:
    parent = write(leased(), [change(i, pod(f"p{i}"), "ADDED", at=i) for i in range(1, 4)])
    child = clusters.fork(parent, 3, "child", wall=0)
    grandchild = clusters.fork(clusters.named("child"), 1, "grandchild", wall=0)
    Cluster.objects.update(lease_token="mine")
    child = write(child, [change(4, pod("p4"), "ADDED", at=9)])
    grandchild = write(grandchild, [change(2, pod("other"), "ADDED", at=3)])
    assert names(View(grandchild, 2)) == ["default/other", "default/p1"]
    assert names(View(child, 4)) == [f"default/p{i}" for i in range(1, 5)]
    assert [*verify(grandchild), *verify(child)] == []


def test_what_is_about_a_pod_is_found_by_its_uid() -> None:
    web = pod()
    cluster = write(leased(), [change(1, web, "ADDED"), change(2, event("e", web), "ADDED"), change(3, pod("other"), "ADDED")])
    assert [(line.resource, line.name) for line in read.about(cluster, "uid-web")] == [("pods", "web"), ("events", "e")]
    assert [line.seq for line in read.about(cluster, "uid-web", after=1, kind="change", types=["ADDED"])] == [2]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "é"]), inner, max_size=3),
    max_leaves=8,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]),
        st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, pieces=st.integers(1, 7), forget=st.booleans())
def test_any_versions_folded_at_any_seq_give_that_version(steps: list[Any], pieces: int, forget: bool) -> None:
    Cluster.objects.all().delete()
    read.forget()
    cluster = leased()
    changes = [change(i, pod(name, **status), type, at=i) for i, (name, type, status) in enumerate(steps, 1)]
    for start in range(0, len(changes), pieces):
        write(cluster, changes[start : start + pieces])
        if forget:
            read.forget()
    expected: dict[str, wire.Object] = {}
    for i, (name, type, _) in enumerate(steps, 1):
        expected[name] = changes[i - 1].object
        if type == "DELETED":
            del expected[name]
        view = View(cluster, i)
        listed = {v.object["metadata"]["name"]: v for v in view.list("pods")}
        assert {key: _written(v.object) for key, v in listed.items()} == {key: _written(obj) for key, obj in expected.items()}
        found = view.find("pods", "default", name)
        assert (found and _written(found.object)) == (_written(expected[name]) if name in expected else None)
    assert [_written(line.content) for line in read.tail(cluster, 0)] == [_written(c.object) for c in changes]
    assert list(verify(cluster)) == []


def _written(obj: wire.Object) -> bytes:
    """An object as canonical JSON, without the resourceVersion that readers put in."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    return codec.canonical({**obj, "metadata": metadata})


def test_a_past_version_is_read_without_what_came_before_its_whole_copy(django_assert_num_queries: Any) -> None:
    cluster = write(leased(), [change(i, pod(n=i), "ADDED" if i == 1 else "MODIFIED", at=i * SECOND) for i in range(1, 101)])
    read.forget()
    with django_assert_num_queries(3):
        found = View(cluster, 78).find("pods", "default", "web")
    assert found is not None
    assert found.object["status"] == {"n": 78}
    with django_assert_num_queries(1):
        View(cluster, 78).find("pods", "default", "web")
    assert fold.stored([]) == {}
