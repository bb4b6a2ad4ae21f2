"""The cluster's clock: moments from wall time and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.clock import HOUR, SECOND
from podhub.runs.clock import MAX, PAUSED, STRETCH, Clock, parse_speed, speed_text

START = 1_767_225_600 * SECOND
WALL = 1_795_000_000 * SECOND

speeds = st.sampled_from([0.5, 1.0, 10.0, 60.0, 1000.0])
spans = st.integers(0, 400 * 24 * HOUR)


def test_a_clock_at_10x_has_come_ten_seconds_further_after_one() -> None:
    assert Clock(10, START, WALL).now(WALL + SECOND) == START + 10 * SECOND


def test_the_clock_runs_on_while_nobody_looks() -> None:
    assert Clock(1, START, WALL).now(WALL + 7 * 24 * HOUR) == START + 7 * 24 * HOUR


def test_a_paused_clock_stays_and_comes_nowhere() -> None:
    clock = Clock(PAUSED, START, WALL)
    assert clock.now(WALL + HOUR) == clock.goal(WALL + HOUR) == START
    assert clock.wall(START) == WALL
    assert clock.wall(START + 1) is None


def test_as_fast_as_possible_reaches_its_target_at_once_and_nothing_behind_it() -> None:
    clock = Clock(MAX, START, WALL, START + 30 * SECOND)
    assert clock.goal(WALL) == START + 30 * SECOND
    assert clock.wall(START + 30 * SECOND) == WALL
    assert clock.wall(START + 30 * SECOND + 1) is None


def test_as_fast_as_possible_without_a_target_ends_somewhere() -> None:
    assert Clock(MAX, START, WALL).goal(WALL) == START + STRETCH


def test_a_target_in_the_past_keeps_the_clock_where_it_is() -> None:
    assert Clock(MAX, START, WALL, START - SECOND).goal(WALL) == START


def test_a_wall_clock_that_was_set_back_does_not_take_the_cluster_back() -> None:
    assert Clock(1, START, WALL).now(WALL - HOUR) == START


@given(speed=speeds, span=spans)
def test_wall_is_the_first_moment_at_which_the_cluster_has_come_there(speed: float, span: int) -> None:
    clock = Clock(speed, START, WALL)
    wall = clock.wall(START + span)
    assert wall is not None
    assert clock.now(wall) >= START + span
    assert wall == WALL or clock.now(wall - 2) < START + span


@given(before=speeds, after=speeds, first=spans, second=spans)
def test_a_change_of_speed_bends_the_line_and_breaks_it_nowhere(before: float, after: float, first: int, second: int) -> None:
    clock = Clock(before, START, WALL)
    now = clock.now(WALL + first)
    turned = clock.turned(after, now, WALL + first)
    assert turned.now(WALL + first) == now
    assert turned.now(WALL + first + second) == now + round(second * after)


@pytest.mark.parametrize(
    ("text", "speed"), [("1x", 1), ("10x", 10), ("60X", 60), ("2.5", 2.5), ("0.001", 0.001), ("max", MAX), ("paused", PAUSED)]
)
def test_speeds_are_read(text: str, speed: float) -> None:
    assert parse_speed(text) == speed
    assert parse_speed(speed_text(speed)) == speed


@pytest.mark.parametrize("text", ["", "fast", "0x", "-1x", "1e3", "1001x", "0.0009x", "0.000000000001x", "nan", "inf"])
def test_what_is_no_speed_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no speed: give 1x"):
        parse_speed(text)
