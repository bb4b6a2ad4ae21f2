"""What commands say of a database that they cannot use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def podhub(*words: str, **settings: str) -> tuple[int, str]:
    """Run a command in a process of its own; return its exit status and what it says on stderr."""
    code = "import sys; from podhub.cli import main; sys.exit(main())"
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, env=environment | settings
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("get", "pods"), ("cluster", "list")])
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "nowhere" / "podhub.sqlite3"
    status, err = podhub(*words, DATABASE_URL=f"sqlite:///{path}", PODHUB_DATA=str(tmp_path))
    assert status == 1
    assert err == f"error: the database {path} cannot be used: unable to open database file; DATABASE_URL may name another\n"


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("not a database, but long enough to be taken for one\n" * 50)
    status, err = podhub("cluster", "list", DATABASE_URL=f"sqlite:///{path}", PODHUB_DATA=str(tmp_path))
    assert (status, err.startswith(f"error: the database {path} cannot be used: file is not a database")) == (1, True)


def test_a_database_that_nobody_has_filled_says_who_does(tmp_path: Path) -> None:
    status, err = podhub("get", "pods", DATABASE_URL="", PODHUB_DATA=str(tmp_path))
    assert status == 1
    assert "podhub.sqlite3 cannot be used: it is empty: podhub up makes a cluster in it" in err


@pytest.mark.parametrize("url", ["podhub.sqlite3", "mysql://user@host/name", "nope://x"])
def test_what_names_no_database_is_told_what_does(tmp_path: Path, url: str) -> None:
    status, err = podhub("get", "pods", DATABASE_URL=url, PODHUB_DATA=str(tmp_path))
    assert status == 1
    assert err.startswith("error: DATABASE_URL: PodHub keeps its log in SQLite or PostgreSQL: sqlite:///PATH or postgres://")
