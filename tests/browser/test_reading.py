"""Finding, in what a page shows, what one looks for: filters, YAML, and why something happened."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.test_newcomer import GALLERY, make_cluster, upload

POD = "/c/life/pods/liveness-exec/liveness-exec/"


def test_a_slash_leads_to_the_filter_of_a_page_s_rows_and_the_address_keeps_it(page: Page) -> None:
    page.goto(f"{POD}?at=200s")
    field = page.get_by_role("searchbox", name="Filter")
    rows = page.locator("#pod-events tbody tr:visible")
    all_rows = rows.count()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("unhealthy WARNING")
    expect(rows).to_have_count(1)
    expect(page.locator(".row-filter [role=status]")).to_have_text(re.compile(rf"^1 of {all_rows} rows$"))
    expect(page).to_have_url(re.compile(r"filter=unhealthy\+WARNING"))
    page.get_by_role("button", name="Next happening").click()
    expect(page).to_have_url(re.compile(r"at=2\d\d.*filter=unhealthy"))
    page.reload()
    expect(rows).to_have_count(1)
    field.focus()
    page.keyboard.press("Escape")
    assert rows.count() >= all_rows
    expect(page).not_to_have_url(re.compile("filter"))


def test_the_slash_can_be_switched_off(page: Page) -> None:
    page.goto("/c/life/")
    page.locator("summary[aria-label=Keys]").click()
    page.get_by_label("goes to the filter").uncheck()
    page.goto("/c/life/?namespace=liveness-exec")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Name")).not_to_be_focused()


def test_pods_are_chosen_as_one_types_and_the_page_lives_on_with_that_choice(page: Page) -> None:
    make_cluster(page, "typed")
    upload(page, "typed", GALLERY / "mypod.yaml")
    page.goto("/c/typed/")
    expect(page.locator("tr[data-key='default/mypod']")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("two")
    expect(page.get_by_text("No Pod at this moment is as you have chosen.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?name=two$"))
    other = page.context.new_page()
    upload(other, "typed", GALLERY / "two-containers.yaml")
    upload(other, "typed", GALLERY / "goproxy.yaml")
    expect(page.locator("tr[data-key='default/two-containers']")).to_be_visible()
    expect(page.locator("#pods-table tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#pods-table tbody tr")).to_have_count(3)


def test_the_yaml_follows_the_playhead_and_the_address_keeps_it(page: Page) -> None:
    page.goto(f"{POD}?at=50s")
    page.get_by_role("button", name="YAML").click()
    text = page.locator("[data-part=yaml]")
    expect(text).to_contain_text("restartCount: 0")
    expect(page.locator("#pod-describe")).to_be_hidden()
    page.evaluate("document.querySelector('#timeline').seek(100e6)")
    expect(text).to_contain_text("restartCount: 1")
    expect(page).to_have_url(re.compile(r"at=100s.*print=yaml"))
    page.reload()
    expect(text).to_contain_text("restartCount: 1")


def test_why_something_happened_is_told_back_to_the_request(page: Page) -> None:
    make_cluster(page, "reasons")
    upload(page, "reasons", GALLERY / "mypod.yaml")
    page.locator("#pod-events").get_by_role("link", name="Started").click()
    chain = page.get_by_role("dialog", name="Why?")
    expect(chain.locator("li").first).to_contain_text("Started:")
    expect(chain.locator(".why > li").last).to_contain_text("request create pods")
    chain.get_by_role("link", name="this moment").last.click()
    expect(page).to_have_url(re.compile(r"/pods/default/mypod/\?seq=\d+$"))
    expect(page.locator("#pod-state")).to_have_text("Pending")
