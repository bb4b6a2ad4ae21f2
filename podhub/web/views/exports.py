"""Recordings to take away: a cluster's log, or one Pod's life, as JSON lines that can be imported elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from podhub.access import rights
from podhub.log import exporting
from podhub.log.models import Entry
from podhub.web.errors import refusals
from podhub.web.pages import no_such_pod
from podhub.web.story import within


@require_GET
@refusals
def cluster(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """All that a cluster's log holds of changes."""
    found = rights.seen(request.user, cluster_name)
    return _file(found.name, exporting.packed(found))


@require_GET
@refusals
def pod(request: HttpRequest, cluster_name: str, namespace: str, name: str) -> HttpResponse:
    """One Pod's life, and the Events about it."""
    found, wanted = rights.seen(request.user, cluster_name), (namespace, name)
    rows = Entry.objects.filter(within(found, found.head), kind=Entry.Kind.CHANGE, resource="pods")
    if not rows.filter(namespace=namespace, name=name).exists():
        return no_such_pod(request, found, namespace, name)
    return _file(f"{found.name}-{namespace}-{name}", exporting.packed(found, wanted))


def _file(name: str, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type="application/gzip")
    response["Content-Disposition"] = f'attachment; filename="{name}.jsonl.gz"'
    return response
