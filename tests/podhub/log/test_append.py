"""The way in: order, fence, chain, patches."""

from __future__ import annotations

import pytest
from django.db import transaction

from lifecycle import wire
from podhub.log import read
from podhub.log.append import MOST, Asked, Writer, slices
from podhub.log.errors import LeaseLost, ReadOnly
from podhub.log.models import Cluster, Entry
from tests.podhub.log.making import SECOND, START, change, leased, pod


@pytest.mark.django_db
def test_entries_get_the_numbers_of_the_engine_and_say_what_brought_them_about() -> None:
    cluster = leased()
    request = wire.Request("create", "pods", namespace="default", name="web", body=pod())
    trace = wire.Trace(3, START, 2, "pull", "default", "web", "uid-web", "app", {"image": "nginx"})
    Writer.open(cluster.pk, "mine").append([Asked(1, START, request), change(2, pod(), "ADDED", cause=1), trace], START)
    lines = read.tail(cluster, 0)
    assert [(line.seq, line.kind, line.type, line.cause, line.name) for line in lines] == [
        (1, "request", "create", 0, "web"),
        (2, "change", "ADDED", 1, "web"),
        (3, "trace", "pull", 2, "web"),
    ]
    assert lines[2].content == {"image": "nginx", "container": "app"}
    assert [line.seq for line in read.causes(cluster, 3)] == [3, 2, 1]


@pytest.mark.django_db
def test_an_index_that_is_not_the_next_seq_is_refused() -> None:
    writer = Writer.open(leased().pk, "mine")
    with pytest.raises(ValueError, match="the engine's index 2 is not the log's next seq 1"):
        writer.append([change(2, pod())], START)


@pytest.mark.django_db
def test_time_never_goes_backwards() -> None:
    writer = Writer.open(leased().pk, "mine")
    with pytest.raises(ValueError, match="cannot come after"):
        writer.append([change(1, pod("a"), at=5), change(2, pod("b"), at=4)], START + 5)


@pytest.mark.django_db
def test_an_entry_beyond_the_horizon_is_refused() -> None:
    writer = Writer.open(leased().pk, "mine")
    with pytest.raises(ValueError, match="beyond the horizon"):
        writer.append([change(1, pod(), at=5)], START + 4)


@pytest.mark.django_db
def test_what_is_known_never_changes() -> None:
    writer = Writer.open(leased().pk, "mine")
    writer.append([], START + 5)
    with pytest.raises(ValueError, match="comes too late"):
        writer.append([change(1, pod(), at=5)], START + 9)


@pytest.mark.django_db
def test_a_writer_without_the_lease_appends_nothing() -> None:
    cluster = leased()
    writer = Writer.open(cluster.pk, "mine")
    Cluster.objects.filter(pk=cluster.pk).update(lease_token="theirs")
    with pytest.raises(LeaseLost):
        Writer.open(cluster.pk, "mine")
    with pytest.raises(LeaseLost), transaction.atomic():
        writer.append([change(1, pod(), "ADDED")], START)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_writer_that_was_overtaken_appends_nothing() -> None:
    cluster = leased()
    stalled, quick = Writer.open(cluster.pk, "mine"), Writer.open(cluster.pk, "mine")
    quick.append([change(1, pod(), "ADDED")], START)
    with pytest.raises(LeaseLost), transaction.atomic():
        stalled.append([change(1, pod("other"), "ADDED")], START)
    assert [line.name for line in read.tail(cluster, 0)] == ["web"]


@pytest.mark.django_db
def test_what_is_read_only_has_no_writer() -> None:
    cluster = leased()
    Cluster.objects.filter(pk=cluster.pk).update(read_only=True)
    with pytest.raises(ReadOnly):
        Writer.open(cluster.pk, "mine")


@pytest.mark.django_db
def test_the_horizon_goes_on_without_entries_and_never_back() -> None:
    cluster = leased()
    writer = Writer.open(cluster.pk, "mine")
    writer.append([], START + SECOND, wake_at=START + 7)
    writer.append([], START)
    cluster.refresh_from_db()
    assert (cluster.head, cluster.horizon, cluster.wake_at) == (0, START + SECOND, START + 7)


@pytest.mark.django_db
def test_a_split_instant_is_known_only_with_its_last_entry() -> None:
    cluster = leased()
    writer = Writer.open(cluster.pk, "mine")
    batch = [change(i + 1, pod(f"p{i}"), "ADDED", at=9) for i in range(MOST + 10)]
    horizons = []
    for items, horizon in slices(batch, START + 20):
        writer.append(items, horizon)
        horizons.append((len(items), Cluster.objects.get(pk=cluster.pk).horizon - START))
    assert horizons == [(MOST, 8), (10, 20)]


@pytest.mark.django_db
def test_a_small_change_is_stored_as_a_patch_and_every_eighth_whole() -> None:
    cluster = leased()
    writer = Writer.open(cluster.pk, "mine")
    writer.append([change(i, pod(restarts=i), "ADDED" if i == 1 else "MODIFIED") for i in range(1, 20)], START)
    keyframes = list(Entry.objects.order_by("seq").values_list("keyframe", flat=True))
    assert keyframes == [1] * 8 + [9] * 8 + [17] * 3
    assert Entry.objects.get(seq=2).content == {"status": {"restarts": 2}}
    assert [v.object["status"]["restarts"] for v in read.versions(cluster, "pods", "default", "web")] == list(range(1, 20))


@pytest.mark.django_db
def test_a_change_that_no_patch_can_say_is_stored_whole() -> None:
    cluster = leased()
    Writer.open(cluster.pk, "mine").append([change(1, pod(a=1), "ADDED"), change(2, pod(a=None))], START)
    assert Entry.objects.get(seq=2).keyframe == 2
    found = read.View(cluster, 2).find("pods", "default", "web")
    assert found is not None
    assert found.object["status"] == {"a": None}


@pytest.mark.django_db
def test_another_writer_goes_on_with_patches() -> None:
    cluster = leased()
    Writer.open(cluster.pk, "mine").append([change(1, pod(a=1), "ADDED"), change(2, pod(a=2))], START)
    Writer.open(cluster.pk, "mine").append([change(3, pod(a=3), at=1)], START + 1)
    assert Entry.objects.get(seq=3).keyframe == 1
    assert Entry.objects.get(seq=3).content == {"status": {"a": 3}}
