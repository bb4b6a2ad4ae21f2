"""A team's processes hear from each other through Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.processes import ROOT, House

pytestmark = pytest.mark.alone


@pytest.fixture
def team(tmp_path: Path, postgresql: str, redis_server: str) -> Iterator[House]:
    house = House(
        tmp_path,
        DATABASE_URL=postgresql,
        REDIS_URL=redis_server,
        SECRET_KEY="of a test",
        ALLOWED_HOSTS="podhub.example",
        DJANGO_SETTINGS_MODULE="podhub.settings",
    )
    house.podhub("cluster", "list")  # makes the tables
    yield house
    house.close()


def test_a_process_that_asks_is_woken_by_the_worker_that_answers(team: House) -> None:
    """Woken, not by looking at the row once a second: the slowest answer takes less than that."""
    team.start("celery", "--app", "podhub", "worker", "--concurrency", "1")
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.team_client"], cwd=ROOT, env=team.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(told)
    assert told["codes"] == [201]
    assert told["heard"] > 20
    assert told["median"] < 0.5
