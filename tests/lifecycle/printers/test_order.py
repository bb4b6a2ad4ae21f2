import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.printers.order import INSERTION, Sort, go_sorted

CASES = json.loads((Path(__file__).parents[2] / "data" / "printers" / "go_order.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[f"{len(case['keys'])} of {max(case['keys']) + 1}" for case in CASES])
def test_equal_elements_stand_where_real_kubectl_left_them(case: dict[str, list[int]]) -> None:
    assert go_sorted(range(len(case["keys"])), key=case["keys"].__getitem__) == case["order"]


@given(st.lists(st.integers(min_value=0, max_value=9), max_size=400))
def test_what_comes_out_is_what_went_in_ordered(keys: list[int]) -> None:
    order = go_sorted(range(len(keys)), key=keys.__getitem__)
    assert sorted(order) == list(range(len(keys)))
    assert [keys[i] for i in order] == sorted(keys)


@given(st.lists(st.integers(min_value=0, max_value=3), max_size=INSERTION))
def test_up_to_twelve_elements_keep_the_order_of_equals(keys: list[int]) -> None:
    assert go_sorted(range(len(keys)), key=keys.__getitem__) == sorted(range(len(keys)), key=keys.__getitem__)


@given(st.lists(st.integers(min_value=0, max_value=50), min_size=INSERTION + 1, max_size=60))
def test_with_no_more_partitions_allowed_a_heap_sorts_the_rest(keys: list[int]) -> None:
    sort = Sort([(key, i) for i, key in enumerate(keys)])
    sort.sort(0, len(keys), limit=0)
    assert [key for key, _ in sort.data] == sorted(keys)
    assert sorted(i for _, i in sort.data) == list(range(len(keys)))
