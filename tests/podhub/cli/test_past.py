"""The command line reads the past of a recording as kubectl read it then."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from podhub import cli

pytestmark = pytest.mark.django_db

RECORDINGS = sorted(path.parent for path in (Path(__file__).parents[2] / "data" / "recordings").glob("*/get.txt"))
"""Those beside which stands what kubectl printed then."""

AGE = re.compile(r"\(?((?:\d+[dhms])+)\)?")
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
SLACK = 0.15
"""Seconds between the moment that a recording notes and the one at which kubectl had its answer."""

Podhub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def podhub(capsys: pytest.CaptureFixture[str]) -> Podhub:
    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


def seconds(age: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", age))


def alike(shown: str, then: str) -> bool:
    """Equal, but for the width of columns and for ages that differ by two seconds."""
    lines = list(zip(shown.rstrip().splitlines(), then.rstrip().splitlines(), strict=False))
    if len(shown.rstrip().splitlines()) != len(then.rstrip().splitlines()):
        return False
    return all(len(a.split()) == len(b.split()) and all(map(_alike, a.split(), b.split())) for a, b in lines)


def _alike(a: str, b: str) -> bool:
    ages = AGE.fullmatch(a), AGE.fullmatch(b)
    return a == b or (all(ages) and abs(seconds(a) - seconds(b)) <= 2)


def around(t: float) -> list[str]:
    return [f"{max(0.0, t + off):.3f}s" for off in (0, -SLACK, SLACK)]


def imported(podhub: Podhub, folder: Path) -> list[str]:
    code, out, err = podhub("import", folder, "--cluster", folder.name)
    assert (code, err) == (0, ""), out
    return ["-n", folder.name, "--cluster", folder.name]


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda path: path.name)
def test_describe_prints_what_kubectl_printed_then(podhub: Podhub, folder: Path) -> None:
    where = imported(podhub, folder)
    for file in sorted((folder / "describe").glob("*.txt")):
        head, _, then = file.read_text().partition("\n")
        t = float(re.findall(r"t=(\S+)", head)[0])
        gone = re.search(r'pods "(\S+)" not found', then)
        name = gone[1] if gone else re.findall(r"^Name:\s+(\S+)", then, re.M)[0]
        answers = [podhub("describe", "pod", name, *where, "--at", at) for at in around(t)]
        if gone:
            assert (1, "", f'Error from server (NotFound): pods "{name}" not found\n') in answers, file
        else:
            assert any(code == 0 and alike(out, then) for code, out, _ in answers), (file, answers[0][1])


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda path: path.name)
def test_get_prints_the_row_that_kubectl_printed_then(podhub: Podhub, folder: Path) -> None:
    where = imported(podhub, folder)
    for row in (folder / "get.txt").read_text().splitlines():
        t, then = float(row[:9]), row[10:]
        if then != "(not found)" and t >= 0:
            answers = [podhub("get", "pods", then.split()[0], *where, "--at", at, "-o", "wide") for at in around(t)]
            assert any(alike(out.partition("\n")[2], then) for _, out, _ in answers), (row, answers[0])


@pytest.fixture
def liveness(podhub: Podhub) -> list[str]:
    return imported(podhub, next(folder for folder in RECORDINGS if folder.name == "liveness-exec"))


def test_a_cluster_that_does_not_exist_is_said_so(podhub: Podhub) -> None:
    for words in (["get", "pods"], ["describe", "pod", "x"], ["events"], ["export"], ["verify"]):
        told = podhub(*words, "--cluster", "nope")
        assert told == (1, "", "error: cluster 'nope' not found; podhub cluster list tells which there are\n")


def test_a_moment_that_is_none_is_said_so(podhub: Podhub, liveness: list[str]) -> None:
    code, out, err = podhub("get", "pods", *liveness, "--at", "soon")
    assert (code, out) == (1, "")
    assert err.startswith("error: 'soon' is no moment: give 35s, 2m or 1m30s (from the cluster's start), seq-120")


def test_before_its_first_entry_a_cluster_is_empty(podhub: Podhub, liveness: list[str]) -> None:
    assert podhub("get", "pods", *liveness, "--at", "0s") == (0, "", "No resources found in liveness-exec namespace.\n")
    assert podhub("get", "pods", *liveness, "--at", "seq-0")[2] == "No resources found in liveness-exec namespace.\n"


def test_a_taken_name_is_refused_without_replace(podhub: Podhub, liveness: list[str]) -> None:
    folder = RECORDINGS[0]
    code, _, err = podhub("import", folder, "--cluster", "liveness-exec")
    assert (code, err) == (1, "error: cluster 'liveness-exec' already exists; --replace drops it first\n")
    assert podhub("import", folder, "--cluster", "liveness-exec", "--replace")[0] == 0


def test_what_cannot_be_changed_in_a_recording_is_said_before_what_is_missing_in_it(
    podhub: Podhub, liveness: list[str], tmp_path: Path
) -> None:
    pod = tmp_path / "pod.yaml"
    pod.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: nginx}]}\n")
    refused = "Error from server (Forbidden): cluster 'liveness-exec' is a recording: nothing can be asked of it\n"
    name = "liveness-exec"
    asked = (
        ("apply", "-f", pod, "--cluster", name),
        ("delete", "pod", name, "--cluster", name),
        ("cluster", "speed", name, "10x"),
    )
    for words in asked:
        assert podhub(*words) == (1, "", refused)


def test_what_is_exported_can_be_imported_again(podhub: Podhub, liveness: list[str], tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert podhub("export", "--cluster", "liveness-exec", "-o", first) == (0, "", "")
    assert podhub("import", first, "--cluster", "again")[0] == 0
    assert podhub("export", "--cluster", "again", "-o", second)[0] == 0
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b'{"t":0.11,"received":"2026-11-21T08:26:19.699Z","type":"ADDED","object":{')


def test_a_recording_that_cannot_be_read_names_the_line(podhub: Podhub, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"type": "ADDED"\n')
    code, _, err = podhub("import", bad, "--cluster", "bad")
    assert code == 1
    assert err.startswith(f"error: {bad}: line 1: not JSON")
    assert podhub("get", "pods", "--cluster", "bad")[2].startswith("error: cluster 'bad' not found; ")


def test_verify_says_that_a_log_is_whole(podhub: Podhub, liveness: list[str]) -> None:
    assert podhub("verify") == (0, "cluster liveness-exec: 46 entries, no gap, nothing altered\n", "")


def test_verify_names_what_was_altered(podhub: Podhub, liveness: list[str]) -> None:
    from podhub.log.models import Entry

    Entry.objects.filter(seq=7).update(name="another")
    code, out, err = podhub("verify", "--cluster", "liveness-exec")
    assert (code, out) == (1, "")
    assert err.startswith("cluster liveness-exec: seq 7: altered: its hash is not that of its content")


def test_events_are_those_of_the_object_that_was_asked_for(podhub: Podhub, liveness: list[str]) -> None:
    code, out, _ = podhub("events", *liveness, "--at", "1m16s", "--for", "pod/liveness-exec", "--types", "warning")
    assert code == 0
    header, row = (" ".join(line.split()) for line in out.splitlines())
    assert header == "LAST SEEN TYPE REASON OBJECT MESSAGE"
    assert row.startswith("30s (x3 over 40s) Warning Unhealthy Pod/liveness-exec Liveness probe failed: cat: can't open")
    assert podhub("events", *liveness, "--for", "svc/web")[2] == "No events found in liveness-exec namespace.\n"
    assert podhub("events", *liveness, "--for", "pod")[2] == "error: --for: 'pod' is not TYPE/NAME, such as pod/web\n"
    assert podhub("events", *liveness, "--types", "Odd")[2] == "error: valid --types are Normal or Warning\n"
