"""A whole page: the frame that all of them share, the policy they are sent with, and pages that say what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from podhub.access import rights
from podhub.log.models import Cluster, Entry
from podhub.web import assets
from podhub.web.renders import renders
from podhub.web.story import within

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    modules: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Render a whole page; `modules` are the ES modules it begins with (paths of static files)."""
    cluster: Cluster | None = context.get("cluster")
    theme = request.COOKIES.get(THEME_COOKIE, "system")
    asked = request.GET.get("at", "")
    frame = {
        "at_suffix": f"?{urlencode({'at': asked})}" if asked else "",
        "theme": theme if theme in THEMES else "system",
        "switcher": _switcher(request, cluster.name if cluster else ""),
        "team": settings.TEAM,
        "may_edit": cluster is not None and cluster.takes_requests and rights.may_edit(request.user, cluster),
        "may_fork": cluster is not None and cluster.kind == Cluster.Kind.SIMULATED,
        "stylesheets": assets.STYLESHEETS,
        "modules": ("js/page.js", *modules),
    }
    response = render(request, template, frame | context, status=status)
    return guarded(response)


def _switcher(request: HttpRequest, current: str) -> SafeString:
    """Render the ways to the clusters that a page offers to go to, once for all pages that offer the same."""
    visible = rights.visible(request.user).order_by("name")
    clusters = tuple(visible.values_list("name", "kind", "speed")[:50])
    context = {"clusters": clusters, "current": current}
    key = ("switcher", clusters, current, get_language())
    return renders.get(key, lambda: render_to_string("_switcher.html", context))


def guarded(response: HttpResponse) -> HttpResponse:
    """Let the page's import map pass the site's policy."""
    response.headers["Content-Security-Policy"] = assets.content_security_policy()
    return response


def problem(
    request: HttpRequest,
    status: int,
    title: str,
    text: str,
    links: Sequence[tuple[str, str]] = (),
    cluster: Cluster | None = None,
) -> HttpResponse:
    """Say what is wrong and where to go; `links` are (URL, text)."""
    context = {"code": status, "title": title, "text": text, "links": links, "cluster": cluster}
    return page(request, "error.html", context, status=status)


def no_such_cluster(request: HttpRequest, name: str) -> HttpResponse:
    text = _("No cluster is called “%(name)s”. It may have been dropped, or the address is mistyped.") % {"name": name}
    return problem(request, 404, _("No such cluster"), text)


def may_not_edit(request: HttpRequest, name: str) -> HttpResponse:
    text = _("You may look at the cluster %(name)s, but not change it. An administrator can let you, on the admin site.")
    return problem(request, 403, _("Not allowed"), text % {"name": name}, [(reverse("cluster", args=[name]), name)])


def no_such_object(
    request: HttpRequest, cluster: Cluster, kind: str, name: str, links: Sequence[tuple[str, str]]
) -> HttpResponse:
    """Say that a log tells of no such object; `kind` is Kubernetes' word for what it would be."""
    values = {"kind": kind, "name": name, "cluster": cluster.name}
    text = _("The log of %(cluster)s tells of no %(kind)s “%(name)s”, now or ever.") % values
    return problem(request, 404, _("No such %(kind)s") % values, text, links, cluster)


def no_such_pod(request: HttpRequest, cluster: Cluster, namespace: str, name: str) -> HttpResponse:
    values = {"name": name, "namespace": namespace, "cluster": cluster.name}
    text = _("The log of %(cluster)s holds no Pod “%(name)s” in the namespace “%(namespace)s”, now or ever.") % values
    links = [(reverse("cluster", args=[cluster.name]), _("The Pods of %(cluster)s") % values)]
    named = {"resource": "events", "namespace": namespace, "name__startswith": f"{name}."}  # as client-go names Events
    if Entry.objects.filter(within(cluster, cluster.head), kind=Entry.Kind.CHANGE, **named).exists():
        query = urlencode({"namespace": namespace, "object": f"pod/{name}"})
        links.insert(0, (f"{reverse('events', args=[cluster.name])}?{query}", _("Events that tell of it")))
    return problem(request, 404, _("No such Pod"), text, links, cluster)
