"""The server as people meet it: its start, its pages and forms, open pages, and a crowd of Pods at ten times the speed.

Everything goes over HTTP and sockets to processes of their own. Of several rounds the best counts: whatever else the machine
does only adds.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from tests import servers
from tests.bench import open_pages
from tests.bench.figure import Figure, percentile
from tests.bench.visitor import Visitor, answers
from tests.crash.processes import ROOT, House, kill

LIVES = ROOT / "tests" / "crash" / "lives.yaml"

IDLE = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers:
  - {{name: web, image: nginx}}
"""

STATIC = ROOT / "staticfiles"

PASSWORD = "of a benchmark"

CROWD, CROWD_SECONDS = 200, 20.0


class Server(NamedTuple):
    house: House
    port: int
    database: str
    cookies: dict[str, str]
    headers: dict[str, str] = {}
    """What a client of the API says of itself."""


def figures() -> Iterator[Figure]:
    yield start()
    for measure in (idle, crowd, watched):
        with embedded() as server:
            yield from measure(server)
    with team() as server:
        yield from watched(server, "team")


@contextmanager
def embedded() -> Iterator[Server]:
    """One process that is everything: `podhub up`."""
    with tempfile.TemporaryDirectory() as folder:
        house, port = House(Path(folder), DATABASE_URL="", REDIS_URL=""), servers.free_port()
        try:
            house.start("podhub", "up", "--port", str(port))
            answers(port)
            yield Server(house, port, str(Path(folder) / "podhub.sqlite3"), {})
        finally:
            house.close()


@contextmanager
def team() -> Iterator[Server]:
    """PostgreSQL, Redis, a web process, two workers and beat."""
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.postgresql() as postgresql,
        servers.database(postgresql) as database,
        servers.redis() as redis,
    ):
        settings = {"SECRET_KEY": "of a benchmark", "ALLOWED_HOSTS": "podhub.example", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        house, port = House(Path(folder), DATABASE_URL=database, REDIS_URL=redis, **settings), servers.free_port()
        try:
            with static_files(house):
                house.podhub("createsuperuser", "--noinput", "--username", "bench", "--email", "bench@podhub.example")
                for name in ("one", "two"):
                    house.start("celery", "--app", "podhub", "worker", "--concurrency", "1", "--hostname", f"{name}@bench")
                house.start("celery", "--app", "podhub", "beat", "--schedule", str(Path(folder) / "beat"))
                house.start("uvicorn", "podhub.asgi:application", "--host", "127.0.0.1", "--port", str(port))
                answers(port)
                visitor = Visitor(port)
                visitor.log_in("bench", PASSWORD)
                token = house.podhub("token", "bench", "--edit").split()[-1]
                yield Server(house, port, database, visitor.cookies, {"Authorization": f"Bearer {token}"})
        finally:
            house.close()


@contextmanager
def static_files(house: House) -> Iterator[None]:
    """Collect the static files, as a team's image does; what was not there before is taken away again."""
    there = STATIC.exists()
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=house.environment, check=True)
    try:
        yield
    finally:
        if not there:
            shutil.rmtree(STATIC)


def start() -> Figure:
    """From the command to the first page, where the database is there already."""
    with tempfile.TemporaryDirectory() as folder:
        house, took = House(Path(folder), DATABASE_URL="", REDIS_URL=""), []
        try:
            for _ in range(4):
                port, begun = servers.free_port(), time.perf_counter()
                process = house.start("podhub", "up", "--port", str(port))
                answers(port)
                took.append(time.perf_counter() - begun)
                kill(process)
        finally:
            house.close()
    return Figure("podhub up answers, after the first start", min(took[1:]), "s", 4)


def idle(server: Server) -> Iterator[Figure]:
    """One request at a time, with nothing else going on: a new Pod has started before the next one is created."""
    visitor = Visitor(server.port)
    visitor.get("/c/default/apply/")
    visitor.post("/c/default/apply/", manifest=IDLE.format(name="idle"), namespace="default")
    numbers = iter(range(1000))

    def create() -> None:
        status, _ = visitor.post("/c/default/apply/", manifest=IDLE.format(name=f"idle-{next(numbers)}"), namespace="default")
        assert status == 302, status

    def get(path: str) -> None:
        status, _ = visitor.get(path)
        assert status == 200, status

    yield from _answered("a page of all Pods", lambda: get("/c/default/"))
    yield from _answered("a Pod's page", lambda: get("/c/default/pods/default/idle/"))
    yield from _answered("a Pod created by the form", create, each=10, pause=1)


