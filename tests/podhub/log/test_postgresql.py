"""Everything that holds for the log in SQLite holds in PostgreSQL too: the same tests once more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__)


def test_all_of_this_holds_in_postgresql(postgresql: str) -> None:
    command = [sys.executable, "-m", "pytest", str(HERE.parent), f"--ignore={HERE}", "-p", "no:xdist", "-p", "no:cacheprovider"]
    environment = {**os.environ, "DATABASE_URL": postgresql}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=HERE.parents[3])
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " passed" in run.stdout or "100%" in run.stdout
