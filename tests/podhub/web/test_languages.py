"""The translations are complete, fit, and compiled."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path
from string import Formatter

import pytest
from django.conf import settings
from django.utils import translation

from lifecycle.core_v1 import manifests, submission
from podhub.web.advice import ADVICE, MESSAGES, PATTERNS, translated

FOLDER = Path(settings.BASE_DIR) / "locale" / "zh_Hans" / "LC_MESSAGES"
HOLES = re.compile(r"%\(\w+\)[sd]|%[sd]")


def catalog() -> dict[str, str]:
    """Return what the .po file says: each text (of a plural the singular) and its translation."""
    found: dict[str, str] = {}
    for block in (FOLDER / "django.po").read_text().split("\n\n"):
        texts = {match[1]: _joined(match[2]) for match in re.finditer(r'^(msg\S+) ((?:".*"\n?)+)', block, re.MULTILINE)}
        if texts.get("msgid"):
            found[texts["msgid"]] = texts.get("msgstr", texts.get("msgstr[0]", ""))
    return found


def _joined(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.strip().split("\n"))


def test_every_text_is_translated() -> None:
    assert [text for text, chinese in catalog().items() if not chinese] == []


def test_what_is_filled_in_is_the_same_in_both() -> None:
    for text, chinese in catalog().items():
        assert set(HOLES.findall(text)) >= set(HOLES.findall(chinese)), text
        if "{time}" in text:
            assert _fields(text) == _fields(chinese), text


def _fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


def test_the_compiled_catalog_is_that_of_the_source() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert [text for text, chinese in catalog().items() if compiled.gettext(text) != chinese] == []


@pytest.mark.parametrize("folder", ["templates", "podhub/web", "podhub/log"])
def test_every_text_of_the_pages_is_in_the_catalog(folder: str) -> None:
    known = catalog()
    pattern = re.compile(r"""(?:translate|gettext|gettext_lazy|gettext_noop|\b_)(?:\(\s*| )(["'])((?:(?!\1).)+)\1""")
    for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*")):
        if path.suffix in (".html", ".py"):
            for match in pattern.finditer(path.read_text()):
                assert match[2] in known, f"{path.name}: {match[2]}"


def test_the_advice_on_manifests_is_in_the_catalog() -> None:
    given = {*manifests.WHAT_TO_DO.values(), *submission.ADVICE.values(), *submission.TYPE_ADVICE.values()}
    assert given <= set(ADVICE)
    assert {*ADVICE, *(template for _, template in (*PATTERNS, *MESSAGES))} <= set(catalog())


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        ("lifecycle is a field of spec.containers[0]: indent it less.", "lifecycle 是 spec.containers[0] 的字段：请减少缩进。"),
        ("name is a field of metadata: indent it below.", "name 是 metadata 的字段：请缩进到其下。"),
        ("Did you mean Pod?", "你是想写 Pod 吗？"),
        ("Add it.", "请补上。"),
        ("Something that nobody has translated yet.", "Something that nobody has translated yet."),
        ("", ""),
    ],
)
def test_advice_is_given_in_the_readers_language(advice: str, expected: str) -> None:
    with translation.override("zh-hans"):
        assert translated(advice) == expected
