"""A Pod's page, its past moments, and its end."""

from __future__ import annotations

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lifecycle.wire import Object, Request
from podhub.access import rights
from podhub.log.models import Cluster
from podhub.runs.clusters import DEFAULT
from podhub.runs.queue import submit
from podhub.web import fragments
from podhub.web.errors import refusals
from podhub.web.forms import DeleteForm
from podhub.web.pages import no_such_pod, page, problem
from podhub.web.pod_page import PodPage
from podhub.web.renders import renders
from podhub.web.showing import Showing, last_moment, newest, showing
from podhub.web.story import Book, story
from podhub.web.views.lives import LIFE_MODULES, life_context, moment_answer, timeline


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """A Pod at the newest moment, or at `?at=` or `?seq=`."""
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    head = shown if shown.live else newest(cluster)
    book = Book(cluster, namespace, name, head.seq)
    if not book.turns:
        return no_such_pod(request, cluster, namespace, name)
    end = book.end(None if shown.live else shown.seq)
    shown = last_moment(cluster, end) if end else shown
    shown_pod = PodPage(shown, namespace, name, book, end)
    where = (cluster.name, namespace, name)
    context = {
        "cluster": cluster,
        "pod_name": name,
        "namespace": namespace,
        "fragments": fragments.whole(shown_pod, book.newest if shown.live else 0),
        "seq": head.seq,
        "story": _story(book, shown),
        "resting": end is not None and not (request.GET.get("at") or request.GET.get("seq")),
        "again": _again(request, cluster),
        "delete_fields": _delete_fields(grace(shown_pod, book)),
        **life_context(request, shown, reverse("pod", args=where), f"pods/{namespace}/{name}/"),
    }
    return page(request, "pod.html", context, modules=LIFE_MODULES)


def _story(book: Book, shown: Showing) -> dict[str, object]:
    """Return what the timeline reads; the story itself is told and encoded once, as long as it does not grow."""
    key = ("story", book.cluster.pk, book.namespace, book.name, book.newest, get_language())
    return timeline(shown, "pod", renders.get(key, lambda: msgspec.json.encode(story(book.chapter))))


def _again(request: HttpRequest, cluster: Cluster) -> str:
    """Return in which cluster this one's Pods may be created once more: in it, or else in the default one; or ""."""
    if not cluster.read_only and cluster.kind == Cluster.Kind.SIMULATED:
        return cluster.name if rights.may_edit(request.user, cluster) else ""
    default = Cluster.objects.filter(name=DEFAULT, kind=Cluster.Kind.SIMULATED, read_only=False).first()
    return default.name if default and rights.may_edit(request.user, default) else ""


def _delete_fields(seconds: int) -> SafeString:
    key = ("delete", seconds, get_language())
    return renders.get(key, lambda: render_to_string("_form.html", {"form": DeleteForm(seconds)}))


def grace(shown: PodPage, book: Book) -> int:
    """Return the grace period that a deletion of this Pod would have."""
    key = ("grace", book.cluster.pk, book.namespace, book.name, book.newest, shown.showing.seq)
    return renders.get(key, lambda: _grace(shown.pod))


def _grace(pod: Object | None) -> int:
    seconds = (pod.get("spec") or {}).get("terminationGracePeriodSeconds") if pod else None
    return 30 if seconds is None else int(seconds)


@require_GET
@refusals
def moment(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """The fragments of a Pod's page at one moment, for a page that stands; those of the past never change.

    With `?last`, those of the Pod's last moment, marked as such: before it ended nobody could know which that is.
    """
    cluster = rights.seen(request.user, cluster_name)
    shown = showing(cluster, request.GET.dict())
    end = Book(cluster, namespace, name, shown.seq + 1).end(shown.seq) if "last" in request.GET and not shown.live else None
    shown = last_moment(cluster, end) if end else shown
    html = fragments.past(PodPage(shown, namespace, name, end=end))
    return moment_answer(request, shown, html, for_ever=("last" in request.GET) == (end is not None))


@require_http_methods(["POST"])
@refusals
def delete(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """Ask for a Pod's deletion, as `kubectl delete pod --grace-period` does."""
    cluster = rights.edited(request.user, cluster_name)
    form = DeleteForm(30, request.POST)
    back = reverse("pod", args=(cluster.name, namespace, name))
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return problem(request, 422, _("The Pod was not deleted"), text, [(back, name)], cluster)
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": form.cleaned_data["grace"]}
    user = request.user.get_username() or "podhub"
    answer = submit(cluster, Request("delete", "pods", namespace=namespace, name=name, body=body, user=user))
    if answer.code >= 400:
        return problem(
            request, answer.code, _("The Pod was not deleted"), answer.body.get("message", ""), [(back, name)], cluster
        )
    messages.success(request, _("pod “%(name)s” deleted") % {"name": name})
    return HttpResponseRedirect(back)
