"""Output and traces of a Pod's open page: every line once, in order, wherever the reader has been in between."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.podhub_up import Server

COUNTER = """
apiVersion: v1
kind: Pod
metadata: {name: counter}
spec:
  containers:
  - name: app
    image: busybox
    command: [sh, -c, "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.2; done"]
"""


def lines(page: Page) -> list[int]:
    return [int(number) for number in re.findall(r"line (\d+)\n", page.locator("#pod-output pre").text_content() or "")]


def assert_all_once(shown: list[int]) -> None:
    assert shown == list(range(1, len(shown) + 1))


def test_every_line_is_shown_once(page: Page, server: Server, tmp_path: Path) -> None:
    manifest = tmp_path / "counter.yaml"
    manifest.write_text(COUNTER)
    server.run("cluster", "create", "counting")
    server.run("apply", "-f", str(manifest), "--cluster", "counting")
    page.goto("/c/counting/pods/default/counter/")
    expect(page.locator("#pod-output")).to_contain_text("line 10\n")
    assert_all_once(lines(page))

    timeline = page.locator("life-timeline")
    timeline.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator("#pod-output")).not_to_contain_text("line 5\n")
    page.keyboard.press("l")  # live again
    expect(page.locator("#pod-output")).to_contain_text("line 25\n")
    assert_all_once(lines(page))

    page.reload()
    expect(page.locator("#pod-output")).to_contain_text(f"line {max(lines(page)) + 5}\n")
    assert_all_once(lines(page))
    server.run("cluster", "drop", "counting")
