"""The timeline of a recorded life: dragged, played, driven by keys, read by a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

POD = "/c/life/pods/liveness-exec/liveness-exec/"


def test_the_page_of_a_pod_that_is_gone_stands_at_its_last_moment(page: Page) -> None:
    page.goto(POD)
    expect(page.locator("#pod-state")).to_have_text("Error gone")
    expect(page.locator("#pod-note")).to_contain_text("has been gone since")
    assert time_of(page) == "5m0.4s"
    page.locator("[data-act=live]").click()
    expect(page.locator("#pod-describe")).to_contain_text("NotFound")
    page.get_by_role("link", name="Its last moment").click()
    expect(page.locator("#pod-state")).to_have_text("Error gone")


def scrub(page: Page, to: float) -> None:
    """Press in the ruler at the playhead's end of the plot and drag to a share of its width."""
    box = page.locator("[data-part=plot]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to, box["y"] + 12, steps=10)
    page.mouse.up()


def time_of(page: Page) -> str:
    return page.locator("[data-part=time]").input_value()


def test_dragging_the_playhead_puts_the_whole_page_into_the_past(page: Page) -> None:
    page.goto(POD)
    expect(page.locator("#pod-state")).to_have_text("Error gone")
    scrub(page, 0.16)
    expect(page.locator("#pod-describe")).to_contain_text("Liveness probe failed")
    expect(page.locator("#pod-describe")).to_contain_text("Restart Count:  0")
    expect(page.locator("#pod-events")).to_contain_text("Unhealthy")
    expect(page.locator("#pod-state")).to_have_text("Running")
    expect(page).to_have_url(re.compile(r"\?at=4\d\.\d+s$"))


def test_the_address_can_be_shared(page: Page, new_page: Callable[..., Page]) -> None:
    page.goto(POD)
    scrub(page, 0.5)
    expect(page).to_have_url(re.compile(r"\?at="))
    other = new_page()
    other.goto(page.url)
    expect(other.locator("#pod-describe")).to_have_text(page.locator("#pod-describe").inner_text())
    assert time_of(other) == time_of(page)


def test_a_typed_time_goes_there_and_live_comes_back(page: Page) -> None:
    page.goto(POD)
    page.locator("[data-part=time]").fill("1m40s")
    page.locator("[data-part=time]").press("Enter")
    expect(page.locator("#pod-describe")).to_contain_text("Restart Count:  1")
    page.locator("[data-act=live]").click()
    expect(page.locator("#pod-describe")).to_contain_text("NotFound")
    expect(page).to_have_url(re.compile(r"liveness-exec/$"))


def test_keys_drive_it(page: Page) -> None:
    page.goto(POD + "?at=20s")
    slider = page.get_by_role("slider", name="Playhead")
    slider.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert time_of(page) == "35.4s"
    page.keyboard.press("Control+ArrowLeft")
    assert time_of(page) == "34.4s"
    page.keyboard.press("Home")
    assert time_of(page) == "0s"
    for _ in range(3):
        page.keyboard.press("ArrowDown")  # from the Pod's lane to the container's
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert time_of(page) == "5m0.3s"  # where it ended
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_it_plays_and_stops_at_the_end(page: Page) -> None:
    page.goto(POD + "?at=295s")
    page.select_option("[data-act=speed]", "8")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#pod-describe")).to_contain_text("NotFound")
    assert time_of(page) == "5m0.4s"
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_screen_reader_hears_where_it_is(page: Page) -> None:
    page.goto(POD + "?at=50s")
    slider = page.get_by_role("slider", name="Playhead")
    assert slider.get_attribute("aria-valuetext") == "49.9s since creation, Running, 9 of 32 happenings"
    page.get_by_text("As a table").click()
    table = page.get_by_role("region", name="The timeline as a table")
    expect(table).to_contain_text("Unhealthy ×3")
    expect(table).to_contain_text("ContainerCreating → Running")


def test_a_screen_reader_hears_which_lane_the_keys_have_selected(page: Page) -> None:
    page.goto(POD + "?at=50s")
    page.get_by_role("slider", name="Playhead").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("[data-part=announcer]")).to_have_text("liveness: Running")


def test_zooming_takes_pills_apart(page: Page) -> None:
    page.goto(POD + "?at=0.5s")
    page.locator("[data-lane=events] .mark").first.click()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("[data-lane=events] path").first).to_be_attached()
    before = page.locator("[data-lane=events] .mark").count()
    page.get_by_role("button", name="Fit").click()
    assert page.locator("[data-lane=events] .mark").count() != before


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize(
    "path", ["/", "/new/", "/c/life/", "/c/life/?at=50s", POD + "?at=50s", "/c/default/apply/", "/c/nope/"]
)
def test_nothing_is_wider_than_the_window(page: Page, width: int, path: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(new_page: Callable[..., Page], theme: str) -> None:
    page = new_page(color_scheme=theme)
    page.goto(POD + "?at=50s")
    assert page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (value) => ((value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("main *, header *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const hidden = element.closest("svg, [hidden], dialog:not([open]), details:not([open])");
    if (!own || hidden || !element.getClientRects().length) continue;
    const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) faint.push(element.outerHTML.slice(0, 120));
  }
  return faint;
}"""
