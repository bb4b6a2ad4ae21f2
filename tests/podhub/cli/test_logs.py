"""`podhub logs`: of the last run and the one before, as of a moment, followed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from podhub.cli.logs import chosen
from podhub.runs.output import Written
from tests.podhub.cli.told import WEB, Told, write

pytestmark = pytest.mark.usefixtures("default")


def test_logs_are_those_of_the_last_run(crashed: Told) -> None:
    status, out, err = crashed("logs", "web")
    assert (status, err) == (0, "")
    assert out == "one\ntwo\nthree\nlast\n"
    assert crashed("logs", "web", "--tail", "2")[1] == "three\nlast\n"
    assert crashed("logs", "pod/web", "-c", "c", "--tail", "0")[1] == ""


def test_logs_reach_up_to_now_where_no_server_plays(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "speed", "default", "1000x")
    podhub("apply", "-f", write(tmp_path, WEB))
    time.sleep(0.1)
    assert podhub("logs", "web")[1].startswith("one\ntwo\nthree\n")


def test_logs_of_the_run_before(crashed: Told) -> None:
    assert crashed("logs", "web", "--previous")[1] == "one\ntwo\nthree\nlast\n"
    status, _, err = crashed("logs", "web", "--previous", "--at", "4s")
    assert (status, err) == (1, 'Error from server (BadRequest): previous terminated container "c" in pod "web" not found\n')


def test_logs_as_of_a_moment(crashed: Told) -> None:
    assert crashed("logs", "web", "--at", "4s")[1] == "one\ntwo\nthree\n"


def test_logs_of_what_has_not_begun(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "create", "still", "--speed", "paused")
    podhub("apply", "--cluster", "still", "-f", write(tmp_path, WEB))
    assert podhub("logs", "web", "--cluster", "still") == (0, "", "")  # as of a Pod that has no node yet
    podhub("cluster", "speed", "still", "max", "--until", "1s")
    status, _, err = podhub("logs", "web", "--cluster", "still")
    assert status == 1
    assert 'container "c" in pod "web" is waiting to start: ContainerCreating' in err


def test_logs_of_what_is_not_there(crashed: Told) -> None:
    assert crashed("logs", "web", "-c", "x") == (1, "", "error: container x is not valid for pod web out of: c\n")
    missing = 'error: error from server (NotFound): pods "nope" not found in namespace "default"\n'
    assert crashed("logs", "nope") == (1, "", missing)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("svc/web",), "error: cannot get the logs from 'svc/web': only Pods have some; give pod/NAME"),
        (("pod/web/c",), "error: arguments in resource/name form may not have more than one slash"),
        (("web", "--tail", "-2"), "error: --tail must be greater than or equal to -1"),
        (("web", "--since=-1s"), "error: --since must be greater than 0"),
        (("web", "--limit-bytes=-1"), "error: --limit-bytes must be greater than 0"),
        (
            ("web", "--since", "1s", "--since-time", "2026-01-01T00:00:00Z"),
            "error: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        (("web", "-f", "--at", "4s"), "error: --follow tells what comes; with --at nothing comes any more"),
    ],
)
def test_what_has_no_logs_is_refused(podhub: Told, words: tuple[str, ...], complaint: str) -> None:
    assert podhub("logs", *words) == (1, "", complaint + "\n")


@pytest.mark.parametrize(
    ("state", "last", "previous"),
    [("running", "second", "first"), ("terminated", "second", "first"), ("waiting", "second", "second")],
)
def test_what_waits_to_be_restarted_is_the_run_before_already(state: str, last: str, previous: str) -> None:
    runs = [[Written(1, 0, "stdout", "first")], [Written(2, 0, "stdout", "second")], []]
    status = {"name": "c", "restartCount": 1, "state": {state: {}}, "lastState": {"terminated": {}}}
    pod = {"metadata": {"name": "web"}, "status": {"containerStatuses": [status]}}
    assert [piece.text for piece in chosen(pod, "c", runs, False)] == [last]
    assert [piece.text for piece in chosen(pod, "c", runs, True)] == [previous]


def test_lines_tell_when_they_were_written(crashed: Told) -> None:
    first, *_, last = crashed("logs", "web", "--timestamps")[1].splitlines()
    assert first.endswith("000Z one")
    assert first < last


def test_logs_begin_and_end_where_that_is_asked_for(crashed: Told) -> None:
    when = dict(line.split(" ")[::-1] for line in crashed("logs", "web", "--timestamps")[1].splitlines())
    assert crashed("logs", "web", "--since-time", when["last"].strip())[1] == "last\n"
    assert crashed("logs", "web", "--since", "1h", "--limit-bytes", "6")[1] == "one\ntw"
    assert crashed("logs", "web", "--since", "1s")[1] == ""


def test_logs_are_followed_until_the_container_has_ended(podhub: Told, tmp_path: Path) -> None:
    podhub("cluster", "speed", "default", "10x")
    manifest = tmp_path / "ticks.yaml"
    command = "for i in 1 2 3; do echo $i; sleep 4; done"
    spec = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", command]}]}
    manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ticks"}, "spec": spec}))
    podhub("apply", "-f", str(manifest))
    while not podhub("logs", "ticks")[1]:
        time.sleep(0.05)
    assert podhub("logs", "ticks", "-f", "--tail", "1") == (0, "1\n2\n3\n", "")
