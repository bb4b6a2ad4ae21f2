"""Nodes: all of a cluster, one of them, its past moments."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.web import fragments, node_page
from podhub.web.errors import refusals
from podhub.web.node_page import MOST_LANES, NodePage
from podhub.web.pages import no_such_object, page
from podhub.web.renders import renders
from podhub.web.showing import newest, showing
from podhub.web.views.lists import list_page
from podhub.web.views.lives import LIFE_MODULES, life_context, moment_answer, timeline


@require_GET
@refusals
def index(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """A cluster's nodes, at the newest moment or at `?at=`."""
    return list_page(request, cluster_name, "nodes", _("Nodes"))


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str, name: str) -> HttpResponse:
    """A node at the newest moment, or at `?at=` or `?seq=`."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    head = shown if shown.live else newest(cluster)
    if not node_page.is_known(cluster, name, head.seq):
        return no_such_object(request, cluster, "Node", name, [(reverse("nodes", args=[cluster.name]), _("The nodes"))])
    key = ("node story", cluster.pk, name, head.seq, get_language())
    told: bytes = renders.get(key, lambda: msgspec.json.encode(node_page.story(cluster, name, head.seq)))
    context = {
        "cluster": cluster,
        "node_name": name,
        "fragments": fragments.whole(NodePage(shown, "", name), shown.seq),
        "seq": head.seq,
        "hint": _("Lanes are drawn for the %(n)s Pods that changed last.") % {"n": MOST_LANES}
        if node_page.has_more(cluster, name, head.seq)
        else "",
        "story": timeline(shown, "node", told),
        **life_context(request, shown, reverse("node", args=(cluster.name, name)), f"nodes/{name}/"),
    }
    return page(request, "node.html", context, modules=LIFE_MODULES)


@require_GET
@refusals
def moment(request: HttpRequest, cluster_name: str, name: str) -> HttpResponse:
    """The fragments of a node's page at one moment, for a page that stands."""
    shown = showing(rights.seen(request.user, cluster_name), request.GET.dict())
    return moment_answer(request, shown, fragments.past(NodePage(shown, "", name)))
