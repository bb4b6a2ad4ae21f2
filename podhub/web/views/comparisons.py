"""A Pod's life beside another's: of the same Pod in a fork, of another run, or of a real one that was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.log.errors import NoSuchCluster
from podhub.log.models import Cluster
from podhub.web import comparison
from podhub.web.comparison import MOST_ROWS, Life
from podhub.web.errors import refusals
from podhub.web.forms import ComparisonForm
from podhub.web.pages import no_such_pod, page
from podhub.web.showing import newest

MOST_OFFERED = 200
"""Pods that are offered to compare with."""


@require_GET
@refusals
def compare(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """Set a Pod's life beside that of `?to=CLUSTER/NAMESPACE/NAME`; with `?only=on` what agrees is left out."""
    cluster = rights.seen(request.user, cluster_name)
    first = comparison.life(cluster, namespace, name)
    if first is None:
        return no_such_pod(request, cluster, namespace, name)
    form = ComparisonForm(request.GET if "to" in request.GET else None)
    second = _other(request, form) if form.is_valid() else None
    context = {
        "cluster": cluster,
        "namespace": namespace,
        "pod_name": name,
        "form": form,
        "offered": list(islice(_offered(request, first), MOST_OFFERED)),
        **(_compared(first, second, form.cleaned_data["only"]) if second else {}),
    }
    return page(request, "compare.html", context, status=422 if form.errors else 200)


def _other(request: HttpRequest, form: ComparisonForm) -> Life | None:
    """Return the life that was asked for; where there is none the form says so."""
    cluster_name, namespace, name = form.cleaned_data["to"]
    try:
        found = comparison.life(rights.seen(request.user, cluster_name), namespace, name)
    except NoSuchCluster as wrong:
        form.add_error("to", str(wrong))
        return None
    if found is None:
        text = _("The log of %(cluster)s tells of no Pod %(name)s in the namespace %(namespace)s.")
        form.add_error("to", text % {"cluster": cluster_name, "name": name, "namespace": namespace})
    return found


def _compared(first: Life, second: Life, only: bool) -> dict[str, object]:
    found = comparison.rows(first, second)
    shown = [row for row in found if row.is_news] if only else found
    return {
        "lives": (first, second),
        "fields": comparison.asked_otherwise(first.pod, second.pod),
        "rows": shown[:MOST_ROWS],
        "left_out": max(len(shown) - MOST_ROWS, 0),
        "differing": sum(row.is_news for row in found),
        "total": len(found),
    }


def _offered(request: HttpRequest, first: Life) -> Iterator[str]:
    """Yield Pods to compare with: first those of the same name elsewhere, then the others of this cluster."""
    clusters: list[Cluster] = list(rights.visible(request.user).order_by("name")[:50])
    for cluster in clusters:
        if cluster.pk != first.cluster.pk and (first.namespace, first.name) in newest(cluster).view.names("pods"):
            yield f"{cluster.name}/{first.namespace}/{first.name}"
    for namespace, name in sorted(newest(first.cluster).view.names("pods")):
        if (namespace, name) != (first.namespace, first.name):
            yield f"{first.cluster.name}/{namespace}/{name}"
