"""From an entry's being appended to its being in the browser, with fifty pages open on one Pod."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import websockets

from tests.bench.figure import Figure, percentile
from tests.servers import free_port

PAGES = 50
SECONDS = 15.0
MANIFEST = """
apiVersion: v1
kind: Pod
metadata:
  name: talker
spec:
  containers:
  - name: app
    image: busybox
    command: [sh, -c, "while true; do date; sleep 0.5; done"]
"""


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = os.environ | {"PODHUB_DATA": folder}
        podhub = str(Path(sys.executable).with_name("podhub"))
        with (Path(folder) / "up.log").open("wb") as log:
            server = subprocess.Popen([podhub, "up", "--port", str(port)], env=environment, stdout=log, stderr=log)
        try:
            _await(f"http://127.0.0.1:{port}/")
            manifest = Path(folder) / "talker.yaml"
            manifest.write_text(MANIFEST)
            subprocess.run([podhub, "apply", "-f", str(manifest)], env=environment, check=True, stdout=subprocess.DEVNULL)
            arrivals, asked = asyncio.run(_watch(port))
            appended = _appended(Path(folder) / "podhub.sqlite3")
        finally:
            server.terminate()
            server.wait(20)
    delays = [(at - appended[seq]) / 1000 for seq, at in arrivals if seq in appended]
    yield Figure(f"entry appended -> in a page, {PAGES} pages, p95", percentile(delays, 0.95), "ms", 150)
    yield Figure("changes that were told", len({seq for seq, _ in arrivals}), "", 20, at_least=True)
    yield Figure("a page answers meanwhile, median", percentile(asked, 0.5) * 1000, "ms", 60)


async def _watch(port: int) -> tuple[list[tuple[int, float]], list[float]]:
    """Return (seq, when it arrived) of every message of every page, and how long HTTP answers took beside them."""
    arrivals: list[tuple[int, float]] = []
    asked: list[float] = []
    pages = [asyncio.create_task(_page(port, arrivals)) for _ in range(PAGES)]
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        begun = time.perf_counter()
        await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/c/default/pods/default/talker/")
        asked.append(time.perf_counter() - begun)
        await asyncio.sleep(0.5)
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return arrivals, asked


async def _page(port: int, arrivals: list[tuple[int, float]]) -> None:
    url = f"ws://127.0.0.1:{port}/ws/c/default/pods/default/talker/?after=0"
    async with websockets.connect(url, origin=f"http://127.0.0.1:{port}", max_size=None) as socket:
        await socket.recv()  # everything up to now
        async for text in socket:
            at = time.time_ns() / 1000
            seq = json.loads(text).get("seq")
            if seq:
                arrivals.append((seq, at))


def _appended(database: Path) -> dict[int, int]:
    import sqlite3

    with sqlite3.connect(database) as connection:
        return dict(connection.execute("SELECT seq, recorded_at FROM log_entry").fetchall())


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def _await(url: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            _get(url)
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
