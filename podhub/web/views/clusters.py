"""Clusters: all of them, one of them, made, imported, dropped, and the speed of one's clock."""

from __future__ import annotations

from typing import IO, Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lifecycle.clock import as_datetime
from podhub.access import rights
from podhub.log import importing, read
from podhub.log.errors import BadName, BadRecording, HasForks, NameTaken
from podhub.log.models import Cluster
from podhub.runs import clusters as run_clusters
from podhub.runs.writing import writing
from podhub.web import cluster_page
from podhub.web.choice import Choice
from podhub.web.errors import refusals
from podhub.web.forms import ClusterForm, DropForm, PlainForm, RecordingForm
from podhub.web.gallery import gallery
from podhub.web.pages import guarded, page, problem
from podhub.web.showing import clock_for_browser, clock_text, just_read, now, showing
from podhub.web.story import unwatched_since

LARGEST_UPLOAD = 64 * 1024 * 1024
"""Bytes of the texts of one recording that is uploaded, unpacked; the command line takes more."""

NAMED = 3
"""Files that are named of those that were left for one reason."""

CLUSTER_SPEEDS = (("paused", ""), ("1x", "1×"), ("10x", "10×"), ("60x", "60×"), ("max", "max"))


@require_GET
@refusals
def index(request: HttpRequest) -> HttpResponse:
    """All clusters."""
    rows = [_summary(cluster) for cluster in rights.visible(request.user).select_related("parent").order_by("name")[:500]]
    return page(request, "clusters.html", {"clusters": rows})


def _summary(cluster: Cluster) -> dict[str, Any]:
    shown = just_read(cluster)
    return {
        "cluster": cluster,
        "pods": shown.view.count("pods"),
        "gone": len(read.gone_at(cluster, "pods", shown.seq)),
        "clock": f"{as_datetime(shown.at):%Y-%m-%d %H:%M:%S}",
    }


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """A cluster's Pods and newest Events, at the newest moment or at `?at=`."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    choice = Choice.of(request.GET.dict())
    context = {
        "cluster": cluster,
        "tab": "pods",
        "at": shown.at,
        "live": shown.live,
        "unwatched": clock_text(unwatched_since(cluster, shown.seq, shown.seq - 1)),
        "at_text": clock_text(shown.at),
        "namespaces": cluster_page.namespaces(shown),
        "seq": shown.seq,
        "clock": clock_for_browser(cluster),
        "socket": f"/ws/c/{cluster.name}/?lang={get_language()}&{choice.query()}",
        **cluster_page.pods(shown, choice),
        "events_table": cluster_page.events(shown, choice),
        "gone": cluster_page.gone(shown, choice.namespace),
        **clock_context(cluster),
    }
    empty = shown.live and not context["total"] and not choice.filtered
    if empty and cluster.takes_requests and rights.may_edit(request.user, cluster):
        context["gallery"] = gallery()
    return page(request, "cluster.html", context, modules=("js/cluster-page.js",))


def clock_context(cluster: Cluster) -> dict[str, Any]:
    """Return what the control of a cluster's clock shows."""
    if cluster.finished:
        return {"recorded_span": _recorded_span(cluster)}
    return {"cluster_speeds": CLUSTER_SPEEDS, "clock_text": f"{as_datetime(now(cluster, cluster.horizon)):%H:%M:%S}"}


def _recorded_span(cluster: Cluster) -> str:
    first, last = as_datetime(cluster.start), as_datetime(cluster.horizon)
    end = f"{last:%H:%M:%S}" if last.date() == first.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"{first:%Y-%m-%d %H:%M:%S} – {end} UTC"


@require_http_methods(["GET", "POST"])
@refusals
def create(request: HttpRequest) -> HttpResponse:
    """Make a simulated cluster."""
    form = ClusterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            cluster = run_clusters.create_cluster(values["name"], speed=values["speed"], seed=values["seed"])
        except NameTaken as wrong:
            form.add_error("name", str(wrong))
        else:
            rights.made_by(request.user, cluster)
            return HttpResponseRedirect(reverse("cluster", args=[cluster.name]))
    texts = {
        "title": _("New cluster"),
        "lede": _("An empty cluster with one node and a clock of its own. Give it manifests and watch what their Pods do."),
        "action": _("Make it"),
    }
    return _form_page(request, form, texts)


