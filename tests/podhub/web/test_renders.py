"""What is rendered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest

from podhub.web.renders import Renders


def test_many_who_ask_at_once_cost_one_making() -> None:
    renders, made, together = Renders(10_000), [], Barrier(20)

    def make() -> str:
        made.append(1)
        sleep(0.05)
        return "text"

    def ask(_: int) -> str:
        together.wait()
        return renders.get("key", make)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {"text"}
    assert len(made) == 1


def test_a_failure_is_not_kept() -> None:
    renders = Renders(10_000)

    def fail() -> str:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        renders.get("key", fail)
    assert renders.get("key", lambda: "later") == "later"


def test_the_oldest_are_forgotten_first() -> None:
    renders = Renders(25_000)
    for key in "abc":
        renders.get(key, lambda key=key: 10_000 * key)  # type: ignore[misc]
    made = renders.made
    assert renders.get("c", lambda: "again") == 10_000 * "c"
    assert "b" in renders
    assert renders.made == made
    assert renders.get("a", lambda: "again") == "again"
    assert renders.get("large", lambda: 30_000 * "-") == renders.get("large", lambda: "again")
    assert "c" not in renders
