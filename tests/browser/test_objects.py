"""Pages of nodes, Services and Events in a browser: watched, dragged, driven by keys, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DATA, Server
from tests.browser.test_timeline import CONTRAST, time_of

NODE = "/c/down/nodes/node1/"
SERVICE = "/c/flaps/services/svc-readiness/web/"
EVENTS = "/c/down/events/"


@pytest.fixture(scope="module", autouse=True)
def _recordings(server: Server) -> None:
    for recording, name in (("node-down-two-nodes", "down"), ("svc-readiness", "flaps")):
        server.run("import", str(DATA / "recordings" / recording), "--cluster", name)


def test_a_cluster_leads_to_its_nodes_services_and_events(page: Page) -> None:
    page.goto("/c/down/?at=100s")
    tabs = page.get_by_role("navigation", name="What of this cluster")
    tabs.get_by_role("link", name="Nodes").click()
    page.get_by_role("link", name="node1").click()
    expect(page).to_have_url(re.compile(r"/nodes/node1/\?at=100s$"))
    expect(page.locator("#node-state")).to_have_text("NotReady")
    page.get_by_role("link", name="tol20").click()
    expect(page).to_have_url(re.compile(r"/pods/node-down-two-nodes/tol20/\?at=100s$"))
    page.locator("#pod-facts").get_by_role("link", name="node1").click()
    expect(page.locator("#node-state")).to_have_text("NotReady")


def test_a_nodes_page_follows_the_playhead(page: Page) -> None:
    page.goto(NODE + "?at=100s")
    expect(page.locator("[data-lane='resident/node-down-two-nodes/tol20'] .bar[data-look=terminating]")).to_have_count(1)
    page.locator("[data-part=time]").fill("20s")
    page.locator("[data-part=time]").press("Enter")
    expect(page.locator("#node-pods")).to_contain_text("toldefault")
    page.get_by_role("slider", name="Playhead").press("End")
    expect(page.locator("#node-state")).to_have_text("Ready")


def test_a_services_page_follows_the_keys(page: Page) -> None:
    page.goto(SERVICE + "?at=20s")
    expect(page.locator("#service-state")).to_have_text("1 of 1 ready")
    slider = page.get_by_role("slider", name="Playhead")
    slider.press("Shift+ArrowRight")
    expect(page.locator("#service-state")).to_have_text("0 of 1 ready")
    expect(page.locator("#service-endpoints")).to_contain_text("not ready")


def test_events_are_chosen_at_the_moment_that_is_shown(page: Page) -> None:
    page.goto(EVENTS)
    slider = page.get_by_role("slider", name="Playhead")
    page.locator("[data-part=time]").fill("30s")
    page.locator("[data-part=time]").press("Enter")
    rows = page.locator("#all_events-table tbody tr")
    expect(rows).to_have_count(15)
    expect(page.locator("form [data-part=at]")).to_be_enabled()
    page.get_by_label("Object").fill("pod/job")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(rows).to_have_count(5)
    assert time_of(page) == "30s"
    slider.press("End")
    expect(rows).to_have_count(7)
    expect(page.locator("#all_events-reasons")).to_contain_text("NodeNotReady 1")


def test_two_ends_are_compared_by_keys(page: Page) -> None:
    page.goto(NODE + "?at=100s")
    slider = page.get_by_role("slider", name="Playhead")
    slider.press("[")
    expect(page.locator("[data-part=announcer]")).to_contain_text("Compare from")
    slider.press("End")
    slider.press("]")
    changes = page.get_by_role("region", name=re.compile("What changed from"))
    expect(changes.get_by_role("row", name="status.conditions[Ready].status")).to_contain_text("Unknown")
    expect(page.locator(".bracket")).to_have_count(2)
    changes.get_by_role("button", name="Close").click()
    expect(changes).to_be_hidden()
    expect(page.locator(".bracket")).to_have_count(0)
    expect(slider).to_be_focused()


def test_bookmarks_are_kept_and_stopped_at(page: Page) -> None:
    page.goto(NODE + "?at=120s")
    slider = page.get_by_role("slider", name="Playhead")
    slider.press("m")
    page.reload()
    expect(page.locator(".bookmark")).to_have_count(1)
    slider.press("Home")
    for _ in range(60):
        if time_of(page) == "1m59.9s":
            break
        slider.press("Shift+ArrowRight")
    assert time_of(page) == "1m59.9s"
    slider.press("M")
    expect(page.locator(".bookmark")).to_have_count(0)


@pytest.mark.parametrize(
    ("event", "typed", "means"),
    [
        ({"key": "["}, False, "from"),
        ({"key": "[", "ctrlKey": True}, True, "from"),
        ({"key": "[", "ctrlKey": True}, False, None),
        ({"key": "M", "shiftKey": True}, False, "bookmark"),
        ({"key": "ArrowRight", "ctrlKey": True}, False, "forward"),
    ],
    ids=["plain", "with AltGr", "with Ctrl", "with Shift", "an arrow with Ctrl"],
)
def test_characters_count_however_a_keyboard_makes_them(
    page: Page, event: dict[str, object], typed: bool, means: str | None
) -> None:
    page.goto(NODE)
    script = "([event, typed]) => import('podhub/timeline/keys').then((m) => m.keyOf(event, typed) ?? null)"
    assert page.evaluate(script, [event, typed]) == means


def test_where_there_is_no_one_object_nothing_is_compared(page: Page) -> None:
    page.goto(EVENTS + "?at=30s")
    page.get_by_role("slider", name="Playhead").press("[")
    expect(page.locator(".bracket")).to_have_count(0)
    expect(page.get_by_role("button", name="Compare from here")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
@pytest.mark.parametrize(
    "path", [NODE + "?at=100s", SERVICE + "?at=20s", EVENTS, "/c/down/nodes/", "/c/flaps/services/?at=20s"]
)
def test_nothing_is_wider_than_the_window(new_page: Callable[..., Page], width: int, path: str) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [NODE + "?at=100s", SERVICE + "?at=20s", EVENTS])
def test_text_stands_out_from_what_is_behind_it(new_page: Callable[..., Page], theme: str, path: str) -> None:
    page = new_page(color_scheme=theme)
    page.goto(path)
    assert page.evaluate(CONTRAST) == []


def test_it_is_all_said_in_chinese(new_page: Callable[..., Page]) -> None:
    page = new_page(locale="zh-CN")
    page.goto(EVENTS)
    expect(page.get_by_role("navigation", name="看这个集群的什么")).to_contain_text("节点")
    page.goto(SERVICE + "?at=20s")
    expect(page.locator("#service-state")).to_have_text("1 个中 1 个就绪")
