"""Who is next, and who waits how long."""

from __future__ import annotations

from lifecycle.clock import SECOND, Micros
from lifecycle.scheduler.queue import Queue, QueueState, backoff


def names(queue: Queue, now: Micros) -> list[str]:
    found = []
    while queue:
        found.append(queue.pop(now).name)
    return found


def add(queue: Queue, name: str, now: Micros = 0, priority: int = 0) -> None:
    queue.add("default", name, f"uid-{name}", priority, now)


def fail(queue: Queue, name: str, now: Micros, *plugins: str, times: int = 1, priority: int = 0) -> None:
    """Let a Pod fit nowhere so often, and wait."""
    add(queue, name, now, priority)
    for attempt in range(times):
        queued = queue.pop(now)
        assert queued.name == name
        queue.park(queued, plugins, now)
        if attempt < times - 1:
            queue.retry(queued.uid, now)


def test_more_important_pods_go_first_and_then_those_that_came_first():
    queue = Queue(QueueState())
    for name, now, priority in (("late", 2, 0), ("early", 1, 0), ("important", 3, 5)):
        add(queue, name, now, priority)
    assert names(queue, 4) == ["important", "early", "late"]


def test_a_pod_is_left_alone_twice_as_long_each_time_but_never_longer_than_ten_seconds():
    assert [backoff(n) // SECOND for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]
    assert backoff(10_000) == 10 * SECOND


def test_a_pod_that_backs_off_is_taken_only_where_nobody_else_is_there():
    queue = Queue(QueueState())
    fail(queue, "failed", 0, "NodeResourcesFit", priority=9)
    queue.retry("uid-failed", 0)
    add(queue, "new", SECOND // 2)
    assert names(queue, SECOND // 2) == ["new", "failed"]


def test_a_pod_whose_back_off_is_over_takes_its_place_by_priority():
    queue = Queue(QueueState())
    fail(queue, "failed", 0, "NodeResourcesFit", priority=9)
    queue.retry("uid-failed", 0)
    add(queue, "new", 2 * SECOND)
    assert names(queue, 2 * SECOND) == ["failed", "new"]


def test_of_those_that_back_off_whose_wait_ends_first_is_first():
    queue = Queue(QueueState())
    fail(queue, "often", 0, "NodeResourcesFit", times=4)
    fail(queue, "once", 0, "NodeResourcesFit")
    for name in ("often", "once"):
        queue.retry(f"uid-{name}", 0)
    assert names(queue, 0) == ["once", "often"]


def test_those_that_wait_are_found_by_the_plugins_that_rejected_them():
    state = QueueState()
    queue = Queue(state)
    fail(queue, "big", 0, "NodeResourcesFit", "NodePorts")
    fail(queue, "picky", 0, "NodeAffinity")
    fail(queue, "nowhere", 0)
    for known in (queue, Queue(state)):
        assert known.waiting(["NodePorts"]) == ["uid-big", "uid-nowhere"]
        assert known.waiting(["NodeAffinity", "NodeResourcesFit"]) == ["uid-picky", "uid-big", "uid-nowhere"]
    queue.forget("uid-big")
    assert queue.waiting(["NodePorts"]) == ["uid-nowhere"]
