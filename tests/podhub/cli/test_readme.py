"""The README's table of commands, held against what each command says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podhub import settings
from podhub.cli import main

README = (Path(settings.__file__).parents[1] / "README.md").read_text()
TABLE = README.partition("## The command line")[2].partition("\n## ")[0]
FORMS = re.findall(r"^\| `podhub ((?:[^`]|\\\|)+)` \|", TABLE, re.MULTILINE)


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", FORMS)
def test_a_command_takes_what_the_readme_says(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, *words = form.replace(r"\|", "|").split()
    for name in first.split("|"):
        told = help_of(capsys, name)
        for option in re.findall(r"(?<![\w-])--?[a-z][-a-z]*", " ".join(words)):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", told), f"{name} {option}"
        if name == "cluster":
            for verb in words[0].split("|"):
                assert verb in told


def test_the_readme_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    listed = set(re.findall(r"^    ([a-z]+)(?: |$)", help_of(capsys), re.MULTILINE))
    named = {name for form in FORMS for name in form.replace(r"\|", "|").split()[0].split("|")}
    assert listed - named == {"token"}, "which stands in what is for a team"
    assert named <= listed
