"""The command line: a whole life, interpreter start included."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.figure import Figure

GALLERY = Path(__file__).resolve().parents[2] / "podhub" / "web" / "gallery"
PODHUB = Path(sys.executable).parent / "podhub"


def timed(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([str(PODHUB), *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def figures() -> Iterator[Figure]:
    manifest = str(GALLERY / "liveness-exec.yaml")
    yield Figure(
        "podhub run liveness-exec.yaml --until 300", median(timed("run", manifest, "--until", "300") for _ in range(5)), "s", 1
    )
