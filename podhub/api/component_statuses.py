"""`kubectl get componentstatuses`: the components that stand behind a cluster, which here are always well.

Kubernetes: pkg/registry/core/componentstatus/rest.go
"""

from __future__ import annotations

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.apiserver.selectors import selection
from lifecycle.core_v1 import status
from lifecycle.wire import Object
from podhub.api import list_options
from podhub.api.address import Address
from podhub.api.http import Call, Reply, json_reply
from podhub.api.negotiation import wanted
from podhub.api.objects import as_table, collection, include, partial, shown

NAMES = ("controller-manager", "etcd-0", "scheduler")


async def answer(call: Call, address: Address, target: Target) -> Reply:
    """Answer with one component's status, or those of all. Raises: Refused."""
    form = wanted(call.headers.get("accept", ""), "PartialObjectMetadata" if target.name else "PartialObjectMetadataList")
    found = [_status(target, name) for name in NAMES]
    if target.name:
        one = next((obj for obj in found if obj["metadata"]["name"] == target.name), None)
        if one is None:
            raise Refused(status.not_found(target.kind, target.name))
        return json_reply(shown(one, target, form, address.now, include(call)), content_type=form.content_type)
    list_options.check(call)
    selected = selection(call.query, target.kind.plural)
    found = [obj for obj in found if selected.matches(obj)]
    if form.form == "Table":
        return json_reply(as_table(target, found, address.now, {}, include(call), form), content_type=form.content_type)
    if form.form:
        items = [partial(obj, form) for obj in found]
        body = {"kind": form.form, "apiVersion": form.group_version, "metadata": {}, "items": items}
        return json_reply(body, content_type=form.content_type)
    return json_reply(collection(target, found, {}), content_type=form.content_type)


def _status(target: Target, name: str) -> Object:
    healthy = {"type": "Healthy", "status": "True", "message": "ok"}
    kind = target.kind
    metadata = {"name": name, "creationTimestamp": None}
    return {"kind": kind.kind, "apiVersion": kind.group_version, "metadata": metadata, "conditions": [healthy]}
