"""`advance`: what a turn takes, plays and appends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.clock import SECOND, Micros
from lifecycle.wire import Output, Request
from podhub.log.models import Cluster, Entry, Snapshot
from podhub.runs import steps, turn, writing
from podhub.runs.advance import advance
from podhub.runs.models import QueuedRequest
from tests.podhub.runs.conftest import WALL, Wall, answer, forget, log, make, queue
from tests.podhub.runs.toy import Toy, create


def speed(cluster: Cluster, text: str, **more: str) -> int:
    return queue(cluster, Request("patch", "clusters", name=cluster.name, body={"speed": text, **more}))


def fresh(cluster: Cluster) -> Cluster:
    return Cluster.objects.get(pk=cluster.pk)


def test_the_first_turn_appends_what_a_cluster_begins_with(cluster: Cluster) -> None:
    advance(cluster.pk)
    assert [entry[3:6] for entry in log(cluster)] == [("change", "ADDED", "node1")]
    assert fresh(cluster).horizon == WALL


def test_a_request_is_stamped_taken_and_answered_with_its_entries(cluster: Cluster, wall: Wall) -> None:
    number = queue(cluster, create("web", beats=1))
    wall.pass_(3)
    advance(cluster.pk)
    assert answer(number).code == 201
    assert (answer(number).index, answer(number).changed) == (2, 3)
    assert QueuedRequest.objects.get(pk=number).seq == 2
    assert [(seq, at - WALL, cause) for seq, at, cause, *_ in log(cluster)] == [
        (1, 0, 0),
        (2, 3 * SECOND, 0),
        (3, 3 * SECOND, 2),
    ]


def test_requests_are_taken_in_order(cluster: Cluster) -> None:
    numbers = [queue(cluster, create(name)) for name in "cab"]
    advance(cluster.pk)
    assert [entry[5] for entry in log(cluster) if entry[3] == "change"][1:] == ["c", "a", "b"]
    assert [answer(number).code for number in numbers] == [201, 201, 201]


def test_a_crowd_of_requests_is_taken_before_the_time_goes_on(
    cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "MOST_REQUESTS", 4)
    numbers = [queue(cluster, create(str(number), beats=9, period=SECOND // 10)) for number in range(10)]
    steps.on_step = lambda step: wall.pass_(0.3) if step == "answered" else None
    advance(cluster.pk, seconds=0)
    assert [answer(number).code for number in numbers] == [201] * 10
    moments = [at - WALL for _, at, _, kind, *_ in log(cluster) if kind == "request"]
    assert moments == [0] * 4 + [1] * 4 + [2] * 2
    assert not any(entry[4] == "beat" for entry in log(cluster))
    advance(cluster.pk)
    assert sum(entry[4] == "beat" for entry in log(cluster)) >= 10


def test_only_what_somebody_asked_for_waits_for_the_disk(cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    lasted: list[bool] = []
    monkeypatch.setattr(turn, "written", lambda *, lasting: (lasted.append(lasting), writing.written(lasting=lasting))[1])
    queue(cluster, create("web", beats=3))
    for _ in range(2):
        advance(cluster.pk)
        wall.pass_(1.1)
    advance(cluster.pk)
    speed(cluster, "10x")
    advance(cluster.pk)
    assert lasted == [True, False, False, True]


def test_what_a_power_loss_takes_back_comes_again_the_same(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=5))
    advance(cluster.pk)
    wall.pass_(3.1)
    with transaction.atomic():
        advance(cluster.pk)
        shown = log(cluster)
        transaction.set_rollback(True)
    forget()
    assert len(log(cluster)) < len(shown)
    wall.pass_(4)
    advance(cluster.pk)
    assert log(cluster)[: len(shown)] == shown
    assert len(log(cluster)) > len(shown)


def test_timers_that_are_due_fire_before_a_request(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=2))
    advance(cluster.pk)
    queue(cluster, Request("delete", "pods", name="web", namespace="default"))
    wall.pass_(1.1)
    advance(cluster.pk)
    assert [entry[4] for entry in log(cluster)] == ["ADDED", "create", "ADDED", "MODIFIED", "beat", "delete", "DELETED"]


def test_a_second_delivery_appends_nothing(cluster: Cluster) -> None:
    queue(cluster, create("web", beats=5))
    advance(cluster.pk)
    before = log(cluster)
    assert [advance(cluster.pk) for _ in range(3)] == [False, False, False]
    assert log(cluster) == before


def test_a_refused_request_is_in_the_log_with_nothing_behind_it(cluster: Cluster) -> None:
    number = queue(cluster, Request("delete", "pods", name="nobody", namespace="default"))
    advance(cluster.pk)
    assert answer(number).code == 404
    assert [entry[3] for entry in log(cluster)] == ["change", "request"]


def test_what_is_known_up_to_the_horizon_never_changes(cluster: Cluster, wall: Wall) -> None:
    """A request that comes at the very moment of the horizon is stamped behind it."""
    advance(cluster.pk)
    horizon = fresh(cluster).horizon
    queue(cluster, create("web"))
    advance(cluster.pk)
    assert min(at for _, at, _, kind, *_ in log(cluster) if kind == "request") > horizon


def test_the_clock_runs_on_while_no_server_does(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=3600))
    advance(cluster.pk)
    wall.pass_(3600.5)
    forget()
    while advance(cluster.pk):
        pass
    assert fresh(cluster).horizon == wall.now
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 3600


def test_a_turn_ends_when_its_time_is_up_and_says_that_more_is_due(
    cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "SLICE_SECONDS", 0.02)
    queue(cluster, create("web", beats=100_000, period=SECOND // 10))
    advance(cluster.pk)
    wall.pass_(10_000)
    assert advance(cluster.pk, seconds=0.05)
    assert WALL < fresh(cluster).horizon < WALL + 10_000 * SECOND
    assert fresh(cluster).wake_wall <= wall.now


def test_an_engine_far_behind_is_sent_off_for_short_stretches_where_they_take_it_long(
    cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance(cluster.pk)
    stretches: list[Micros] = []
    seconds = 0.0

    def run(engine: Any, to: Micros) -> list[Output]:
        nonlocal seconds
        stretches.append(to - engine.now)
        seconds += stretches[-1] / SECOND / 100
        return run_engine(engine, to)

    run_engine = turn.engines.run
    monkeypatch.setattr(turn, "SLICE_SECONDS", 0.02)
    monkeypatch.setattr(turn.engines, "run", run)
    monkeypatch.setattr(turn, "time", SimpleNamespace(perf_counter=lambda: seconds))
    wall.pass_(3600)
    while advance(cluster.pk):
        pass
    assert sum(stretches) == 3600 * SECOND
    assert max(stretches) <= 10 * SECOND
    assert len(stretches) > 360


def test_an_instant_longer_than_a_transaction_is_split_and_the_horizon_stays_before_it(cluster: Cluster, wall: Wall) -> None:
    horizons = []
    queue(cluster, create("web", beats=1, burst=1200))
    advance(cluster.pk)
    wall.pass_(1.5)
    steps.on_step = lambda step: horizons.append(fresh(cluster).horizon - WALL) if step == "committed" else None
    advance(cluster.pk)
    beat = fresh(cluster).horizon - WALL - SECOND // 2
    assert horizons == [beat - 1, beat - 1, 1.5 * SECOND]
    assert Entry.objects.filter(cluster_id=cluster.pk).count() == 3 + 1201


def test_a_turn_that_died_within_an_instant_is_finished_by_the_next(cluster: Cluster, wall: Wall) -> None:
    queue(cluster, create("web", beats=2, burst=1200))
    advance(cluster.pk)
    wall.pass_(1.5)

    def die(step: str) -> None:
        if step == "committed":
            raise KeyboardInterrupt

    steps.on_step = die
    with pytest.raises(KeyboardInterrupt):
        advance(cluster.pk)
    steps.on_step = None
    forget()
    assert fresh(cluster).head == 503
    queue(cluster, create("other"))
    advance(cluster.pk)
    assert [seq for seq, *_ in log(cluster)] == list(range(1, 3 + 1201 + 3))


def test_a_request_that_came_while_the_lease_was_held_is_not_forgotten(cluster: Cluster) -> None:
    """It was sent to a worker that the lease turned away: the holder looks once more after it has let go."""
    numbers: list[int] = []

    def come_late(step: str) -> None:
        if step == "snapshot" and not numbers:
            numbers.append(queue(cluster, create("late")))

    steps.on_step = come_late
    advance(cluster.pk)
    assert answer(numbers[0]).code == 201


def turned(cluster: Cluster) -> list[str]:
    """Run a turn as a worker among several; return the names of the Pods whose creation it took."""
    before = cluster.head
    advance(cluster.pk)
    cluster.refresh_from_db()
    rows = Entry.objects.filter(cluster_id=cluster.pk, seq__gt=before, type="ADDED", resource="pods")
    return list(rows.values_list("name", flat=True))


def looking(monkeypatch: pytest.MonkeyPatch, wall: Wall, look: Callable[[], object] = lambda: None) -> None:
    """Let time pass for a turn only while it sleeps, and something happen before each of its looks."""

    def sleep(seconds: float) -> None:
        wall.pass_(seconds)
        look()

    monkeypatch.setattr(turn, "time", SimpleNamespace(sleep=sleep, perf_counter=lambda: wall.now / SECOND))


def test_a_worker_among_several_stays_for_the_request_that_comes_next(
    cluster: Cluster, wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEAM = True
    coming = ["b", "c"]
    looking(monkeypatch, wall, lambda: coming and queue(cluster, create(coming.pop(0))))
    queue(cluster, create("a"))
    taken: list[str] = []
    steps.on_step = lambda step: taken.append(step) if step in ("leased", "taken") else None
    assert turned(cluster) == ["a", "b", "c"]
    assert taken[:4] == ["leased", "taken", "taken", "taken"], "all under one lease"


def test_a_worker_lets_go_at_once_where_another_cluster_waits(
    cluster: Cluster, wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, looks = make("other"), count(1)
    settings.TEAM = True
    queue(cluster, create("a"))
    looking(monkeypatch, wall, lambda: next(looks) == 3 and queue(other, create("x")))
    assert turned(cluster) == ["a"]
    assert next(looks) == 4, "it has looked three times"


def test_a_worker_stays_for_what_is_due_soon(
    cluster: Cluster, wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEAM = True
    queue(cluster, create("web", beats=3, period=30_000))
    looking(monkeypatch, wall)
    leases: list[str] = []
    steps.on_step = lambda step: leases.append(step) if step == "leased" else None
    advance(cluster.pk)
    assert sum(entry[4] == "beat" for entry in log(cluster)) == 3
    assert len(leases) == 1


def test_who_has_more_to_do_goes_on_unless_others_wait_or_it_is_to_end(
    cluster: Cluster, wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEAM = True
    other, leases = make("other"), list[str]()
    queue(cluster, create("web", beats=1000, period=1000))
    steps.on_step = lambda step: leases.append(step) if step == "leased" else None
    monkeypatch.setattr(turn, "SLICE_SECONDS", 0)
    monkeypatch.setattr(turn, "LONGEST_SECONDS", 0)
    monkeypatch.setattr(turn, "WIDEST", 100_000)
    advance(cluster.pk)
    wall.pass_(1)
    assert not advance(cluster.pk, 0)
    assert len(leases) > 3
    leases.clear()
    queue(cluster, create("more", beats=1000, period=1000))
    advance(cluster.pk)
    wall.pass_(1)
    queue(other, create("x"))
    leases.clear()
    assert advance(cluster.pk, 0)
    assert len(leases) == 1, "the other one's turn comes first"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 30 * SECOND), max_size=8), at=st.integers(0, 20 * SECOND), forgets=st.booleans())
def test_advance_to_a_and_then_to_b_gives_what_advance_to_b_gives(
    toy: type[Toy], wall: Wall, cuts: list[int], at: int, forgets: bool
) -> None:
    """However often a cluster is looked after, and whether by the same process or another, its log is the same."""
    logs = []
    for looks in ([], cuts):
        Cluster.objects.all().delete()
        Entry.objects.all()._raw_delete("default")
        Snapshot.objects.all().delete()
        wall.now = WALL
        forget()
        cluster = make("c")
        queue(cluster, create("a", beats=20, period=1_400_000))
        advance(cluster.pk)
        for moment, name in sorted([(look, "") for look in looks] + [(at + 1, "b"), (30 * SECOND, "")]):
            wall.now = WALL + moment
            if name:
                queue(cluster, create(name, beats=7, period=900_000))
            if forgets:
                forget()
            while advance(cluster.pk):
                pass
        logs.append(log(cluster))
    assert logs[0] == logs[1]


def test_turns_on_an_idle_cluster_need_few_queries(cluster: Cluster, django_assert_max_num_queries: object) -> None:
    advance(cluster.pk)
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        queue(cluster, create("web"))
        advance(cluster.pk)
