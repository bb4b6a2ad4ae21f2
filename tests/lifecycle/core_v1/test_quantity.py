import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.core_v1.quantity import FORMAT_WRONG, NANO, NUMBER_WRONG, SUFFIX_WRONG, Quantity, canonical, parse

CANONICAL = {
    "0": "0",
    "0m": "0",
    "1": "1",
    "1000m": "1",
    "0.5": "500m",
    "2.5": "2500m",
    "1000": "1k",
    "1024": "1024",
    "1024Mi": "1Gi",
    "1000Ki": "1000Ki",
    "1.5Gi": "1536Mi",
    "0.1Ki": "102400m",
    "1Ki": "1Ki",
    "1e3": "1e3",
    "1E3": "1E3",
    "12e1": "120",
    "12e4": "120e3",
    "1.500": "1.500",
    "-1.5Gi": "-1536Mi",
    "0.0000000001": "1n",
    "9Ei": "9223372036854775807",
    "16Ei": "9223372036854775807",
    " 64Mi ": "64Mi",
}


@pytest.mark.parametrize(("text", "expected"), CANONICAL.items())
def test_a_quantity_is_written_in_its_canonical_form(text: str, expected: str) -> None:
    assert str(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", FORMAT_WRONG),
        ("one", FORMAT_WRONG),
        ("1 Gi", FORMAT_WRONG),
        ("1.2.3", NUMBER_WRONG),
        (".", NUMBER_WRONG),
        ("1KiB", FORMAT_WRONG),
        ("1Kim", SUFFIX_WRONG),
        ("1e", SUFFIX_WRONG),
        ("1e99999999999", SUFFIX_WRONG),
        (f"1e{'9' * 10_000}", SUFFIX_WRONG),
        (f"{'9' * 10_000}Mi", NUMBER_WRONG),
        ("١Gi", FORMAT_WRONG),
        ("9" * 2000, NUMBER_WRONG),
    ],
)
def test_a_text_that_is_no_quantity_is_refused_in_kubernetes_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse(text)


def test_value_and_milli_value_round_away_from_zero() -> None:
    assert parse("1500m").value() == 2
    assert parse("-1500m").value() == -2
    assert parse("100u").milli_value() == 1
    assert parse("2").milli_value() == 2000


def test_amounts_compare_across_formats() -> None:
    assert parse("1Gi") == parse("1024Mi") > parse("1G")
    assert hash(parse("1")) == hash(parse("1000m"))


def test_a_sum_keeps_the_first_format_and_zero_takes_over_the_others() -> None:
    assert str(parse("64Mi") + parse("64Mi")) == "128Mi"
    assert str(Quantity() + parse("64Mi")) == "64Mi"
    assert str(parse("250m") + parse("750m")) == "1"
    assert str(parse("1Gi") - parse("512Mi")) == "512Mi"


@given(st.integers(min_value=-(10**15), max_value=10**15), st.sampled_from(["DecimalSI", "BinarySI", "DecimalExponent"]))
def test_the_canonical_form_names_the_same_amount(nanos: int, format: str) -> None:
    assert parse(canonical(nanos, format)).nanos == nanos  # type: ignore[arg-type]


@given(st.integers(min_value=1, max_value=2**40), st.sampled_from(["", "k", "M", "G", "Ki", "Mi"]))
def test_the_canonical_form_is_its_own_canonical_form(number: int, suffix: str) -> None:
    once = str(parse(f"{number}{suffix}"))
    assert str(parse(once)) == once
    assert parse(once).nanos % NANO == 0
