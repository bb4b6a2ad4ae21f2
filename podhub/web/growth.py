"""What only grows on a Pod's open page: traces, and lines of output. The page gets those that are new, and adds them."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string

from podhub.log.read import Line
from podhub.web.pod_page import PodPage, traces_about
from podhub.web.story import Chapter

MOST = 100
"""Of more new lines than these the page gets the whole fragment."""


def grown(page: PodPage, news: Chapter) -> dict[str, object]:
    """Return, by the fragment's name, the rows to be added to those that an open page shows.

    `traces` are rows, the newest first; `output` is a list of (container, lines). A fragment of which the page shows no row
    yet is not among them.
    """
    if any(version.type != "MODIFIED" for version in news.versions):  # another Pod: the page begins anew
        return {}
    lines = [line for line in news.lines if line.kind == "trace" and line.type != "assumption"]
    written, traces = ([line for line in lines if (line.type == "output") == output] for output in (True, False))
    found: dict[str, object] = {}
    if _grows(page, news, traces, ()):
        found["traces"] = page.trace_rows(traces)
    if _grows(page, news, written, ("output",)):
        found["output"] = [
            (container.name, render_to_string("_pod_output_lines.html", {"lines": container.lines}))
            for container in page.outputs(written)
        ]
    return found


def _grows(page: PodPage, news: Chapter, lines: Sequence[Line], types: tuple[str, ...]) -> bool:
    """Say whether lines are to be added to those that the page shows already."""
    return 0 < len(lines) <= MOST and traces_about(page.cluster, lines[0].about, types, news.after).exists()
