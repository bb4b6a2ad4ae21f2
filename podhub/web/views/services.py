"""Services: all of a cluster, one of them, its past moments."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.web import fragments, service_page
from podhub.web.errors import refusals
from podhub.web.pages import no_such_object, page
from podhub.web.renders import renders
from podhub.web.service_page import ServicePage
from podhub.web.showing import newest, showing
from podhub.web.views.lists import list_page
from podhub.web.views.lives import LIFE_MODULES, life_context, moment_answer, timeline


@require_GET
@refusals
def index(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """A cluster's Services, at the newest moment or at `?at=`."""
    return list_page(request, cluster_name, "services", _("Services"), namespaced=True)


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """A Service at the newest moment, or at `?at=` or `?seq=`."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    head = shown if shown.live else newest(cluster)
    if not service_page.is_known(cluster, namespace, name, head.seq):
        links = [(reverse("services", args=[cluster.name]), _("The Services"))]
        return no_such_object(request, cluster, "Service", f"{namespace}/{name}", links)
    key = ("service story", cluster.pk, namespace, name, head.seq, get_language())
    told: bytes = renders.get(key, lambda: msgspec.json.encode(service_page.story(cluster, namespace, name, head.seq)))
    url = reverse("service", args=(cluster.name, namespace, name))
    context = {
        "cluster": cluster,
        "service_name": name,
        "namespace": namespace,
        "fragments": fragments.whole(ServicePage(shown, namespace, name), shown.seq),
        "seq": head.seq,
        "story": timeline(shown, "service", told),
        **life_context(request, shown, url, f"services/{namespace}/{name}/"),
    }
    return page(request, "service.html", context, modules=LIFE_MODULES)


@require_GET
@refusals
def moment(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """The fragments of a Service's page at one moment, for a page that stands."""
    shown = showing(rights.seen(request.user, cluster_name), request.GET.dict())
    return moment_answer(request, shown, fragments.past(ServicePage(shown, namespace, name)))
