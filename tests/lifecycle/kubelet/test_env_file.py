"""Files of environment variables, and the containers that get theirs from them."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.kubelet.env_file import EnvFileError, value_of
from lifecycle.wire import DEFAULT_START, Change, Config, Output, Request, Trace

TEXT = """# where the database is
  ADDRESS='db.local'
PORT='5432' # the usual one
NOTE='two
lines, $NOTHING is expanded'

BLANK= 'not the value'
EMPTY=''
"""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADDRESS", "db.local"),
        ("PORT", "5432"),
        ("NOTE", "two\nlines, $NOTHING is expanded"),
        ("BLANK", ""),
        ("EMPTY", ""),
        ("MISSING", ""),
    ],
)
def test_a_key_has_what_stands_in_single_quotes(key: str, value: str) -> None:
    assert value_of(TEXT, key) == value
    assert value_of(TEXT.replace("\n", "\r\n"), key) == value


@pytest.mark.parametrize(
    "line", ["KEY=value", 'KEY="value"', "KEY ='value'", "no assignment", "='value'", "KEY='a' b", "KEY='open"]
)
def test_a_line_of_another_form_is_refused_unless_the_key_stands_before_it(line: str) -> None:
    with pytest.raises(EnvFileError, match="line 2"):
        value_of(f"FIRST='1'\n{line}\n", "KEY")
    assert value_of(f"FIRST='1'\n{line}\n", "FIRST") == "1"


def play(script: str, **ref: Any) -> list[Output]:
    """Play a Pod whose init container writes a file from which its container takes a variable."""
    source = {"volumeName": "config", "path": "app.env", "key": "ADDRESS", **ref}
    spec = {
        "restartPolicy": "Never",
        "initContainers": [
            {
                "name": "write",
                "image": "busybox",
                "command": ["sh", "-c", script],
                "volumeMounts": [{"name": "config", "mountPath": "/data"}],
            }
        ],
        "containers": [
            {
                "name": "app",
                "image": "busybox",
                "command": ["sh", "-c", "echo address: $ADDRESS"],
                "env": [{"name": "ADDRESS", "valueFrom": {"fileKeyRef": source}}],
            }
        ],
        "volumes": [{"name": "config", "emptyDir": {}}],
    }
    engine = Engine.new(Config(DEFAULT_START))
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    return engine.advance(DEFAULT_START + 20 * SECOND)


def said(outputs: list[Output]) -> str:
    return "".join(o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "output" and o.container == "app")


def waiting(outputs: list[Output]) -> dict[str, Any]:
    pods = [o.object for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
    found: dict[str, Any] = pods[-1]["status"]["containerStatuses"][0]["state"]["waiting"]
    return found


def test_a_container_takes_variables_from_a_file_that_another_has_written() -> None:
    assert said(play("echo \"ADDRESS='db.local'\" > /data/app.env")) == "address: db.local\n"


def test_a_key_that_is_optional_may_be_missing() -> None:
    assert said(play("echo \"PORT='1'\" > /data/app.env", optional=True)) == "address:\n"


def test_a_container_waits_for_a_key_that_is_missing() -> None:
    outputs = play("echo \"PORT='1'\" > /data/app.env")
    found = waiting(outputs)
    assert found["reason"] == "CreateContainerConfigError"
    assert found["message"].startswith('environment variable key "ADDRESS" not found in file "/var/lib/kubelet/pods/')
    assert found["message"].endswith('/volumes/kubernetes.io~empty-dir/config/app.env"')


@pytest.mark.parametrize("script", ["true", "echo ADDRESS=db.local > /data/app.env"])
def test_a_container_waits_for_a_file_that_is_missing_or_of_another_form(script: str) -> None:
    assert waiting(play(script)) == {"reason": "CreateContainerConfigError", "message": "couldn't parse env file"}
