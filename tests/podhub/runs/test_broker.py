"""The broker inside one process: a message wakes who waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from kombu import Connection, Consumer, Producer, Queue

from podhub.runs import broker

QUEUE = Queue("test-of-the-broker")


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(broker, "LOOK_SECONDS", 30.0)  # so that looking by itself comes too late for these tests
    with Connection(transport="podhub.runs.broker.Transport") as connection:
        yield connection


def send(connection: Connection, body: str) -> None:
    Producer(connection.channel()).publish(body, routing_key=QUEUE.name, declare=[QUEUE])


def test_a_message_wakes_whoever_waits(connection: Connection):
    heard: list[str] = []
    with Consumer(connection, [QUEUE], callbacks=[lambda body, message: heard.append(body)], no_ack=True):
        threading.Timer(0.05, send, (connection, "hello")).start()
        began = time.monotonic()
        connection.drain_events(timeout=20)
    assert heard == ["hello"]
    assert time.monotonic() - began < 10


def test_messages_that_came_before_are_delivered_one_at_a_time(connection: Connection):
    heard: list[str] = []
    with Consumer(connection, [QUEUE], callbacks=[lambda body, message: heard.append(body)], no_ack=True):
        send(connection, "one")
        send(connection, "two")
        connection.drain_events(timeout=20)
        assert heard == ["one"]
        connection.drain_events(timeout=20)
    assert heard == ["one", "two"]


def test_nobody_waits_longer_than_asked_for(connection: Connection):
    began = time.monotonic()
    with Consumer(connection, [QUEUE], no_ack=True), pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.05)
    assert time.monotonic() - began < 10
