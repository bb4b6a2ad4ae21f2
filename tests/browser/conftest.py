"""A server as people start it, on a folder of its own, and the system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.podhub_up import PATIENCE, ROOT, Server

FOLDER = Path(__file__).parent
DATA = ROOT / "tests" / "data"
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
MILLISECONDS = PATIENCE * 1000

expect.set_options(timeout=MILLISECONDS)

FLAGS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser's tests together: one server, one Chromium at a time."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.xdist_group("browser"))


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


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser has to say of its pages: errors in scripts, and on the console."""
    return []


@pytest.fixture
def nothing_wrong(complaints: list[str]) -> Iterator[None]:
    """Fails a test whose pages the browser complains of."""
    complaints.clear()
    yield
    unexpected = [text for text in complaints if not _expected(text)]
    assert unexpected == []


def _expected(text: str) -> bool:
    """Say whether the browser itself complains: of an answer of 4xx that a test asked for, of a server that a test stopped."""
    return text.startswith("Failed to load resource") or "WebSocket connection to" in text


def _opened(browser: Browser, server: Server, complaints: list[str], **options: Any) -> Page:
    options = {"viewport": VIEWPORT, "locale": "en-US", "base_url": server.url} | options
    context = browser.new_context(**options)
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return page


@pytest.fixture
def new_page(browser: Browser, server: Server, complaints: list[str], nothing_wrong: None) -> Iterator[Callable[..., Page]]:
    """Opens pages of visitors who are there for the first time, each with options of its own."""
    pages: list[Page] = []

    def opened(**options: Any) -> Page:
        pages.append(_opened(browser, server, complaints, **options))
        return pages[-1]

    yield opened
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def shared_page(browser: Browser, server: Server, complaints: list[str]) -> Iterator[Page]:
    """A page for a module's tests, one after the other: a visitor's first page costs three times what the next ones do."""
    page = _opened(browser, server, complaints)
    yield page
    page.context.close()


@pytest.fixture
def page(shared_page: Page, nothing_wrong: None) -> Iterator[Page]:
    """A page on which nothing is left of the test before."""
    shared_page.set_viewport_size(VIEWPORT)
    shared_page.mouse.move(0, 0)
    yield shared_page
    for other in shared_page.context.pages:
        if other != shared_page:
            other.close()
    shared_page.goto("/healthz")
    shared_page.evaluate("localStorage.clear(), sessionStorage.clear()")
    shared_page.context.clear_cookies()
