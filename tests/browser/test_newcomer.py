"""The newcomer's story: one command, one upload, a life watched live, and its past read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DATA
from tests.podhub_up import ROOT, Server

GALLERY = ROOT / "podhub" / "web" / "gallery"
INVALID = {"fields-under-ports": "volumeMounts:", "hook-at-spec-level": "lifecycle:", "metadata-not-indented": "name:"}


def make_cluster(page: Page, name: str) -> None:
    page.goto("/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def upload(page: Page, cluster: str, file: Path) -> None:
    page.goto(f"/c/{cluster}/apply/")
    page.locator("#file").set_input_files(str(file))
    page.get_by_role("button", name="Create").click()


def test_a_newcomer_watches_liveness_exec_and_goes_back_in_time(page: Page) -> None:
    make_cluster(page, "story")
    upload(page, "story", GALLERY / "liveness-exec.yaml")
    expect(page).to_have_url(re.compile(r"/c/story/pods/default/liveness-exec/$"))

    # Live, at the speed of life: it comes up without a reload.
    expect(page.locator("#pod-state")).to_have_text("Running")
    expect(page.locator("#pod-events")).to_contain_text("Started")
    describe = page.locator("#pod-describe")
    expect(describe).to_contain_text("Status:           Running")
    assert "Unhealthy" not in describe.inner_text()

    # Faster: Unhealthy ×3 from 35 s on, Killing, a restart.
    page.get_by_role("button", name="10×").click()
    expect(describe).to_contain_text("Unhealthy")
    expect(describe).to_contain_text(re.compile(r"Unhealthy\s+\d+s \(x3 over 1\ds\)"))
    expect(describe).to_contain_text("Container liveness failed liveness probe, will be restarted")
    expect(describe).to_contain_text("Restart Count:  1")
    expect(page.locator("#pod-containers")).to_contain_text("exit code 137")
    expect(page.locator("#pod-traces")).to_contain_text("SIGKILL to the container")
    expect(page.locator("[data-lane='container/liveness'] .bar-badge")).to_have_text("↻1")

    # When did it begin? The timeline's table says so.
    page.get_by_text("As a table").click()
    told = page.get_by_role("region", name="The timeline as a table").locator("tr", has_text="Unhealthy")
    first = told.first.locator("td").first.inner_text()
    assert 35 <= float(first.removesuffix("s")) < 36

    # Back to 20 s: the whole page is as it was, while the cluster lives on.
    drag_to(page, 20)
    expect(page.locator("#pod-facts")).to_contain_text(re.compile(r"Restarts\s*0"))
    expect(describe).to_contain_text("Restart Count:  0")
    expect(page).to_have_url(re.compile(r"\?at=\d+(\.\d+)?s$"))
    text = settled(page)
    assert "Unhealthy" not in text
    assert re.search(r"Started\s+1\ds", text)
    page.reload()
    expect(describe).to_have_text(text)

    # And live again.
    page.get_by_role("button", name="Live").click()
    expect(describe).to_contain_text(re.compile(r"Restart Count:  [1-9]"))


def settled(page: Page) -> str:
    """Return the description once the answer for the playhead's last place is there."""
    before, text = "", page.locator("#pod-describe").inner_text()
    while before != text:
        page.wait_for_timeout(700)
        before, text = text, page.locator("#pod-describe").inner_text()
    return text


def drag_to(page: Page, seconds: float) -> None:
    """Drag the playhead along the ruler until the time field says `seconds`."""
    box = page.locator("[data-part=plot]").bounding_box()
    assert box
    y = box["y"] + 12
    low, high = box["x"], box["x"] + box["width"]
    page.mouse.move(high - 40, y)
    page.mouse.down()
    field = page.locator("[data-part=time]")
    for _ in range(14):
        middle = (low + high) / 2
        page.mouse.move(middle, y)
        at = seconds_of(field.input_value())
        if abs(at - seconds) < 0.5:
            break
        low, high = (middle, high) if at < seconds else (low, middle)
    page.mouse.up()
    assert abs(seconds_of(field.input_value()) - seconds) < 1


