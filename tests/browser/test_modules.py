"""The timeline's pure modules, in the browser they are made for: time on the ruler, stretches, pills, ages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from lifecycle.clock import SECOND
from lifecycle.printers.durations import human_duration

POD = "/c/life/pods/liveness-exec/liveness-exec/"


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


def test_a_story_that_is_told_twice_is_told_once(page: Page) -> None:
    script = """
      const story = new m.Story();
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
