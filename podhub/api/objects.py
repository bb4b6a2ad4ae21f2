"""GET: one object, or a list of them, as of the seq that is asked for, in the form that is asked for.

Kubernetes: apiserver/pkg/endpoints/handlers/get.go
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.apiserver.selectors import selection
from lifecycle.clock import Micros
from lifecycle.controllers import heartbeats
from lifecycle.core_v1 import status
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.printers import tables
from lifecycle.printers.tables import Include
from lifecycle.wire import Object
from podhub.api import events, list_options
from podhub.api.address import Address
from podhub.api.http import Call, Reply, json_reply
from podhub.api.list_options import Token, check_reached, version_asked
from podhub.api.negotiation import Wanted, wanted
from podhub.api.threads import on_thread
from podhub.log.models import Cluster
from podhub.log.read import Version, View, keys_at

SCAN = 500
"""How many objects are looked at in one go where a selector is to find a page's worth."""


class Page(NamedTuple):
    """Part of a list (or all of it), as of a seq."""

    seq: int
    objects: list[Object]
    token: str = ""
    remaining: int | None = None


async def get(call: Call, address: Address, target: Target) -> Reply:
    """Answer with one object. Raises: Refused."""
    form = wanted(call.headers.get("accept", ""), "PartialObjectMetadata")
    asked = version_asked(call.one("resourceVersion"))

    def find() -> Version | None:
        check_reached(asked, address)
        return address.view.find(target.kind.plural, target.namespace, target.name)

    version = await on_thread(find)
    if version is None:
        raise Refused(status.not_found(target.kind, target.name))
    obj = served(version.object, target, address.cluster, address.now)
    return json_reply(shown(obj, target, form, address.now, include(call)), content_type=form.content_type)


def shown(obj: Object, target: Target, form: Wanted, now: Micros, include: Include = "Metadata") -> Object:
    """Return one object in the form that is asked for."""
    if form.form == "Table":
        metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        return as_table(target, [obj], now, metadata, include, form)
    if form.form:
        return partial(obj, form)
    return obj


async def list_(call: Call, address: Address, target: Target) -> Reply:
    """Answer with a list. Raises: Refused."""
    form = wanted(call.headers.get("accept", ""), "PartialObjectMetadataList")
    return listed(call, address, target, form, await on_thread(lambda: page(call, address, target)))


def listed(call: Call, address: Address, target: Target, form: Wanted, page: Page) -> Reply:
    """Return part of a list as an answer. Raises: Refused."""
    metadata: Object = {"resourceVersion": str(page.seq)}
    if page.token:
        metadata["continue"] = page.token
    if page.remaining:
        metadata["remainingItemCount"] = page.remaining
    if form.form == "Table":
        body = as_table(target, page.objects, address.now, metadata, include(call), form)
    elif form.form:
        items = [partial(obj, form) for obj in page.objects]
        kind = "PartialObjectMetadataList"
        body = {"kind": kind, "apiVersion": form.group_version, "metadata": metadata, "items": items}
    else:
        body = collection(target, page.objects, metadata)
    return json_reply(body, content_type=form.content_type)


def collection(target: Target, objects: Sequence[Object], metadata: Object) -> Object:
    """Return a List; its items leave out the kind that it names itself."""
    items = [{name: value for name, value in obj.items() if name not in ("kind", "apiVersion")} for obj in objects]
    kind = target.kind
    return {"kind": f"{kind.kind}List", "apiVersion": kind.group_version, "metadata": metadata, "items": items}


def served(obj: Object, target: Target, cluster: Cluster, now: Micros) -> Object:
    """Return an object as its resource serves it: with its kind, and an Event in the group that was asked.

    `now` is the moment of a cluster up to which kubelets have told that they live.
    """
    kind = target.kind
    if kind.plural == "events":
        obj = _event(obj, kind.group_version, cluster)
    elif kind.plural in heartbeats.RESOURCES and cluster.kind != cluster.Kind.RECORDED:
        obj = heartbeats.shown(kind.plural, obj, cluster.start, now)
    if kind.plural != "events" and "managedFields" in obj["metadata"]:
        obj = expanded(kind, obj)
    if "kind" not in obj:
        obj = {"kind": kind.kind, "apiVersion": kind.group_version, **obj}
    return obj


