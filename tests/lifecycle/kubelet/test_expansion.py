"""`$(NAME)` in words, however many there are."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.kubelet.expansion import LONGEST, expand, expand_all, names

REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")


def test_words_are_expanded_where_the_name_is_known() -> None:
    assert expand("$(A) $(B) $$(A) $A $", {"A": "1"}) == "1 $(B) $(A) $A $"
    assert expand("$($(A)) $(", {"A": "1", "$(A": "2"}) == "2) $("


@given(st.text(alphabet="$()AB "), st.dictionaries(st.sampled_from(["A", "B", "$", ""]), st.text(max_size=3)))
def test_a_word_is_expanded_as_its_references_are_read(text: str, values: dict[str, str]) -> None:
    def one(match: re.Match[str]) -> str:
        return "$" if match[1] is None else values.get(match[1], match[0])

    assert expand(text, values) == REFERENCE.sub(one, text)
    assert names(text) == {match[1] for match in REFERENCE.finditer(text) if match[1] is not None}


def test_words_grow_no_longer_than_a_kernel_takes() -> None:
    long = "x" * (LONGEST // 4)
    assert len(expand("$(A)" * 100_000, {"A": long})) < 2 * LONGEST
    words = expand_all(["$(A)"] * 100, {"A": long})
    assert len(words) == 100
    assert sum(map(len, words)) < 2 * LONGEST
    assert words[-1] == "$(A)"


@pytest.mark.parametrize("text", ["$(" * 500_000, "$(" * 500_000 + ")", "$" * 1_000_001, "$(A" * 300_000])
def test_hostile_words_cost_linear_time(text: str) -> None:
    began = process_time()
    expand(text, {})
    names(text)
    assert process_time() - began < 5, "seconds; half an hour where each `$(` is looked through to the end"
