"""Two workers at one cluster, in processes of their own on PostgreSQL, one of them stalled past its lease."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from lifecycle.wire import Request
from tests.podhub.runs.toy import create

ROUNDS = 200

LEASE_SECONDS = 0.02

BEFORE_APPENDING = ("leased", "restored", "played", "taken")

ROOT = Path(__file__).resolve().parents[3]


class Worker:
    """The test's end of a worker's pipe."""

    def __init__(self, environment: dict[str, str], lease: float) -> None:
        command = [sys.executable, "-m", "tests.podhub.runs.worker", str(lease)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def tell(self, line: str) -> str:
        self.say(line)
        return self.hear()

    def say(self, line: str) -> None:
        assert self.process.stdin
        print(line, file=self.process.stdin, flush=True)

    def hear(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture
def environment(postgresql: str, tmp_path: Path) -> dict[str, str]:
    """What processes need to know to work on a database of PostgreSQL."""
    settings = {"DATABASE_URL": postgresql, "PODHUB_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "podhub.settings"}
    environment = {**os.environ, **settings, "LOG_LEVEL": "ERROR"}
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)
    return environment


@pytest.fixture
def workers(environment: dict[str, str]) -> Iterator[tuple[Worker, Worker]]:
    pair = Worker(environment, LEASE_SECONDS), Worker(environment, 5)
    yield pair
    for worker in pair:
        worker.process.kill()
        worker.process.wait()


def ask(worker: Worker, cluster: str, request: Request) -> str:
    return worker.tell(f"ask {cluster} {msgspec.json.encode(request).decode()}")


def test_of_two_workers_the_stalled_one_appends_nothing(workers: tuple[Worker, Worker], postgresql: str) -> None:
    stalling, other = workers
    cluster = other.tell("create both")
    with psycopg.connect(postgresql, autocommit=True) as database:

        def value(query: str) -> int:
            row = database.execute(query).fetchone()
            assert row
            return int(row[0])

        head = f"SELECT head FROM log_cluster WHERE id = {cluster}"
        for number in range(ROUNDS):
            ask(other, cluster, create(f"p{number}", beats=5, period=100_000, burst=1 + number % 40))
            assert stalling.tell(f"advance {cluster} {BEFORE_APPENDING[number % 4]}") == "stalled"
            time.sleep(LEASE_SECONDS * 1.1)
            before = value(head)
            assert other.tell(f"advance {cluster}") == "done"
            after = value(head)
            assert after >= before + 2, "the other one took the request"
            stalling.say("go")
            assert stalling.hear() == "done"
            assert value(head) == after, "the stalled one appended nothing"
        entries = f"FROM log_entry WHERE cluster_id = {cluster}"
        assert value(f"SELECT count(*) {entries}") == value(f"SELECT max(seq) {entries}") == value(head)
        assert value(f"SELECT count(*) {entries} AND kind = 'request'") == ROUNDS
        assert value(f"SELECT count(DISTINCT name) {entries} AND type = 'ADDED' AND resource = 'pods'") == ROUNDS
        assert value("SELECT count(*) FROM runs_queuedrequest WHERE code = 201") == ROUNDS