def _event(event: Object, group_version: str, cluster: Cluster) -> Object:
    """Return an Event in a group and version, with the fields of the component that has recorded it."""
    metadata = event["metadata"]
    if "managedFields" in metadata:
        event = expanded(BY_PLURAL[events.CORE, "events"], event)
    elif cluster.kind != cluster.Kind.RECORDED:
        event = {**event, "metadata": {**metadata, "managedFields": events.managed(event)}}
    return events.converted(event, group_version)


def as_table(
    target: Target,
    objects: Sequence[Object],
    now: Micros,
    metadata: Object,
    include: Include,
    form: Wanted,
    columns: bool = True,
) -> Object:
    """Return objects as a Table. An Event's row is made of its core form."""
    rows = [events.converted(obj, events.CORE) if target.kind.plural == "events" else obj for obj in objects]
    table = tables.table(target.kind.plural, rows, now, metadata, include, columns)
    if form.version != "v1":
        table["apiVersion"] = form.group_version
    return table


def partial(obj: Object, form: Wanted) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": form.group_version, "metadata": obj["metadata"]}


def include(call: Call) -> Include:
    """Return what the rows of a Table are to carry. Raises: Refused (400)."""
    given = call.one("includeObject") or "Metadata"
    if given not in ("None", "Metadata", "Object"):
        raise Refused(status.bad_request(f'unrecognized includeObject value: "{given}"'))
    return cast(Include, given)


def page(call: Call, address: Address, target: Target) -> Page:
    """Read the part of a list that a query asks for."""
    call.whole("timeoutSeconds")  # a list is never late, but what is no number is refused
    limit = call.whole("limit") or 0
    selected = selection(call.query, target.kind.qualified_plural)
    list_options.check(call)
    seq, after = _begin(call, address, target, limit)
    view = View(address.cluster, seq)
    namespace, now = target.namespace or None, address.now
    if limit <= 0 or call.one("resourceVersion") == "0":  # what may be of any version comes whole
        versions = view.list(target.kind.plural, namespace, after=after)
        matching = [version.object for version in versions if selected.matches(version.object)]
        return Page(seq, [served(obj, target, address.cluster, now) for obj in matching])
    found = _some(view, address, target, namespace, selected.matches, limit, after)
    if len(found) <= limit:
        return Page(seq, found)
    found = found[:limit]
    metadata = found[-1]["metadata"]
    key = (metadata.get("namespace", ""), metadata["name"])
    keys = keys_at(address.cluster, target.kind.plural, seq) if selected.everything else ()
    remaining = sum(one > key and namespace in (None, one[0]) for one in keys) or None
    return Page(seq, found, list_options.written(Token(seq, key), target.namespace), remaining)


def _begin(call: Call, address: Address, target: Target, limit: int) -> tuple[int, tuple[str, str] | None]:
    """Return as of which seq a list is, and behind which object it begins. Raises: Refused."""
    given, match = call.one("resourceVersion"), call.one("resourceVersionMatch")
    if call.one("continue"):
        token = list_options.read(call.one("continue"), target.namespace)
        if given not in ("", "0"):
            raise Refused(status.bad_request("specifying resource version is not allowed when using continue"))
        if token.seq is not None and token.seq > address.seq:
            raise Refused(list_options.too_old(token, target.namespace))
        return (address.seq if token.seq is None else token.seq), token.after
    asked = version_asked(given)
    check_reached(asked, address)
    exact = match == list_options.EXACT or (not match and limit > 0)
    return (asked if asked and exact else address.seq), None


def _some(
    view: View,
    address: Address,
    target: Target,
    namespace: str | None,
    matches: object,
    limit: int,
    after: tuple[str, str] | None,
) -> list[Object]:
    """Return one object more than the limit, where there are as many."""
    assert callable(matches)
    found: list[Object] = []
    now = address.now
    while True:
        versions = view.list(target.kind.plural, namespace, limit=max(SCAN, limit + 1), after=after)
        matching = [version.object for version in versions if matches(version.object)]
        found += [served(obj, target, address.cluster, now) for obj in matching]
        if len(found) > limit or len(versions) < max(SCAN, limit + 1):
            return found
        metadata = versions[-1].object["metadata"]
        after = (metadata.get("namespace", ""), metadata["name"])
