"""Chance that can be had again."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.seeds import ALPHABET, Seeds


@given(st.integers(-(2**63), 2**63), st.text(max_size=8))
def test_a_draw_depends_on_seed_and_key_alone(seed, key):
    first, second = Seeds(seed), Seeds(seed)
    second.fraction("something", "else")
    assert first.uid("pod", key) == second.uid("pod", key)
    assert 0 <= first.fraction(key) < 1


def test_another_seed_or_key_gives_another_draw():
    assert Seeds(1).uid("a") != Seeds(2).uid("a")
    assert Seeds(1).uid("a", "b") != Seeds(1).uid("ab")


def test_uids_are_uuids_of_version_4():
    assert all(uuid.UUID(Seeds(0).uid(n)).version == 4 for n in range(50))


def test_a_suffix_has_five_of_kubernetes_own_characters():
    assert all(re.fullmatch(f"[{ALPHABET}]{{5}}", Seeds(3).suffix("web-", n)) for n in range(50))
