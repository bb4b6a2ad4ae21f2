"""Open pages get the new traces and lines of output as rows to be added, and the whole where there are none yet."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from lifecycle.wire import Trace
from podhub.log import clusters
from podhub.log.models import Cluster
from podhub.web import growth
from podhub.web.bulletins import Subject, bulletin
from podhub.web.pod_page import PodPage
from podhub.web.showing import newest
from tests.podhub.web.growing import Growing

POD = ("liveness-exec", "liveness-exec")


class Talking:
    """A Pod whose recording goes on with traces, as an engine would write them."""

    def __init__(self, growing: Growing) -> None:
        growing.until(1)
        self.name, self.writer = growing.cluster.name, growing.writer
        page = PodPage(newest(self.cluster), *POD)
        self.uid = page.uid

    @property
    def cluster(self) -> Cluster:
        return clusters.named(self.name)

    @property
    def head(self) -> int:
        return self.writer.head

    def say(self, kind: str, cause: int = 0, times: int = 1, **body: Any) -> int:
        at = self.writer.horizon + 1
        numbers = range(self.head + 1, self.head + times + 1)
        self.writer.append([Trace(number, at, cause, kind, *POD, self.uid, "liveness", body) for number in numbers], at)
        return self.head

    def write(self, text: str) -> int:
        return self.say("output", stream="stdout", text=text)

    def told(self, after: int) -> dict[str, Any]:
        said = bulletin(Subject(self.cluster.pk, "en", "pod", *POD), after, ticked=False)
        message: dict[str, Any] = msgspec.json.decode(said.text)
        return message


@pytest.fixture
def talking(growing: Growing) -> Talking:
    return Talking(growing)


def test_the_first_line_comes_with_its_whole_fragment(talking: Talking) -> None:
    before = talking.head
    talking.write("one\n")
    told = talking.told(before)
    assert told["grown"] == {}
    assert 'id="pod-output"' in told["html"]
    assert ">one\n</span>" in told["html"]


def test_a_further_line_comes_alone(talking: Talking) -> None:
    before = talking.write("one\n")
    seq = talking.write("<two>\n")
    told = talking.told(before)
    assert told["grown"] == {"output": [["liveness", f'<span data-seq="{seq}" data-stream="stdout">&lt;two&gt;\n</span>']]}
    assert "pod-output" not in told["html"]


def test_further_traces_come_as_rows_the_newest_first(talking: Talking) -> None:
    before = talking.say("signal", signal="SIGTERM", grace=30, why="")
    first = talking.say("signal", signal="SIGKILL", grace=None, why="", cause=before)
    second = talking.say("exit", exitCode=137, signal="SIGKILL", reason="Error", pid=1, cause=first)
    told = talking.told(before)
    assert re.findall(r'<tr id="seq-(\d+)" data-seq', told["grown"]["traces"]) == [str(second), str(first)]
    assert "pod-traces" not in told["html"]
    assert f'/why/{first}/" data-why>signal</a>' in told["grown"]["traces"]


def test_many_lines_come_with_the_whole_fragment(talking: Talking) -> None:
    before = talking.write("one\n")
    talking.say("output", stream="stdout", text="more\n", times=growth.MOST + 1)
    told = talking.told(before)
    assert "output" not in told["grown"]
    assert told["html"].count(">more\n</span>") == growth.MOST + 1


def test_where_another_pod_begins_the_page_begins_anew(growing: Growing) -> None:
    growing.until(1)
    said = bulletin(Subject(growing.cluster.pk, "en", "pod", *POD), 0, ticked=False)
    assert msgspec.json.decode(said.text)["grown"] == {}
