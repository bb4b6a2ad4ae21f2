"""The engine's own sentences: each that stands in its source is translated, whatever it is filled with."""

from __future__ import annotations

import ast
import re
from itertools import count

import pytest
from django.utils import translation

from podhub.web.engine_texts import PARTS, SENTENCES, translated
from tests.podhub.web.engine_source import calls
from tests.podhub.web.test_languages import catalog


def filled(node: ast.expr) -> str | None:
    """Return a text of the source with something in its holes; None where it is put together elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    numbers = count(1)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"v{next(numbers)}" for part in node.values)


ASSUMED = sorted({text for call in calls("assume") if len(call.args) == 2 and (text := filled(call.args[1]))})
MET = [call for name in ("limit", "met") for call in calls(name) if len(call.args) == 3]
LIMITS = sorted({tuple(map(filled, call.args[1:])) for call in MET}, key=str)


@pytest.mark.parametrize("text", ASSUMED)
def test_every_assumption_is_told_in_chinese(text: str) -> None:
    with translation.override("zh-hans"):
        chinese = translated(text)
    assert re.search("[\u4e00-\u9fff]", chinese), "put it into podhub/web/engine_texts.py and into locale/"
    assert set(re.findall(r"v\d\b", chinese)) == set(re.findall(r"v\d\b", text))
    assert not re.search("assumed|modelled|not known", chinese)
    assert translated(text) == text


@pytest.mark.parametrize(("met", "done"), LIMITS, ids=str)
def test_every_limit_is_told_in_chinese(met: str | None, done: str | None) -> None:
    met, done = met or "64 MiB in a pipe", done or "it cannot be written"
    with translation.override("zh-hans"):
        chinese = translated(f"The container met the limit of {met}: {done}.")
    assert not re.search("[a-z]{4} [a-z]{2}", chinese), chinese


def test_there_are_as_many_as_the_engine_has() -> None:
    assert len(ASSUMED) > 15
    assert len(LIMITS) > 10
    assert {*SENTENCES, *PARTS} <= set(catalog())


def test_what_nobody_has_translated_stays_as_it_is() -> None:
    with translation.override("zh-hans"):
        assert translated("Something new was assumed.") == "Something new was assumed."
