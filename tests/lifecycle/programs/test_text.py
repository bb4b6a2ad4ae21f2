"""Commands that work on lines: the ones that nothing else tests."""

from __future__ import annotations

import pytest

from tests.lifecycle.programs.world import World


def shuffled(script: str, image: str = "busybox") -> tuple[int, list[str], str]:
    world = World()
    found = world.exec(world.container(image, "sleep", "100"), "sh", "-c", script)
    return found.code, found.stdout.split(), found.stderr


@pytest.mark.parametrize("image", ["busybox", "debian"])
def test_shuf_draws_from_a_range_from_words_and_from_lines(image: str) -> None:
    code, (number,), _ = shuffled("shuf -i 20-200 -n 1", image)
    assert code == 0
    assert 20 <= int(number) <= 200
    assert sorted(shuffled("shuf -e a b c", image)[1]) == ["a", "b", "c"]
    assert sorted(shuffled("seq 5 | shuf", image)[1]) == list("12345")
    assert len(shuffled("seq 5 | shuf -n 2", image)[1]) == 2


def test_shuf_draws_again_what_it_has_drawn() -> None:
    assert set(shuffled("shuf -r -n 20 -e x", "debian")[1]) == {"x"}


def test_shuf_complains_about_what_is_no_range() -> None:
    assert shuffled("shuf -i 5-1", "debian")[::2] == (1, "shuf: invalid input range: '5-1'\n")


def test_ash_has_double_brackets() -> None:
    script = 'a="x y"; if [[ $a == x* && -e /etc/passwd ]]; then echo yes; fi; [[ -z $a ]] || echo no'
    script += "; /bin/[[ -d /etc ]] && echo too"
    assert shuffled(script) == (0, ["yes", "no", "too"], "")
