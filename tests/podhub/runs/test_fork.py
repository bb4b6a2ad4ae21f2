"""A fork goes on by itself from any entry of another cluster's log, in the middle of an instant, too."""

from __future__ import annotations

import pytest

from lifecycle.clock import SECOND
from podhub.log.models import Cluster, Snapshot
from podhub.log.verify import verify
from podhub.runs import rerun
from podhub.runs.advance import advance
from podhub.runs.clusters import fork_cluster
from tests.podhub.runs.conftest import WALL, Wall, forget, log, queue
from tests.podhub.runs.toy import Toy, create


@pytest.fixture
def lived(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(rerun, "Engine", Toy)
    for name in "ab":
        queue(cluster, create(name, beats=3, burst=2))
        advance(cluster.pk)
        wall.pass_(1.5)
    advance(cluster.pk)
    return Cluster.objects.get(pk=cluster.pk)


def test_a_fork_at_any_entry_goes_on_as_its_parent_did(lived: Cluster, wall: Wall) -> None:
    """Until somebody asks for something else: what is due after the fork's first entries comes as it came."""
    wall.pass_(10)
    advance(lived.pk)
    parent = log(lived)
    for seq in range(1, len(parent) + 1):
        fork = fork_cluster(Cluster.objects.get(pk=lived.pk), seq, f"f{seq}", speed="1x")
        wall.pass_(30)
        forget()
        while advance(fork.pk):
            pass
        fork.refresh_from_db()
        assert not fork.read_only, fork.read_only_because
        mine = log(fork)
        assert mine[:seq] == parent[:seq]
        asked = [entry for entry in parent[seq:] if entry[3] == "request"]
        assert asked or mine == parent
        assert list(verify(fork)) == list(rerun.rerun(Cluster.objects.get(pk=fork.pk))) == []


def test_a_fork_begins_with_its_parent_s_snapshot(lived: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    from podhub.runs import kept, snapshots

    snapshots.write_all()
    assert Snapshot.objects.get().seq == lived.head
    forget()
    fork = fork_cluster(lived, lived.head, "fork")
    monkeypatch.setattr(kept.Engine, "new", None)
    wall.pass_(1)
    advance(fork.pk)
    assert Cluster.objects.get(pk=fork.pk).head > lived.head


def test_what_is_asked_of_a_fork_does_not_touch_its_parent(lived: Cluster, wall: Wall) -> None:
    before = log(lived)
    fork = fork_cluster(lived, 5, "fork", speed="paused")
    queue(fork, create("new"))
    advance(fork.pk)
    assert [entry[5] for entry in log(fork) if entry[4] == "ADDED"][-1] == "new"
    assert log(lived) == before
    assert fork.clock_at <= WALL + 2 * SECOND
