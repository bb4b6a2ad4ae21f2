"""What a container leaves as its last word."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Request


def last_word(script: str, others: int = 0, **more: Any) -> str:
    containers = [{"name": "app", "image": "busybox", "command": ["sh", "-c", script], **more}]
    containers += [{"name": f"other-{i}", "image": "busybox", "command": ["true"]} for i in range(others)]
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": containers, "restartPolicy": "Never"},
    }
    engine = Engine.new(Config(DEFAULT_START))
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    outputs = engine.advance(DEFAULT_START + 20 * SECOND)
    status = [o.object["status"] for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"][-1]
    found = next(s for s in status["containerStatuses"] if s["name"] == "app")
    return str(found["state"]["terminated"].get("message", ""))


LONG = "for i in $(seq 1 2000); do echo line $i; done > /dev/termination-log"


def test_of_a_long_termination_message_the_end_is_told() -> None:
    message = last_word(LONG)
    assert len(message) == 4096
    assert message.endswith("line 2000\n")


def test_the_share_of_each_of_many_containers_is_cut_off_at_its_end() -> None:
    whole, share = last_word(LONG), last_word(LONG, others=3)
    assert share == whole[: 12288 // 4]


def test_limits_of_messages_count_bytes_and_what_they_cut_in_two_is_replaced() -> None:
    message = last_word(
        "for i in $(seq 1 300); do printf '%s' ααααααα; done > /dev/termination-log; printf x >> /dev/termination-log"
    )
    assert message == "\ufffd" + "α" * 2047 + "x"


@pytest.mark.parametrize(("code", "said"), [(1, "no\n"), (0, "")])
def test_the_log_stands_in_for_the_message_of_a_failure_alone(code: int, said: str) -> None:
    assert last_word(f"echo no; exit {code}", terminationMessagePolicy="FallbackToLogsOnError") == said


def test_of_a_long_log_the_last_lines_are_told() -> None:
    script = "for i in $(seq 1 100); do echo line $i; done; exit 3"
    message = last_word(script, terminationMessagePolicy="FallbackToLogsOnError")
    assert message.splitlines() == [f"line {i}" for i in range(21, 101)]
