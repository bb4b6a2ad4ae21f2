"""Open pages on one Pod: how long it takes from an entry's being appended to its being there.

A few pages are real ones, in Chromium, where what counts is the moment at which the words stand in the document. The rest are
sockets as pages open them (fifty browsers on one machine would measure the browsers), where what counts is the moment at
which a message arrives that tells of the entry. Server, browser and sockets share the machine and its clock.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import time
import zlib
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import psycopg
import websockets
from playwright.async_api import BrowserContext, Page, async_playwright

BROWSERS, SOCKETS = 3, 47

ROUNDS, ROUND_SECONDS = 3, 8.0

SPEAKER = """
apiVersion: v1
kind: Pod
metadata: {name: speaker}
spec:
  containers:
  - name: app
    image: busybox
    command: [sh, -c, "i=0; while true; do i=$((i+1)); echo line-$i; sleep 0.4; done"]
    readinessProbe:
      exec: {command: [sh, -c, "test $(($(date +%s) % 4)) -lt 2"]}
      periodSeconds: 1
      failureThreshold: 1
"""
"""Speaks all the time, and becomes ready and not ready again, so that its status changes."""

PATH = "c/default/pods/default/speaker/"

LINE = re.compile(r"line-\d+")

WATCH_LINES = r"""
window.lines = {};
document.addEventListener("DOMContentLoaded", () => {
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    const text = document.getElementById("pod-output")?.textContent ?? "";
    for (const line of text.match(/line-\d+/g) ?? []) window.lines[line] ??= now;
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
});
"""

FLAGS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class Arrival(NamedTuple):
    """That an entry (by its seq, or by the line it tells of) was somewhere, at a wall moment in ms."""

    what: int | str
    at: float


class Round(NamedTuple):
    """Delays in ms."""

    sockets: list[float]
    browsers: list[float]


def rounds(port: int, cookies: Mapping[str, str], database: str) -> list[Round]:
    """Open all pages and look on for some rounds; `database` is a URL of PostgreSQL or a file of SQLite."""
    return asyncio.run(_rounds(port, cookies, database))


async def _rounds(port: int, cookies: Mapping[str, str], database: str) -> list[Round]:
    heard: list[Arrival] = []
    begun: list[float] = []
    sockets = [asyncio.create_task(_listen(port, cookies, heard)) for _ in range(SOCKETS)]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        pages = [await _open(await chromium.new_context(), port, cookies) for _ in range(BROWSERS)]
        await asyncio.sleep(2)
        for _ in range(ROUNDS):
            begun.append(time.time() * 1000)
            await asyncio.sleep(ROUND_SECONDS)
        begun.append(time.time() * 1000)
        seen = [Arrival(line, at) for page in pages for line, at in (await page.evaluate("window.lines")).items()]
        await chromium.close()
    for task in sockets:
        task.cancel()
    await asyncio.gather(*sockets, return_exceptions=True)
    appended = _appended(database)
    return [
        Round(_delays(heard, appended, since, until), _delays(seen, appended, since, until)) for since, until in pairwise(begun)
    ]


async def _open(context: BrowserContext, port: int, cookies: Mapping[str, str]) -> Page:
    url = f"http://127.0.0.1:{port}/"
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    await context.add_init_script(WATCH_LINES)
    page = await context.new_page()
    await page.goto(url + PATH)
    return page


async def _listen(port: int, cookies: Mapping[str, str], heard: list[Arrival]) -> None:
    """Note every entry that a message tells of: those after the last message's seq, up to its own."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    url, origin = f"ws://127.0.0.1:{port}/ws/{PATH}?after=0", websockets.Origin(f"http://127.0.0.1:{port}")
    async with websockets.connect(url, origin=origin, additional_headers=headers, max_size=None) as socket:
        seen = json.loads(await socket.recv())["seq"]
        async for message in socket:
            at = time.time() * 1000
            seq = json.loads(message).get("seq", seen)
            heard += [Arrival(number, at) for number in range(seen + 1, seq + 1)]
            seen = max(seen, seq)


def _delays(arrivals: list[Arrival], appended: Mapping[int | str, float], since: float, until: float) -> list[float]:
    found = ((what, at - appended[what]) for what, at in arrivals if what in appended)
    return [delay for what, delay in found if since <= appended[what] < until]


def _appended(database: str) -> dict[int | str, float]:
    """Return when each entry about the speaker was appended (ms), by its seq and, for output, by the line."""
    query = "SELECT seq, recorded_at, type, body FROM log_entry WHERE name = 'speaker' OR name LIKE 'speaker.%'"
    if database.startswith("postgres"):
        with psycopg.connect(database) as connection:
            rows = connection.execute(query).fetchall()
    else:
        with sqlite3.connect(database) as file:
            rows = file.execute(query).fetchall()
    found: dict[int | str, float] = {seq: recorded_at / 1000 for seq, recorded_at, _, _ in rows}
    for _, recorded_at, type, body in rows:
        if type == "output":
            found |= dict.fromkeys(LINE.findall(zlib.decompress(body).decode()), recorded_at / 1000)
    return found