def seconds_of(text: str) -> float:
    match = re.fullmatch(r"(−?)(?:(\d+)m)?(?:([\d.]+)s)?", text)
    assert match, text
    return (-1 if match[1] else 1) * (int(match[2] or 0) * 60 + float(match[3] or 0))


@pytest.mark.parametrize("file", sorted(GALLERY.glob("*.yaml")), ids=lambda file: file.stem)
def test_each_manifest_of_the_gallery_uploads(page: Page, server: Server, file: Path) -> None:
    server.make(f"g-{file.stem}")
    upload(page, f"g-{file.stem}", file)
    expect(page).to_have_url(re.compile(r"/(pods/default/[-a-z0-9]+/|c/g-[-a-z0-9]+/)$"))
    assert "apply" not in page.url


@pytest.mark.parametrize("name", INVALID)
def test_what_is_wrong_is_shown_at_its_line(page: Page, name: str) -> None:
    file = DATA / "manifests" / "invalid" / f"{name}.yaml"
    upload(page, "default", file)
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if text.strip(" -").startswith(INVALID[name]))
    expect(page.locator(".findings")).to_contain_text(f"line {line}")
    expect(page.locator(".gutter .has-error", has_text=re.compile(rf"^{line}$"))).to_be_visible()
    assert page.locator("textarea").input_value().strip() == file.read_text().strip()
    page.locator(f"[data-goto='{line}']").first.click()
    chosen = page.locator("textarea").evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen.strip(" -").startswith(INVALID[name])


def watch_the_end(page: Page, cluster: str, grace: int) -> None:
    """Make the Pod `mypod` in a cluster of its own, and delete it."""
    make_cluster(page, cluster)
    upload(page, cluster, GALLERY / "mypod.yaml")
    expect(page.locator("#pod-state")).to_have_text("Running")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_label("Grace period in seconds").fill(str(grace))
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#pod-note")).to_contain_text("has been gone since")


def test_a_pod_is_deleted_with_a_grace_period_and_its_end_is_watched(page: Page) -> None:
    watch_the_end(page, "ending", grace=2)
    expect(page.locator("#pod-describe")).to_contain_text(re.compile(r"Name: +mypod"))
    expect(page.get_by_role("button", name="Delete…")).to_be_hidden()
    assert "?" not in page.url


def test_a_page_of_a_pod_that_is_gone_goes_live_when_it_is_made_again(page: Page) -> None:
    watch_the_end(page, "again", grace=0)
    other = page.context.new_page()
    upload(other, "again", GALLERY / "mypod.yaml")
    expect(page.locator("#pod-state")).to_have_text("Running")
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")


def test_a_browser_that_was_away_is_right_again_without_a_reload(page: Page, server: Server) -> None:
    make_cluster(page, "away")
    upload(page, "away", GALLERY / "liveness-exec.yaml")
    expect(page.locator("#pod-state")).to_have_text("Running")
    page.evaluate("window.stayed = true")
    server.stop()
    expect(page.locator("[data-part=stale]")).to_be_visible()
    now = "document.querySelector('#timeline').clock.now()"
    stands = page.evaluate(now)
    page.get_by_role("button", name="To the start").click()
    expect(page.locator("[data-part=stale]")).to_have_text("The server did not answer. Try again.")
    assert page.evaluate(now) == stands
    server.start()
    expect(page.locator("[data-part=stale]")).to_be_hidden()
    expect(page.locator("#pod-state")).to_have_text("Pending")
    page.get_by_role("button", name="Live").click()
    server.run("cluster", "speed", "away", "60x")
    expect(page.locator("#pod-describe")).to_contain_text(re.compile(r"Restart Count:  [1-9]"))
    points = page.evaluate("document.querySelector('#timeline').story.marks.map((mark) => mark.seq)")
    assert points == sorted(set(points))
    assert page.evaluate("window.stayed") is True