@require_http_methods(["GET", "POST"])
@refusals
def import_recording(request: HttpRequest) -> HttpResponse:
    """Bring a recording of a real cluster into a cluster of its own."""
    form = RecordingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            recording = importing.read(_uploaded(request), LARGEST_UPLOAD)
            with writing():
                cluster = importing.store(recording, form.cleaned_data["name"])
        except NameTaken as wrong:
            form.add_error("name", str(wrong))
        except (BadName, BadRecording) as wrong:
            form.add_error("recording", str(wrong))
        else:
            rights.made_by(request.user, cluster)
            _tell_of_the_rest(request, recording)
            return HttpResponseRedirect(reverse("cluster", args=[cluster.name]))
    texts = {
        "title": _("Import a recording"),
        "lede": _(
            "What kubectl or a watch told of a real cluster becomes a cluster that can be watched, rewound and compared here."
        ),
        "action": _("Import"),
    }
    return _form_page(request, form, texts)


def _uploaded(request: HttpRequest) -> list[tuple[str, IO[bytes]]]:
    return [(str(file.name), cast(IO[bytes], file.file)) for file in request.FILES.getlist("recording")]


def _tell_of_the_rest(request: HttpRequest, recording: importing.Recording) -> None:
    """Say what was uploaded and is not in the cluster."""
    if recording.repeated:
        text = ngettext(
            "%(n)d version of an object was told more than once and is imported once.",
            "%(n)d versions of objects were told more than once and are imported once.",
            recording.repeated,
        )
        messages.info(request, text % {"n": recording.repeated})
    for why, names in recording.passed_by_reason():
        more = ", …" if len(names) > NAMED else ""
        text = ngettext(
            "%(n)d file is not imported: %(why)s (%(names)s)", "%(n)d files are not imported: %(why)s (%(names)s)", len(names)
        )
        messages.warning(request, text % {"n": len(names), "why": why, "names": ", ".join(names[:NAMED]) + more})


def _form_page(request: HttpRequest, form: PlainForm, texts: dict[str, str], **more: Any) -> HttpResponse:
    context = {"form": form, "back": reverse("clusters"), **texts, **more}
    return page(request, "form_page.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@refusals
def drop(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Drop a whole cluster, its log included."""
    cluster = rights.edited(request.user, cluster_name)
    form = DropForm(cluster.name, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            run_clusters.drop_cluster(cluster, by=request.user.get_username())
        except HasForks as wrong:
            form.add_error("confirm", str(wrong))
        else:
            messages.success(request, _("The cluster %(name)s was dropped.") % {"name": cluster.name})
            return HttpResponseRedirect(reverse("clusters"))
    texts = {
        "title": _("Drop the cluster %(name)s?") % {"name": cluster.name},
        "lede": _("Its log, with everything that happened in it, is removed. This cannot be undone."),
        "action": _("Drop it"),
    }
    return _form_page(request, form, texts, danger=True, cluster=cluster)


@require_http_methods(["POST"])
@refusals
def speed(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """Set the speed of a cluster's clock; htmx gets the control back, others the page they came from."""
    cluster = rights.edited(request.user, cluster_name)
    answer = run_clusters.set_speed(cluster, request.POST.get("speed", ""), user=request.user.get_username() or "podhub")
    wrong = answer.body.get("message", "") if answer.code >= 400 else ""
    if not getattr(request, "htmx", False):
        if wrong:
            return problem(request, answer.code, _("The clock was not changed"), wrong, cluster=cluster)
        return HttpResponseRedirect(reverse("cluster", args=[cluster.name]))
    cluster.refresh_from_db()
    context = {"cluster": cluster, "may_edit": True, "clock_error": wrong, **clock_context(cluster)}
    return guarded(render(request, "_clock.html", context))
