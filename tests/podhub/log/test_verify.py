"""Nothing in a log can be altered unseen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podhub.log import clusters, codec, read
from podhub.log.models import Cluster, Entry
from podhub.log.verify import verify
from tests.podhub.log.making import change, event, leased, pod, write

pytestmark = pytest.mark.django_db


def life() -> Cluster:
    web = pod()
    batch = [change(1, web, "ADDED")]
    for i in range(2, 21):
        batch.append(
            change(i, event(f"e{i}", web, count=i), "ADDED", i) if i % 5 == 0 else change(i, pod(n=i), "MODIFIED", i, i - 1)
        )
    return write(leased(), [*batch, change(21, pod(n=20), "DELETED", 25)])


def problems(cluster: Cluster) -> list[str]:
    read.forget()
    return [problem.text for problem in verify(cluster)]


def test_a_whole_log_has_no_problem() -> None:
    assert problems(life()) == []


def test_an_empty_log_has_no_problem() -> None:
    assert problems(leased()) == []


COLUMNS = (
    "seq",
    "at",
    "recorded_at",
    "cause",
    "type",
    "resource",
    "namespace",
    "name",
    "about",
    "keyframe",
    "line",
    "body",
    "hash",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 21), column=st.sampled_from(COLUMNS), where=st.integers(0), byte=st.integers(1, 255))
def test_any_altered_byte_is_found(seq: int, column: str, where: int, byte: int) -> None:
    cluster = Cluster.objects.filter(name="default").first() or life()
    row = Entry.objects.get(cluster_id=cluster.pk, seq=seq)
    before = getattr(row, column)
    Entry.objects.filter(pk=row.pk).update(**{column: _altered(before, where, byte)})
    assert problems(cluster) != []
    Entry.objects.filter(pk=row.pk).update(**{column: before})
    assert problems(cluster) == []


def _altered(value: Any, where: int, byte: int) -> Any:
    if isinstance(value, int):
        return value + 100 * byte
    if isinstance(value, str):
        return value + chr(96 + byte % 26 + 1)
    data = bytearray(value)
    data[where % len(data)] ^= byte
    return bytes(data)


@pytest.mark.parametrize("seq", [1, 10, 21])
def test_a_missing_entry_is_found(seq: int) -> None:
    cluster = life()
    Entry.objects.filter(cluster_id=cluster.pk, seq=seq).delete()
    assert any("gap" in text for text in problems(cluster))


def test_an_entry_beyond_the_head_is_found() -> None:
    cluster = life()
    Cluster.objects.filter(pk=cluster.pk).update(head=20, head_hash=Entry.objects.get(seq=20).hash)
    assert problems(cluster) == ["an entry beyond the log's head, which is 20"]


def test_a_cluster_whose_start_was_altered_is_found() -> None:
    cluster = life()
    Cluster.objects.filter(pk=cluster.pk).update(config='{"start":1}')
    assert problems(clusters.named("default"))[0].startswith("altered")


def test_a_log_that_was_chained_anew_over_a_wrong_patch_is_found() -> None:
    cluster = life()
    previous = codec.beginning(cluster)
    for row in Entry.objects.order_by("seq"):
        row.keyframe = 2 if row.seq == 3 else row.keyframe
        row.hash = previous = codec.link(previous, [getattr(row, column) for column in codec.COLUMNS], row.body)
        row.save()
    Cluster.objects.filter(pk=cluster.pk).update(head_hash=previous)
    assert "a patch that does not build on the whole copy at 2" in problems(cluster)
