"""`advance`: what a turn takes, plays and appends."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.clock import SECOND, rfc3339_micro
from lifecycle.wire import Request
from podhub.log.models import Cluster, Entry, Snapshot
from podhub.log.verify import verify
from podhub.runs import kept, lease, replay, steps, turn
from podhub.runs.advance import advance
from podhub.runs.engines import ENGINE_VERSION
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


def test_a_lease_is_kept_while_a_long_log_is_played_again(
    cluster: Cluster, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(cluster, create("web", beats=2000))
    advance(cluster.pk)
    wall.pass_(1000)
    while advance(cluster.pk):
        pass
    Snapshot.objects.all().delete()
    forget()
    different = replay.different

    def slowly(line: object, item: object) -> str:
        wall.pass_(0.02)
        return different(line, item)  # type: ignore[arg-type]

    monkeypatch.setattr(replay, "different", slowly)
    others: list[object] = []
    steps.on_step = lambda step: others.append(lease.take(cluster.pk)) if step == "restored" else None
    advance(cluster.pk)
    assert others == [None], "after 40 s of playing nobody else has got it"


def test_another_writer_is_left_alone(cluster: Cluster) -> None:
    held = lease.take(cluster.pk)
    assert held
    queue(cluster, create("web"))
    assert advance(cluster.pk) is False
    assert log(cluster) == []
    lease.release(held)
    advance(cluster.pk)
    assert len(log(cluster)) == 3


def test_a_lease_ends_by_itself(cluster: Cluster, wall: Wall) -> None:
    assert lease.take(cluster.pk)
    wall.pass_(4.9)
    assert lease.take(cluster.pk) is None
    wall.pass_(0.2)
    assert lease.take(cluster.pk)


def test_a_lease_whose_holder_is_dead_is_released(cluster: Cluster, wall: Wall) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    Cluster.objects.filter(pk=cluster.pk).update(lease_token=f"{dead.pid}.x", lease_until=wall.now + lease.LEASE)
    assert lease.take(cluster.pk) is None
    lease.bury()
    held = lease.take(cluster.pk)
    assert held
    lease.bury()
    assert lease.held(held), "its holder lives: it is this process"


def test_a_lease_of_a_clock_that_was_wrong_blocks_nobody(cluster: Cluster, wall: Wall) -> None:
    wall.pass_(3600)
    assert lease.take(cluster.pk)
    wall.pass_(-3600)
    assert lease.take(cluster.pk)


def test_a_request_that_came_while_the_lease_was_held_is_not_forgotten(cluster: Cluster) -> None:
    """It was sent to a worker that the lease turned away: the holder looks once more after it has let go."""
    numbers: list[int] = []

    def come_late(step: str) -> None:
        if step == "snapshot" and not numbers:
            numbers.append(queue(cluster, create("late")))

    steps.on_step = come_late
    advance(cluster.pk)
    assert answer(numbers[0]).code == 201


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


def turned(cluster: Cluster) -> list[str]:
    """Run a turn as a worker among several; return the names of the Pods whose creation it took."""
    before = cluster.head
    advance(cluster.pk)
    cluster.refresh_from_db()
    rows = Entry.objects.filter(cluster_id=cluster.pk, seq__gt=before, type="ADDED", resource="pods")
    return list(rows.values_list("name", flat=True))


def test_a_worker_among_several_stays_for_the_request_that_comes_next(
    cluster: Cluster, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEAM = True
    coming = ["b", "c"]
    monkeypatch.setattr(turn.time, "sleep", lambda seconds: coming and queue(cluster, create(coming.pop(0))))
    queue(cluster, create("a"))
    taken: list[str] = []
    steps.on_step = lambda step: taken.append(step) if step in ("leased", "taken") else None
    assert turned(cluster) == ["a", "b", "c"]
    assert taken[:4] == ["leased", "taken", "taken", "taken"], "all under one lease"


def test_a_worker_lets_go_at_once_where_another_cluster_waits(
    cluster: Cluster, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, looks = make("other"), []
    settings.TEAM = True
    queue(cluster, create("a"))

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            queue(other, create("x"))

    monkeypatch.setattr(turn.time, "sleep", sleep)
    assert turned(cluster) == ["a"]
    assert len(looks) == 3


def test_a_worker_stays_for_what_is_due_soon(
    cluster: Cluster, wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TEAM = True
    queue(cluster, create("web", beats=3, period=30_000))
    monkeypatch.setattr(turn.time, "sleep", wall.pass_)
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
    if not same:
        Cluster.objects.filter(pk=cluster.pk).update(config=f'{{"start": {WALL}, "seed": 7}}')
    wall.pass_(1)
    advance(cluster.pk)
    assert fresh(cluster).read_only is not same
    assert sum(entry[4] == "beat" for entry in log(cluster)) == (401 if same else 400)
    if not same:
        assert "cannot be carried over (saved by version 1), and seq 1: body" in fresh(cluster).read_only_because


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
