"""Traces in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from podhub.web.sentences import sentence

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


def test_sentences_are_in_the_readers_language_and_kubernetes_words_are_not() -> None:
    with translation.override("zh-hans"):
        assert sentence("signal", {"signal": "SIGTERM", "grace": 30}) == "向容器发送 SIGTERM，宽限 30 秒"
