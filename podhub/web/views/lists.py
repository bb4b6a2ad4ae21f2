"""Lists of a cluster's objects other than Pods, at the newest moment or at a past one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from podhub.access import rights
from podhub.web import object_lists
from podhub.web.choice import Choice
from podhub.web.cluster_page import namespaces
from podhub.web.pages import page
from podhub.web.showing import clock_for_browser, clock_text, showing
from podhub.web.views.clusters import clock_context


def list_page(request: HttpRequest, cluster_name: str, resource: str, title: str, namespaced: bool = False) -> HttpResponse:
    """Show the objects of a kind."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    choice = Choice.of(request.GET.dict())
    context = {
        "cluster": cluster,
        "title": title,
        "tab": resource,
        "at": shown.at,
        "live": shown.live,
        "at_text": clock_text(shown.at),
        "now_url": reverse(resource, args=[cluster.name]),
        "namespaces": namespaces(shown) if namespaced else (),
        "seq": shown.seq,
        "clock": clock_for_browser(cluster),
        "socket": f"/ws/c/{cluster.name}/{resource}/?lang={get_language()}&{choice.query()}",
        **object_lists.listing(shown, resource, choice),
        **clock_context(cluster),
    }
    return page(request, "objects.html", context, modules=("js/cluster-page.js",))
