"""Times and spans as Go writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.clock import go_duration, go_seconds, parse_go_duration, parse_moment, parse_rfc3339, rfc3339, rfc3339_micro

MOMENTS = st.integers(0, 4_000_000_000_000_000)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0s"),
        (15, "15µs"),
        (850_000, "850ms"),
        (1_234_000, "1.234s"),
        (10_000_000, "10s"),
        (80_000_000, "1m20s"),
        (3_600_000_000, "1h0m0s"),
        (-1_500_000, "-1.5s"),
    ],
)
def test_a_span_is_printed_as_go_does(span, text):
    assert go_duration(span) == text
    assert parse_go_duration(text) == span


@pytest.mark.parametrize("text", ["", "5", "1x", "ms", "1s2", "1 s"])
def test_what_is_no_go_duration_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        parse_go_duration(text)


@pytest.mark.parametrize("text", ["2562048h", "9999999999999999999999h", "9" * 400 + "s"])
def test_what_is_longer_than_a_go_duration_can_be_is_refused(text):
    with pytest.raises(ValueError, match="more than a duration"):
        parse_go_duration(text)


@pytest.mark.parametrize(
    ("seconds", "span"), [(30, 30_000_000), (9_223_372_036, 9_223_372_036_000_000), ((1 << 63) - 1, -1_000_000)]
)
def test_more_seconds_than_a_go_duration_holds_wrap_around(seconds, span):
    assert go_seconds(seconds) == span


@given(st.integers(0, 10**15))
def test_a_printed_span_is_read_back(span):
    assert parse_go_duration(go_duration(span)) == span


@given(MOMENTS)
def test_a_moment_with_microseconds_is_read_back(at):
    assert parse_rfc3339(rfc3339_micro(at)) == at
    assert parse_rfc3339(rfc3339(at)) == at - at % 1_000_000


def test_a_zone_is_taken_into_account():
    assert parse_rfc3339("2026-11-21T10:00:00+02:00") == parse_rfc3339("2026-11-21T08:00:00Z")


@pytest.mark.parametrize("text", ["2026-11-21", "2026-11-21T08:26:19", "2026-13-01T00:00:00Z", "now"])
def test_what_is_no_rfc_3339_time_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a time|month"):
        parse_rfc3339(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_every_year_is_written_in_four_digits(text):
    assert rfc3339(parse_rfc3339(text)) == text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59.9-00:01"])
def test_a_zone_leads_to_no_year_that_cannot_be_written(text):
    with pytest.raises(ValueError, match="years 1 to 9999"):
        parse_rfc3339(text)


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "9000-01-01T00:00:00Z"])
def test_no_cluster_lives_where_its_dates_could_come_to_an_end(text):
    with pytest.raises(ValueError, match="out of reach"):
        parse_moment(text)
    assert parse_moment("1970-01-01T00:00:00Z") == 0
