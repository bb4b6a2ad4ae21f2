"""What `kubectl get -o yaml` prints of an object at one moment."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from lifecycle.printers.documents import yaml_text
from podhub.access import rights
from podhub.web.errors import refusals
from podhub.web.fragments import ObjectPage
from podhub.web.node_page import NodePage
from podhub.web.pod_page import PodPage
from podhub.web.renders import renders
from podhub.web.service_page import ServicePage
from podhub.web.showing import Showing, showing
from podhub.web.views.lives import moment_answer

PAGES: dict[str, type[ObjectPage]] = {"pods": PodPage, "nodes": NodePage, "services": ServicePage}


@require_GET
@refusals
def yaml(request: HttpRequest, cluster_name: str, resource: str, name: str, namespace: str = "") -> HttpResponse:
    """The object's YAML at the newest moment, or at `?at=` or `?seq=`; 404 where it is not there, in kubectl's words."""
    shown = showing(rights.seen(request.user, cluster_name), request.GET.dict())
    text = _yaml(shown, resource, namespace, name)
    missing = f'Error from server (NotFound): {resource} "{name}" not found\n'
    response = moment_answer(request, shown, text or missing)
    response.status_code = 200 if text else 404
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response


def _yaml(shown: Showing, resource: str, namespace: str, name: str) -> str:
    page = PAGES[resource](shown, namespace, name)
    if page.version is None or page.object is None:
        return ""
    obj = page.object
    return renders.get(("yaml", shown.cluster.pk, resource, page.version.seq, shown.at), lambda: yaml_text(obj))