def test_the_clusters_table_lives(page: Page) -> None:
    make_cluster(page, "table")
    page.goto("/c/table/apply/?manifest=two-containers")
    page.get_by_role("button", name="Create").click()
    page.goto("/c/table/")
    row = page.locator("tr[data-key='default/two-containers']")
    expect(row).to_contain_text(re.compile("NotReady|Completed|1/2"))
    other = page.context.new_page()
    other.goto("/c/table/apply/?manifest=mypod")
    other.get_by_role("button", name="Create").click()
    expect(page.locator("tr[data-key='default/mypod']")).to_contain_text("Running")
    keys = page.locator("tr[data-key]").evaluate_all("(rows) => rows.map((row) => row.dataset.key)")
    assert keys == sorted(keys)


def test_the_longest_name_fits_the_smallest_screen(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    make_cluster(page, "probes-" + "x" * 56)
    for path in (page.url, page.url + "apply/", "/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(page.get_by_label("Language")).to_be_in_viewport()


def test_the_page_speaks_chinese(page: Page) -> None:
    page.goto("/c/life/pods/liveness-exec/liveness-exec/?at=50s")
    page.get_by_label("Language").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("heading", name="容器", exact=True)).to_be_visible()
    expect(page.locator("#pod-state")).to_have_text("Running")
    assert "at=50s" in page.url


def test_a_theme_is_remembered(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_css("background-color", "rgb(20, 23, 27)")


def test_everybody_sees_which_speed_the_clock_was_set_to(page: Page) -> None:
    make_cluster(page, "speeds")
    other = page.context.new_page()
    other.goto("/c/speeds/")
    page.get_by_role("button", name="60×").click()
    expect(other.get_by_role("button", name="60×")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_role("button", name="1×", exact=True)).to_have_attribute("aria-pressed", "false")
    first = other.locator("time[data-clock]").inner_text()
    expect(other.locator("time[data-clock]")).not_to_have_text(first)


def test_without_a_script_a_pods_page_shows_one_moment_and_what_can_be_done(new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/c/life/pods/liveness-exec/liveness-exec/")
    expect(page.get_by_role("toolbar", name="Playback")).to_be_hidden()
    page.get_by_label("As of").fill("100s")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#pod-describe")).to_contain_text("Restart Count:  1")
    page.goto("/c/default/apply/?manifest=mypod")
    page.get_by_role("button", name="Create").click()
    page.get_by_label("Grace period in seconds").fill("0")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("deleted")


def test_the_moment_that_is_shown_is_forked_and_what_becomes_of_both_is_compared(page: Page) -> None:
    make_cluster(page, "origin")
    upload(page, "origin", GALLERY / "liveness-exec.yaml")
    expect(page.locator("#pod-events")).to_contain_text("Started")
    page.get_by_role("button", name="60×").click()
    expect(page.locator("#pod-describe")).to_contain_text("Restart Count:  1")
    page.locator("[data-part=time]").fill("20s")
    page.keyboard.press("Enter")
    expect(page.locator("#pod-describe")).to_contain_text("Restart Count:  0")
    expect(page.get_by_role("link", name="Fork")).to_have_attribute("href", re.compile("at="))
    page.get_by_role("link", name="Fork").click()
    page.get_by_label("Speed of its clock").select_option("paused")
    page.get_by_role("button", name="Fork").click()
    expect(page).to_have_url(re.compile(r"/c/origin-fork/pods/default/liveness-exec/$"))
    expect(page.locator("#pod-facts")).to_contain_text(re.compile(r"Restarts\s*0"))
    page.get_by_role("link", name="Compare…").click()
    page.get_by_label("With the Pod").fill("origin/default/liveness-exec")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row", name=re.compile("Killing")).first).to_contain_text("not yet in A")
