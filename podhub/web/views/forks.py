"""Forks: another future for a cluster, from one of its moments on."""

from __future__ import annotations

from itertools import count

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lifecycle.clock import as_datetime
from podhub.access import rights
from podhub.log.errors import NameTaken
from podhub.log.models import Cluster
from podhub.log.moments import compact
from podhub.runs.clusters import fork_cluster
from podhub.web.errors import refusals
from podhub.web.forms import ForkForm
from podhub.web.pages import page
from podhub.web.showing import Showing, showing


@require_http_methods(["GET", "POST"])
@refusals
def fork(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Make a cluster that begins as this one up to `?at=`; `?pod=NAMESPACE/NAME` is what is gone on looking at."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    if shown.live:  # what is sent is about the moment that the form speaks of
        query = request.GET.copy()
        query["at"] = compact(shown.at)
        return HttpResponseRedirect(f"{request.path}?{query.urlencode(safe='/')}")
    initial = {"name": _free_name(cluster), "speed": cluster.speed}
    form = ForkForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = fork_cluster(cluster, shown.seq, values["name"], at=shown.at, speed=values["speed"])
        except NameTaken as wrong:
            form.add_error("name", str(wrong))
        else:
            rights.made_by(request.user, made)
            return HttpResponseRedirect(_back(made, request.GET.get("pod", "")))
    context = {
        "form": form,
        "cluster": cluster,
        "back": _back(cluster, request.GET.get("pod", "")),
        "title": _("Fork %(name)s") % {"name": cluster.name},
        "lede": _lede(cluster, shown),
        "action": _("Fork"),
    }
    return page(request, "form_page.html", context, status=422 if form.is_bound else 200)


def _lede(cluster: Cluster, shown: Showing) -> str:
    at = f"{as_datetime(shown.at):%Y-%m-%d %H:%M:%S} UTC"
    if cluster.kind == Cluster.Kind.RECORDED:
        return _("The recording up to %(at)s, as a cluster of its own: a shorter recording.") % {"at": at}
    return _("A new cluster that has lived as this one up to %(at)s, and goes on by itself. This one stays as it is.") % {
        "at": at
    }


def _free_name(cluster: Cluster) -> str:
    """Suggest a name that no cluster has."""
    stem = f"{cluster.name[:55]}-fork"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in names if not Cluster.objects.filter(name=name).exists())


def _back(cluster: Cluster, pod: str) -> str:
    namespace, found, name = pod.partition("/")
    return (
        reverse("pod", args=(cluster.name, namespace, name))
        if found and namespace and name
        else reverse("cluster", args=[cluster.name])
    )
