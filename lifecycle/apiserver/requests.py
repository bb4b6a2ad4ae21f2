"""Requests and their answers: from what was posted to what is stored."""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver import pods, services
from lifecycle.apiserver.kinds import ANSWERS_WITH_OBJECT, BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import rfc3339
from lifecycle.core_v1 import admission, decode, defaults, status
from lifecycle.core_v1.schema import Kind, type_of
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel
from lifecycle.wire import Answer, Object, Request


class Requests:
    """What the API server does with a request. It remembers nothing."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def answer(self, index: int, request: Request) -> Answer:
        """Do what is asked and say what came of it; never raises."""
        if request.resource == "clusters":
            return Answer(index, 200, Status(200).object())
        try:
            code, body, warnings = self._do(request)
        except Refused as refused:
            return Answer(index, refused.status.code, refused.status.object(), warnings=refused.status.warnings)
        return Answer(index, code, body, self.kernel.rooms["apiserver"].last_change(body), warnings)

    def _do(self, request: Request) -> tuple[int, Object, tuple[str, ...]]:
        kind = BY_PLURAL.get((request.group_version, request.resource))
        if kind is None:
            raise Refused(status.no_such_path())
        match request.verb, request.subresource:
            case "create", "":
                return 201, *self.create(kind, request)
            case "delete", "":
                return 200, self.delete(kind, request), ()
            case "create", subresource if kind is pods.PODS and subresource in _POD_ACTIONS:
                code, act = _POD_ACTIONS[subresource]
                pod = self._existing(kind, self._namespace(kind, request), request.name)
                return code, act(self.kernel, pod, request), ()
        raise Refused(status.method_not_allowed(kind, request.verb))

    def create(self, kind: Kind, request: Request) -> tuple[Object, tuple[str, ...]]:
        obj, warnings = self._read(kind, request)
        metadata = self._new_metadata(kind, request, obj)
        self._check_namespace(kind, metadata)
        if metadata.get("name") and self._get(kind, metadata.get("namespace", ""), metadata["name"]):
            raise Refused(status.already_exists(kind, metadata["name"]))
        obj = {**obj, "metadata": metadata}
        defaults.set_defaults(kind, obj)
        api = self.kernel.rooms["apiserver"]
        refusal = admission.admit(kind, obj, api, lambda what: self._suffix(metadata, what))
        if refusal:
            raise Refused(refusal)
        if kind.kind == "Service":
            services.allocate(self.kernel, obj)
        _stamp_conditions(obj, rfc3339(self.kernel.now))
        return api.create(kind.plural, obj), warnings

    def delete(self, kind: Kind, request: Request) -> Object:
        api = self.kernel.rooms["apiserver"]
        namespace, options = self._namespace(kind, request), self._delete_options(request)
        old = self._existing(kind, namespace, request.name)
        self._check_preconditions(kind, old, options.get("preconditions") or {})
        left = api.delete(kind.plural, namespace, request.name, grace=options.get("gracePeriodSeconds"))
        if kind.plural in ANSWERS_WITH_OBJECT or left["metadata"].get("deletionTimestamp"):
            return dict(left)
        return status.success(kind, request.name, left["metadata"]["uid"]).object()

    def _read(self, kind: Kind, request: Request) -> tuple[Object, tuple[str, ...]]:
        """Return the object that was posted, as the API's types have it."""
        if not isinstance(request.body, dict):
            raise Refused(status.bad_request(f"the request's body is no {kind.kind}"))
        decoded = decode.decode(request.body, type_of(kind))
        if isinstance(decoded, decode.Complaint):
            what = f'{kind.kind} in version "{kind.group_version.rpartition("/")[2]}" cannot be handled as a {kind.kind}'
            raise Refused(status.bad_request(f"{what}: {decoded.message}"))
        return {**decoded.object, "apiVersion": kind.group_version, "kind": kind.kind}, ()

    def _new_metadata(self, kind: Kind, request: Request, obj: Object) -> dict[str, Any]:
        metadata = {key: value for key, value in obj["metadata"].items() if key not in _SERVER_SETS}
        if kind.namespaced:
            metadata["namespace"] = self._namespace(kind, request, metadata.get("namespace", ""))
        else:
            metadata.pop("namespace", None)
        return metadata

    def _namespace(self, kind: Kind, request: Request, own: str = "") -> str:
        """Return the namespace that a request is about; what it says elsewhere must agree."""
        if not kind.namespaced:
            return ""
        if own and request.namespace and own != request.namespace:
            message = "the namespace of the provided object does not match the namespace sent on the request"
            raise Refused(status.bad_request(message))
        return request.namespace or own or "default"

    def _check_namespace(self, kind: Kind, metadata: dict[str, Any]) -> None:
        """Refuse to put anything into a namespace that is not there or is ending."""
        if not kind.namespaced:
            return
        name = metadata["namespace"]
        namespace = self.kernel.rooms["apiserver"].get("namespaces", "", name)
        if namespace is None:
            raise Refused(status.not_found(BY_PLURAL["v1", "namespaces"], name))
        if namespace["metadata"].get("deletionTimestamp"):
            why = f"unable to create new content in namespace {name} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {name} is being terminated",
                "field": "metadata.namespace",
            }
            raise Refused(status.forbidden(kind, metadata.get("name", ""), why, [cause]))

    def _delete_options(self, request: Request) -> dict[str, Any]:
        """Return the DeleteOptions of the body, or those of the query where there is no body."""
        if isinstance(request.body, dict) and request.body:
            return request.body
        grace = request.query.get("gracePeriodSeconds")
        return {"gracePeriodSeconds": int(grace[0])} if grace else {}

    def _check_preconditions(self, kind: Kind, obj: Object, preconditions: dict[str, Any]) -> None:
        metadata = obj["metadata"]
        uid, version = preconditions.get("uid"), preconditions.get("resourceVersion")
        if uid is not None and uid != metadata["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}"
            raise Refused(status.conflict(kind, metadata["name"], why))
        current = str(self._index(kind, obj))
        if version is not None and version != current:
            why = f"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {current}"
            raise Refused(status.conflict(kind, metadata["name"], why))

    def _existing(self, kind: Kind, namespace: str, name: str) -> Object:
        obj = self._get(kind, namespace, name)
        if obj is None:
            raise Refused(status.not_found(kind, name))
        return obj

    def _get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        found: Object | None = self.kernel.rooms["apiserver"].get(kind.plural, namespace, name)
        return found

    def _index(self, kind: Kind, obj: Object) -> int | None:
        metadata = obj["metadata"]
        index: int | None = self.kernel.rooms["apiserver"].index(kind.plural, metadata.get("namespace", ""), metadata["name"])
        return index

    def _suffix(self, metadata: dict[str, Any], what: str) -> str:
        api, namespace = self.kernel.rooms["apiserver"], metadata.get("namespace", "")
        name = metadata.get("name") or metadata.get("generateName", "")
        nth = api.counted(what, namespace, name)
        return str(self.kernel.seeds.suffix(what, namespace, name, self.kernel.now, nth))


_SERVER_SETS = frozenset(
    {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"}
)
"""What of the metadata the API server alone sets."""


_POD_ACTIONS = {"binding": (201, pods.bind), "eviction": (201, pods.evict), "exec": (200, pods.execute)}


def _stamp_conditions(obj: Object, now: str) -> None:
    """Give the conditions that an object starts with the moment of its creation."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("lastTransitionTime") is None:
            condition["lastTransitionTime"] = now
