"""Admission that asks what else there is: may the namespace take more, do its quotas, may a claim's volume grow.

What asks only for defaults and classes is in `core_v1.admission`.
Kubernetes: plugin/pkg/admission (namespace/lifecycle, resourcequota, storage/persistentvolume/resize)
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import Micros
from lifecycle.core_v1 import resource_quotas, status, storage
from lifecycle.core_v1.registry import Accepted
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status
from lifecycle.wire import Object


def check_namespace(api: Any, kind: Kind, name: str, accepted: Accepted | Status) -> None:
    """Raises: Refused where a namespace that something is put into is not there or is ending."""
    if not kind.namespaced:
        return
    namespace = api.get("namespaces", "", name)
    if namespace is None:
        raise Refused(status.not_found(BY_PLURAL["v1", "namespaces"], name))
    if namespace["metadata"].get("deletionTimestamp"):
        about = "" if isinstance(accepted, Status) else accepted.object["metadata"]["name"]
        text = f"namespace {name} is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": text, "field": "metadata.namespace"}
        why = f"unable to create new content in namespace {name} because it is being terminated"
        raise Refused(status.forbidden(kind, about, why, [cause]))


def charge(api: Any, kind: Kind, obj: Object, now: Micros, old: Object | None = None) -> None:
    """Have the namespace's quotas count an object that is new, or replaces another. Raises: Refused by one of them."""
    if not (kind.namespaced and api.store.count("resourcequotas")):
        return
    metadata = obj["metadata"]
    quotas = [q for q in api.list("resourcequotas", metadata["namespace"]) if resource_quotas.covers(q, kind, obj)]
    added = [resource_quotas.added(quota, kind, obj, old, now) for quota in quotas]
    for quota, used in zip(quotas, added, strict=True):
        why = resource_quotas.refusal(quota, kind, obj, used)
        if why:
            raise Refused(status.forbidden(kind, metadata["name"], why))
    for quota, used in zip(quotas, added, strict=True):
        api.update("resourcequotas", resource_quotas.charged(quota, used))


def check_growth(api: Any, kind: Kind, new: Object, old: Object) -> None:
    """Raises: Refused where a claim is to grow whose volume cannot."""
    if kind.kind == "PersistentVolumeClaim":
        storage_class = api.get("storageclasses", "", new["spec"].get("storageClassName") or "")
        why = storage.cannot_grow(new, old, storage_class)
        if why:
            raise Refused(status.forbidden(kind, new["metadata"]["name"], why))
