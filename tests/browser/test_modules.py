"""The timeline's pure modules, in the browser they are made for: time on the ruler, stretches, pills, ages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from lifecycle.clock import SECOND
from lifecycle.printers.durations import human_duration

POD = "/c/life/pods/liveness-exec/liveness-exec/"


@pytest.fixture
def page(shared_page: Page, nothing_wrong: None) -> Page:
    """What is pure leaves nothing behind."""
    return shared_page


def run(page: Page, module: str, script: str, argument: Any = None) -> Any:
    """Run a script with what a module exports as `m`."""
    if POD not in page.url:
        page.goto(POD)
    return page.evaluate(f"(a) => import('{module}').then((m) => {{ {script} }})", argument)


@pytest.mark.parametrize(
    ("span", "grain", "text"),
    [
        (0, 1e5, "0s"),
        (12_400_000, 1e5, "12.4s"),
        (12_400_000, 1e6, "12s"),
        (75_000_000, 1e6, "1m15s"),
        (59_960_000, 1e5, "1m"),
        (3_600_000_000, 1e6, "1h"),
        (7_385_000_000, 1e6, "2h3m5s"),
        (180_000_000_000, 1e6, "2d2h"),
        (1_234, 1e3, "0.001s"),
        (-2_000_000, 1e6, "−2s"),
    ],
)
def test_spans_read_as_people_say_them(page: Page, span: int, grain: float, text: str) -> None:
    assert run(page, "podhub/timeline/scale", "return m.spanText(...a)", [span, grain]) == text


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("35s", 35e6),
        ("1m15s", 75e6),
        ("1:15", 75e6),
        ("1:00:01.5", 3601.5e6),
        ("12.4", 12.4e6),
        ("+20s", 20e6),
        ("500ms", 5e5),
        ("2d", 172800e6),
        ("soon", None),
        ("1x", None),
        ("", None),
    ],
)
def test_typed_times_are_understood(page: Page, text: str, span: float | None) -> None:
    assert run(page, "podhub/timeline/scale", "return m.parseSpan(a)", text) == span


@pytest.mark.parametrize("seconds", [0.01, 0.3, 5, 60, 777, 7_200, 90_000, 5_000_000])
def test_labels_of_the_ruler_keep_their_distance(page: Page, seconds: float) -> None:
    script = """
      const scale = new m.Scale(0, a * 1e6, 1000);
      const { step, ticks } = m.ticks(scale, 0);
      return [scale.x(step), ticks.filter((tick) => tick.major).length, ticks.length]"""
    distance, major, every = run(page, "podhub/timeline/scale", script, seconds)
    assert distance >= 80
    assert 1 <= major <= 13
    assert major <= every <= 80


def test_zooming_keeps_the_moment_under_the_pointer_and_has_an_end(page: Page) -> None:
    script = """
      let scale = new m.Scale(0, 60e6, 600);
      for (let i = 0; i < 100; i += 1) scale = scale.zoomed(2, 20e6);
      return [scale.x(20e6), scale.span / scale.width]"""
    x, per_pixel = run(page, "podhub/timeline/scale", script)
    assert x == pytest.approx(200)
    assert per_pixel == 100


def test_folded_time_has_little_room_and_every_moment_its_place(page: Page) -> None:
    script = """
      const folding = m.quiet([0, 5e6, 10e6, 1000e6, 1005e6, 5000e6, 5005e6]);
      const scale = new m.Scale(0, folding.fold(5005e6), 1000, folding);
      const moments = [0, 3e6, 10e6, 12e6, 500e6, 999e6, 1000e6, 1003e6, 3000e6, 5005e6];
      const { ticks } = m.ticks(scale, 0);
      const hidden = ticks.filter(({ at }) => folding.folds.some(({ from, to }) => from < at && at < to));
      return [folding.folds.length, moments.map((at) => [at, scale.at(scale.x(at))]), scale.x(1000e6) - scale.x(10e6),
              ticks.length, hidden.length]"""
    folds, places, room, ticks, hidden = run(page, "podhub/timeline/scale", script)
    assert folds == 2
    assert [there for _, there in places] == pytest.approx([at for at, _ in places])
    assert 20 < room < 200
    assert ticks > 5
    assert hidden == 0


def test_what_is_busy_all_the_time_is_not_folded(page: Page) -> None:
    script = "return [m.quiet([...Array(50).keys()].map((i) => i * 60e6)).folds, m.quiet([]).folds, m.quiet([7]).folds]"
    assert run(page, "podhub/timeline/scale", script) == [[], [], []]


PROBED = """
  const mark = (at, result, every) => ({ at: at * 1e6, result, every });
  const runs = m.runsOf(a.marks.map((one) => mark(...one)), a.ends.map((end) => end * 1e6), a.until * 1e6);
  return runs.map(({ from, to, every, told }) => {
    const found = told ? [from / 1e6] : [];
    for (let at = from + every; every && at < to; at += every) found.push(at / 1e6);
    return found;
  })"""


@pytest.mark.parametrize(
    ("marks", "ends", "until", "attempts"),
    [
        ([(3, "success", 5)], [], 20, [[3, 8, 13, 18]]),
        ([(3, "success", 5)], [14], 20, [[3, 8, 13]]),
        ([(3, "success", 5), (13, "failure", 5), (23, "failure", None)], [30], 60, [[3, 8], [13, 18, 23], []]),
        ([(3, "success", 5), (15, "success", None)], [16], 60, [[3, 8, 13], []]),
        ([(3, "failure", None)], [], 60, [[3]]),
        ([(3, "success", 5), (31, "success", 5)], [12], 40, [[3, 8], [31, 36]]),
    ],
    ids=["going on", "its process ends", "held at the threshold", "it stops between two", "one is enough", "a new process"],
)
def test_attempts_of_a_probe_follow_from_its_marks(
    page: Page, marks: list[Any], ends: list[int], until: int, attempts: list[list[int]]
) -> None:
    told = run(page, "podhub/timeline/lanes", PROBED, {"marks": marks, "ends": ends, "until": until})
    assert told == attempts


def test_the_attempt_at_a_place_is_the_nearest_within_reach(page: Page) -> None:
    """One a second for 40 s, then every 10 s, 10 pixels a second; between those, and behind the last, there is none."""
    script = """
      const scale = { at: (x) => x * 1e5, x: (at) => at / 1e5 };
      const runs = [
        { from: 0, to: 40e6, every: 1e6, mark: "dense", told: true },
        { from: 50e6, to: 85e6, every: 10e6, mark: "sparse", told: true },
        { from: 90e6, to: 90e6, every: 0, mark: "last", told: true },
      ];
      return a.map((x) => m.attemptAt(runs, x, scale) ?? null);"""
    places = [0, 44, 393, 450, 497, 604, 650, 801, 897, 950]
    found = ["dense", "dense", "dense", None, "sparse", "sparse", None, "sparse", "last", None]
    assert run(page, "podhub/timeline/strip", script, places) == found


def test_a_lane_ends_where_its_process_does(page: Page) -> None:
    script = """
      const story = new m.Story("c");
      const bar = (word, look) => ({ word, look });
      const points = [[1, 0, "c", bar("Running", "unready"), "1"], [2, 5, "c", bar("Running", "ready"), "1"],
                      [3, 9, "c", bar("Running", "ready"), "2"], [4, 12, "c", bar("Error", "failed"), "2"]];
      story.add({ seq: 4, lanes: [], points, marks: [] });
      return story.ends("c")"""
    assert run(page, "podhub/timeline/lanes", script) == [9, 12]


def test_a_story_that_is_told_twice_is_told_once(page: Page) -> None:
    script = """
      const story = new m.Story("pod");
      const lanes = [{ id: "pod", group: "pod", label: "Pod" }];
      const bar = (word) => ({ look: "ready", word });
      const points = [[1, 0, "pod", bar("a"), ""], [2, 5, "pod", bar("b"), ""]];
      const one = { seq: 2, lanes, points, marks: [{ seq: 2, at: 5, lane: "pod" }] };
      const two = { seq: 3, lanes, points: [...one.points, [3, 9, "pod", null, ""]], marks: one.marks };
      story.add(one);
      story.add(one);
      story.add(two);
      const stretches = story.stretches.get("pod").map(({ from, to, bar }) => [from, to, bar.word]);
      return [stretches, story.marks.length, story.extent, story.moments()]"""
    stretches, marks, extent, moments = run(page, "podhub/timeline/lanes", script)
    assert stretches == [[0, 5, "a"], [5, 9, "b"]]
    assert marks == 1
    assert extent == {"from": 0, "to": 9}
    assert moments == [0, 5, 9]


def test_marks_that_would_overlap_become_a_pill_of_the_worst(page: Page) -> None:
    script = """
      const scale = { x: (at) => at };
      const marks = [[0, "Normal"], [6, "Warning"], [14, "Normal"], [40, "Normal"]].map(([at, severity]) => ({ at, severity }));
      return m.merged(marks, scale).map((pill) => [pill.marks.length, pill.severity, pill.x])"""
    assert run(page, "podhub/timeline/lanes", script) == [[3, "Warning", 7], [1, "Normal", 40]]


def test_ages_are_worded_as_the_printers_word_them(page: Page) -> None:
    spans = [s * SECOND for s in (-5, -1, 0, 1, 119, 120, 599, 600, 3600, 10_799, 10_800, 28_800, 90_000, 172_800)]
    spans += [d * 86_400 * SECOND + 3_700 * SECOND for d in (2, 7, 8, 400, 729, 730, 2_919, 2_920, 4_000)]
    told = run(page, "podhub/ages", "return a.map(m.humanDuration)", spans)
    assert told == [human_duration(span) for span in spans]
