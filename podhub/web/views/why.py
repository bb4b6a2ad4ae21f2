"""Why something happened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.web.errors import refusals
from podhub.web.pages import guarded, page, problem
from podhub.web.why import chain


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str, seq: int) -> HttpResponse:
    """An entry of the log, and what brought it about, back to a request; htmx gets the chain without the page."""
    cluster = rights.seen(request.user, cluster_name)
    links, further = chain(cluster, seq) if seq <= cluster.head else ([], 0)
    if not links:
        text = _("The log of %(cluster)s has no entry %(seq)s.") % {"cluster": cluster.name, "seq": seq}
        return problem(request, 404, _("No such entry"), text, cluster=cluster)
    context = {"cluster": cluster, "links": links, "further": further}
    if getattr(request, "htmx", False):
        return guarded(render(request, "_why.html", context | {"inside": True}))
    return page(request, "why.html", context)
