from __future__ import annotations

from pathlib import Path

import pytest

from podhub.log.models import Cluster
from tests.podhub.cli.told import WEB, Told, write


@pytest.fixture
def default(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster `default`, standing still; tables are there already."""
    from podhub.cli import database
    from podhub.runs.clusters import create_cluster

    monkeypatch.setattr(database, "_migrate", lambda: None)
    return create_cluster("default", speed="paused")


@pytest.fixture
def podhub(capsys: pytest.CaptureFixture[str]) -> Told:
    capsys.readouterr()
    return Told(capsys)


@pytest.fixture
def crashed(podhub: Told, tmp_path: Path) -> Told:
    """A Pod that has run twice, and waits to run again."""
    podhub("apply", "-f", write(tmp_path, WEB))
    podhub("cluster", "speed", "default", "max", "--until", "17s")
    return podhub
