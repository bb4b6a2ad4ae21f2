"""Shell patterns match what fnmatch says they do, and no pattern takes long."""

from __future__ import annotations

import fnmatch

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.programs.shell.patterns import matches


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_matches_what_fnmatch_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_a_bracket_after_a_star_finds_its_place() -> None:
    assert matches("*[0-9]*.log", "app-7-old.log")
    assert not matches("*[0-9]*.log", "app-old.log")


def test_many_stars_do_not_make_a_pattern_try_every_way() -> None:
    assert not matches("*a" * 30 + "*c", "a" * 2000 + "b")
