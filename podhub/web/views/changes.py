"""What an object's fields were at one moment and are at another: the two ends that a reader has set on its timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from lifecycle.clock import as_datetime
from lifecycle.wire import Object
from podhub.access import rights
from podhub.log.errors import BadMoment
from podhub.log.moments import FORMS
from podhub.web.differences import Difference, differences, left_out
from podhub.web.errors import refusals
from podhub.web.renders import renders
from podhub.web.service_page import slices_ever
from podhub.web.showing import Showing, showing
from podhub.web.views.lives import moment_answer

MOST_FIELDS = 500
"""Fields that are shown: the first of them."""


class Altered(NamedTuple):
    """An object as two moments show it: what differs, and how many fields differ that say nothing to people."""

    name: str
    was: bool
    is_there: bool
    fields: list[Difference]
    left_out: int


@require_GET
@refusals
def show(request: HttpRequest, cluster_name: str, resource: str, name: str, namespace: str = "") -> HttpResponse:
    """The fields in which an object differs between `?from=` and `?to=`, whichever is earlier."""
    cluster = rights.seen(request.user, cluster_name)
    ends = [request.GET.get(end, "") for end in ("from", "to")]
    if not all(ends):
        raise BadMoment(f"from and to are needed, two moments: give {FORMS}")
    first, second = sorted((showing(cluster, {"at": end}) for end in ends), key=lambda shown: (shown.at, shown.seq))
    key = ("changes", cluster.pk, resource, namespace, name, first.seq, first.at, second.seq, second.at, get_language())
    return moment_answer(request, second, renders.get(key, lambda: _changes(first, second, resource, namespace, name)))


def _changes(first: Showing, second: Showing, resource: str, namespace: str, name: str) -> str:
    altered = list(_altered(first, second, resource, namespace, name))
    context = {
        "altered": altered,
        "since": _clock(first),
        "until": _clock(second),
        "left_out": sum(one.left_out for one in altered),
        "most": MOST_FIELDS,
    }
    return render_to_string("_changes.html", context)


def _clock(shown: Showing) -> str:
    """Return a moment by the cluster's clock: the page counts from the object's own start."""
    return f"{as_datetime(shown.at):%H:%M:%S.%f}"[:-3]


def _altered(first: Showing, second: Showing, resource: str, namespace: str, name: str) -> Iterator[Altered]:
    """Yield what became of an object, and of a Service's EndpointSlices, where anything did."""
    objects = [(resource, name)]
    if resource == "services":
        slices = slices_ever(second.cluster, namespace, name, second.seq)
        objects += [("endpointslices", key[1]) for key in sorted(slices)]
    for of, called in objects:
        old, new = (_found(shown, of, namespace, called) for shown in (first, second))
        fields = list(differences(old or {}, new or {}))[:MOST_FIELDS] if old and new else []
        if fields or bool(old) != bool(new):
            yield Altered(f"{of}/{called}", bool(old), bool(new), fields, left_out(old or {}, new or {}))


def _found(shown: Showing, resource: str, namespace: str, name: str) -> Object | None:
    found = shown.view.find(resource, namespace, name)
    return found.object if found else None
