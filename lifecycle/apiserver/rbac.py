"""Who may do what: the rules that roles hold, for those whom bindings give them to.

Roles that every cluster has from the start (`view`, `edit`, `admin`, `cluster-admin`) can be given without being among the
objects. Kubernetes: plugin/pkg/auth/authorizer/rbac, plugin/pkg/auth/authorizer/rbac/bootstrappolicy
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lifecycle.core_v1.admission import Objects
from lifecycle.core_v1.validation import formats
from lifecycle.wire import Object

ACCOUNT = "system:serviceaccount:"
AUTHENTICATED = "system:authenticated"
ALL = "*"


class Attributes(NamedTuple):
    """What is to be done: with a resource (`pods/log` is resource pods, subresource log), or else with a path."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


def asked(spec: Object) -> Attributes:
    """Return what a SelfSubjectAccessReview asks about; what is no text counts as nothing."""
    path, about = _texts(spec.get("nonResourceAttributes")), _texts(spec.get("resourceAttributes"))
    if path:
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    return Attributes(*(about.get(name, "") for name in ("verb", "group", "resource", "subresource", "namespace", "name")))


def _texts(given: Any) -> dict[str, str]:
    return {name: text for name, text in given.items() if isinstance(text, str)} if isinstance(given, dict) else {}


def account_groups(user: str) -> tuple[str, ...]:
    """Return the groups that a user is in by being a service account, or just somebody."""
    if not user.startswith(ACCOUNT):
        return (AUTHENTICATED,)
    return (f"{ACCOUNT[:-1]}s", f"{ACCOUNT[:-1]}s:{user.split(':')[2]}", AUTHENTICATED)


def allows(objects: Objects, user: str, groups: Sequence[str], what: Attributes) -> bool:
    """Say whether somebody has been given a role by which he may do so."""
    return any(_permits(rule, what) for rule in rules(objects, user, groups, what.namespace))


def rules(objects: Objects, user: str, groups: Sequence[str], namespace: str) -> Iterator[Object]:
    """Yield the rules that hold for somebody in a namespace; without one those of the whole cluster alone."""
    for binding in objects.list("clusterrolebindings"):
        if _names(binding, user, groups, ""):
            yield from _rules_of(objects, binding["roleRef"], "")
    if namespace and not formats.dns_label(namespace):
        for binding in objects.list("rolebindings", namespace):
            if _names(binding, user, groups, namespace):
                yield from _rules_of(objects, binding["roleRef"], namespace)


def _names(binding: Object, user: str, groups: Sequence[str], namespace: str) -> bool:
    """Say whether a binding gives its role to somebody; an account without a namespace is one of the binding's own."""
    for subject in binding.get("subjects") or ():
        name = subject["name"]
        match subject["kind"]:
            case "User" if name == user:
                return True
            case "Group" if name in groups:
                return True
            case "ServiceAccount" if user == f"{ACCOUNT}{subject.get('namespace') or namespace}:{name}":
                return True
    return False


def _rules_of(objects: Objects, ref: Object, namespace: str) -> Sequence[Object]:
    plural, where = ("roles", namespace) if ref["kind"] == "Role" else ("clusterroles", "")
    role = objects.get(plural, where, ref["name"])
    if role is None:
        return BUILT_IN.get(ref["name"], ()) if plural == "clusterroles" else ()
    return role.get("rules") or ()


def _permits(rule: Object, what: Attributes) -> bool:
    if not _matches(rule.get("verbs"), what.verb):
        return False
    if not what.resource:
        return any(_covers(url, what.path) for url in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    if names and what.name not in names:
        return False
    return _matches(rule.get("apiGroups"), what.group) and _matches_resource(rule.get("resources"), what)


def _matches(listed: Sequence[str] | None, value: str) -> bool:
    return listed is not None and (ALL in listed or value in listed)


def _matches_resource(listed: Sequence[str] | None, what: Attributes) -> bool:
    if not what.subresource:
        return _matches(listed, what.resource)
    return _matches(listed, f"{what.resource}/{what.subresource}") or _matches(listed, f"*/{what.subresource}")


def _covers(url: str, path: str) -> bool:
    return url == path or (url.endswith(ALL) and path.startswith(url.rstrip(ALL)))


READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]


def _rule(verbs: Sequence[str], group: str, resources: str) -> Object:
    return {"verbs": list(verbs), "apiGroups": [group], "resources": resources.split()}


_VIEW = (
    _rule(
        READ,
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers serviceaccounts "
        "services services/status bindings events limitranges namespaces/status pods/log pods/status resourcequotas "
        "resourcequotas/status namespaces",
    ),
    _rule(READ, "discovery.k8s.io", "endpointslices"),
    _rule(READ, "apps", "daemonsets deployments replicasets statefulsets"),
    _rule(READ, "autoscaling", "horizontalpodautoscalers"),
    _rule(READ, "batch", "cronjobs jobs"),
    _rule(READ, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    _rule(READ, "networking.k8s.io", "ingresses networkpolicies"),
)
_EDIT = (
    *_VIEW,
    _rule(READ, "", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
    _rule(["impersonate"], "", "serviceaccounts"),
    _rule(WRITE, "", "pods pods/attach pods/exec pods/portforward pods/proxy"),
    _rule(["create"], "", "pods/eviction serviceaccounts/token"),
    _rule(
        WRITE,
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers secrets serviceaccounts services services/proxy",
    ),
    _rule(WRITE, "apps", "daemonsets deployments replicasets statefulsets"),
    _rule(WRITE, "autoscaling", "horizontalpodautoscalers"),
    _rule(WRITE, "batch", "cronjobs jobs"),
    _rule(WRITE, "policy", "poddisruptionbudgets"),
    _rule(WRITE, "networking.k8s.io", "ingresses networkpolicies"),
)
BUILT_IN: Mapping[str, Sequence[Object]] = {
    "view": _VIEW,
    "edit": _EDIT,
    "admin": (*_EDIT, _rule([*READ, *WRITE], "rbac.authorization.k8s.io", "rolebindings roles")),
    "cluster-admin": (_rule([ALL], ALL, ALL), {"verbs": [ALL], "nonResourceURLs": [ALL]}),
}
"""The rules of the roles that people give, as far as they are about what is served."""
