"""Requests and their answers: from what was asked to what is stored.

Kubernetes: staging/src/k8s.io/apiserver/pkg/endpoints/handlers
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from lifecycle import faults
from lifecycle.apiserver import admission, connections, events, eviction, options, pods, preconditions, selectors, services
from lifecycle.apiserver.kinds import ANSWERS_WITH_OBJECT, BY_PLURAL
from lifecycle.apiserver.options import DeleteOptions
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import rfc3339
from lifecycle.controllers import bootstrap, heartbeats
from lifecycle.core_v1 import managed_fields, registry, resource_quotas, server_side_apply, status, typed
from lifecycle.core_v1.admission import SYSTEM_PRIORITIES, validate_update
from lifecycle.core_v1.patch import APPLY_PATCH, patch
from lifecycle.core_v1.registry import Accepted
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status
from lifecycle.kernel import Kernel
from lifecycle.wire import Answer, Object, Request

Result = tuple[int, Object, tuple[str, ...]]
"""HTTP status, body, warnings."""

CONDITIONAL = ("Lease", "PodDisruptionBudget", "RuntimeClass")
"""Kinds of which no update is taken that does not say which version it is of."""

MADE_BY_PUT = (
    *("ClusterRole", "ClusterRoleBinding", "Endpoints", "Event", "Lease", "LimitRange", "Role", "RoleBinding", "Service"),
)
"""Kinds of which a PUT makes an object that is not there. Kubernetes: AllowCreateOnUpdate of their strategies"""

PERMANENT_NAMESPACES = ("default", "kube-public", "kube-system")
MOST_PODS = 20_000
"""Pods that one cluster holds at most."""


class Requests:
    """What the API server does with a request. It remembers nothing."""

    def __init__(self, kernel: Kernel, api: Any) -> None:
        self.kernel, self._api = kernel, api

    def answer(self, index: int, request: Request) -> Answer:
        """Do what is asked and say what came of it; never raises."""
        if request.resource == "clusters":
            return Answer(index, 200, Status(200).object())
        try:
            code, body, warnings = self._do(request)
        except Refused as refused:
            return Answer(index, refused.status.code, refused.status.object(), warnings=refused.status.warnings)
        return Answer(index, code, body, self._api.last_change(body), warnings)

    def _do(self, request: Request) -> Result:
        kind = BY_PLURAL.get((request.group_version, request.resource))
        if kind is None:
            raise Refused(status.no_such_path())
        if request.subresource and request.subresource not in _SUBRESOURCES.get(kind.plural, ()):
            raise Refused(status.no_such_path())
        action = _ACTIONS.get((request.verb, request.subresource))
        if action is None:
            raise Refused(status.method_not_allowed(kind, request.verb))
        return action(self, kind, request)

    def create(self, kind: Kind, request: Request) -> Result:
        namespace = self._namespace(kind, request)
        accepted = registry.accept(
            request.body,
            options.field_validation(request),
            expected=kind,
            namespace=namespace,
            objects=self._api,
            suffix=lambda what: self._suffix(request, what),
            now=self.kernel.now,
        )
        if not (isinstance(accepted, Status) and accepted.code == 400):
            admission.check_namespace(self._api, kind, namespace, accepted)
        obj = _granted(accepted).object
        metadata = obj["metadata"]
        if kind.kind == "Service":
            services.allocate(self.kernel, obj)
        if there := self._api.get(kind.plural, metadata.get("namespace", ""), metadata["name"]):
            generated, deleting = bool(metadata.get("generateName")), "deletionTimestamp" in there["metadata"]
            raise Refused(status.already_exists(kind, metadata["name"], generated, deleting))
        if kind.kind == "Pod" and self._api.store.count("pods") >= MOST_PODS:
            raise Refused(status.too_many_requests(f"a cluster holds {MOST_PODS} Pods at most; delete some first", 1))
        admission.charge(self._api, kind, obj, self.kernel.now)
        if kind.kind == "Node":
            obj = bootstrap.whole_node(obj, bootstrap.next_number(self._api.list("nodes")), rfc3339(self.kernel.now))
        if request.content_type == APPLY_PATCH:
            metadata["managedFields"] = managed_fields.created(
                kind, request.body, options.field_manager(request), self.kernel.now
            )
        else:
            metadata["managedFields"] = managed_fields.made(kind, options.field_manager(request), self.kernel.now)
        made = self._api.create(kind.plural, _stored(kind, obj))
        return 201, _asked(kind, made), _granted(accepted).warnings

    def update(self, kind: Kind, request: Request) -> Result:
        if kind.kind in MADE_BY_PUT and not request.subresource and self._find(kind, request) is None:
            return self._make(kind, request)
        old = self._existing(kind, request)
        metadata = request.body.get("metadata") if isinstance(request.body, dict) else None
        if kind.kind in CONDITIONAL and isinstance(metadata, dict) and metadata.get("resourceVersion") in (None, "", "0"):
            raise Refused(status.version_required(kind, request.name))
        return self._replace(kind, request, old, request.body)

    def _make(self, kind: Kind, request: Request) -> Result:
        """Make what a PUT has not found; which version it is of does not matter then."""
        body = request.body
        metadata = body.get("metadata") if isinstance(body, dict) else None
        if isinstance(metadata, dict):
            if metadata.get("uid"):
                there = {"namespace": request.namespace, "name": request.name, "uid": ""}
                why = preconditions.other_object(kind, there, metadata["uid"])
                raise Refused(status.conflict(kind, request.name, why))
            body = {**body, "metadata": {name: value for name, value in metadata.items() if name != "resourceVersion"}}
        return self.create(kind, msgspec.structs.replace(request, body=body))

    def patch(self, kind: Kind, request: Request) -> Result:
        if request.content_type == APPLY_PATCH:
            return self.apply(kind, request)
        old = self._existing(kind, request)
        patched = patch(
            kind, self._shown(kind, old, request.body), request.body, request.content_type, options.field_validation(request)
        )
        if isinstance(patched, Status):
            raise Refused(patched)
        code, obj, warnings = self._replace(kind, request, old, patched.object, decoded=True)
        return code, obj, (*patched.warnings, *warnings)

    def apply(self, kind: Kind, request: Request) -> Result:
        """Do a server-side apply; it makes an object where there is none."""
        _refuse(typed.mistyped(kind, request.body))
        old = self._find(kind, request)
        if old is None:
            _refuse(typed.unconvertible(kind, request.body, request.body))
            _check_name(request)
            if request.subresource:
                raise Refused(status.not_found(kind, request.name))
            return self.create(kind, request)
        old, manager = _asked(kind, old), options.field_manager(request)
        applied = server_side_apply.apply(
            kind, old, request.body, manager, options.flag(request, "force"), self.kernel.now, request.subresource
        )
        if isinstance(applied, Status):
            raise Refused(applied)
        _refuse(typed.unconvertible(kind, applied, request.body))
        return self._replace(kind, request, old, applied, applied["metadata"]["managedFields"])

    def delete(self, kind: Kind, request: Request) -> Result:
        old, how = self._existing(kind, request), options.delete_options(request)
        wanted = how.preconditions
        version, asked = self._version(kind, old), wanted.get("resourceVersion")
        if kind.plural not in heartbeats.RESOURCES or not self._is_later(asked, version):
            preconditions.check(kind, old, wanted, version)
        if kind.kind == "Namespace" and request.name in PERMANENT_NAMESPACES:
            raise Refused(status.forbidden(kind, request.name, "this namespace may not be deleted"))
        if kind.kind == "PriorityClass" and request.name in SYSTEM_PRIORITIES:
            raise Refused(status.forbidden(kind, request.name, "this is a system priority class and cannot be deleted"))
        return 200, self._delete(kind, old, how), ()

    def delete_collection(self, kind: Kind, request: Request) -> Result:
        """Delete all objects of a kind that the selectors of the query match, or the first of them as far as its limit goes."""
        if kind.kind == "Namespace":
            raise Refused(status.method_not_allowed(kind, request.verb))
        how = options.delete_options(request)
        namespace = self._namespace(kind, request) if kind.namespaced else None
        matches = selectors.of_query(request.query, kind.qualified_plural)
        found = [obj for obj in self._api.list(kind.plural, namespace) if matches(obj)]
        deleted = [self._delete(kind, obj, how) for obj in found[: options.limit(request)]]
        items = {"kind": f"{kind.kind}List", "apiVersion": kind.group_version, "metadata": {}, "items": deleted}
        return 200, items, ()

    def pod_action(self, kind: Kind, request: Request) -> Result:
        """Do what is no change of an object's fields: bind, evict, exec, forward a port."""
        code, act = _POD_ACTIONS[request.subresource]
        return code, act(self.kernel, self._existing(kind, request), request), ()

    def type_into(self, kind: Kind, request: Request) -> Result:
        """Give a command that an exec started what it is to read."""
        return 200, pods.type_into(self.kernel, self._existing(kind, request), request), ()

    def send(self, kind: Kind, request: Request) -> Result:
        """Send something on a connection that portforward has opened."""
        return 200, connections.send(self.kernel, self._existing(kind, request), request), ()

    def pass_on(self, kind: Kind, request: Request) -> Result:
        """Pass a request on to a Pod, or to one behind a Service."""
        act = connections.pass_to_pod if kind.kind == "Pod" else connections.pass_to_service
        return 200, act(self.kernel, self._existing(kind, request), request), ()

    def _replace(
        self,
        kind: Kind,
        request: Request,
        old: Object,
        manifest: Any,
        managed: list[Object] | None = None,
        decoded: bool = False,
    ) -> Result:
        """Put a whole object in place of another, as far as the subresource goes; `managed` are its managedFields then."""
        metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
        if isinstance(metadata, dict):
            self._check_preconditions(kind, old, metadata.get("uid"), metadata.get("resourceVersion"))
        accepted = registry.accept_update(
            manifest,
            old,
            options.field_validation(request),
            expected=kind,
            subresource=request.subresource,
            patched=request.verb == "patch",
            decoded=decoded,
        )
        granted = _granted(accepted)
        new = granted.object
        admission.check_growth(self._api, kind, new, old)
        _refuse(validate_update(kind, new, self._api, request.subresource))
        if kind.kind == "Service" and not request.subresource:
            services.allocate(self.kernel, new, old)
        if resource_quotas.counts_updates(kind, new, old, request.subresource):
            admission.charge(self._api, kind, new, self.kernel.now, old)
        if managed is None and not request.subresource:
            managed = managed_fields.given(kind, old, manifest)
        if managed is None:
            managed = managed_fields.updated(
                kind, old, new, options.field_manager(request), self.kernel.now, request.subresource
            )
        if managed:
            new = {**new, "metadata": {**new["metadata"], "managedFields": managed}}
        return 200, _asked(kind, self._api.update(kind.plural, _stored(kind, new))), granted.warnings

    def _delete(self, kind: Kind, old: Object, how: DeleteOptions) -> Object:
        metadata = old["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        left: Object = self._api.delete(kind.plural, namespace, name, grace=how.grace, propagation=how.propagation)
        if kind.plural in ANSWERS_WITH_OBJECT or left["metadata"].get("deletionTimestamp"):
            return left
        return status.success(kind, metadata["name"], metadata["uid"]).object()

    def _namespace(self, kind: Kind, request: Request) -> str:
        """Return the namespace that a request is about: its path's, else its body's."""
        if not kind.namespaced:
            return ""
        metadata = request.body.get("metadata") if isinstance(request.body, dict) else None
        own = metadata.get("namespace") if isinstance(metadata, dict) else None
        return request.namespace or (own if isinstance(own, str) else "") or "default"

    def _find(self, kind: Kind, request: Request) -> Object | None:
        namespace = (request.namespace or "default") if kind.namespaced else ""
        found: Object | None = self._api.get(kind.plural, namespace, request.name)
        return found

    def _existing(self, kind: Kind, request: Request) -> Object:
        obj = self._find(kind, request)
        if obj is None:
            raise Refused(status.not_found(kind, request.name))
        return _asked(kind, obj)

    def _shown(self, kind: Kind, obj: Object, body: Any) -> Object:
        """Return an object as a client has read it, its managers' fields only where a patch is about them."""
        metadata = obj["metadata"]
        version = self._api.index(kind.plural, metadata.get("namespace", ""), metadata["name"])
        shown = managed_fields.expanded(kind, obj) if "managedFields" in str(body) else obj
        return {**obj, "metadata": {**shown["metadata"], "resourceVersion": str(version)}}

    def _check_preconditions(self, kind: Kind, obj: Object, uid: Any, version: Any) -> None:
        """Refuse what was meant for another object of this name, or for an earlier version of it."""
        metadata = obj["metadata"]
        if uid and uid != metadata["uid"]:
            why = preconditions.other_object(kind, metadata, uid)
            raise Refused(status.conflict(kind, metadata["name"], why))
        last = self._version(kind, obj)
        if version and version != str(last) and not (kind.plural in heartbeats.RESOURCES and self._is_later(version, last)):
            raise Refused(status.conflict(kind, metadata["name"]))

    def _version(self, kind: Kind, obj: Object) -> int:
        metadata = obj["metadata"]
        return int(self._api.index(kind.plural, metadata.get("namespace", ""), metadata["name"]))

    def _is_later(self, version: Any, last: int) -> bool:
        """Say whether a version is one that a watch has told since an object changed last: a heartbeat's."""
        return str(version).isdecimal() and last < int(version) < self.kernel.index

    def _suffix(self, request: Request, what: str) -> str:
        """Return five characters, other ones each time."""
        metadata = request.body.get("metadata") or {}
        name = str(metadata.get("name") or metadata.get("generateName") or "")
        nth = self._api.counted(what, request.namespace, name)
        return str(self.kernel.seeds.suffix(what, request.namespace, name, self.kernel.now, nth))


def _stored(kind: Kind, obj: Object) -> Object:
    """Return an object in the group and version that it is stored in."""
    return events.converted(obj, events.CORE) if kind.plural == "events" else obj


def _asked(kind: Kind, obj: Object) -> Object:
    """Return a stored object in the group and version that a request is about."""
    return events.converted(obj, kind.group_version) if kind.plural == "events" else obj


def _granted(accepted: Accepted | Status) -> Accepted:
    """Return what may be stored. Raises: Refused if it may not."""
    if isinstance(accepted, Status):
        raise Refused(accepted)
    errors = faults.validate(accepted.object) if accepted.kind.kind == "Fault" else []
    if errors:
        raise Refused(status.invalid(accepted.kind, accepted.object["metadata"].get("name", ""), errors))
    return accepted


def _refuse(why: Status | None) -> None:
    if why is not None:
        raise Refused(why)


def _check_name(request: Request) -> None:
    """Refuse what is applied under another name than its own. Kubernetes: apiserver/pkg/endpoints/handlers (checkName)"""
    name = (request.body.get("metadata") or {}).get("name")
    if not name:
        why = f"the name of the object ({request.name} based on URL) was undeterminable: name must be provided"
        raise Refused(status.bad_request(why))
    if name != request.name:
        raise Refused(
            status.bad_request(f"the name of the object ({name}) does not match the name on the URL ({request.name})")
        )


_POD_ACTIONS = {
    "binding": (201, pods.bind),
    "eviction": (201, eviction.evict),
    "exec": (200, pods.execute),
    "attach": (200, pods.attach),
    "portforward": (200, connections.forward),
}

_SUBRESOURCES = {
    "pods": ("status", "ephemeralcontainers", "resize", "proxy", *_POD_ACTIONS),
    "namespaces": ("status", "finalize"),
    **dict.fromkeys(
        ("nodes", "persistentvolumeclaims", "persistentvolumes", "poddisruptionbudgets", "resourcequotas"), ("status",)
    ),
    "services": ("status", "proxy"),
}

Action = Callable[[Requests, Kind, Request], Result]

_ACTIONS: dict[tuple[str, str], Action] = {
    ("create", ""): Requests.create,
    **{("create", name): Requests.pod_action for name in _POD_ACTIONS},
    ("update", "exec"): Requests.type_into,
    ("update", "attach"): Requests.type_into,
    ("update", "portforward"): Requests.send,
    ("create", "proxy"): Requests.pass_on,
    **{("update", name): Requests.update for name in ("", "status", "ephemeralcontainers", "resize", "finalize")},
    **{("patch", name): Requests.patch for name in ("", "status", "ephemeralcontainers", "resize")},
    ("delete", ""): Requests.delete,
    ("deletecollection", ""): Requests.delete_collection,
}
