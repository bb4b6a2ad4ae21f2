"""The first start of a server makes the cluster `default`, embedded and for a team, and prints where it is."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.processes import House, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.alone


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def test_the_server_answers_soon_after_its_start(embedded: House, tmp_path: Path) -> None:
    """Within 4 s after the first start, which makes the tables."""
    for limit in (15.0, 4.0):
        port = free_port()
        began = time.monotonic()
        server = embedded.start("podhub", "up", "--port", str(port))
        wait_until(lambda port=port: answers(port), limit, "the port is open")  # type: ignore[misc]
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=limit).read()
        assert b"default" in page
        assert time.monotonic() - began < limit
        server.terminate()
        assert server.wait(15) == 0
    assert f"PodHub is at http://127.0.0.1:{port}/" in (tmp_path / "log.txt").read_text()
    assert "node1" in embedded.podhub("get", "nodes")


def test_without_a_login_only_its_own_machine_is_served(embedded: House) -> None:
    with pytest.raises(AssertionError, match="without a login PodHub serves its own machine only"):
        embedded.podhub("up", "--host", "0.0.0.0")


def test_a_port_that_is_taken_is_said(embedded: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AssertionError, match="Address already in use; choose"):
        embedded.podhub("up", "--port", str(taken.getsockname()[1]))


def test_a_team_s_settings_are_asked_for(tmp_path: Path) -> None:
    house = House(tmp_path, REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="", ALLOWED_HOSTS="")
    with pytest.raises(AssertionError, match="error: SECRET_KEY must be set where REDIS_URL is set"):
        house.podhub("up")


def test_a_team_s_first_start_makes_the_cluster_default(tmp_path: Path, postgresql: str, redis_server: str) -> None:
    settings = {"DATABASE_URL": postgresql, "REDIS_URL": redis_server, "SECRET_KEY": "of a test", "ALLOWED_HOSTS": "a.example"}
    house = House(tmp_path, **settings)
    try:
        house.podhub("cluster", "list")  # makes the tables
        house.start("celery", "--app", "podhub", "worker", "--concurrency", "1")
        port = free_port()
        house.start("uvicorn", "podhub.asgi:application", "--port", str(port))
        wait_until(lambda: answers(port), 20, "the port is open")
        wait_until(lambda: "node1" in house.podhub("get", "nodes", "--cluster", "default"), 20, "its first moment is played")
    finally:
        house.close()
