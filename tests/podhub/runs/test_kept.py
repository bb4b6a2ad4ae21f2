"""Engines that a worker keeps, follows with, saves, carries over, and gives up."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F

from podhub.log.models import Cluster, Entry, Snapshot
from podhub.log.verify import verify
from podhub.runs import kept
from podhub.runs.advance import advance
from podhub.runs.engines import ENGINE_VERSION
from podhub.runs.models import QueuedRequest
from tests.podhub.runs.conftest import WALL, Wall, answer, forget, log, queue
from tests.podhub.runs.toy import Toy, create


def fresh(cluster: Cluster) -> Cluster:
    return Cluster.objects.get(pk=cluster.pk)


def test_an_engine_behind_its_log_catches_up(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=100))
    advance(cluster.pk)
    mine = kept.cache.take(cluster.pk)
    wall.pass_(10)
    advance(cluster.pk)  # another process, from the start
    kept.cache.clear()
    assert mine is not None
    kept.cache.put(cluster.pk, *mine[:2])
    wall.pass_(10.5)
    advance(cluster.pk)
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 20
    assert mine.engine.index == fresh(cluster).head


def test_who_follows_another_writer_goes_on_from_what_that_one_wrote(
    cluster: Cluster, wall: Wall, django_assert_max_num_queries: Any
) -> None:
    """Its patches build on the other's versions, and it reads none of its own again."""
    for name in ("web", "db"):
        queue(cluster, create(name, beats=100))
    processes: list[kept.Kept | None] = [None, None]
    queries = []
    for number in range(1, 13):
        kept.cache.clear()
        mine = processes[number % 2]
        if mine is not None:
            kept.cache.put(cluster.pk, *mine[:2])
        wall.pass_(1)
        with django_assert_max_num_queries(100) as counted:
            advance(cluster.pk)
        queries.append(len(counted))
        processes[number % 2] = kept.cache.take(cluster.pk)
    assert not list(verify(fresh(cluster)))
    patches = Entry.objects.filter(cluster_id=cluster.pk, kind="change", type="MODIFIED").exclude(keyframe=F("seq"))
    assert patches.count() >= 20, "most changes are patches, whoever wrote the one before"
    assert max(queries[2:]) <= 22


def test_a_log_that_the_engine_does_not_give_again_is_written_no_more(cluster: Cluster, wall: Wall, toy: type[Toy]) -> None:
    queue(cluster, create("web", beats=5))
    advance(cluster.pk)
    wall.pass_(2)
    advance(cluster.pk)
    before = log(cluster)
    forget()
    Cluster.objects.filter(pk=cluster.pk).update(config=f'{{"start": {WALL}, "seed": 7}}')
    number = queue(cluster, create("late"))
    advance(cluster.pk)
    assert fresh(cluster).read_only
    assert fresh(cluster).read_only_because.startswith("seq 1: body: the log holds ")
    assert answer(number).code == 403
    assert "read-only" in answer(number).body["message"]
    assert log(cluster) == before


def test_a_request_on_which_the_engine_fails_blocks_nobody(cluster: Cluster) -> None:
    numbers = [queue(cluster, create("good")), queue(cluster, create("bad", broken="now")), queue(cluster, create("better"))]
    while advance(cluster.pk):
        pass
    assert [answer(number).code for number in numbers] == [201, 500, 201]
    assert [entry[5] for entry in log(cluster) if entry[4] == "ADDED"] == ["node1", "good", "better"]
    assert QueuedRequest.objects.get(pk=numbers[1]).seq is None


def test_a_life_in_which_the_engine_fails_is_stopped_and_says_so(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("bad", broken="beat", beats=1))
    advance(cluster.pk)
    wall.pass_(2)
    advance(cluster.pk)
    assert fresh(cluster).read_only
    assert "ZeroDivisionError: a defect" in fresh(cluster).read_only_because
    assert len(log(cluster)) == 3


def test_snapshots_are_written_and_the_newest_two_kept(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(cluster, create("web", beats=10_000))
    heads = []
    for _ in range(5):
        while advance(cluster.pk):
            pass
        heads.append(fresh(cluster).head)
        wall.pass_(300)
    kept = list(Snapshot.objects.filter(cluster_id=cluster.pk).order_by("seq").values_list("seq", flat=True))
    assert kept == heads[-2:]


def test_a_snapshot_spares_what_was_before_it(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(cluster, create("web", beats=10_000))
    advance(cluster.pk)
    wall.pass_(400)
    advance(cluster.pk)
    assert Snapshot.objects.get(cluster_id=cluster.pk).seq == fresh(cluster).head
    wall.pass_(10.5)
    forget()
    monkeypatch.setattr(kept.Engine, "new", None)
    advance(cluster.pk)
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 410


def test_a_live_cluster_is_carried_over_to_a_new_engine(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(cluster, create("web", beats=5))
    advance(cluster.pk)
    wall.pass_(2)
    forget()
    monkeypatch.setattr("podhub.runs.turn.ENGINE_VERSION", "next")
    advance(cluster.pk)
    entries = log(cluster)
    upgrade = next(entry for entry in entries if entry[4] == "upgrade")
    assert upgrade[6]["body"] == {"from": ENGINE_VERSION, "to": "next"}
    assert fresh(cluster).engine_version == "next"
    assert Snapshot.objects.filter(cluster_id=cluster.pk).exists()
    wall.pass_(1.5)
    advance(cluster.pk)
    assert [entry[4] for entry in log(cluster)].count("upgrade") == 1
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 3


@pytest.mark.parametrize("same", [True, False])
def test_a_cluster_whose_snapshot_a_new_engine_cannot_read_is_played_from_its_start(
    cluster: Cluster, wall: Wall, toy: type[Toy], monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """Where that gives what the log holds, it goes on; where not, it is read-only."""
    queue(cluster, create("web", beats=1000))
    advance(cluster.pk)
    wall.pass_(400)
    advance(cluster.pk)
    forget()
    monkeypatch.setattr(Toy, "version", 0)
    monkeypatch.setattr("podhub.runs.advance.ENGINE_VERSION", "next")
    if not same:
        Cluster.objects.filter(pk=cluster.pk).update(config=f'{{"start": {WALL}, "seed": 7}}')
    wall.pass_(1)
    advance(cluster.pk)
    assert fresh(cluster).read_only is not same
    assert sum(entry[4] == "beat" for entry in log(cluster)) == (401 if same else 400)
    if not same:
        why = fresh(cluster).read_only_because
        assert why.startswith(
            f"version {ENGINE_VERSION} of the engine wrote its log, and version next does not go on with it: "
        )
        assert "cannot be carried over (saved by version 1), and seq 1: body" in why
