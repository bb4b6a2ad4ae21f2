"""Roles, and what gives them to somebody. Kubernetes: pkg/apis/rbac/validation"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import label_selector, metadata, metadata_update, wrong
from lifecycle.core_v1.validation.spec_diff import shown

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"


def role(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], True, formats.path_segment)
    yield from _rules(obj, namespaced=True)


def cluster_role(obj: Object) -> Iterator[Error]:
    yield from metadata(obj["metadata"], False, formats.path_segment)
    yield from _rules(obj, namespaced=False)
    rule = obj.get("aggregationRule")
    if rule is None:
        return
    path = "aggregationRule.clusterRoleSelectors"
    if not rule.get("clusterRoleSelectors"):
        yield field.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for i, selector in enumerate(rule.get("clusterRoleSelectors") or ()):
        yield from label_selector(selector, f"{path}[{i}]")


def _rules(obj: Object, namespaced: bool) -> Iterator[Error]:
    for i, rule in enumerate(obj.get("rules") or ()):
        yield from _rule(rule, f"rules[{i}]", namespaced)


def _rule(rule: Object, path: str, namespaced: bool) -> Iterator[Error]:
    if not rule.get("verbs"):
        yield field.required(f"{path}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            why = "namespaced rules cannot apply to non-resource URLs"
            yield field.invalid(f"{path}.nonResourceURLs", urls, why)
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            why = "rules cannot apply to both regular resources and non-resource URLs"
            yield field.invalid(f"{path}.nonResourceURLs", urls, why)
        return
    if not rule.get("apiGroups"):
        yield field.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield field.required(f"{path}.resources", "resource rules must supply at least one resource")


def role_binding(obj: Object) -> Iterator[Error]:
    yield from _binding(obj, ("Role", "ClusterRole"), namespaced=True)


def cluster_role_binding(obj: Object) -> Iterator[Error]:
    yield from _binding(obj, ("ClusterRole",), namespaced=False)


def _binding(obj: Object, kinds: tuple[str, ...], namespaced: bool) -> Iterator[Error]:
    yield from metadata(obj["metadata"], namespaced, formats.path_segment)
    ref = obj["roleRef"]
    if ref["apiGroup"] != GROUP:
        yield field.not_supported("roleRef.apiGroup", ref["apiGroup"], (GROUP,))
    if ref["kind"] not in kinds:
        yield field.not_supported("roleRef.kind", ref["kind"], kinds)
    if not ref["name"]:
        yield field.required("roleRef.name")
    else:
        yield from wrong("roleRef.name", ref["name"], formats.path_segment(ref["name"]))
    for i, subject in enumerate(obj.get("subjects") or ()):
        yield from _subject(subject, f"subjects[{i}]", namespaced)


def _subject(subject: Object, path: str, namespaced: bool) -> Iterator[Error]:
    name, group = subject["name"], subject.get("apiGroup", "")
    if not name:
        yield field.required(f"{path}.name")
    match subject["kind"]:
        case "ServiceAccount":
            if name:
                yield from wrong(f"{path}.name", name, formats.dns_subdomain(name))
            if group:
                yield field.not_supported(f"{path}.apiGroup", group, ("",))
            if not namespaced and not subject.get("namespace"):
                yield field.required(f"{path}.namespace")
        case "User" | "Group":
            if group != GROUP:
                yield field.not_supported(f"{path}.apiGroup", group, (GROUP,))
        case kind:
            yield field.not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group"))


def role_binding_update(new: Object, old: Object) -> Iterator[Error]:
    yield from role_binding(new)
    yield from _same_role(new, old)


def cluster_role_binding_update(new: Object, old: Object) -> Iterator[Error]:
    yield from cluster_role_binding(new)
    yield from _same_role(new, old)


def _same_role(new: Object, old: Object) -> Iterator[Error]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if new["roleRef"] != old["roleRef"]:
        yield field.invalid("roleRef", shown(new["roleRef"], "RoleRef"), "cannot change roleRef")
