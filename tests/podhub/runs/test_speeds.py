"""Clocks: at a speed, paused, as fast as possible, and set back."""

from __future__ import annotations

import pytest

from lifecycle.clock import SECOND, rfc3339_micro
from lifecycle.wire import Request
from podhub.log.models import Cluster
from podhub.log.verify import verify
from podhub.runs import dispatch, turn
from podhub.runs.advance import advance
from podhub.runs.sweeping import sweep
from tests.podhub.runs.conftest import WALL, Wall, answer, log, make, queue
from tests.podhub.runs.toy import Toy, create


def speed(cluster: Cluster, text: str, **more: str) -> int:
    return queue(cluster, Request("patch", "clusters", name=cluster.name, body={"speed": text, **more}))


def fresh(cluster: Cluster) -> Cluster:
    return Cluster.objects.get(pk=cluster.pk)


def test_wake_up_times_follow_the_speed(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=1, period=60 * SECOND))
    advance(cluster.pk)
    due = log(cluster)[-1][1] + 60 * SECOND
    assert (fresh(cluster).wake_at, fresh(cluster).wake_wall) == (due, due)  # at 1x, from the wall's own now
    speed(cluster, "10x")
    advance(cluster.pk)
    assert fresh(cluster).wake_at == due
    assert fresh(cluster).wake_wall - wall.now == pytest.approx(6 * SECOND, abs=10)
    speed(cluster, "paused")
    advance(cluster.pk)
    assert (fresh(cluster).wake_at, fresh(cluster).wake_wall) == (due, None)


def test_a_paused_cluster_answers_and_its_timers_wait(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=3))
    speed(cluster, "paused")
    advance(cluster.pk)
    wall.pass_(100)
    number = queue(cluster, create("late", beats=1))
    advance(cluster.pk)
    assert answer(number).code == 201
    assert max(at for _, at, *_ in log(cluster)) < WALL + 10
    speed(cluster, "1x")
    advance(cluster.pk)
    wall.pass_(1.5)
    advance(cluster.pk)
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 2


def test_a_change_of_speed_holds_from_the_moment_of_its_request(cluster: Cluster, wall: Wall) -> None:
    advance(cluster.pk)
    wall.pass_(7)
    speed(cluster, "60x")
    advance(cluster.pk)
    wall.pass_(2)
    advance(cluster.pk)
    assert fresh(cluster).horizon == WALL + 127 * SECOND
    assert (fresh(cluster).speed, fresh(cluster).clock_at, fresh(cluster).clock_since) == (
        "60x",
        WALL + 7 * SECOND,
        wall.now - 2 * SECOND,
    )


def test_as_fast_as_possible_runs_until_all_is_at_rest_and_waits_there(toy: type[Toy], wall: Wall) -> None:
    cluster = make("quick", "max")
    queue(cluster, create("web", beats=1000))
    while advance(cluster.pk):
        pass
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 1000
    assert fresh(cluster).horizon == log(cluster)[-1][1] == log(cluster)[2][1] + 1000 * SECOND
    assert fresh(cluster).wake_wall is None
    number = queue(cluster, create("late", beats=1))
    while advance(cluster.pk):
        pass
    assert answer(number).code == 201
    assert fresh(cluster).horizon // SECOND == WALL // SECOND + 1001


def test_as_fast_as_possible_stops_at_its_target(toy: type[Toy], wall: Wall) -> None:
    cluster = make("quick", "paused")
    queue(cluster, create("web", beats=1000))
    speed(cluster, "max", until=rfc3339_micro(WALL + 70 * SECOND))
    while advance(cluster.pk):
        pass
    assert fresh(cluster).horizon == fresh(cluster).clock_until == WALL + 70 * SECOND
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 70
    assert fresh(cluster).wake_wall is None


def test_as_fast_as_possible_takes_a_request_that_comes_on_the_way(
    toy: type[Toy], wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SLICE_SECONDS", 0.02)
    cluster = make("quick", "max")
    queue(cluster, create("web", beats=20_000))
    assert advance(cluster.pk, seconds=0.02)
    queue(cluster, Request("delete", "pods", name="web", namespace="default"))
    while advance(cluster.pk):
        pass
    assert log(cluster)[-1][4] == "DELETED"
    assert sum(entry[4] == "beat" for entry in log(cluster)) < 20_000


def test_a_life_without_end_does_not_run_for_ever(toy: type[Toy], wall: Wall) -> None:
    cluster = make("quick", "max")
    queue(cluster, create("web", beats=10_000_000, period=3600 * SECOND))
    while advance(cluster.pk):
        pass
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 24
    assert fresh(cluster).wake_wall is None


@pytest.mark.parametrize(("text", "factor"), [("1x", 1), ("60x", 60)])
def test_a_clock_that_was_set_back_with_the_walls_goes_on_from_what_is_known(
    toy: type[Toy], wall: Wall, text: str, factor: int
) -> None:
    cluster = make("c", text)
    queue(cluster, create("web", beats=100_000))
    advance(cluster.pk)
    wall.pass_(90)
    while advance(cluster.pk):
        pass
    known = fresh(cluster).horizon
    wall.pass_(-7200)
    number = queue(cluster, create("late", beats=1))
    advance(cluster.pk)
    assert answer(number).code == 201
    wall.pass_(10)
    advance(cluster.pk)
    assert fresh(cluster).horizon == known + 10 * factor * SECOND
    assert not list(verify(fresh(cluster)))


def test_a_clock_of_another_machine_that_is_a_little_late_changes_nothing(cluster: Cluster, wall: Wall) -> None:
    wall.pass_(100)
    advance(cluster.pk)
    wall.pass_(-50)
    advance(cluster.pk)
    assert (fresh(cluster).clock_at, fresh(cluster).clock_since) == (WALL, WALL)


def test_the_sweep_sees_that_the_wall_clock_was_set_back(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[int] = []
    monkeypatch.setattr(dispatch, "nudge", nudged.append)
    queue(cluster, create("web", beats=100))
    advance(cluster.pk)
    sweep()
    wall.pass_(-3600)
    assert nudged == []
    assert sweep() == nudged == [cluster.pk]
    assert sweep() == []
