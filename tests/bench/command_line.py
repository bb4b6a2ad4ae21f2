"""The command line: a whole life, and a thousand Pods in one file; the interpreter's start included."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from tests import servers
from tests.bench.figure import Figure
from tests.bench.visitor import answers
from tests.crash.processes import House

GALLERY = Path(__file__).resolve().parents[2] / "podhub" / "web" / "gallery"
PODHUB = Path(sys.executable).parent / "podhub"

PODS = 1000

ROUNDS = 3


class Took(NamedTuple):
    """Seconds of the wall, and of the processor."""

    wall: float
    cpu: float


def timed(*arguments: str, **environment: str) -> Took:
    before, begun = _spent(), time.perf_counter()
    subprocess.run([str(PODHUB), *arguments], check=True, capture_output=True, env={**os.environ, **environment})
    return Took(time.perf_counter() - begun, _spent() - before)


def _spent() -> float:
    """Return what all children that have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def figures() -> Iterator[Figure]:
    manifest = str(GALLERY / "liveness-exec.yaml")
    took = min(timed("run", manifest, "--until", "300") for _ in range(5))
    yield Figure("podhub run liveness-exec.yaml --until 300", took.wall, "s", 1, cpu=took.cpu)
    yield from thousand_pods()


def thousand_pods() -> Iterator[Figure]:
    """One `kind: List` applied to clusters that run, by itself and beside a server."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pods.yaml"
        path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [_pod(number) for number in range(PODS)]}))
        house = House(Path(folder), DATABASE_URL="", REDIS_URL="")
        try:
            yield _applied(f"podhub apply of a List of {PODS:,} Pods, no server", path, house)
            port = servers.free_port()
            house.start("podhub", "up", "--port", str(port))
            answers(port)
            yield _applied(f"podhub apply of a List of {PODS:,} Pods, beside a server", path, house)
        finally:
            house.close()


def _pod(number: int) -> dict[str, object]:
    spec = {"containers": [{"name": "web", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"web-{number}"}, "spec": spec}


def _applied(what: str, path: Path, house: House) -> Figure:
    took = []
    for _ in range(ROUNDS):
        timed("cluster", "create", "bench", "--nodes", "10", **house.environment)
        took.append(timed("apply", "-f", str(path), "--cluster", "bench", **house.environment))
        timed("cluster", "drop", "bench", **house.environment)
    best = min(took)
    return Figure(what, best.wall, "s", 2, cpu=best.cpu)
