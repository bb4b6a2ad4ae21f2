"""A server that is to stop: nothing that goes on for ever holds it up, and nothing is cut off."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path

import pytest

from tests.podhub_up import Server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_open_watch_ends_whole_when_the_server_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    server = Server(tmp_path)
    process = server.start()
    try:
        watch = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        watch.request("GET", "/clusters/default/api/v1/nodes?watch=1")
        answer = watch.getresponse()
        assert b'"ADDED"' in answer.readline()
        with socket.create_connection(("127.0.0.1", server.port)):
            process.send_signal(number)
            answer.read()  # raises IncompleteRead where it was cut off
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in (tmp_path / "up.log").read_text()
