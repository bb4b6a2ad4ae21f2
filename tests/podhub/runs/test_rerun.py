"""A second run of a log's requests."""

from __future__ import annotations

import pytest

from lifecycle.wire import Request
from podhub.log import codec
from podhub.log.models import Cluster, Entry
from podhub.runs import rerun as module
from podhub.runs.advance import advance
from podhub.runs.rerun import rerun, rerunnable
from tests.podhub.runs.conftest import Wall, forget, queue
from tests.podhub.runs.toy import Toy, create


@pytest.fixture
def lived(cluster: Cluster, wall: Wall, toy: type[Toy], monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster in which three Pods lived, played in pieces by processes that forgot it between."""
    monkeypatch.setattr(module, "Engine", toy)
    for name in "abc":
        queue(cluster, create(name, beats=20, period=730_000, burst=3))
        advance(cluster.pk)
        wall.pass_(3.3)
        forget()
    queue(cluster, Request("delete", "pods", name="b", namespace="default"))
    advance(cluster.pk)
    return Cluster.objects.get(pk=cluster.pk)


def test_a_second_run_gives_the_same(lived: Cluster) -> None:
    assert rerunnable(lived)
    assert list(rerun(lived)) == []


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"at": 1}, "at: the log holds"),
        ({"cause": 1}, "cause: the log holds 1, the engine gives"),
        ({"type": "ADDED"}, "type: the log holds 'ADDED'"),
    ],
)
def test_what_a_second_run_gives_otherwise_is_named(lived: Cluster, columns: dict[str, object], text: str) -> None:
    row = Entry.objects.filter(cluster_id=lived.pk, kind="trace")[3]
    Entry.objects.filter(pk=row.pk).update(**columns)
    (problem,) = rerun(lived)
    assert problem.seq == row.seq
    assert text in problem.text


def test_a_body_that_a_second_run_gives_otherwise_is_named(lived: Cluster) -> None:
    row = Entry.objects.filter(cluster_id=lived.pk, kind="trace")[0]
    Entry.objects.filter(pk=row.pk).update(body=codec.pack(codec.canonical({"left": 1000})))
    (problem,) = rerun(lived)
    assert (problem.seq, "body" in problem.text) == (row.seq, True)


def test_an_entry_that_is_missing_at_the_end_is_named(lived: Cluster) -> None:
    lived.head -= 1
    Cluster.objects.filter(pk=lived.pk).update(head=lived.head)
    (problem,) = rerun(lived)
    assert problem.seq == lived.head + 1
    assert "that the log does not hold" in problem.text


def test_after_an_upgrade_a_second_run_begins_with_what_was_carried_over(
    lived: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    monkeypatch.setattr("podhub.runs.turn.ENGINE_VERSION", "next")
    monkeypatch.setattr("podhub.runs.snapshots.ENGINE_VERSION", "next")
    assert rerunnable(Cluster.objects.get(pk=lived.pk))
    advance(lived.pk)
    wall.pass_(3.3)
    advance(lived.pk)
    carried = Cluster.objects.get(pk=lived.pk)
    assert not rerunnable(carried)  # by this version
    monkeypatch.setattr(module, "ENGINE_VERSION", "next")
    monkeypatch.setattr(Toy, "new", None)
    assert rerunnable(carried)
    assert list(rerun(carried)) == []
