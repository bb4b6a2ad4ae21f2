"""Manifests that people give: from the editor, from files, from the gallery. All of it is created, or nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from podhub.access import rights
from podhub.log.models import Cluster
from podhub.web import again, cluster_page, manifests
from podhub.web.errors import refusals
from podhub.web.gallery import gallery, named
from podhub.web.manifests import Created, Finding
from podhub.web.pages import page, problem
from podhub.web.showing import newest


@require_http_methods(["GET", "POST"])
@refusals
def apply(request: HttpRequest, cluster_name: str) -> HttpResponse:
    """The editor; what is posted is checked as a whole and then created."""
    cluster = rights.edited(request.user, cluster_name)
    if not cluster.takes_requests:
        return _read_only(request, cluster)
    if request.method != "POST":
        return _editor(request, cluster, *_to_start_from(request, cluster))
    namespace = request.POST.get("namespace", "").replace("\x00", "").strip() or "default"
    source, wrong = manifests.posted(request.POST.get("manifest", ""), request.FILES.getlist("file"))
    text = manifests.shown(source)
    if wrong:
        return _editor(request, cluster, text, namespace, [wrong], status=wrong.status)
    checked = manifests.check(cluster, source, namespace, request.user.get_username() or "podhub")
    if checked.refused:
        return _editor(request, cluster, text, namespace, checked.findings, status=checked.status)
    created, refusal = manifests.create(cluster, checked.requests)
    if refusal:
        cluster.refresh_from_db()
        if not cluster.takes_requests:
            return _read_only(request, cluster)
        return _editor(request, cluster, text, namespace, [refusal], status=refusal.status)
    for finding in checked.findings:
        place = _("line %(line)s") % {"line": finding.line}
        messages.warning(request, f"{place}: {finding.message}")
    return _where(request, cluster, created)


def _to_start_from(request: HttpRequest, cluster: Cluster) -> tuple[str, str]:
    """Return with which text and namespace the editor opens: of the gallery, or of a Pod (`?of=CLUSTER/NAMESPACE/NAME`)."""
    source, _slash, pod = request.GET.get("of", "").partition("/")
    namespace, found, name = pod.partition("/")
    if found:
        here = newest(cluster)
        into = namespace if namespace in cluster_page.namespaces(here) else "default"
        taken = {name for of, name in here.view.names("pods") if of == into}
        return again.manifest(rights.seen(request.user, source), namespace, name, taken), into
    chosen = named(request.GET.get("manifest", ""))
    return chosen.text if chosen else "", "default"


def _read_only(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    text = _("The cluster %(name)s is read-only: nothing can be created in it.") % {"name": cluster.name}
    return problem(request, 403, _("Read-only"), text, [(reverse("cluster", args=[cluster.name]), cluster.name)], cluster)


def _where(request: HttpRequest, cluster: Cluster, created: list[Created]) -> HttpResponseRedirect:
    """Go to the Pod, where one was created, or else to all of them."""
    pods = [one for one in created if one.resource == "pods"]
    if len(pods) == 1 and len(created) == 1:
        return HttpResponseRedirect(reverse("pod", args=(cluster.name, pods[0].namespace, pods[0].name)))
    names = ", ".join(f"{one.kind.lower()}/{one.name}" for one in created)
    text = ngettext("%(n)s object created: %(names)s", "%(n)s objects created: %(names)s", len(created))
    messages.success(request, text % {"n": len(created), "names": names})
    return HttpResponseRedirect(reverse("cluster", args=[cluster.name]))


def _editor(
    request: HttpRequest, cluster: Cluster, text: str, namespace: str, findings: list[Finding] | None = None, status: int = 200
) -> HttpResponse:
    found = findings or []
    mistakes = sum(finding.level == "error" for finding in found)
    context = {
        "cluster": cluster,
        "text": text,
        "namespace": namespace,
        "namespaces": cluster_page.namespaces(newest(cluster)),
        "findings": found,
        "mistakes": mistakes,
        "refused": bool(mistakes),
        "gallery": gallery(),
    }
    return page(request, "apply.html", context, modules=("js/yaml-editor.js",), status=status)