def _answered(what: str, ask: Callable[[], object], each: int = 30, pause: float = 0.05) -> Iterator[Figure]:
    begun = [[_seconds(ask, pause) * 1000 for _ in range(each)] for _ in range(3)]
    best = min(begun, key=lambda took: percentile(took, 0.5))
    yield Figure(f"idle: {what}, median", percentile(best, 0.5), "ms", 25)
    yield Figure(f"idle: {what}, p95", percentile(best, 0.95), "ms", 60)


def _seconds(ask: Callable[[], object], pause: float) -> float:
    time.sleep(pause)
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def watched(server: Server, kind: str = "embedded") -> Iterator[Figure]:
    """Many pages open on one Pod."""
    manifest = Path(server.house.environment["PODHUB_DATA"]) / "speaker.yaml"
    manifest.write_text(open_pages.SPEAKER)
    server.house.podhub("apply", "-f", str(manifest))
    seen = open_pages.rounds(server.port, server.cookies, server.database)
    pages = open_pages.SOCKETS + open_pages.BROWSERS
    sockets, browsers = ([percentile(delays, 0.95) for delays in kinds] for kinds in zip(*seen, strict=True))
    yield Figure(f"{kind}: appended → told to {pages} open pages, p95", min(sockets), "ms", 150)
    yield Figure(f"{kind}: appended → shown in Chromium beside them, p95", min(browsers), "ms", 150)


def crowd(server: Server) -> Iterator[Figure]:
    """Many Pods with lives of all kinds on three nodes, at ten times the speed, and somebody who reads their pages."""
    names = _crowded(server)
    visitor, took = Visitor(server.port), list[float]()
    server.house.podhub("cluster", "speed", "crowd", "10x")
    until = time.monotonic() + CROWD_SECONDS
    while time.monotonic() < until:
        name = names[len(took) % len(names)]
        took.append(_seconds(lambda: visitor.get(f"/c/crowd/pods/default/{name}/"), 0.1) * 1000)  # noqa: B023
    server.house.podhub("cluster", "speed", "crowd", "paused")
    yield Figure(f"{CROWD} Pods at 10x: furthest behind the clock", _furthest_behind(server.database), "s", 1)
    yield Figure(f"{CROWD} Pods at 10x: a Pod's page, median", percentile(took, 0.5), "ms", 60)
    yield Figure(f"{CROWD} Pods at 10x: a Pod's page, p95", percentile(took, 0.95), "ms", 150)


def _crowded(server: Server) -> list[str]:
    """Create the Pods in a cluster whose clock stands still; return their names."""
    kinds, documents = list(yaml.safe_load_all(LIVES.read_text())), []
    for number in range(CROWD):
        kind = kinds[number % len(kinds)]
        documents.append(kind | {"metadata": {"name": f"{kind['metadata']['name']}-{number}"}})
    manifest = Path(server.house.environment["PODHUB_DATA"]) / "crowd.yaml"
    manifest.write_text(yaml.safe_dump_all(documents))
    server.house.podhub("cluster", "create", "crowd", "--speed", "paused", "--nodes", "3")
    server.house.podhub("apply", "-f", str(manifest), "--cluster", "crowd")
    return [document["metadata"]["name"] for document in documents]


def _furthest_behind(database: str) -> float:
    """Return the longest time (s) from the wall moment at which an entry was due to the one at which it was appended."""
    with sqlite3.connect(database) as file:
        turned = (
            "SELECT cluster_id, at, recorded_at FROM log_entry WHERE resource = 'clusters' AND kind = 'request' ORDER BY seq"
        )
        (cluster, since, began), (_, until, _) = file.execute(turned).fetchall()[-2:]
        rows = file.execute(
            "SELECT at, recorded_at FROM log_entry WHERE cluster_id = ? AND at > ? AND at < ?", (cluster, since, until)
        )
        return float(max(recorded_at - (began + (at - since) / 10) for at, recorded_at in rows) / 1e6)
