"""Whatever is killed in the middle of ten Pods' lives, servers, workers, broker or database: they go on as if nothing was."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.crash.processes import House, kill, wait_until
from tests.servers import free_port, program

pytestmark = pytest.mark.alone

LIVES = str(Path(__file__).with_name("lives.yaml"))

PODS = 10


def head(house: House, name: str = "lives") -> int:
    rows = [line.split() for line in house.podhub("cluster", "list").splitlines()]
    return next(int(row[3]) for row in rows if row[0] == name)


def grows(house: House, by: int, seconds: float = 20) -> None:
    """Wait until the log has grown: somebody plays the lives."""
    begun = head(house)
    wait_until(lambda: head(house) >= begun + by, seconds, f"the log grows by {by} entries")


def begin(house: House) -> None:
    house.podhub("cluster", "create", "lives", "--speed", "10x", "--seed", "7")
    created = house.podhub("apply", "-f", LIVES, "--cluster", "lives")
    assert created.count(" created\n") == PODS


def ends_well(house: House) -> None:
    """Stop the clock; the log has no gap, nothing was altered, and a second, undisturbed run gives every byte again."""
    house.podhub("cluster", "speed", "lives", "paused")
    told = house.podhub("verify", "--cluster", "lives")
    assert "no gap, nothing altered; a second run gives the same bytes" in told
    events = house.podhub("events", "--cluster", "lives")
    pods = house.podhub("get", "pods", "--cluster", "lives", "--no-headers").splitlines()
    assert len(pods) == PODS - 1, "trap was deleted"
    assert events.count("Killing") >= 2
    rows = {line.split()[0]: line for line in pods}
    assert "Error" in rows["once"]
    assert "Completed" in rows["until-it-works"]
    assert "Pending" in rows["nowhere"]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def test_a_server_that_is_killed_goes_on_where_it_was(embedded: House) -> None:
    begin(embedded)
    for _ in range(3):
        server = embedded.start("podhub", "up", "--port", "0")
        grows(embedded, 25)
        time.sleep(0.7)
        kill(server)
    server = embedded.start("podhub", "up", "--port", "0")
    embedded.podhub("delete", "pod", "trap", "--cluster", "lives")
    grows(embedded, 40)
    kill(server)
    time.sleep(3)  # nobody is there; the clock runs on
    server = embedded.start("podhub", "up", "--port", "0")
    grows(embedded, 40)
    ends_well(embedded)
    server.terminate()
    assert server.wait(15) == 0


class Redis:
    """A broker that can be killed and started again at the same port; it remembers nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis() -> Iterator[Redis]:
    broker = Redis()
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a database in a PostgreSQL that no other test uses."""
    with servers.postgresql() as server:
        yield f"{server}/postgres"


def crash(database: str) -> None:
    """Kill a process of PostgreSQL: it ends all others, for they share memory, and starts from its write-ahead log."""
    with psycopg.connect(database) as connection:
        os.kill(connection.info.backend_pid, 9)


@pytest.fixture
def team(tmp_path: Path, database: str, redis: Redis) -> Iterator[House]:
    house = House(
        tmp_path,
        DATABASE_URL=database,
        REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
        SECRET_KEY="of a test",
        ALLOWED_HOSTS="podhub.example",
    )
    yield house
    house.close()


def listed(house: House) -> str:
    """Return the clusters, or nothing where the database does not answer."""
    try:
        return house.podhub("cluster", "list")
    except AssertionError:
        return ""


def worker(house: House, name: str) -> subprocess.Popen[bytes]:
    return house.start("celery", "--app", "podhub", "worker", "--concurrency", "1", "--hostname", f"{name}@test")


def test_a_team_s_workers_broker_and_database_may_be_killed(team: House, redis: Redis, database: str, tmp_path: Path) -> None:
    first = worker(team, "first")
    worker(team, "second")
    team.start("celery", "--app", "podhub", "beat", "--schedule", str(tmp_path / "beat"))
    begin(team)
    grows(team, 25)
    kill(first)
    grows(team, 25)
    first = worker(team, "first")
    team.podhub("delete", "pod", "trap", "--cluster", "lives")
    redis.kill()
    time.sleep(2)
    redis.start()
    grows(team, 25, seconds=40)
    crash(database)
    wait_until(lambda: "lives" in listed(team), 20, "PostgreSQL answers again")
    grows(team, 25, seconds=40)
    kill(first)
    grows(team, 40)
    ends_well(team)
