"""Traces in words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

import lifecycle
from podhub.web.sentences import cause, sentence
from podhub.web.timeline import SHAPES
from tests.podhub.web.engine_source import calls

SAID: list[tuple[str, dict[str, Any], str]] = [
    ("probe", {"probe": "liveness", "result": "success", "run": 1, "every": 5}, "liveness probe: success, again every 5 s"),
    (
        "probe",
        {"probe": "liveness", "result": "failure", "run": 3, "every": None, "output": "no such file\n"},
        "liveness probe: failure, 3 in a row: no such file",
    ),
    ("hook", {"hook": "preStop", "phase": "failed", "message": "exit status 1"}, "preStop hook failed: exit status 1"),
    ("pull", {"image": "nginx", "phase": "ended", "bytes": 1}, "pulled the image nginx"),
    ("signal", {"signal": "SIGTERM", "grace": 30, "why": "deleted"}, "SIGTERM to the container, 30 s of grace: deleted"),
    ("signal", {"signal": "SIGKILL", "grace": None, "why": ""}, "SIGKILL to the container"),
    ("exit", {"exitCode": 137, "signal": "SIGKILL", "reason": "OOMKilled"}, "ended with exit code 137 by SIGKILL (OOMKilled)"),
    ("exec", {"command": ["ls", "/"], "phase": "ended", "exitCode": 2, "message": ""}, "ls / ended with exit code 2"),
    (
        "exec",
        {"command": ["tar"], "phase": "ended", "exitCode": 0, "message": "etc\0\x01\n" * 99},
        f"tar ended with exit code 0: {'etc ' * 30}…",
    ),
    ("attach", {"stdin": False, "tty": False}, "somebody attached to its output"),
    ("attach", {"stdin": True, "tty": False}, "somebody attached to its output and its standard input"),
    ("attach", {"stdin": True, "tty": True}, "somebody attached to its terminal"),
    ("portforward", {"port": 80, "phase": "started", "message": ""}, "a forwarded connection to port 80"),
    (
        "portforward",
        {"port": 81, "phase": "ended", "message": "refused "},
        "the forwarded connection to port 81 ended: refused",
    ),
    ("proxy", {"method": "GET", "path": "/", "port": 80, "phase": "started"}, "GET / passed on to port 80"),
    ("proxy", {"phase": "ended", "status": 404, "message": ""}, "answered with status 404"),
    ("proxy", {"phase": "ended", "status": 0, "message": "refused"}, "no answer to what was passed on: refused"),
    ("session", {"session": 7, "stream": "stdout", "text": "a\n" * 99}, f"stdout of session 7: {'a ' * 60}…"),
    ("session", {"session": 7, "stream": "data", "base64": "AA=="}, "data of session 7"),
    ("decision", {"by": "scheduler", "text": "waits"}, "scheduler: waits"),
    ("limit", {"limit": "processes", "text": "killed"}, "limit processes: killed"),
    ("assumption", {"about": "image", "text": "It weighs 50 MB."}, "It weighs 50 MB."),
    ("something new", {"text": "told"}, "something new told"),
    ("probe", {}, " probe: "),
]


@pytest.mark.parametrize(("kind", "body", "expected"), SAID, ids=[f"{kind} {body.get('phase', '')}" for kind, body, _ in SAID])
def test_every_kind_of_trace_has_a_sentence(kind: str, body: dict[str, Any], expected: str) -> None:
    assert sentence(kind, body) == expected


def written() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the kinds of traces that the engine writes, each with the values that stand beside it in the source."""
    for call in calls("trace"):
        kind = call.args[0] if call.args else None
        values = {one.arg: one.value.value for one in call.keywords if one.arg and isinstance(one.value, ast.Constant)}
        if isinstance(kind, ast.Constant):
            yield str(kind.value), values


WRITTEN = sorted(written(), key=str)
OF_THEIR_OWN = {"output", "assumption", "decision"}
"""Kinds whose text is the engine's."""


def test_the_kinds_that_the_engine_writes_are_those_that_its_contracts_list() -> None:
    contracts = (Path(lifecycle.__file__).parent / "CONTRACTS.md").read_text()
    table = contracts.partition("### Traces")[2].partition("###")[0]
    assert {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")} == {kind for kind, _ in WRITTEN}


@pytest.mark.parametrize(("kind", "values"), WRITTEN, ids=str)
def test_whatever_the_engine_writes_has_a_sentence_in_both_languages(kind: str, values: dict[str, Any]) -> None:
    body = {"text": "told", "message": "why", "phase": "ended"} | values
    english = sentence(kind, body)
    assert english != f"{kind} told"
    with translation.override("zh-hans"):
        assert (sentence(kind, body) == english) == (kind in OF_THEIR_OWN)
        assert cause("trace", kind, "", "") != kind
    assert (kind in SHAPES) == (kind not in ("output", "assumption", "session"))


@pytest.mark.parametrize(
    ("entry", "english", "chinese"),
    [
        (("trace", "signal", "", ""), "signal", "信号"),
        (("request", "create", "pods/exec", "web"), "request create pods/exec", "请求 create pods/exec"),
        (("change", "MODIFIED", "events", "Killing"), "Event Killing", "事件 Killing"),
        (("change", "MODIFIED", "pods", "web"), "pods/web changed", "pods/web 变化"),
        (("change", "MODIFIED", "pods", ""), "the Pod changed", "该 Pod 变化"),
        (("change", "DELETED", "nodes", "n1"), "nodes/n1 gone", "nodes/n1 消失"),
        (("trace", "something new", "", ""), "something new", "something new"),
    ],
    ids=str,
)
def test_a_cause_is_named(entry: tuple[str, str, str, str], english: str, chinese: str) -> None:
    assert cause(*entry) == english
    with translation.override("zh-hans"):
        assert cause(*entry) == chinese


def test_sentences_are_in_the_readers_language_and_kubernetes_words_are_not() -> None:
    with translation.override("zh-hans"):
        assert sentence("signal", {"signal": "SIGTERM", "grace": 30}) == "向容器发送 SIGTERM，宽限 30 秒"
