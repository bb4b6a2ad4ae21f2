"""All Events of a cluster, and those of its past moments."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.web import events_page, fragments
from podhub.web.errors import refusals
from podhub.web.events_page import MOST_LANES, MOST_MARKS, EventChoice, EventsPage
from podhub.web.pages import page
from podhub.web.renders import renders
from podhub.web.showing import newest, showing
from podhub.web.views.lives import LIFE_MODULES, life_context, moment_answer, timeline

MORE = gettext_noop(
    "The timeline tells of the last %(n)s changes of Events, with lanes for the %(objects)s objects told of last."
)


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The Events that are chosen, at the newest moment or at `?at=` or `?seq=`."""
    cluster = rights.seen(request.user, cluster_name)
    choice = EventChoice.of(request.GET.dict())
    shown = showing(cluster, request.GET.dict())
    head = shown if shown.live else newest(cluster)
    wanted = msgspec.structs.replace(choice, at="", page="", order="", kept="")
    key = ("events story", cluster.pk, wanted, head.seq, get_language())
    told: bytes = renders.get(key, lambda: msgspec.json.encode(events_page.story(cluster, wanted, head.seq)))
    events = EventsPage(shown, choice)
    query = choice.query(at="")
    url = reverse("events", args=[cluster.name]) + (f"?{query}" if query else "")
    context = {
        "cluster": cluster,
        "tab": "events",
        "choice": choice,
        "types": ("Normal", "Warning"),
        "offered": events.offered(),
        "fragments": fragments.whole(events, shown.seq),
        "seq": head.seq,
        "hint": _(MORE) % {"n": MOST_MARKS, "objects": MOST_LANES} if events_page.has_more(cluster, wanted, head.seq) else "",
        "story": timeline(shown, None, told),
        **life_context(request, shown, url, "events/", comparable=False),
    }
    return page(request, "all_events.html", context, modules=LIFE_MODULES)


@require_GET
@refusals
def moment(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The fragments of the Events' page at one moment, for a page that stands."""
    shown = showing(rights.seen(request.user, cluster_name), request.GET.dict())
    return moment_answer(request, shown, fragments.past(EventsPage(shown, EventChoice.of(request.GET.dict()))))
