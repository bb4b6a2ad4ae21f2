"""What the pages with a timeline have in common: what the browser needs to go on by itself, and the answer for one moment."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from lifecycle.clock import SECOND
from podhub.log.models import Cluster
from podhub.web.legend import legend
from podhub.web.release import release
from podhub.web.renders import renders
from podhub.web.showing import Showing, clock_for_browser
from podhub.web.views.clusters import clock_context

LIFE_MODULES = ("js/life-timeline.js", "js/life-page.js")
PLAYBACK_SPEEDS = ("0.25", "0.5", "1", "2", "4", "8", "16", "32", "64")
FOR_EVER = 365 * 24 * 3600


def life_context(request: HttpRequest, shown: Showing, url: str, socket: str, comparable: bool = True) -> dict[str, Any]:
    """Return what the page at `url` needs for its timeline; `socket` is the socket's path below the cluster's.

    `comparable`: it is about one object, of which two moments can be compared.
    """
    cluster = shown.cluster
    path, query = urlsplit(url)[2:4]
    more = f"&{query}" if query else ""
    return {
        "at_query": "" if shown.live else request.GET.get("at") or f"seq-{shown.seq}",
        "page_url": url,
        "seen": "" if shown.live else f"?seq={shown.seq}",
        "yaml_url": f"{path}yaml/",
        "filter": request.GET.get("filter", ""),
        "moment_url": f"{path}moment/?of={edition(cluster)}{more}",
        "changes_url": f"{path}changes/?of={edition(cluster)}" if comparable else "",
        "socket": f"/ws/c/{cluster.name}/{socket}?lang={get_language()}{more}",
        "timeline_controls": _still("_timeline_controls.html", finished=cluster.finished, comparable=comparable),
        "timeline_keys": _still("_timeline_keys.html"),
        **clock_context(cluster),
    }


def timeline(shown: Showing, main: str | None, story: bytes) -> dict[str, object]:
    """Return what `<life-timeline>` reads: an encoded story, and whose lane is the main one (None: there is none)."""
    cluster = shown.cluster
    return {
        "start": cluster.start,
        "at": None if shown.live else shown.at - cluster.start,
        "main": main,
        "clock": clock_for_browser(cluster),
        "story": msgspec.Raw(story),
    }


def _still(template: str, **context: bool) -> SafeString:
    """Render what all these pages have alike, once in each language."""

    def render() -> SafeString:
        return render_to_string(template, {"playback_speeds": PLAYBACK_SPEEDS, "legend": legend(), **context})

    return renders.get((template, get_language(), *context.items()), render)


def edition(cluster: Cluster) -> str:
    """Return what tells this log, as this release shows it in this language, from all others: URLs with it never go stale."""
    return f"{cluster.pk}-{cluster.start // SECOND:x}-{release()}-{get_language()}"


def moment_answer(request: HttpRequest, shown: Showing, html: str, for_ever: bool = True) -> HttpResponse:
    """Answer with the fragments of one moment; those of the past never change, so they may be kept."""
    response = HttpResponse(html)
    if for_ever and not shown.live and request.GET.get("of") == edition(shown.cluster):
        patch_cache_control(response, private=True, max_age=FOR_EVER, immutable=True)
    else:
        patch_cache_control(response, no_store=True)
    return response
