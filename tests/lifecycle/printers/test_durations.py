import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.clock import HOUR, MINUTE, SECOND, Micros, parse_rfc3339
from lifecycle.printers.durations import age, human_duration, moment

DAY = 24 * HOUR
YEAR = 365 * DAY
UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "y": YEAR}

HUMAN = {
    -2 * SECOND: "<invalid>",
    -2 * SECOND + 1: "0s",
    -1: "0s",
    0: "0s",
    SECOND - 1: "0s",
    119 * SECOND: "119s",
    120 * SECOND: "2m",
    121 * SECOND: "2m1s",
    10 * MINUTE - 1: "9m59s",
    10 * MINUTE: "10m",
    179 * MINUTE: "179m",
    3 * HOUR: "3h",
    3 * HOUR + MINUTE: "3h1m",
    8 * HOUR - 1: "7h59m",
    8 * HOUR: "8h",
    48 * HOUR - 1: "47h",
    48 * HOUR: "2d",
    49 * HOUR: "2d1h",
    8 * DAY - 1: "7d23h",
    8 * DAY: "8d",
    2 * YEAR - 1: "729d",
    2 * YEAR: "2y",
    2 * YEAR + DAY: "2y1d",
    8 * YEAR - 1: "7y364d",
    8 * YEAR: "8y",
}


@pytest.mark.parametrize(("span", "text"), HUMAN.items())
def test_a_span_is_worded_with_its_two_largest_units(span: Micros, text: str) -> None:
    assert human_duration(span) == text


@given(st.integers(min_value=0, max_value=100 * YEAR))
def test_a_worded_span_is_never_more_than_it_was_and_less_by_a_tenth_at_most(span: Micros) -> None:
    named = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhdy])", human_duration(span)))
    assert named <= span
    assert span - named < max(SECOND, span // 8)


@pytest.mark.parametrize("unset", [None, "", "0001-01-01T00:00:00Z"])
def test_an_unset_time_has_no_known_age(unset: str | None) -> None:
    assert moment(unset) is None
    assert age(unset, parse_rfc3339("2026-01-01T00:00:00Z")) == "<unknown>"
