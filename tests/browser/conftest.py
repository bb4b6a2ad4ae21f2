"""A server as people start it, on a folder of its own, and the system's Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.servers import free_port

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
DATA = ROOT / "tests" / "data"
PODHUB = str(Path(sys.executable).with_name("podhub"))
PATIENCE = 60_000
"""Milliseconds after which something does not happen any more, on a machine that has ten other things to do, too."""

expect.set_options(timeout=PATIENCE)

FLAGS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser's tests together: one server, one Chromium at a time."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.xdist_group("browser"))


class Server:
    """`podhub up` on a scratch folder; it may be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        return kept | {"PODHUB_DATA": str(self.folder)}

    def run(self, *arguments: str) -> str:
        """Run one command of `podhub` on the server's folder and return what it prints."""
        done = subprocess.run([PODHUB, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        log = (self.folder / "up.log").open("ab")
        command = [PODHUB, "up", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE / 1000
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "up.log").read_text()
            assert time.monotonic() < until, "podhub up does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("podhub"))
    running.start()
    running.run("import", str(DATA / "recordings" / "liveness-exec"), "--cluster", "life")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for a module: while it is driven, its thread runs an event loop beside which no other test can run one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.fail("chromium is not installed: `make system` installs what the tests need")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens pages; a word on the console or an error in a script fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(**options: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", "base_url": server.url} | options
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    unexpected = [text for text in wrong if not _expected(text)]
    assert unexpected == []


def _expected(text: str) -> bool:
    """Say whether the browser itself complains: of an answer of 4xx that a test asked for, of a server that a test stopped."""
    return text.startswith("Failed to load resource") or "WebSocket connection to" in text


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()
